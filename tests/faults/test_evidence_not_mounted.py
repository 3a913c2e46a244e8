"""A host on which the storage of the evidence is not mounted: it leaves to others what it cannot read."""

import errno
import os
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from tests.support.stage import DAYS, FILES, Stage
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.states import State
from tipline_client.errors import EvidenceError
from tipline_client.evidence import EvidenceFolder
from tipline_client.mock import faults
from tipline_client.vault import DataKey


def _unmount(stage: Stage, *, leaves_a_folder: bool) -> None:
    stage.store.root.rename(stage.folder / "storage")
    if leaves_a_folder:
        stage.store.root.mkdir()


def _mount(stage: Stage) -> None:
    if stage.store.root.exists():
        stage.store.root.rmdir()
    (stage.folder / "storage").rename(stage.store.root)


async def _assert_left(stage: Stage, entry: Entry, *, attempts: int = 0) -> None:
    found = await stage.outbox.get(entry.id)
    assert found.last_failure is not None
    assert (State.QUEUED, attempts, "no_evidence_store") == (found.state, found.attempts, found.last_failure.kind)
    assert [] == await stage.outbox.alarms()


@pytest.mark.parametrize("leaves_a_folder", [False, True])
async def test_backlog_before_a_host_without_the_evidence(
    stage: Stage, caplog: pytest.LogCaptureFixture, *, leaves_a_folder: bool
) -> None:
    """Nothing is given up and nothing sent; the host says so once, and once it is mounted all is filed."""
    entries = [await stage.enqueue(name) for name in ("one", "two", "three")]
    _unmount(stage, leaves_a_folder=leaves_a_folder)

    await stage.conductor().drain(patience=timedelta(0))

    for entry in entries:
        await _assert_left(stage, entry)
    assert 0 == stage.endpoint.summary()["requests"]
    assert 1 == sum("left to other hosts" in record.getMessage() for record in caplog.records)
    _mount(stage)
    await stage.conductor().drain(patience=DAYS)
    assert 3 == stage.endpoint.summary()["finished"]


async def test_report_in_mid_evidence_met_by_a_host_without_it(stage: Stage) -> None:
    """A report that another host has opened is not taken back for want of a mount: that host goes on with it."""
    entry = await stage.enqueue()
    stage.endpoint.faults.script("fileinfo", *[faults.code(1100)] * 4)
    await stage.conductor().deliver(entry.id)
    opened = (await stage.outbox.get(entry.id)).checkpoint
    retracted = stage.endpoint.summary()["retracted"]
    stage.endpoint.faults.clear()
    _unmount(stage, leaves_a_folder=True)

    await stage.conductor().deliver(entry.id)

    await _assert_left(stage, entry, attempts=1)
    left = (await stage.outbox.get(entry.id)).checkpoint
    assert (opened.report_id, opened.files, retracted) == (
        left.report_id,
        left.files,
        stage.endpoint.summary()["retracted"],
    )
    _mount(stage)
    await stage.conductor().drain(patience=DAYS)
    assert (1, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["stray_files"])


class _MountThatGoes(EvidenceFolder):
    """A folder whose storage goes away while a copy is read."""

    is_gone = False

    async def is_there(self) -> bool:
        return not self.is_gone

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:  # noqa: ARG002
        yield FILES[item.index][:5]
        self.is_gone = True
        raise EvidenceError(f"evidence[{item.index}]: the stored copy: it is not there any more")


async def test_mount_that_goes_in_mid_upload(stage: Stage) -> None:
    """What arrived of the upload is in doubt: the report is taken back by whoever goes on, and each file filed once."""
    entry = await stage.enqueue()
    stage.road = {"evidence": _MountThatGoes(stage.store.root)}
    await stage.conductor().deliver(entry.id)
    await _assert_left(stage, entry)
    stage.road = {}

    await stage.conductor().drain(patience=DAYS)

    summary = stage.endpoint.summary()
    assert (1, 0, 0) == (summary["finished"], summary["open"], summary["stray_files"])
    assert State.ACKNOWLEDGED is (await stage.outbox.get(entry.id)).state


async def test_single_file_that_is_lost(stage: Stage) -> None:
    """Where the store is there, a copy that is missing is lost, and a person must look."""
    lost, kept = await stage.enqueue("lost"), await stage.enqueue("kept")
    (stage.store.root / lost.id / "0.bin").unlink()

    await stage.conductor().drain(patience=DAYS)

    assert State.DEAD_LETTER is (await stage.outbox.get(lost.id)).state
    assert State.ACKNOWLEDGED is (await stage.outbox.get(kept.id)).state


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE])
async def test_copy_that_may_not_be_read(stage: Stage, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    """It says nothing of the copy, as where somebody queued as another user: the entry waits, and is filed later."""
    entry = await stage.enqueue()
    look = os.open

    def refuse(path: object, *arguments: int, **named: int) -> int:
        if str(path).endswith(".bin"):
            raise OSError(reason, os.strerror(reason), str(path))
        return look(path, *arguments, **named)  # type: ignore[arg-type]  # whatever it is

    with monkeypatch.context() as patch:
        patch.setattr("os.open", refuse)
        await stage.conductor().drain(patience=timedelta(0))
    waiting = await stage.outbox.get(entry.id)
    await stage.conductor().drain(patience=DAYS)

    assert waiting.last_failure is not None
    assert State.QUEUED is waiting.state
    assert os.strerror(reason) in waiting.last_failure.text
    assert (State.ACKNOWLEDGED, []) == ((await stage.outbox.get(entry.id)).state, await stage.outbox.alarms())
    assert 1 == stage.endpoint.summary()["finished"]
