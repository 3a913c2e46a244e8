"""What a torture run ended with: the endpoint's count, the outbox's, and in what they differ."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, State
from tipline_client.delivery.outcomes import Outcome
from tipline_client.mock import MockEndpoint

__all__ = ["Finding", "count", "hand_in"]

_NAME = re.compile(rb"Sample (\d+)<")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the run ended with.

    Attributes:
        filed: How many finished reports the endpoint has for each entry's name.
        wrong_files: Names of finished reports whose files are not the entry's two, both described.
        summary: The endpoint's own counts.
        by_state: The outbox's counts.
        contradicted: Names of entries that are not acknowledged by one attempt, under the number of the report that the
            endpoint finished for them.
        unreceipted: Acknowledged entries without a receipt.
        left: How many entries still waited when the dispatchers had had all the time they need, in peace.
        damaged: What was wrong with the outbox in mid-run.
        blows: What befell the outbox, and how often.
        deaths: How the dispatchers ended.
        deserters: The exit codes of dispatchers that ended although nobody had told them to.
    """

    filed: Counter[int]
    wrong_files: tuple[int, ...]
    summary: Mapping[str, int]
    by_state: Mapping[State, int]
    contradicted: tuple[int, ...]
    unreceipted: int
    left: int
    damaged: tuple[str, ...]
    blows: Counter[str]
    deaths: Counter[str]
    deserters: tuple[int, ...]

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
            f"the outbox says otherwise of {self.contradicted}": self.contradicted,
            f"without receipt: {self.unreceipted}": self.unreceipted,
            f"left undone by the dispatchers: {self.left}": self.left,
            f"damaged: {self.damaged}": self.damaged,
            f"dispatchers that ended by themselves, with {self.deserters}": self.deserters,
        }
        return [words for words, is_wrong in found.items() if is_wrong]


async def hand_in(client: AsyncTiplineClient, number: int) -> None:
    """Hand in the entry of this name.

    Raises:
        OutboxUnavailableError: It is not known to be durable; handing it in again is safe.
    """
    await client.enqueue(
        sample_report(str(number)), evidence=sample_evidence(_contents(number)), idempotency_key=str(number)
    )


async def count(
    endpoint: MockEndpoint,
    client: AsyncTiplineClient,
    *,
    left: int,
    damaged: list[str],
    blows: Counter[str],
    deaths: Counter[str],
    deserters: list[int],
) -> Finding:
    """Ask both sides."""
    finished: dict[int, list[int]] = {}
    wrong_files = []
    for report in endpoint.reports():
        if report["state"] != "finished":
            continue
        named = _NAME.search(endpoint.report_xml(report["report_id"]))
        number = int(named[1]) if named else -1
        finished.setdefault(number, []).append(int(report["report_id"]))
        expected = sorted((hashlib.sha256(content).hexdigest(), True) for content in _contents(number))
        if expected != sorted((file["sha256"], file["details"]) for file in report["files"]):
            wrong_files.append(number)
    outbox = client.outbox
    return Finding(
        filed=Counter({number: len(reports) for number, reports in finished.items()}),
        wrong_files=tuple(wrong_files),
        summary={name: value for name, value in endpoint.summary().items() if isinstance(value, int)},
        by_state=(await outbox.count()).by_state,
        contradicted=tuple([name for name in finished if not await _agrees(client, name, finished[name])]),
        unreceipted=len(await outbox.unreceipted()),
        left=left,
        damaged=tuple(damaged),
        blows=blows,
        deaths=deaths,
        deserters=tuple(deserters),
    )


async def _agrees(client: AsyncTiplineClient, name: int, reports: list[int]) -> bool:
    entry = await client.find(str(name))
    if entry is None:
        return False
    record = await client.outbox.acknowledgement(entry.id)
    outcomes = Counter(attempt.outcome for attempt in await client.outbox.attempts(entry.id, limit=10_000))
    return record is not None and (reports, 1) == ([record.acknowledgement.report_id], outcomes[Outcome.ACKNOWLEDGED])


def _contents(number: int) -> tuple[bytes, bytes]:
    return f"gradient {number}".encode() * 50, f"coffee mug {number}".encode() * 50
