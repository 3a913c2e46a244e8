"""One source is read once: digested, and shown to be one unchanging file from its first byte to its last.

Whoever copies it gets each chunk on the way; whoever only wants to know what it adds up to gets the digests and writes
nothing. It runs in slices, for a caller that wants to stop between them. Nothing here knows where copies go.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from anyio import to_thread

from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import CHUNK, DigestPass, Digests
from tipline_client.evidence.source import Evidence

__all__ = ["Reading", "Sliced", "digest", "in_slices"]

_SLICE = 64
"""Chunks for each call of `advance`: 32 MiB."""


class Sliced(Protocol):
    """Work on one file that is done slice by slice, each of them blocking."""

    def advance(self) -> Digests | None:
        """Do the next slice; the digests once all is done, `None` while there is more to do."""
        ...

    def abandon(self) -> None:
        """Stop, and leave nothing behind; no error when it is done or was never begun."""
        ...


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a pass under way holds open, and the source's fingerprint at its start, which begins with its size."""

    source: BinaryIO
    digest_pass: DigestPass
    fingerprint: tuple[int, ...]


def _drop(_: bytes) -> None:
    """Where chunks go that nobody keeps."""


class Reading:
    """One pass over one source under way. Blocking: call it in a worker thread.

    Args:
        source: What is read.
        what: Its name in error messages: `evidence[0]`.
        sink: Gets each chunk once it is counted; an `EvidenceError` of it is told of the source like any other.
    """

    def __init__(self, source: Evidence, *, what: str, sink: Callable[[bytes], None] = _drop) -> None:
        self.name = f"{what} ({source.origin.label})"
        self._origin = source.origin
        self._sink = sink
        self._opened: _Opened | None = None
        self._cleanup = ExitStack()

    def advance(self) -> Digests | None:
        """Read the next slice.

        Returns:
            The digests once every byte was read and the source is still what it was; `None` while there is more to do.

        Raises:
            EvidenceError: The source is missing, unreadable, empty, not a file, or it changed while it was read.
        """
        try:
            digests = self._advance()
        except EvidenceError as error:
            self.abandon()
            raise EvidenceError(f"{self.name} {error}") from None
        except BaseException:
            self.abandon()
            raise
        if digests is not None:
            self._cleanup.close()
        return digests

    def abandon(self) -> None:
        """Let the source go."""
        self._cleanup.close()

    def _advance(self) -> Digests | None:
        if self._opened is None:
            self._opened = self._open()
        opened = self._opened
        for _ in range(_SLICE):
            try:
                chunk = opened.source.read(CHUNK)
            except OSError as error:
                raise EvidenceError(f"cannot be read: {error.strerror}") from None
            if not chunk:
                return self._complete(opened)
            opened.digest_pass.update(chunk)
            if opened.digest_pass.size > opened.fingerprint[0]:
                raise EvidenceError("grew while it was read")
            self._sink(chunk)
        return None

    def _open(self) -> _Opened:
        source = self._origin.open()
        self._cleanup.callback(source.close)
        fingerprint = self._origin.fingerprint(source)
        size = fingerprint[0]
        if size == 0:
            raise EvidenceError("is empty")
        digest_pass = DigestPass(expected_size=size)
        self._cleanup.callback(digest_pass.close)
        return _Opened(source, digest_pass, fingerprint)

    def _complete(self, opened: _Opened) -> Digests:
        if opened.digest_pass.size != opened.fingerprint[0]:
            raise EvidenceError("shrank while it was read")
        if self._origin.fingerprint(opened.source) != opened.fingerprint:
            raise EvidenceError("changed while it was read")
        return opened.digest_pass.finish()


async def in_slices(work: Sliced) -> Digests:
    """Do all of it in worker threads. Cancelling stops between two slices and leaves nothing behind."""
    digests = None
    try:
        while digests is None:
            digests = await to_thread.run_sync(work.advance)
    finally:
        if digests is None:
            work.abandon()
    return digests


async def digest(source: Evidence, *, index: int) -> Digests:
    """What a file adds up to, found as `EvidenceStore.add` finds it, with the same refusals, and kept nowhere.

    Cancelling stops it between two slices of 32 MiB.

    Args:
        source: The file.
        index: Its place in the submission, from 0.

    Raises:
        EvidenceError: Missing, unreadable, empty, not a file, or it changed while it was read.
    """
    return await in_slices(Reading(source, what=f"evidence[{index}]"))
