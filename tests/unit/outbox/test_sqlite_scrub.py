"""What the embedded store leaves in its files: nothing that was replaced, and no log that somebody kept from it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contract.values import new_entry
from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import connect


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
async def outbox(path: Path) -> AsyncIterator[SqliteOutbox]:
    outbox = SqliteOutbox.open(path, driver="apsw", busy_timeout=timedelta(milliseconds=50))
    yield outbox
    await outbox.close()


def _raw(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


async def test_key_wrapped_anew(path: Path, outbox: SqliteOutbox) -> None:
    """The form in which a key was wrapped before is nowhere in the files any more."""
    await outbox.enqueue(new_entry())
    assert b"master wrapped/one" in _raw(path)

    await outbox.archive.rewrap("id-one", old="master wrapped/one", new="newer x", master="newer")
    await outbox.archive.scrub()

    assert b"master wrapped/one" not in _raw(path)
    assert b"newer x" in _raw(path)


async def test_somebody_reads_meanwhile(path: Path, outbox: SqliteOutbox) -> None:
    """While another process is in the middle of reading, the log cannot be emptied, and that is said; later it is."""
    await outbox.enqueue(new_entry())
    other = connect(path, driver="apsw", busy_timeout=1)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM entries")
    await outbox.archive.rewrap("id-one", old="master wrapped/one", new="newer x", master="newer")

    with pytest.raises(OutboxUnavailableError, match="another process is reading"):
        await outbox.archive.scrub()

    other.execute("ROLLBACK")
    other.close()
    await outbox.archive.scrub()
    assert b"master wrapped/one" not in _raw(path)
