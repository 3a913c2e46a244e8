"""Files that are only referred to, from queueing to filing: filed from where they lie, given up when they are gone."""

import errno
import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from io import FileIO
from pathlib import Path

import pytest

from tests.support.stage import DAYS, Stage, sample_report
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.states import State
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.errors import EvidenceUnavailableError
from tipline_client.evidence import Evidence, EvidenceByMode, origins
from tipline_client.vault import DataKey


async def hand_in(stage: Stage, *evidence: Evidence) -> Entry:
    store = EvidenceByMode(stage.store)
    stage.road.setdefault("evidence", store)
    enqueued = await enqueue(
        sample_report(),
        evidence,
        idempotency_key="case-1",
        outbox=stage.outbox,
        store=store,
        keys=stage.keys,
        vault=stage.vault,
        profile=stage.profile,
        clock=stage.clock,
    )
    return enqueued.entry


def mug(folder: Path, *, size: int = 2_000_000) -> Path:
    path = folder / "mug.jpg"
    path.write_bytes(bytes(size))
    return path


async def test_file_that_stays_where_it_is(stage: Stage, tmp_path: Path) -> None:
    """It is filed once, beside a copy, and never lay in the store."""
    evidence = Evidence.from_path(mug(tmp_path), mode="reference", file_viewed_by_esp=True)
    entry = await hand_in(stage, evidence, Evidence.from_bytes(b"a cup", name="cup.txt"))

    await stage.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED is (await stage.outbox.get(entry.id)).state
    assert [2] == [len(files) for files in stage.attached()]
    assert ["1.bin"] == [path.name for path in stage.store.root.glob("*/*")]


@pytest.mark.parametrize("change", ["missing", "rewritten", "longer"])
async def test_file_that_is_not_what_was_sealed(stage: Stage, tmp_path: Path, change: str) -> None:
    """Missing or changed when it is sent: given up with an alarm that names it, and nothing is filed."""
    path = mug(tmp_path)
    entry = await hand_in(stage, Evidence.from_path(path, mode="reference"))
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(b"x" * (2_000_000 if change == "rewritten" else 2_000_001))

    await stage.conductor().drain(patience=DAYS)

    found = await stage.outbox.get(entry.id)
    assert (State.DEAD_LETTER, []) == (found.state, stage.attached())
    assert found.last_failure is not None
    assert ("evidence_changed", True) == (found.last_failure.kind, repr(str(path)) in found.last_failure.text)


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("when", ["opened", "read"])
async def test_file_that_may_not_be_read(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int, when: str
) -> None:
    """It says nothing of the file, as where somebody queued as another user: the entry waits, and is filed later."""
    path = mug(tmp_path)
    entry = await hand_in(stage, Evidence.from_path(path, mode="reference"))
    look, read = os.open, FileIO.read

    def refuse(place: object, *arguments: int, **named: int) -> int:
        if str(place) == str(path):
            raise OSError(reason, os.strerror(reason), str(place))
        return look(place, *arguments, **named)  # type: ignore[arg-type]  # whatever it is

    class Failing(FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if os.path.samefile(self.fileno(), path):  # noqa: PTH121 - by its descriptor
                raise OSError(reason, os.strerror(reason))
            return read(self, size) or b""

    with monkeypatch.context() as patch:
        if when == "opened":
            patch.setattr("os.open", refuse)
        else:
            origins._OfPath.__bases__ = (Failing,)
        try:
            await stage.conductor().drain(patience=timedelta(0))
        finally:
            origins._OfPath.__bases__ = (FileIO,)
    waiting = await stage.outbox.get(entry.id)
    await stage.conductor().drain(patience=DAYS)

    assert waiting.last_failure is not None
    assert State.QUEUED is waiting.state
    assert os.strerror(reason) in waiting.last_failure.text
    assert (State.ACKNOWLEDGED, []) == ((await stage.outbox.get(entry.id)).state, await stage.outbox.alarms())
    summary = stage.endpoint.summary()
    assert (1, 0, 0) == (summary["finished"], summary["open"], summary["stray_files"])


class Unreachable(EvidenceByMode):
    """A place that gives no answer a few times, at the look before or in mid-upload."""

    def __init__(self, stage: Stage, *, looks: int = 0, reads: int = 0) -> None:
        super().__init__(stage.store)
        self.looks, self.reads = looks, reads

    async def check(self, item: ManifestItem) -> None:
        if self.looks:
            self.looks -= 1
            raise EvidenceUnavailableError(f"evidence[{item.index}] cannot be read: the store is down")
        await super().check(item)

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        chunks = super().open_verified(item, key=key)
        yield await anext(chunks)
        if self.reads:
            self.reads -= 1
            raise EvidenceUnavailableError(f"evidence[{item.index}] cannot be read: the store is down")
        async for chunk in chunks:
            yield chunk


@pytest.mark.parametrize(("looks", "reads"), [(3, 0), (0, 1), (0, 3), (2, 2)])
async def test_place_that_gives_no_answer(stage: Stage, tmp_path: Path, looks: int, reads: int) -> None:
    """Nothing is known of the file then: the entry waits and is filed once when it can be."""
    stage.road["evidence"] = Unreachable(stage, looks=looks, reads=reads)
    entry = await hand_in(stage, Evidence.from_path(mug(tmp_path), mode="reference"))

    await stage.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED is (await stage.outbox.get(entry.id)).state
    assert [1] == [len(files) for files in stage.attached()]
    assert (0, 0) == (stage.endpoint.summary()["duplicates"], stage.endpoint.summary()["stray_files"])
