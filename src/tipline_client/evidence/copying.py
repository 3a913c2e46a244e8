"""One file becomes one durable copy: read, digested and written in a single pass, or nothing is left.

The copy has another name until it is complete, so whatever ends the process leaves nothing that passes for a copy. It
runs in slices, for a caller that wants to stop between them. Nothing here knows which entry it serves.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence.digests import CHUNK, DigestPass, Digests
from tipline_client.evidence.source import Evidence

__all__ = ["Copying", "sync_folder"]

_SLICE = 64
"""Chunks for each call of `advance`: 32 MiB."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a copy under way holds open, and the source's fingerprint at its start, which begins with its size."""

    source: BinaryIO
    target: BinaryIO
    digest_pass: DigestPass
    fingerprint: tuple[int, ...]


class Copying:
    """A copy under way. Blocking: call it in a worker thread.

    Args:
        source: What is copied.
        what: Its name in error messages: `evidence[0]`.
        draft: The copy's name until it is complete.
        final: The copy's name then.
    """

    def __init__(self, source: Evidence, *, what: str, draft: Path, final: Path) -> None:
        self._origin = source.origin
        self._what = f"{what} ({source.origin.label})"
        self._draft = draft
        self._final = final
        self._opened: _Opened | None = None
        self._cleanup = ExitStack()

    def advance(self) -> Digests | None:
        """Copy the next slice.

        Returns:
            The digests once the copy is complete and durable; `None` while there is more to do.

        Raises:
            EvidenceError: The source is missing, unreadable, empty, not a file, or it changed while it was read.
            OutboxUnavailableError: The copy could not be written. Nothing is left of it.
        """
        try:
            digests = self._advance()
        except EvidenceError as error:
            self.abandon()
            raise EvidenceError(f"{self._what} {error}") from None
        except BaseException:
            self.abandon()
            raise
        if digests is not None:
            self._cleanup.close()
        return digests

    def abandon(self) -> None:
        """Stop, and leave nothing behind."""
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
            self._write(opened.target, chunk)
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
        return _Opened(source, self._create(), digest_pass, fingerprint)

    def _create(self) -> BinaryIO:
        try:
            # Exclusive: a draft that is there belongs to another copy under way, or to a crash.
            descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritten(error) from None
        self._cleanup.callback(self._draft.unlink, missing_ok=True)
        target = FileIO(descriptor, "wb")
        self._cleanup.callback(target.close)
        # Looked for only now: whoever holds the draft is alone, so nobody can complete the copy in between.
        if self._final.exists():
            raise EvidenceError("is stored already for this entry")
        return target

    def _write(self, target: BinaryIO, chunk: bytes) -> None:
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[target.write(rest) :]
        except OSError as error:
            raise self._unwritten(error) from None

    def _complete(self, opened: _Opened) -> Digests:
        if opened.digest_pass.size != opened.fingerprint[0]:
            raise EvidenceError("shrank while it was read")
        if self._origin.fingerprint(opened.source) != opened.fingerprint:
            raise EvidenceError("changed while it was read")
        digests = opened.digest_pass.finish()
        try:
            os.fsync(opened.target.fileno())
            self._draft.rename(self._final)
            try:
                sync_folder(self._final.parent)
            except OSError:
                self._final.unlink()
                raise
        except OSError as error:
            raise self._unwritten(error) from None
        return digests

    def _unwritten(self, error: OSError) -> OutboxUnavailableError:
        return OutboxUnavailableError(
            f"the copy of {self._what} could not be written: {error.strerror}; nothing was queued",
            hint="Check free space and permissions where TIPLINE_HOME is, then do it again.",
        )


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable.

    Raises:
        OSError: It cannot be opened or synchronised.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
