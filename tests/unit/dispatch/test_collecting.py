"""Copies of no entry: removed when they have lain there for a day and somebody says so, and nothing else is."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.at_rest import key_of
from tests.unit.dispatch.test_unclaimed import LONG_AGO, NOW, with_entries
from tipline_client.dispatch.collecting import COLLECTED_AFTER, collect
from tipline_client.evidence import Evidence, EvidenceFolder
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock


async def _stored(folder: Path, *ids: str) -> EvidenceFolder:
    store = EvidenceFolder(folder)
    for entry_id in ids:
        await store.add(Evidence.from_bytes(b"one coffee mug", name="mug.bin"), key=key_of(entry_id), index=0)
        _date(folder / entry_id / "0.bin", LONG_AGO.timestamp())
    return store


def _date(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def _with_entries(*ids: str) -> MemoryOutbox:
    """An outbox that is older than the copies, with an entry that has none."""
    return await with_entries("e0", *ids, clock=TurnableClock(LONG_AGO - timedelta(days=30)))


async def test_only_looked_for(tmp_path: Path) -> None:
    """Unless it is asked for, nothing is removed, and what would be is told."""
    store, outbox = await _stored(tmp_path, "e1", "e2"), await _with_entries("e1")

    found = await collect(store, outbox, now=NOW)

    assert (1, 1, True, ["e2"]) == (found.count, found.copies, found.is_dry, [each.entry_id for each in found.first])
    assert 0 == found.kept
    assert ["e1", "e2"] == _names(tmp_path)


async def test_removed(tmp_path: Path) -> None:
    """What no entry names is removed; what an entry names stays, however that has ended."""
    store, outbox = await _stored(tmp_path, "e1", "e2", "e3"), await _with_entries("e1", "e3")
    await outbox.withdraw("e3", reason="wrong account")

    found = await collect(store, outbox, now=NOW, is_dry=False)

    assert (1, False) == (found.count, found.is_dry)
    assert ["e1", "e3"] == _names(tmp_path)


@pytest.mark.parametrize(
    ("age", "stays"),
    [(COLLECTED_AFTER - timedelta(seconds=1), True), (COLLECTED_AFTER, False), (-COLLECTED_AFTER, True)],
)
async def test_enqueue_that_may_be_under_way(tmp_path: Path, age: timedelta, stays: bool) -> None:
    """What was written to less than a day ago, or is dated in the future, stays."""
    store = await _stored(tmp_path, "e1")
    _date(tmp_path / "e1" / "0.bin", (NOW - age).timestamp())

    await collect(store, await _with_entries(), now=NOW, is_dry=False)

    assert stays == (tmp_path / "e1").exists()


async def test_files_of_others(tmp_path: Path) -> None:
    """Files that are not the store's own stay, and so does the folder that holds them."""
    store = await _stored(tmp_path, "e1")
    (tmp_path / "e1" / "notes.txt").write_text("mine")

    await collect(store, await _with_entries(), now=NOW, is_dry=False)

    assert ["notes.txt"] == _names(tmp_path / "e1")


@pytest.mark.parametrize("before", [timedelta(0), timedelta(minutes=1)])
async def test_copies_older_than_the_outbox(tmp_path: Path, before: timedelta) -> None:
    """What lay there before the first entry may be another outbox's, such as one that was lost: it stays."""
    store = await _stored(tmp_path, "e1", "e2")
    _date(tmp_path / "e2" / "0.bin", (LONG_AGO - before - timedelta(seconds=1)).timestamp())
    outbox = await with_entries("e0", clock=TurnableClock(LONG_AGO - before))

    found = await collect(store, outbox, now=NOW, is_dry=False)

    assert (1, ["e1"], 1) == (found.count, [each.entry_id for each in found.first], found.kept)
    assert ["e2"] == _names(tmp_path)


async def test_outbox_without_an_entry(tmp_path: Path) -> None:
    """To one that was made anew all evidence is nobody's, and all of it stays."""
    store = await _stored(tmp_path, "e1", "e2")

    found = await collect(store, await with_entries(), now=NOW, is_dry=False)

    assert (0, 2) == (found.count, found.kept)
    assert ["e1", "e2"] == _names(tmp_path)
