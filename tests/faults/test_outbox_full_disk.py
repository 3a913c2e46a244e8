"""A full disk, a locked file, a file that vanished: an error to the caller, nothing half-written, and on it goes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contract.values import LANE, MINUTE, START, lease_of, new_entry
from tests.support.small_files import small_files
from tipline_client.delivery.checkpoint import Checkpoint, SuspectedOrphan
from tipline_client.delivery.states import State
from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import SAFE_WITH_LOG, DriverName, library_version

ROOT = Path(__file__).resolve().parents[2]
LARGE = b"coffee mug " * 60_000


@pytest.fixture(params=["apsw", "sqlite3"])
def driver(request: pytest.FixtureRequest) -> DriverName:
    name: DriverName = request.param
    return name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
async def outbox(path: Path, driver: DriverName) -> AsyncIterator[SqliteOutbox]:
    outbox = SqliteOutbox.open(path, driver=driver, busy_timeout=timedelta(milliseconds=50))
    yield outbox
    await outbox.close()


async def _limit_pages(outbox: SqliteOutbox, *, room: int) -> None:
    """Let the file grow by no more than `room` pages."""
    connection = outbox._opened.writer

    def limit(_: object) -> None:
        [[pages]] = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count = {pages + room}")

    await outbox._writer.run(limit)


async def test_full_at_enqueue(outbox: SqliteOutbox) -> None:
    """A report that does not fit is refused, nothing of it is there, and there is room again when there is room."""
    await outbox.enqueue(new_entry("before"))
    await _limit_pages(outbox, room=4)

    with pytest.raises(OutboxUnavailableError, match="disk is full") as caught:
        await outbox.enqueue(replace(new_entry("large"), envelope=LARGE))

    assert "space" in caught.value.hint
    assert await outbox.find(LANE, "key-large") is None
    assert 1 == (await outbox.count()).waiting
    await _limit_pages(outbox, room=10_000)
    _, is_new = await outbox.enqueue(replace(new_entry("large"), envelope=LARGE))
    assert is_new
    assert 2 == (await outbox.count()).waiting


async def test_full_among_others(outbox: SqliteOutbox) -> None:
    """Whoever was told of success is there, whoever was told of failure is not, whatever shared a commit."""
    await _limit_pages(outbox, room=40)
    names = [f"{number}" for number in range(30)]
    new = [replace(new_entry(name), envelope=LARGE if name == "17" else b"mug") for name in names]

    answers = await asyncio.gather(*(outbox.enqueue(one) for one in new), return_exceptions=True)

    told = {one.id for one, answer in zip(new, answers, strict=True) if isinstance(answer, tuple)}
    assert told == {entry.id for entry in await outbox.list_entries()}
    assert "id-17" not in told
    assert {OutboxUnavailableError} == {type(answer) for answer in answers if not isinstance(answer, tuple)}


async def test_full_at_a_checkpoint(outbox: SqliteOutbox) -> None:
    """A checkpoint that does not fit leaves the one before it, and the lease stays as it was."""
    lease = await lease_of(outbox)
    await outbox.record(lease, Checkpoint(reports_opened=1))
    await _limit_pages(outbox, room=0)

    with pytest.raises(OutboxUnavailableError):
        await outbox.record(lease, Checkpoint(orphans=_many_orphans()))

    entry = await outbox.get("id-one")
    assert (State.LEASED, Checkpoint(reports_opened=1)) == (entry.state, entry.checkpoint)
    await outbox.record(lease, Checkpoint(reports_opened=2))
    assert 2 == (await outbox.get("id-one")).checkpoint.reports_opened


def _many_orphans() -> tuple[SuspectedOrphan, ...]:
    return tuple(SuspectedOrphan(START, START, report_id=number) for number in range(2000))


async def test_operating_system_refuses_the_bytes(outbox: SqliteOutbox, path: Path) -> None:
    """A write that the operating system refuses in the middle is undone wholly; the outbox works again afterwards."""
    await outbox.enqueue(new_entry("before"))
    size = max(file.stat().st_size for file in _files(path))

    with small_files(size + 50_000), pytest.raises(OutboxUnavailableError):
        await outbox.enqueue(replace(new_entry("large"), envelope=LARGE))

    assert ["id-before"] == [entry.id for entry in await outbox.list_entries()]
    await outbox.enqueue(replace(new_entry("large"), envelope=LARGE))
    assert LARGE == (await outbox.get("id-large")).envelope
    assert [("ok",)] == await outbox._reader.run(lambda execute: execute("PRAGMA integrity_check"))


def _files(path: Path) -> list[Path]:
    return list(path.parent.glob(path.name + "*"))


@contextmanager
def _other_process(verb: str, path: Path, driver: DriverName) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.outbox_child", verb, str(path), driver],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready" == process.stdout.readline().strip()
    try:
        yield
    finally:
        process.communicate(timeout=10)


async def test_locked_by_another_process(outbox: SqliteOutbox, path: Path, driver: DriverName) -> None:
    """A file that another process keeps locked refuses writes after the busy timeout, and takes them again later."""
    await outbox.enqueue(new_entry("before"))

    with _other_process("lock", path, driver):
        answers = await asyncio.gather(
            outbox.enqueue(new_entry("one")), outbox.enqueue(new_entry("two")), return_exceptions=True
        )

    assert [OutboxUnavailableError] * 2 == [type(answer) for answer in answers]
    assert all("another transaction held it" in str(answer) for answer in answers)
    assert ["id-before"] == [entry.id for entry in await outbox.list_entries()]
    _, is_new = await outbox.enqueue(new_entry("one"))
    assert is_new


async def test_shared_with_another_process(outbox: SqliteOutbox, path: Path, driver: DriverName) -> None:
    """A file that another process has open, but not locked, is read and written as if alone."""
    with _other_process("open", path, driver):
        await outbox.enqueue(new_entry())
        [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    assert "id-one" == lease.entry.id


@pytest.mark.skipif(
    library_version("sqlite3") >= SAFE_WITH_LOG, reason="both libraries may share a write-ahead log: nothing to refuse"
)
def test_log_in_use_by_a_newer_library(path: Path) -> None:
    """An old library refuses a file whose log a newer one is using in another process, instead of joining in."""
    with _other_process("open", path, "apsw"), pytest.raises(OutboxUnavailableError, match="journal mode delete"):
        SqliteOutbox.open(path, driver="sqlite3", busy_timeout=timedelta(milliseconds=50))
