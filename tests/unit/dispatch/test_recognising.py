"""The same submission handed in again: recognised by reading, with nothing written and with no room to write."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tests.support.at_rest import new_vault
from tests.support.stage import sample_report
from tipline_client import profiles
from tipline_client.dispatch.enqueueing import Enqueued, enqueue
from tipline_client.envelope import KeyRing
from tipline_client.errors import DuplicateKeyError, EvidenceError, OutboxInDoubtError, OutboxUnavailableError
from tipline_client.evidence import Evidence, EvidenceFolder
from tipline_client.models.file_details import EvidenceDetails
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock
from tipline_client.vault import Vault, sealed_size

MUG = b"one coffee mug, in bytes " * 40


@dataclass(frozen=True)
class Counted:
    """Bytes that count how often they are read from the start."""

    data: bytes = MUG
    openings: list[int] = field(default_factory=list)
    kind = "bytes"
    label = "bytes"

    def open(self) -> BinaryIO:
        self.openings.append(1)
        return io.BytesIO(self.data)

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:  # noqa: ARG002 - bytes cannot change
        return (len(self.data),)


@dataclass
class Desk:
    """Where submissions are handed in."""

    folder: Path
    keys: KeyRing
    outbox: Any = field(default_factory=MemoryOutbox)
    vault: Vault = field(default_factory=new_vault)

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    async def hand_in(self, origin: Counted, key: str | None) -> Enqueued:
        return await enqueue(
            sample_report(),
            [Evidence(origin, name="mug.bin", details=EvidenceDetails(file_viewed_by_esp=True))],
            idempotency_key=key,
            outbox=self.outbox,
            store=EvidenceFolder(self.evidence),
            keys=self.keys,
            vault=self.vault,
            profile=profiles.mock("http://127.0.0.1:9/ispws"),
            clock=TurnableClock(),
        )

    def trace(self) -> dict[str, tuple[int, int]]:
        """Every path under the evidence folder, with what changes when a name is made in it or removed from it."""
        paths = [self.evidence, *self.evidence.rglob("*")]
        return {str(path): (path.stat().st_ino, path.stat().st_ctime_ns) for path in paths}

    @contextmanager
    def no_room(self) -> Iterator[None]:
        """Nothing can be written where the copies lie: a file is in the place of the folder."""
        aside = self.folder / "aside"
        self.evidence.rename(aside)
        self.evidence.touch()
        yield
        self.evidence.unlink()
        aside.rename(self.evidence)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    keys = KeyRing.create(tmp_path / "keys")
    keys.generate()
    return Desk(tmp_path, keys)


async def test_handed_in_again_under_its_key(desk: Desk) -> None:
    """The entry is found by reading the file once; the evidence folder is not touched, not even for a moment."""
    first = await desk.hand_in(Counted(), "case-4711")
    before, origin = desk.trace(), Counted()

    again = await desk.hand_in(origin, "case-4711")

    assert (first.entry.id, False) == (again.entry.id, again.is_new)
    assert (before, [1]) == (desk.trace(), origin.openings)


async def test_handed_in_again_without_a_key_and_without_the_signing_key(desk: Desk) -> None:
    """The content says which entry it is, and nothing is written to find out."""
    first = await desk.hand_in(Counted(), None)
    for path in desk.keys.folder.glob("*.private.pem"):
        path.unlink()
    before = desk.trace()

    again = await desk.hand_in(Counted(), None)

    assert (first.entry.id, before) == (again.entry.id, desk.trace())


@pytest.mark.parametrize("key", ["case-4711", None])
async def test_new_submission_is_read_once(desk: Desk, key: str | None) -> None:
    """A submission that is not there yet is copied and digested in one pass."""
    origin = Counted()

    handed_in = await desk.hand_in(origin, key)

    assert (True, [1]) == (handed_in.is_new, origin.openings)
    assert [sealed_size(len(MUG))] == [path.stat().st_size for path in desk.evidence.rglob("*.bin")]


@pytest.mark.parametrize("key", ["case-4711", None])
async def test_handed_in_again_while_nothing_can_be_written(desk: Desk, key: str | None) -> None:
    """A full disk does not hide an entry that is there: no copy is needed to recognise it."""
    first = await desk.hand_in(Counted(), key)

    with desk.no_room():
        again = await desk.hand_in(Counted(), key)

    assert (first.entry.id, False) == (again.entry.id, again.is_new)


@pytest.mark.parametrize("key", ["case-4712", None])
async def test_new_submission_while_nothing_can_be_written(desk: Desk, key: str | None) -> None:
    """What is not there yet cannot be queued without a copy, and that is said."""
    await desk.hand_in(Counted(), "case-4711")

    with desk.no_room(), pytest.raises(OutboxUnavailableError, match="nothing was queued"):
        await desk.hand_in(Counted(b"a cup"), key)

    assert 1 == (await desk.outbox.count()).waiting


async def test_other_content_under_the_key(desk: Desk) -> None:
    """One other byte in the file is other content, found without a copy."""
    await desk.hand_in(Counted(), "case-4711")
    before = desk.trace()

    with pytest.raises(DuplicateKeyError):
        await desk.hand_in(Counted(MUG[:-1] + b"."), "case-4711")

    assert before == desk.trace()


async def test_file_emptied_since(desk: Desk) -> None:
    """A file that cannot be digested is refused by its place, as when it is copied."""
    await desk.hand_in(Counted(), "case-4711")

    with pytest.raises(EvidenceError, match=r"^evidence\[0\] \(bytes\) is empty$"):
        await desk.hand_in(Counted(b""), "case-4711")


async def test_answer_lost_while_handing_in_without_a_key(desk: Desk) -> None:
    """An enqueue in doubt stays in doubt: what is found at once after it proves nothing, and the copies stay."""

    class LosesAnswers(MemoryOutbox):
        async def enqueue(self, *given: Any, **how: Any) -> Any:
            await super().enqueue(*given, **how)
            raise OutboxInDoubtError("the connection was lost")

    desk.outbox = LosesAnswers()

    with pytest.raises(OutboxInDoubtError):
        await desk.hand_in(Counted(), None)

    assert [sealed_size(len(MUG))] == [path.stat().st_size for path in desk.evidence.rglob("*.bin")]
