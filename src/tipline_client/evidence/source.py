"""Where evidence comes from and what its owner says of it: the noun that callers hand in.

Nothing is opened before the store copies it, so handing in is cheap. A repr shows neither path nor content. Nothing
here knows where copies go.
"""

import io
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

from tipline_client.errors import EvidenceError
from tipline_client.models.file_details import EvidenceDetails

__all__ = ["Evidence", "Origin"]


class Origin(Protocol):
    """A place that bytes can be read from."""

    @property
    def kind(self) -> str:
        """What sort of place it is: `path`, `bytes`."""
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

        Args:
            file: What `open` gave.

        Raises:
            EvidenceError: There is nothing any more, or something else than was opened.
        """
        ...


@dataclass(frozen=True, slots=True)
class _PathOrigin:
    path: str
    kind = "path"

    @property
    def label(self) -> str:
        # `repr` so that line ends and direction marks in a name cannot forge the message around it.
        return repr(self.path)

    def open(self) -> BinaryIO:
        try:
            # Without O_NONBLOCK, opening a pipe would wait for a writer, for ever.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise EvidenceError(f"cannot be opened: {_reason(error)}") from None
        except ValueError:
            raise EvidenceError("cannot be opened: a path cannot hold a null character") from None
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            raise EvidenceError("is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
        return io.FileIO(descriptor, "rb")

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:
        opened = os.fstat(file.fileno())
        try:
            named = Path(self.path).stat()
        except OSError as error:
            raise EvidenceError(f"vanished while it was read: {_reason(error)}") from None
        if (opened.st_dev, opened.st_ino) != (named.st_dev, named.st_ino):
            raise EvidenceError("was replaced while it was read")
        return opened.st_size, opened.st_mtime_ns, opened.st_dev, opened.st_ino


@dataclass(frozen=True, slots=True)
class _BytesOrigin:
    data: bytes = field(repr=False)
    kind = "bytes"
    label = "bytes"

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:  # noqa: ARG002 - bytes cannot change
        return (len(self.data),)


class Evidence:
    """One file that supports a report, with what its owner says of it.

    Claims such as `file_viewed_by_esp` have no default: leave out what is not known.

    Example:
        >>> Evidence.from_path("mug.jpg", file_viewed_by_esp=True)
        Evidence(kind='path')

    Attributes:
        name: The file's name; a harmless form of it goes into the upload's header.
        details: What is said of it to the hotline.
        origin: Where its bytes are.
    """

    __slots__ = ("details", "name", "origin")

    def __init__(self, origin: Origin, *, name: str, details: EvidenceDetails) -> None:
        self.origin = origin
        self.name = name
        self.details = details

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        details: EvidenceDetails | None = None,
        **claims: Any,
    ) -> Self:
        """A file on this host. It is opened when the submission is queued, not before.

        Args:
            path: Where it is.
            name: Its name; the path's last part when left out.
            details: All that is said of it.
            **claims: The same one by one, instead of `details`: any field of `EvidenceDetails`.

        Raises:
            EvidenceError: An argument is of another type.
            pydantic.ValidationError: A claim is unknown or out of its form.
            TypeError: Both `details` and claims, or `details` of another type.
        """
        text: object = path
        if isinstance(text, os.PathLike):
            text = os.fspath(text)
        if not isinstance(text, str):
            raise _wrong("path", path, "a path", "Name a file; bytes in memory are for Evidence.from_bytes.")
        return cls(_PathOrigin(text), name=Path(text).name if name is None else name, details=_one(details, claims))

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str, details: EvidenceDetails | None = None, **claims: Any) -> Self:
        """Bytes in memory.

        Args:
            data: The whole file.
            name: Its name.
            details: All that is said of it.
            **claims: The same one by one, instead of `details`: any field of `EvidenceDetails`.

        Raises:
            EvidenceError: An argument is of another type.
            pydantic.ValidationError: A claim is unknown or out of its form.
            TypeError: Both `details` and claims, or `details` of another type.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise _wrong("data", data, "bytes", "Encode text first; a file on this host is for Evidence.from_path.")
        if not isinstance(name, str):
            raise _wrong("name", name, "text", "Give the name of the file.")
        return cls(_BytesOrigin(bytes(data)), name=name, details=_one(details, claims))

    @property
    def kind(self) -> str:
        """Where its bytes are: `path` or `bytes`."""
        return self.origin.kind

    def open(self) -> BinaryIO:
        """A binary file at its first byte; close it after use.

        Raises:
            EvidenceError: It is missing, unreadable, a folder, a pipe or a device.
        """
        try:
            return self.origin.open()
        except EvidenceError as error:
            raise EvidenceError(f"evidence ({self.origin.label}) {error}") from None

    def __repr__(self) -> str:
        return f"Evidence(kind={self.kind!r})"


def _one(details: object, claims: Mapping[str, Any]) -> EvidenceDetails:
    if details is None:
        return EvidenceDetails(**claims)
    if not isinstance(details, EvidenceDetails):
        raise TypeError("`details` takes an EvidenceDetails, the metadata of the same name inside it")
    if claims:
        raise TypeError("give either `details` or single claims, not both")
    return details


def _wrong(argument: str, given: object, expected: str, hint: str) -> EvidenceError:
    return EvidenceError(f"{argument} is of type {type(given).__name__}, not {expected}", hint=hint)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
