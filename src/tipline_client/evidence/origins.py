"""The places of this process and this host that evidence can be read from: a path, bytes, an open file.

Nothing is opened before a pass begins. Reading blocks, so a pass reads in worker threads. Nothing here knows what is
said of a file, or where its bytes go.
"""

import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from tipline_client.errors import EvidenceError

__all__ = ["BytesOrigin", "FileOrigin", "Once", "Origin", "PathOrigin"]


class Origin(Protocol):
    """A place that bytes can be read from by whoever may wait for them."""

    @property
    def kind(self) -> str:
        """What sort of place it is: `path`, `bytes`, `file`."""
        ...

    @property
    def label(self) -> str:
        """How the caller finds it again, for error messages: a path as it was given."""
        ...

    def open(self) -> BinaryIO:
        """A binary file at its first byte; whoever opens it closes it.

        Raises:
            EvidenceError: There is nothing to read. The message starts in the middle: `does not exist`.
        """
        ...

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:
        """What changes whenever the bytes do, as far as can be told without reading; the size comes first.

        It holds for one reading, from its beginning to its end, and is kept no longer: see `_marks`.

        Args:
            file: What `open` gave.

        Returns:
            Nothing where nothing can be told: then the size is what comes.

        Raises:
            EvidenceError: There is nothing any more, or something else than was opened.
        """
        ...


class Once:
    """Bytes that can be fetched a single time: a second reading would find nothing, and take that for an empty file."""

    def __init__(self) -> None:
        self.is_spent = False

    def spend(self) -> None:
        """Note that the bytes are being fetched.

        Raises:
            EvidenceError: They were fetched before.
        """
        if self.is_spent:
            raise EvidenceError(
                "was read already, and cannot be read again",
                hint="Make it anew from the beginning of its bytes, and hand that in.",
            )
        self.is_spent = True


@dataclass(frozen=True, slots=True)
class PathOrigin:
    """A file of this host by its path."""

    path: str
    kind = "path"

    @property
    def reference(self) -> str:
        """Where the file lies, whatever the current folder of whoever reads it again."""
        return os.path.abspath(self.path)  # noqa: PTH100 - `Path.resolve` would follow links

    @property
    def label(self) -> str:
        """The path as it was given."""
        # `repr` so that line ends and direction marks in a name cannot forge the message around it.
        return repr(self.path)

    def open(self) -> BinaryIO:
        """See `Origin.open`. A link is followed; what it leads to must be a regular file."""
        try:
            # Without O_NONBLOCK, opening a pipe would wait for a writer, for ever.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self.failure("cannot be opened", error) from None
        except UnicodeError:
            raise EvidenceError("cannot be opened: its path has characters that no path can hold") from None
        except ValueError:
            raise EvidenceError("cannot be opened: a path cannot hold a null character") from None
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            if stat.S_ISDIR(mode):
                raise EvidenceError("is a folder", hint="Name each file in it that is evidence.")
            raise EvidenceError("is not a regular file", hint="Copy what it gives into a file, and name that.")
        return cast("BinaryIO", _OfPath(descriptor, failure=self.failure))

    def failure(self, what: str, error: OSError) -> EvidenceError:
        """The error for a file that was not read; whoever reads one again may know more of it."""
        return EvidenceError(f"{what}: {_reason(error)}")

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:
        """See `Origin.fingerprint`. The path must still lead to the file that was opened."""
        opened = os.fstat(file.fileno())
        try:
            named = Path(self.path).stat()
        except OSError as error:
            raise self.failure("vanished while it was read", error) from None
        if (opened.st_dev, opened.st_ino) != (named.st_dev, named.st_ino):
            raise EvidenceError("was replaced while it was read")
        return opened.st_size, *_marks(opened)


