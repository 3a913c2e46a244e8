"""Sealed files: every size comes back however it arrives, another implementation reads it, and memory does not grow."""

import itertools
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vault.oracle import Oracle
from tests.unit.vault.sealed_files import (
    ASSOCIATED,
    FIRST,
    KEY,
    NOISE,
    OTHER,
    counting,
    open_sealed,
    pieces,
    seal,
    seal_again,
    told,
)
from tipline_client.vault.stream_format import SEGMENT, StreamOpener, StreamSealer, sealed_size

MIB = 1024 * 1024

BOUNDARIES = [
    0,
    1,
    *(end + by for end in (FIRST, SEGMENT, FIRST + OTHER, 2 * SEGMENT, FIRST + 2 * OTHER) for by in (-1, 0, 1)),
]

# Made once with a key, salt and nonce prefix that count upwards, and pinned: what was sealed in this form must open for
# ever.
GOLDEN = (
    "28000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00010203040506"
    "cd6f21323340b90459a986773b6f9fd59d34f0f1a89498e29203dc059d03528512c8ebf9885f"
)
GOLDEN_OF_THREE_SEGMENTS = (2097268, "3f70798673842312e91fc5f00e86f3737ce755ae745d93cb1b15b74c3f720e53")


def cut_at(data: bytes, places: list[int]) -> Iterator[bytes]:
    """The same bytes in chunks that end at these places; a place that is named twice gives an empty chunk."""
    ends = sorted(min(place, len(data)) for place in places)
    for start, end in itertools.pairwise([0, *ends, len(data)]):
        yield data[start:end]


@pytest.mark.parametrize("size", BOUNDARIES)
def test_round_trip_at_each_boundary(size: int) -> None:
    """A file of any size comes back as it was, and the sealed one has the size that was foretold."""
    sealed = seal(NOISE[:size])

    opened = open_sealed(sealed)

    assert told(NOISE[:size]) == told(opened)
    assert sealed_size(size) == len(sealed)


@pytest.mark.parametrize("size", BOUNDARIES)
def test_tink_opens_what_was_sealed_here(size: int) -> None:
    """The other implementation, given the key, reads every size."""
    sealed = seal(NOISE[:size])

    opened = Oracle(KEY).open(sealed, associated_data=ASSOCIATED)

    assert told(NOISE[:size]) == told(opened)


@pytest.mark.parametrize("size", BOUNDARIES)
def test_what_tink_sealed_opens_here(size: int) -> None:
    """Every size of the other implementation is read, and is as long as is foretold."""
    sealed = Oracle(KEY).seal(NOISE[:size], associated_data=ASSOCIATED)

    opened = open_sealed(sealed)

    assert told(NOISE[:size]) == told(opened)
    assert sealed_size(size) == len(sealed)


def test_file_that_was_sealed_without_associated_data() -> None:
    """Nothing said is a thing to say too, alike on both sides."""
    ours, theirs = seal(b"a coffee mug", associated_data=b""), Oracle(KEY).seal(b"a coffee mug", associated_data=b"")

    assert b"a coffee mug" == Oracle(KEY).open(ours, associated_data=b"")
    assert b"a coffee mug" == open_sealed(theirs, associated_data=b"")


@settings(max_examples=25, deadline=None)
@given(
    size=st.one_of(st.sampled_from(BOUNDARIES), st.integers(0, 3 * SEGMENT)),
    places=st.lists(st.integers(0, 3 * SEGMENT + 100), max_size=12),
)
def test_chunks_of_any_sizes(size: int, places: list[int]) -> None:
    """However the bytes arrive, empty chunks among them, the sealed file and the opened one are the same."""
    plaintext = NOISE[:size]
    expected = seal_again(plaintext)
    sealer = StreamSealer(KEY, associated_data=ASSOCIATED, random=counting)
    opener = StreamOpener(KEY, associated_data=ASSOCIATED)

    sealed = b"".join([*(sealer.update(chunk) for chunk in cut_at(plaintext, places)), sealer.finish()])
    opened = b"".join([*(opener.update(chunk) for chunk in cut_at(expected, places)), opener.finish()])

    assert told(expected) == told(sealed)
    assert told(plaintext) == told(opened)


