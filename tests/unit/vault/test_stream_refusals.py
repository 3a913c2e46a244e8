"""Sealed files that are not what was sealed: refused, and nothing is given out that was not proven."""

from collections.abc import Callable

import pytest
import tink

from tests.unit.vault.oracle import Oracle
from tests.unit.vault.sealed_files import (
    ASSOCIATED,
    FIRST,
    HEADER,
    KEY,
    NOISE,
    OTHER,
    TAG,
    open_sealed,
    pieces,
    seal,
    told,
)
from tipline_client.vault.broken import SealBrokenError
from tipline_client.vault.stream_format import SEGMENT, StreamOpener, StreamSealer

SHORT = seal(NOISE[:500])
EVEN = seal(NOISE[: FIRST + OTHER])
"""Two segments, the last of them full."""
WHOLE = seal(NOISE[: FIRST + 2 * OTHER + 500])
"""Four segments, of which the last is short."""
SIBLING = seal(NOISE[SEGMENT : SEGMENT + FIRST + 2 * OTHER + 500])
"""Another file of the same size, key and associated data."""


def segment(sealed: bytes, number: int) -> bytes:
    """The segment of that number; the first one without the header."""
    return sealed[max(number * SEGMENT, HEADER) : (number + 1) * SEGMENT]


def flipped(sealed: bytes, place: int) -> bytes:
    """One bit of one byte is another."""
    altered = bytearray(sealed)
    altered[place] ^= 1
    return bytes(altered)


ALTERED: dict[str, Callable[[], bytes]] = {
    "the length of the header": lambda: flipped(WHOLE, 0),
    "the first byte of the salt": lambda: flipped(WHOLE, 1),
    "the last byte of the nonce prefix": lambda: flipped(WHOLE, HEADER - 1),
    "the first byte of the first segment": lambda: flipped(WHOLE, HEADER),
    "the tag of the first segment": lambda: flipped(WHOLE, SEGMENT - 1),
    "a byte of the second segment": lambda: flipped(WHOLE, SEGMENT + 77),
    "the tag of the third segment": lambda: flipped(WHOLE, 3 * SEGMENT - TAG),
    "the first byte of the last segment": lambda: flipped(WHOLE, 3 * SEGMENT),
    "the last byte": lambda: flipped(WHOLE, -1),
    "nothing left": lambda: b"",
    "a part of the header left": lambda: WHOLE[: HEADER - 1],
    "the header alone left": lambda: WHOLE[:HEADER],
    "less than a tag left": lambda: WHOLE[: HEADER + TAG - 1],
    "cut by one byte": lambda: SHORT[:-1],
    "cut by a tag": lambda: SHORT[:-TAG],
    "cut within the first segment": lambda: WHOLE[: SEGMENT - 1],
    "cut after the first segment": lambda: WHOLE[:SEGMENT],
    "cut after the first byte of the second segment": lambda: WHOLE[: SEGMENT + 1],
    "cut after the third segment": lambda: WHOLE[: 3 * SEGMENT],
    "cut by one byte of the last of several segments": lambda: WHOLE[:-1],
    "cut by a full last segment": lambda: EVEN[:SEGMENT],
    "cut by a byte of a full last segment": lambda: EVEN[:-1],
    "longer by a byte": lambda: WHOLE + b"\0",
    "a segment twice": lambda: WHOLE[: 2 * SEGMENT] + segment(WHOLE, 1) + WHOLE[2 * SEGMENT :],
    "a segment left out": lambda: WHOLE[:SEGMENT] + WHOLE[2 * SEGMENT :],
    "the first segment left out": lambda: WHOLE[:HEADER] + WHOLE[SEGMENT:],
    "two segments exchanged": lambda: b"".join([WHOLE[:SEGMENT], *(segment(WHOLE, number) for number in (2, 1, 3))]),
    "a segment of another file": lambda: WHOLE[:SEGMENT] + segment(SIBLING, 1) + WHOLE[2 * SEGMENT :],
    "the last segment of another file": lambda: WHOLE[: 3 * SEGMENT] + segment(SIBLING, 3),
    "the first segment of another file": lambda: WHOLE[:HEADER] + segment(SIBLING, 0) + WHOLE[SEGMENT:],
    "the header of another file": lambda: SIBLING[:HEADER] + WHOLE[HEADER:],
    "the salt of another file": lambda: WHOLE[:1] + SIBLING[1:33] + WHOLE[33:],
    "the nonce prefix of another file": lambda: WHOLE[:33] + SIBLING[33:HEADER] + WHOLE[HEADER:],
}

