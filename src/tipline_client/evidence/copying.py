"""One file becomes one durable, sealed copy: read, digested, sealed and written in a single pass, or nothing is left.

The copy has another name until it is complete, so whatever ends the process leaves nothing that passes for a copy. How
the source is read is said in `reading`. Nothing here knows which entry it serves.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from tipline_client._whole_file import sync_folder
from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence.digests import Digests
from tipline_client.evidence.reading import Reading
from tipline_client.evidence.room import Room
from tipline_client.evidence.source import Evidence
from tipline_client.vault.stream_format import StreamSealer, sealed_size

__all__ = ["Copying"]


class Copying:
    """A copy under way. Blocking: call it in a worker thread.

    Args:
        source: What is copied.
        what: Its name in error messages: `evidence[0]`.
        draft: The copy's name until it is complete.
        final: The copy's name then, in the same folder.
        sealer: Seals it on the way.
        make_folder: Makes that folder; called when the source has given its first bytes.
        room: What is left on that folder's disk.
    """

    def __init__(
        self,
        source: Evidence,
        *,
        what: str,
        draft: Path,
        final: Path,
        sealer: StreamSealer,
        make_folder: Callable[[], None],
        room: Room,
    ) -> None:
        self._reading = Reading(source, what=what, sink=self._write)
        self._draft = draft
        self._final = final
        self._sealer = sealer
        self._make_folder = make_folder
        self._room = room
        self._target: BinaryIO | None = None
        self._cleanup = ExitStack()

    @property
    def reading(self) -> Reading:
        """How its source is read."""
        return self._reading

    def advance(self) -> Digests | None:
        """Copy the next slice.

        Returns:
            The digests once the copy is complete and durable; `None` while there is more to do.

        Raises:
            EvidenceError: The source is missing, unreadable, empty, not a file, or it changed while it was read.
            OutboxUnavailableError: The copy could not be written. Nothing is left of it.
        """
        try:
            digests = self._reading.advance()
            if digests is not None:
                self._keep()
                self._cleanup.close()
        except BaseException:
            self.abandon()
            raise
        return digests

    def abandon(self) -> None:
        """Stop, and leave nothing behind."""
        self._reading.abandon()
        self._cleanup.close()

    def _write(self, chunk: bytes) -> None:
        target = self._draft_file()
        self._put(target, self._sealer.update(chunk))

    def _put(self, target: BinaryIO, sealed: bytes) -> None:
        if sealed:
            # Looked at again and again: a stream does not say how long it is, and others write to this disk as well.
            self._check_room(len(sealed))
        rest = memoryview(sealed)
        try:
            while rest:
                rest = rest[target.write(rest) :]
        except OSError as error:
            raise self._unwritten(error) from None

    def _draft_file(self) -> BinaryIO:
        """The file that is written to; made with the first chunk, and no source is without one."""
        if self._target is None:
            self._check_room(sealed_size(self._reading.expected_size or 0))
            self._make_folder()
            self._target = self._create()
        return self._target

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

    def _keep(self) -> None:
        """Make the draft, now complete, a durable copy."""
        target = self._draft_file()
        self._put(target, self._sealer.finish())
        try:
            os.fsync(target.fileno())
            self._draft.rename(self._final)
            try:
                sync_folder(self._final.parent)
            except OSError:
                self._final.unlink()
                raise
        except OSError as error:
            raise self._unwritten(error) from None

    def _check_room(self, needed: int) -> None:
        self._room.check(needed, what=f"the copy of {self._reading.name}")

    def _unwritten(self, error: OSError) -> OutboxUnavailableError:
        return OutboxUnavailableError(
            f"the copy of {self._reading.name} could not be written: {error.strerror}; nothing was queued",
            hint="Check free space and permissions where TIPLINE_HOME is, then do it again.",
        )