class _OfPath(io.FileIO):
    """A file that tells in our words that it could not be read on."""

    def __init__(self, descriptor: int, *, failure: Callable[[str, OSError], EvidenceError]) -> None:
        super().__init__(descriptor, "rb")
        self._failure = failure

    def read(self, size: int | None = -1, /) -> Any:
        """The next bytes, at most `size`; empty at the end."""
        try:
            return super().read(-1 if size is None else size)
        except OSError as error:
            raise self._failure("cannot be read", error) from None


@dataclass(frozen=True, slots=True)
class BytesOrigin:
    """Bytes in memory."""

    data: bytes = field(repr=False)
    kind = "bytes"
    label = "bytes"

    def open(self) -> BinaryIO:
        """See `Origin.open`."""
        return io.BytesIO(self.data)

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:  # noqa: ARG002 - bytes cannot change
        """See `Origin.fingerprint`."""
        return (len(self.data),)


class FileOrigin(Once):
    """An open file of the caller's, from where it stands; it is rewound to there for a second reading, if it can be.

    Args:
        file: The file. It is never closed here.

    Raises:
        EvidenceError: It gives text, or cannot be read at all.
    """

    kind = "file"
    label = "open file"

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        if isinstance(file, io.TextIOBase):
            raise EvidenceError("evidence (open file) gives text, not bytes", hint="Open it in the mode 'rb'.")
        if not callable(getattr(file, "read", None)):
            raise EvidenceError(
                f"evidence is {type(file).__name__}, not an open binary file",
                hint="A path goes to from_path, bytes to from_bytes, an asynchronous stream to from_stream.",
            )
        self._file = file
        self._start = _position(file)

    def open(self) -> BinaryIO:
        """See `Origin.open`; closing what it returns leaves the caller's file open."""
        if self._start is None:
            self.spend()
        else:
            _ask(self._file.seek, self._start)
        return cast("BinaryIO", _Borrowed(self._file))

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:  # noqa: ARG002 - what it lends is always the same file
        """See `Origin.fingerprint`. Of a plain file of the disk the system tells; of any other nothing is known."""
        plain = self._file if isinstance(self._file, io.FileIO) else getattr(self._file, "raw", None)
        # Others may have a descriptor too, such as a decompressor that of what it reads, with another size.
        if self._start is None or not isinstance(plain, io.FileIO):
            return ()
        status = os.fstat(plain.fileno())
        if not stat.S_ISREG(status.st_mode):
            return ()
        return max(status.st_size - self._start, 0), *_marks(status)


class _Borrowed(io.RawIOBase):
    """A file that is read here and closed elsewhere."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        data: Any = _ask(self._file.read, size)
        if isinstance(data, bytes | bytearray | memoryview):
            return bytes(data)
        if data is None:
            raise EvidenceError("has nothing to read yet, and does not wait", hint="Hand in a file that blocks.")
        raise EvidenceError(f"gives {type(data).__name__}, not bytes", hint="Open it in the mode 'rb'.")


def _ask(function: Callable[[int], Any], number: int) -> Any:
    """Call into the caller's file, whose errors may be any and may hold content."""
    try:
        return function(number)
    except OSError as error:
        raise EvidenceError(f"cannot be read: {_reason(error)}") from None
    except Exception as error:
        reason = "it is closed" if isinstance(error, ValueError) else type(error).__name__
        raise EvidenceError(f"cannot be read: {reason}") from None


def _marks(status: os.stat_result) -> tuple[int, ...]:
    """Which file it is, and when it was changed last.

    Whoever writes can set the first time back, as `cp -p` and `rsync -t` do; the second one the system alone sets. That
    one moves with another name or other rights as well, so it must not be compared with that of an earlier reading:
    then the same bytes would be refused.
    """
    return status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino


def _position(file: BinaryIO) -> int | None:
    """Where a file stands, if it can be brought back to there."""
    try:
        return file.tell() if file.seekable() else None
    except (OSError, AttributeError):
        return None
    except ValueError:
        raise EvidenceError("evidence (open file) is closed already") from None


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