FOLLOWED: dict[str, Callable[[], bytes]] = {
    "longer by a byte after a full segment": lambda: EVEN + b"\0",
    "longer by a tag after a full segment": lambda: EVEN + bytes(TAG),
    "the last segment twice": lambda: EVEN + segment(EVEN, 1),
    "one file after the other": lambda: EVEN + SHORT,
}
"""Here more follows a file that is whole. Tink gives the file and does not look further; here it is refused."""


def drain(opener: StreamOpener, sealed: bytes, *, chunk: int, into: bytearray) -> None:
    for piece in pieces(sealed, chunk):
        into += opener.update(piece)
    into += opener.finish()


@pytest.mark.parametrize("chunk", [100_003, SEGMENT, 8 * SEGMENT])
@pytest.mark.parametrize("what", [*ALTERED, *FOLLOWED])
def test_altered(what: str, chunk: int) -> None:
    """It is refused, and what was given out until then is the beginning of the file, by whole segments."""
    opener = StreamOpener(KEY, associated_data=ASSOCIATED)
    given_out = bytearray()

    with pytest.raises(SealBrokenError):
        drain(opener, (ALTERED | FOLLOWED)[what](), chunk=chunk, into=given_out)

    assert told(NOISE[: len(given_out)]) == told(given_out)
    assert len(given_out) in {0, FIRST, FIRST + OTHER, FIRST + 2 * OTHER}


@pytest.mark.parametrize("what", ALTERED)
def test_altered_is_refused_by_tink_too(what: str) -> None:
    """Nothing is refused here that the other implementation takes."""
    oracle = Oracle(KEY)

    with pytest.raises(tink.TinkError):
        oracle.open(ALTERED[what](), associated_data=ASSOCIATED)


@pytest.mark.parametrize("sealed", [seal(b""), SHORT, WHOLE], ids=["empty", "short", "long"])
@pytest.mark.parametrize("key", [bytes(32), KEY[:31] + b"\0"], ids=["another", "one byte of it"])
def test_foreign_key(sealed: bytes, key: bytes) -> None:
    """What another key sealed is refused, an empty file like any other."""
    with pytest.raises(SealBrokenError):
        open_sealed(sealed, key=key)


@pytest.mark.parametrize("sealed", [seal(b""), SHORT, WHOLE], ids=["empty", "short", "long"])
@pytest.mark.parametrize("said", [b"", b"evidence 1 of a coffee mug", ASSOCIATED + b"\0"])
def test_foreign_associated_data(sealed: bytes, said: bytes) -> None:
    """A file that is passed off as another one of the same key is refused."""
    with pytest.raises(SealBrokenError):
        open_sealed(sealed, associated_data=said)


def test_refusal_tells_nothing() -> None:
    """The error holds neither bytes nor key nor associated data, in its words or in what it was raised from."""
    with pytest.raises(SealBrokenError) as caught:
        open_sealed(flipped(SHORT, 100))

    assert ("altered, cut, exchanged, or sealed with another key",) == caught.value.args
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_more_of_a_file_after_its_broken_segment() -> None:
    """After a broken segment nothing is given out, even if what follows is in order."""
    broken = flipped(WHOLE, SEGMENT + 77)
    opener = StreamOpener(KEY, associated_data=ASSOCIATED)
    opener.update(broken[: SEGMENT + 1])
    with pytest.raises(SealBrokenError):
        opener.update(broken[SEGMENT + 1 : 2 * SEGMENT + 1])

    with pytest.raises(ValueError, match="over"):
        opener.update(broken[2 * SEGMENT + 1 :])
    with pytest.raises(ValueError, match="over"):
        opener.finish()


@pytest.mark.parametrize("which", ["sealer", "opener"])
def test_more_after_the_end(which: str) -> None:
    """What was finished takes no more, and is not finished again."""
    sealer, opener = StreamSealer(KEY, associated_data=ASSOCIATED), StreamOpener(KEY, associated_data=ASSOCIATED)
    opener.update(sealer.finish())
    opener.finish()
    stream: StreamSealer | StreamOpener = sealer if which == "sealer" else opener

    with pytest.raises(ValueError, match="over"):
        stream.update(b"more")
    with pytest.raises(ValueError, match="over"):
        stream.finish()


@pytest.mark.parametrize("kind", [StreamSealer, StreamOpener])
@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_key_of_another_length(kind: type[StreamSealer | StreamOpener], size: int) -> None:
    """It is refused at once, before anything is sealed or read."""
    with pytest.raises(ValueError, match="32 bytes"):
        kind(bytes(size), associated_data=ASSOCIATED)
