"""Segments: each has a number and a nonce of its own, and there are no more than there are numbers."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.unit.vault.sealed_files import FIRST, NOISE, OTHER, open_sealed, seal, told
from tipline_client.vault import segments
from tipline_client.vault.broken import SealBrokenError
from tipline_client.vault.segments import Cutting, Segments

KEY = bytes(range(32))
SALT = bytes(reversed(range(32)))
PREFIX = b"prefix7"
MUG = memoryview(b"a coffee mug")


def some_segments() -> Segments:
    return Segments(KEY, salt=SALT, nonce_prefix=PREFIX, associated_data=b"what it is")


def test_nonces_of_three_segments() -> None:
    """Each is sealed with the derived key under prefix, number and whether it is the last."""
    cipher = AESGCM(HKDF(SHA256(), 32, SALT, b"what it is").derive(KEY))
    three = some_segments()

    sealed = [three.seal(MUG, is_last=is_last) for is_last in (False, False, True)]

    nonces = [PREFIX + tail for tail in (b"\0\0\0\0\0", b"\0\0\0\1\0", b"\0\0\0\2\1")]
    assert [cipher.encrypt(nonce, MUG, None) for nonce in nonces] == sealed


def test_last_number() -> None:
    """The highest number that four bytes hold is used, and beyond it nothing is sealed or opened."""
    sealing, opening = some_segments(), some_segments()
    sealing._number = opening._number = 2**32 - 1

    sealed = sealing.seal(MUG, is_last=True)

    assert MUG == opening.open(memoryview(sealed), is_last=True)
    with pytest.raises(ValueError, match="numbered"):
        sealing.seal(MUG, is_last=True)
    with pytest.raises(SealBrokenError, match="numbered"):
        opening.open(memoryview(sealed), is_last=True)


def test_file_of_more_segments_than_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes all numbers is sealed and opened; one that is a byte longer is not."""
    longer = seal(NOISE[: FIRST + OTHER + 1])
    monkeypatch.setattr(segments, "MAX_SEGMENTS", 2)
    longest = NOISE[: FIRST + OTHER]

    assert told(longest) == told(open_sealed(seal(longest)))
    with pytest.raises(ValueError, match="numbered"):
        seal(NOISE[: FIRST + OTHER + 1])
    with pytest.raises(SealBrokenError, match="numbered"):
        open_sealed(longer)


def test_full_segment_waits_for_more() -> None:
    """A full segment is kept, for it may be the last, and is let go by the first byte after it."""
    cutting = Cutting(first=3, others=5)

    cut = [[bytes(each) for each in cutting.cut(chunk)] for chunk in (b"abc", b"", b"d", b"efgh", b"ijklmno")]

    assert [[], [], [b"abc"], [], [b"defgh", b"ijklm"]] == cut
    assert b"no" == bytes(cutting.finish())


def test_segment_that_was_not_dealt_with() -> None:
    """If the one who takes the segments fails with one of them, the cutting is over: nothing may follow a gap."""
    cutting = Cutting(first=3, others=5)
    next(cutting.cut(b"abcdefghijk"))

    with pytest.raises(ValueError, match="over"):
        list(cutting.cut(b"l"))
    with pytest.raises(ValueError, match="over"):
        cutting.finish()
