"""One torture run: entries handed in while dispatchers die and the endpoint misbehaves; then peace, and the count.

The claim under test: one finished report for each idempotency key, no file of it twice or missing, an outbox that
says the same, and a database that can be opened as it stood at any moment.
"""

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.support.stage import sample_evidence, sample_report
from tests.torture.dispatcher_child import hasty
from tests.torture.processes import Pack
from tipline_client import Dispatcher, State, TiplineClient
from tipline_client.mock import MockEndpoint
from tipline_client.outbox.sqlite.driver import connect

__all__ = ["CHANCES", "Finding", "Torture"]

CHANCES = {
    "lost_reply": 0.05,
    "lost_request": 0.03,
    "status": 0.04,
    "truncate": 0.02,
    "garbage": 0.02,
    "close": 0.03,
}
"""How often the endpoint fails a call, and how."""

_NAME = re.compile(rb"Sample (\d+)<")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the run ended with.

    Attributes:
        filed: How many finished reports the endpoint has for each entry's name.
        wrong_files: Names of finished reports whose files are not two, both described.
        summary: The endpoint's own counts.
        by_state: The outbox's counts.
        unreceipted: Acknowledged entries without a receipt.
        damaged: What the copies of the database that was frozen in mid-run said of themselves, unless all was well.
        copies: How many such copies were opened.
        deaths: How the dispatchers ended.
    """

    filed: Counter[int]
    wrong_files: tuple[int, ...]
    summary: dict[str, int]
    by_state: dict[State, int]
    unreceipted: int
    damaged: tuple[str, ...]
    copies: int
    deaths: Counter[str]

    def faults(self, entries: int) -> list[str]:
        """Every way in which the claim does not hold; empty when it does."""
        expected = Counter(range(entries))
        lost, twice = expected - self.filed, self.filed - expected
        found = {
            f"not filed: {sorted(lost)}": lost,
            f"filed more than once: {sorted(twice)}": twice,
            f"with wrong files: {self.wrong_files}": self.wrong_files,
            f"duplicates: {self.summary['duplicates']}": self.summary["duplicates"],
            f"stray files: {self.summary['stray_files']}": self.summary["stray_files"],
            f"the outbox says {self.by_state}": self.by_state[State.ACKNOWLEDGED] != entries,
            f"without receipt: {self.unreceipted}": self.unreceipted,
            f"damaged copies: {self.damaged}": self.damaged,
        }
        return [words for words, is_wrong in found.items() if is_wrong]


@dataclass(slots=True, kw_only=True)
class Torture:
    """The settings of a run.

    Attributes:
        folder: An empty folder.
        seed: Decides what is struck when, and what the endpoint drops. The timing of the machine stays chance.
        entries: How many are handed in.
        dispatchers: How many processes at once.
        seconds: How long dispatchers are struck.
        pause: Between two strikes, at most, in seconds.
        tell: Told how it goes.
    """

    folder: Path
    seed: int
    entries: int
    dispatchers: int
    seconds: float
    pause: float = 0.6
    tell: Callable[[str], None] = field(default=lambda _: None)

    def run(self) -> Finding:
        """Torture, make peace, count."""
        chance = Random(self.seed)  # noqa: S311 - what happens when; no secret
        home = self.folder / "home"
        with MockEndpoint() as endpoint, TiplineClient.open(home, profile=endpoint.profile, options=hasty()) as client:
            endpoint.faults.dice(self.seed, chances=CHANCES)
            pack = Pack(home, endpoint.base_url, size=self.dispatchers, chance=chance)
            damaged: list[str] = []
            copies = 0
            try:
                began, handed_in = time.monotonic(), 0
                while (passed := time.monotonic() - began) < self.seconds or handed_in < self.entries:
                    due = min(self.entries, round(self.entries * passed / self.seconds) + 1)
                    while handed_in < due:
                        _hand_in(client, handed_in)
                        handed_in += 1
                    time.sleep(chance.uniform(0, self.pause))
                    pack.strike()
                    if copies < sum(pack.deaths.values()) // 3:
                        damaged += self._look_at_copy(home, pack, copies)
                        copies += 1
                    self.tell(f"{passed:6.1f} s  handed in {handed_in}  finished {endpoint.summary()['finished']}")
            finally:
                pack.end()
            endpoint.faults.clear()
            Dispatcher(client).drain()
            return _count(endpoint, client, damaged, copies, pack.deaths)

    def _look_at_copy(self, home: Path, pack: Pack, number: int) -> list[str]:
        copy = self.folder / f"copy-{number}"
        copy.mkdir()
        # This process hands in and looks in turns, so nobody writes while the files are copied.
        pack.freeze()
        try:
            # By another process: closing the file in this one would drop the locks that its own outbox holds on it
            # (https://www.sqlite.org/howtocorrupt.html, section 2.2), and the outbox itself would come to harm.
            subprocess.run(["cp", *map(str, home.glob("outbox.sqlite*")), str(copy)], check=True)
        finally:
            pack.thaw()
        connection = connect(copy / "outbox.sqlite", driver="apsw", busy_timeout=1)
        try:
            [[verdict]] = connection.execute("PRAGMA integrity_check")
            broken = connection.execute(
                "SELECT count(*) FROM entries LEFT JOIN acknowledgements ON acknowledgements.entry = entries.number"
                " WHERE (entries.state = 'acknowledged') <> (acknowledgements.entry IS NOT NULL)"
            )[0][0]
        finally:
            connection.close()
        shutil.rmtree(copy)
        said = [] if verdict == "ok" else [str(verdict)]
        return said if not broken else [*said, f"{broken} entries whose state and acknowledgement differ"]


def _hand_in(client: TiplineClient, number: int) -> None:
    contents = (f"gradient {number}".encode() * 50, f"coffee mug {number}".encode() * 50)
    client.enqueue(sample_report(str(number)), evidence=sample_evidence(contents), idempotency_key=str(number))


def _count(
    endpoint: MockEndpoint, client: TiplineClient, damaged: list[str], copies: int, deaths: Counter[str]
) -> Finding:
    filed: Counter[int] = Counter()
    wrong_files = []
    for report in endpoint.reports():
        if report["state"] != "finished":
            continue
        named = _NAME.search(endpoint.report_xml(report["report_id"]))
        number = int(named[1]) if named else -1
        filed[number] += 1
        if [True, True] != [file["details"] for file in report["files"]]:
            wrong_files.append(number)
    outbox = client.asynchronous.outbox
    return Finding(
        filed=filed,
        wrong_files=tuple(wrong_files),
        summary={name: count for name, count in endpoint.summary().items() if isinstance(count, int)},
        by_state=client.call(outbox.count).by_state,
        unreceipted=len(client.call(outbox.unreceipted)),
        damaged=tuple(damaged),
        copies=copies,
        deaths=deaths,
    )