@pytest.mark.parametrize("end", [0, 41, FIRST, SEGMENT, 2 * SEGMENT])
def test_single_bytes_across_a_boundary(end: int) -> None:
    """Bytes that come one at a time are sealed and opened like others, before a boundary and after it."""
    plaintext = NOISE[: 2 * SEGMENT + 100]
    expected = seal_again(plaintext)
    places = list(range(max(0, end - 45), end + 45))
    sealer = StreamSealer(KEY, associated_data=ASSOCIATED, random=counting)
    opener = StreamOpener(KEY, associated_data=ASSOCIATED)

    sealed = b"".join([*(sealer.update(chunk) for chunk in cut_at(plaintext, places)), sealer.finish()])
    opened = b"".join([*(opener.update(chunk) for chunk in cut_at(expected, places)), opener.finish()])

    assert told(expected) == told(sealed)
    assert told(plaintext) == told(opened)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
@pytest.mark.parametrize("size", [300_000, FIRST, 3 * SEGMENT])
def test_buffer_that_the_caller_uses_again(kind: Callable[[bytearray], bytearray | memoryview], size: int) -> None:
    """What is given may be overwritten as soon as the call has returned."""
    plaintext = NOISE[: FIRST + OTHER + 1000]
    sealer = StreamSealer(KEY, associated_data=ASSOCIATED, random=counting)
    sealed = bytearray()
    buffer = bytearray(size)

    for chunk in pieces(plaintext, size):
        buffer[: len(chunk)] = chunk
        sealed += sealer.update(kind(buffer)[: len(chunk)])
    sealed += sealer.finish()

    assert told(seal_again(plaintext)) == told(sealed)


def test_pinned_sealed_file() -> None:
    """The same key, salt and nonce prefix give the same bytes as in every earlier release."""
    sealed = seal_again(b"a coffee mug on a desk")

    assert GOLDEN == sealed.hex()


def test_pinned_sealed_file_of_three_segments() -> None:
    """So do segments that are not the first, and those that are not the last."""
    sealed = seal_again(bytes(FIRST + OTHER + 100))

    assert GOLDEN_OF_THREE_SEGMENTS == told(sealed)


def test_pinned_sealed_file_opens() -> None:
    """A file that an earlier release sealed is read, here and by the other implementation."""
    sealed = bytes.fromhex(GOLDEN)

    assert b"a coffee mug on a desk" == open_sealed(sealed)
    assert b"a coffee mug on a desk" == Oracle(KEY).open(sealed, associated_data=ASSOCIATED)


def test_same_file_twice_under_one_key() -> None:
    """Salt and nonce prefix are drawn anew for each file, so that nothing shows that both are the same."""
    one, other = seal(bytes(1000)), seal(bytes(1000))

    assert one[1:33] != other[1:33]
    assert one[33:40] != other[33:40]
    assert one[40:56] != other[40:56]


def test_foretold_size_of_the_largest_file() -> None:
    """A size is foretold up to what the segments' numbers suffice for, and no further."""
    largest = FIRST + (2**32 - 1) * OTHER

    assert 2**32 * SEGMENT == sealed_size(largest)
    with pytest.raises(ValueError, match="too long"):
        sealed_size(largest + 1)
    with pytest.raises(ValueError, match="below zero"):
        sealed_size(-1)


def test_large_file_in_constant_memory() -> None:
    """A file of 48 MiB is sealed and opened with a few segments in memory."""
    chunk = NOISE[: 512 * 1024]
    sealer = StreamSealer(KEY, associated_data=ASSOCIATED)
    opener = StreamOpener(KEY, associated_data=ASSOCIATED)
    size = 0
    tracemalloc.start()

    try:
        for _ in range(96):
            size += len(opener.update(sealer.update(chunk)))
        size += len(opener.update(sealer.finish())) + len(opener.finish())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert 48 * MIB == size
    assert peak < 6 * MIB


def test_small_files_under_way_at_once() -> None:
    """A small file takes about its own size, not that of a segment."""
    tracemalloc.start()

    try:
        sealers = [StreamSealer(KEY, associated_data=ASSOCIATED) for _ in range(20)]
        for sealer in sealers:
            sealer.update(NOISE[:10_000])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < MIB
