"""Evidence from an asynchronous stream: of any length, in pieces of any size, read once, let go whatever happens."""

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.at_rest import key_of, new_vault
from tests.support.shelves import item_for, read
from tests.support.stage import sample_report
from tests.unit.evidence.copies import files
from tests.unit.evidence.test_digests import expected_sums
from tipline_client import AsyncTiplineClient, TiplineClient, profiles
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.envelope import KeyRing
from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence import CHUNK, Evidence, EvidenceFolder, digest
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock

PROFILE = profiles.mock("http://127.0.0.1:9/ispws")


async def stream(*pieces: Any) -> AsyncGenerator[Any, None]:
    for piece in pieces:
        await checkpoint()
        yield piece


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 9 * CHUNK, 17 * CHUNK + 3])
@pytest.mark.parametrize("step", [1000, CHUNK, 10 * CHUNK])
async def test_stream_is_copied(store: EvidenceFolder, size: int, step: int) -> None:
    """At each boundary of chunks and of what is gathered, in small pieces and in large, the copy has every byte."""
    data = (b"one coffee mug " * (size // 15 + 1))[:size]
    source = Evidence.from_stream(
        stream(*(data[at : at + step] for at in range(0, size, step))), name="mug.jpg", file_viewed_by_esp=True
    )

    stored = await store.add(source, key=key_of("e1"), index=0)

    sums = expected_sums(data)
    assert (sums.size, sums.md5, sums.sha1, sums.sha256) == (stored.size, stored.md5, stored.sha1, stored.sha256)
    assert data == await read(store, item_for(stored))
    assert ("stream", True) == (source.kind, source.is_spent)


@given(st.lists(st.one_of(st.binary(max_size=50), st.binary(max_size=50).map(bytearray)), max_size=20))
@settings(max_examples=50, deadline=None)
def test_pieces_of_any_size(pieces: list[bytes | bytearray]) -> None:
    """However the bytes are cut, with empty pieces among them, their sums are those of the whole; none are refused."""
    data = b"".join(pieces)
    source = Evidence.from_stream(stream(*pieces), name="mug.jpg")

    async def sums() -> object:
        try:
            return await digest(source, index=0)
        except EvidenceError as error:
            return str(error)

    expected: object = expected_sums(data) if data else "evidence[0] (stream) is empty"
    assert expected == asyncio.run(sums())


async def test_stream_is_read_once(store: EvidenceFolder) -> None:
    """A second reading is refused by its reason, never taken for an empty file."""
    source = Evidence.from_stream(stream(b"a coffee mug"), name="mug.jpg")
    await store.add(source, key=key_of("e1"), index=0)

    with pytest.raises(EvidenceError, match=r"^evidence\[0\] \(stream\) was read already, and cannot be read again$"):
        await digest(source, index=0)


class Held:
    """A stream that says whether it was let go."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self.pieces = pieces
        self.is_closed = False

    def __aiter__(self) -> "Held":
        return self

    async def __anext__(self) -> bytes:
        return await anext(self.pieces)

    async def aclose(self) -> None:
        self.is_closed = True
        raise RuntimeError("planted: closing fails too")


async def breaking(error: Exception) -> AsyncGenerator[bytes, None]:
    yield bytes(CHUNK)
    raise error


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (lambda: breaking(ConnectionResetError("planted")), "broke off: ConnectionResetError"),
        (lambda: breaking(LookupError("planted")), "broke off: LookupError"),
        (lambda: stream(b"mug", "planted"), "gives str, not bytes"),
        (lambda: stream(b"mug", None), "gives NoneType, not bytes"),
        (stream, "is empty"),
        (lambda: stream(b"", b""), "is empty"),
    ],
)
async def test_stream_that_goes_wrong(
    store: EvidenceFolder, pieces: Callable[[], AsyncIterator[bytes]], words: str
) -> None:
    """Whatever breaks it, the error is ours, repeats no word of the caller's, and nothing is kept; it is let go."""
    held = Held(pieces())

    with pytest.raises(EvidenceError) as refused:
        await store.add(Evidence.from_stream(held, name="mug.jpg"), key=key_of("e1"), index=1)

    assert f"evidence[1] (stream) {words}" == str(refused.value)
    assert refused.value.__cause__ is None
    assert held.is_closed
    assert [] == files(store)


async def test_caller_gives_up_on_a_stalled_stream(store: EvidenceFolder) -> None:
    """A stream that brings nothing more is left at once when its caller is cancelled, and nothing is kept."""

    async def stalled() -> AsyncGenerator[bytes, None]:
        yield bytes(9 * CHUNK)
        scope.cancel()
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        await store.add(Evidence.from_stream(stalled(), name="mug.jpg"), key=key_of("e1"), index=0)

    assert scope.cancelled_caught
    assert [] == files(store)


async def test_stream_with_a_scope_around_its_pieces(store: EvidenceFolder) -> None:
    """A generator that holds a time limit over its pieces is pulled in one task, as such scopes demand."""

    async def limited() -> AsyncGenerator[bytes, None]:
        with anyio.fail_after(600):
            for _ in range(3):
                await checkpoint()
                yield bytes(9 * CHUNK)

    stored = await store.add(Evidence.from_stream(limited(), name="mug.jpg"), key=key_of("e1"), index=0)

    assert 27 * CHUNK == stored.size


async def test_large_stream_in_constant_memory(store: EvidenceFolder) -> None:
    """A stream of 64 MiB is copied with a few chunks in memory."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        for _ in range(1024):
            yield bytes(64 * 1024)

    tracemalloc.start()
    try:
        stored = await store.add(Evidence.from_stream(pieces(), name="mug.jpg"), key=key_of("e1"), index=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert 64 * 1024 * 1024 == stored.size
    assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize("thing", [b"mug", [b"mug"], None, iter([b"mug"])])
def test_something_that_is_no_stream(thing: Any) -> None:
    """What is not asynchronous is refused when it is named."""
    with pytest.raises(EvidenceError, match="not an asynchronous stream"):
        Evidence.from_stream(thing, name="mug.jpg")


def test_stream_opened_as_a_file() -> None:
    """A stream is no file, and says so."""
    with pytest.raises(EvidenceError, match="event loop"):
        Evidence.from_stream(stream(b"mug"), name="mug.jpg").open()


async def test_asynchronous_door(tmp_path: Path) -> None:
    """Streams are queued at the asynchronous door, in the caller's own task."""
    async with AsyncTiplineClient.open(tmp_path / "home", profile=PROFILE) as client:
        new = await client.enqueue_once(sample_report(), evidence=[Evidence.from_stream(stream(b"mug"), name="m.jpg")])
        again = await client.enqueue_once(
            sample_report(), evidence=[Evidence.from_stream(stream(b"m", b"ug"), name="m.jpg")]
        )

    assert (True, False, True) == (new.is_new, again.is_new, new.entry.id == again.entry.id)


def test_synchronous_door(tmp_path: Path) -> None:
    """A stream that belongs to no event loop is pulled on the client's own."""
    with TiplineClient.open(tmp_path / "home", profile=PROFILE) as client:
        enqueued = client.enqueue_once(sample_report(), evidence=[Evidence.from_stream(stream(b"mug"), name="m.jpg")])

    assert enqueued.is_new


async def test_synchronous_door_within_an_event_loop(tmp_path: Path) -> None:
    """A stream is refused where the caller's own loop would stand still and could never bring it."""
    with TiplineClient.open(tmp_path / "home", profile=PROFILE) as client:
        source = Evidence.from_stream(stream(b"mug"), name="m.jpg")
        for verb in (client.enqueue, client.enqueue_once):
            with pytest.raises(EvidenceError, match=r"^evidence\[1\] \(stream\) belongs to the event loop"):
                verb(sample_report(), evidence=[Evidence.from_bytes(b"cup", name="c.jpg"), source])

    assert not source.is_spent


async def test_no_room_for_what_cannot_be_read_again(tmp_path: Path) -> None:
    """A spent stream does not hide why its copy could not be kept: the error is the store's."""
    (tmp_path / "evidence").touch()

    with pytest.raises(OutboxUnavailableError, match="Not a directory"):
        await enqueue(
            sample_report(),
            [Evidence.from_stream(stream(b"mug"), name="m.jpg")],
            idempotency_key=None,
            outbox=MemoryOutbox(),
            store=EvidenceFolder(tmp_path / "evidence" / "below"),
            keys=_keys(tmp_path),
            vault=new_vault(),
            profile=PROFILE,
            clock=TurnableClock(),
        )


def _keys(folder: Path) -> KeyRing:
    keys = KeyRing.create(folder / "keys")
    keys.generate()
    return keys
