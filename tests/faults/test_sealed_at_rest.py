"""Planted words and digests are looked for in every byte that lies on the disk, whatever has happened to the entry."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.marked import MARK, QUOTING, enqueue_marked, marks
from tests.support.stage import DAYS, Stage, staged
from tipline_client.delivery.states import State
from tipline_client.dispatch.receipting import receipt_bytes
from tipline_client.envelope import KeyRing
from tipline_client.mock import MockEndpoint, faults
from tipline_client.mock.fault_kinds import Fault
from tipline_client.mock.script import Step as StepName
from tipline_client.outbox import SqliteOutbox
from tipline_client.testing import TurnableClock


@pytest.fixture
async def durable(
    tmp_path: Path, shared_endpoint: MockEndpoint, shared_clock: TurnableClock, shared_keys: KeyRing
) -> AsyncIterator[Stage]:
    outbox = SqliteOutbox.open(tmp_path / "outbox.sqlite", clock=shared_clock, driver="apsw")
    async with staged(tmp_path, shared_endpoint, shared_clock, outbox=outbox, keys=shared_keys) as stage:
        yield stage


def _found_on_the_disk(folder: Path) -> list[tuple[str, bytes]]:
    """Which of the marks stand in which file: database, log, copies, whatever there is."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"outbox.sqlite", "0.bin"} <= {path.name for path in files}
    return [(path.name, mark) for path in files for mark in marks() if mark in path.read_bytes()]


_ENDS: dict[str, tuple[StepName, list[Fault], State]] = {
    "filed": ("submit", [], State.ACKNOWLEDGED),
    "refused": ("submit", [faults.code(4100, description=QUOTING)], State.DEAD_LETTER),
    "file-refused": ("upload", [faults.code(4000, description=QUOTING)], State.DEAD_LETTER),
    "filed-at-last": ("finish", [faults.code(777, description=QUOTING)] * 3, State.ACKNOWLEDGED),
    "begun-anew": ("upload", [faults.garbage(body=f"<html>{MARK}</html>")], State.ACKNOWLEDGED),
}


@pytest.mark.parametrize("end", _ENDS)
async def test_planted_words_on_the_disk(durable: Stage, end: str) -> None:
    """Neither words nor digests of report, evidence and replies are on the disk, while it waits and at its end."""
    step, planned, state = _ENDS[end]
    durable.endpoint.faults.script(step, *planned)
    entry = await enqueue_marked(durable, key=None)
    while_it_waits = _found_on_the_disk(durable.folder)

    await durable.conductor().drain(patience=DAYS)

    assert state is (await durable.outbox.get(entry.id)).state
    assert ([], []) == (while_it_waits, _found_on_the_disk(durable.folder))


async def test_receipt_on_the_disk_and_in_the_hand(durable: Stage) -> None:
    """The receipt that is handed out states digests; where it is kept, it is sealed."""
    entry = await enqueue_marked(durable)
    await durable.conductor().drain(patience=DAYS)

    handed_out = await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)

    assert b"payload" in handed_out
    assert [] == [path.name for path in durable.folder.rglob("*") if path.is_file() and handed_out in path.read_bytes()]


async def test_copy_of_the_home_in_mid_delivery(durable: Stage, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever takes the files while a delivery is under way finds nothing in them either."""
    stolen = tmp_path_factory.mktemp("stolen") / "home"
    durable.road["on_step"] = lambda *_: shutil.copytree(durable.folder, stolen, dirs_exist_ok=True)
    await enqueue_marked(durable)

    await durable.conductor().drain(patience=DAYS)

    assert [] == _found_on_the_disk(stolen)


async def test_words_that_would_be_found(durable: Stage) -> None:
    """The search finds what is there, or the other tests here would prove nothing."""
    entry = await enqueue_marked(durable)
    await durable.outbox.withdraw(entry.id, reason=f"said by mistake: {MARK}")

    assert ("outbox.sqlite", MARK.encode()) in _found_on_the_disk(durable.folder) or (
        "outbox.sqlite-wal",
        MARK.encode(),
    ) in _found_on_the_disk(durable.folder)
