"""What of holdings only a folder has: links and times of the file system, and folders that cannot be listed."""

import errno
import os
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.evidence.copies import files
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence import EvidenceFolder, Holding, folder

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def put(store: EvidenceFolder, name: str, *, size: int = 3, at: float = NOON.timestamp()) -> None:
    path = store.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (at, at))


async def held(store: EvidenceFolder) -> dict[str, Holding]:
    found = [holding async for holding in store.holdings()]
    by_id = {holding.entry_id: holding for holding in found}
    assert len(found) == len(by_id)
    return by_id


async def test_store_without_a_folder(store: EvidenceFolder) -> None:
    """Before the first copy there is nothing, and nothing is made by looking."""
    assert {} == await held(store)
    assert not store.root.exists()


async def test_what_is_not_the_stores_own(store: EvidenceFolder, tmp_path: Path) -> None:
    """Strangers' files and folders, links and empty folders are no holdings, and none of them is followed."""
    put(store, "e1/0.bin")
    put(store, "e1/note.txt", size=1000)
    put(store, "file-beside.bin")
    put(store, "lost+found/0.bin")
    put(store, "strange/note.txt")
    (store.root / "empty").mkdir()
    put(EvidenceFolder(tmp_path / "outside"), "e9/0.bin")
    (store.root / "e9").symlink_to(tmp_path / "outside" / "e9")
    (store.root / "e8").mkdir()
    (store.root / "e8" / "0.bin").symlink_to(tmp_path / "outside" / "e9" / "0.bin")
    os.mkfifo(store.root / "e8" / "1.bin")

    found = await held(store)

    assert {"e1": Holding("e1", copies=1, size=3, has_draft=False, changed_at=NOON)} == found


async def test_time_that_no_calendar_has(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file dated before or after what can be told is held at the end of it, and stops nobody."""
    # Not every file system holds a time after the year 9999, so the end is moved to where every one does.
    monkeypatch.setattr(folder, "_LAST_SECOND", 1000)
    put(store, "e1/0.bin", at=-5)
    put(store, "e2/0.bin", at=1001)

    found = await held(store)

    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert (start, start + timedelta(seconds=1000)) == (found["e1"].changed_at, found["e2"].changed_at)


async def test_looker_that_leaves_early(store: EvidenceFolder) -> None:
    """Whoever stops after the first holding lets the folder go, and has changed nothing."""
    for number in range(450):
        put(store, f"e{number}/0.bin")
    before, lying = open_files(), files(store)

    async with aclosing(store.holdings()) as holdings:
        await anext(holdings)

    assert open_files() <= before
    assert lying == files(store)


async def test_folder_that_cannot_be_looked_through(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that refuses to be listed is an error, and never an empty store."""
    put(store, "e1/0.bin")

    # The superuser, as whom these tests may run, can list whatever its mode says.
    def refuse(_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(OutboxUnavailableError, match="cannot be looked through: Permission denied"):
        await held(store)
