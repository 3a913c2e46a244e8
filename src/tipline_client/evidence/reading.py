"""One source is read once: digested, and shown to be one unchanging file from its first byte to its last.

Whoever copies it gets each chunk on the way; whoever only wants to know what it adds up to gets the digests and writes
nothing. It runs in slices, for a caller that wants to stop between them; what comes over the event loop is fetched
before each slice. Nothing here knows where bytes come from or where copies go.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from anyio import lowlevel, to_thread

from tipline_client._undivided import wholly
from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import DigestPass, Digests
from tipline_client.evidence.source import Evidence
from tipline_client.evidence.supplies import supply_of

__all__ = ["Reading", "Sliced", "digest", "in_slices"]


class Sliced(Protocol):
    """Work on one file that is done slice by slice, each of them blocking."""

    @property
    def reading(self) -> "Reading":
        """How its source is read."""
        ...

    def advance(self) -> Digests | None:
        """Do the next slice; the digests once all is done, `None` while there is more to do."""
        ...

    def abandon(self) -> None:
        """Stop, and leave nothing behind; no error when it is done or was never begun."""
        ...


_NO_BYTES = "Name the file that has the content, or hand in the report without this one: an empty file is no evidence."


def _drop(_: bytes) -> None:
    """Where chunks go that nobody keeps."""


class Reading:
    """One pass over one source under way.

    Args:
        source: What is read.
        what: Its name in error messages: `evidence[0]`.
        sink: Gets each chunk once it is counted; an `EvidenceError` of it is told of the source like any other.
    """

    def __init__(self, source: Evidence, *, what: str, sink: Callable[[bytes], None] = _drop) -> None:
        self.name = f"{what} ({source.origin.label})"
        self._supply = supply_of(source.origin)
        self._sink = sink
        self._digest_pass: DigestPass | None = None

    @property
    def reading(self) -> "Reading":
        """This reading: whoever only digests has no more work than it."""
        return self

    @property
    def expected_size(self) -> int | None:
        """How many bytes it will be, once it is begun and where that is known."""
        return self._supply.size

    async def fetch(self) -> None:
        """Get what the next slice needs of the event loop: of a stream its bytes, of a file nothing.

        Raises:
            EvidenceError: It cannot be had.
        """
        with self._told():
            await self._supply.fetch()

    def advance(self) -> Digests | None:
        """Read the next slice. Blocking: call it in a worker thread, after `fetch`.

        Returns:
            The digests once every byte was read and the source is still what it was; `None` while there is more to do.

        Raises:
            EvidenceError: The source is missing, unreadable, empty, not a file, or it changed while it was read.
        """
        with self._told():
            digests = self._advance()
        if digests is not None:
            self.abandon()
        return digests

    def abandon(self) -> None:
        """Let go of the source and of the threads."""
        self._supply.close()
        if self._digest_pass is not None:
            self._digest_pass.close()

    async def aclose(self) -> None:
        """Let go of what the event loop holds of the source."""
        await self._supply.aclose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever goes wrong ends the reading, and an error of the source names it."""
        try:
            yield
        except EvidenceError as error:
            self.abandon()
            raise type(error)(f"{self.name} {error}", hint=error.hint) from None
        except BaseException:
            self.abandon()
            raise

    def _advance(self) -> Digests | None:
        supply = self._supply
        for chunk in supply.chunks():
            digest_pass = self._begun(supply.size)
            digest_pass.update(chunk)
            if supply.size is not None and digest_pass.size > supply.size:
                raise EvidenceError("grew while it was read")
            self._sink(chunk)
        return self._complete() if supply.is_over else None

    def _begun(self, size: int | None) -> DigestPass:
        if self._digest_pass is None:
            if size == 0:
                raise EvidenceError("is empty", hint=_NO_BYTES)
            self._digest_pass = DigestPass(expected_size=size)
        return self._digest_pass

    def _complete(self) -> Digests:
        supply, digest_pass = self._supply, self._digest_pass
        if digest_pass is None and not supply.size:
            raise EvidenceError("is empty", hint=_NO_BYTES)
        if digest_pass is None or supply.size not in {None, digest_pass.size}:
            raise EvidenceError("shrank while it was read")
        supply.check_unchanged()
        return digest_pass.finish()


async def _nothing() -> None:
    """What is done between two slices where nothing has to be."""


async def in_slices(work: Sliced, *, then: Callable[[], Awaitable[None]] = _nothing) -> Digests:
    """Do all of it in worker threads, with what streams bring pulled here.

    Cancelling stops it in mid-stream or between two slices, and leaves nothing behind.

    Args:
        work: What is done.
        then: Called after each slice, on the event loop, in this task.
    """
    digests = None
    try:
        while digests is None:
            await work.reading.fetch()
            # A thread goes on when its waiter is cancelled, and nobody else may touch the work as long as it does.
            digests = await wholly(to_thread.run_sync(work.advance))
            await then()
            if digests is None:
                await lowlevel.checkpoint()
    finally:
        if digests is None:
            work.abandon()
        await work.reading.aclose()
    return digests


async def digest(source: Evidence, *, index: int) -> Digests:
    """What a file adds up to, found as `EvidenceStore.add` finds it, with the same refusals, and kept nowhere.

    Cancelling stops it in mid-stream, or between two slices of 8 MiB of a file.

    Args:
        source: The file.
        index: Its place in the submission, from 0.

    Raises:
        EvidenceError: Missing, unreadable, empty, not a file, spent, or it changed while it was read.
    """
    return await in_slices(Reading(source, what=f"evidence[{index}]"))
