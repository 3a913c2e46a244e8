"""Files that are only referred to, from queueing to filing: filed from where they lie, given up when they are gone."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.stage import DAYS, Stage, sample_report
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.states import State
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.errors import EvidenceUnavailableError
from tipline_client.evidence import Evidence, EvidenceByMode
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
