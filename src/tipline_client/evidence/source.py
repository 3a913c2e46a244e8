"""Where evidence comes from and what you say of it: the noun that callers hand in.

Nothing is opened before the store copies it, so handing in is cheap. A repr shows neither path nor content. Nothing
here knows where copies go.
"""

import os
from collections.abc import AsyncIterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

import sniffio

from tipline_client.errors import EvidenceError
from tipline_client.evidence.object_reading import ObjectStore, SomeObjectStore
from tipline_client.evidence.objects import url_origin
from tipline_client.evidence.origins import BytesOrigin, FileOrigin, Once, Origin, PathOrigin
from tipline_client.evidence.streams import IterableOrigin, StreamOrigin
from tipline_client.models.file_details import EvidenceDetails
from tipline_client.models.submission import EvidenceMode

__all__ = ["Evidence", "Origin", "refuse_streams"]


class Evidence:
    """One file that supports a report, with what you say of it.

    Claims such as `file_viewed_by_esp` have no default: leave out what is not known.

    Example:
        >>> Evidence.from_path("mug.jpg", file_viewed_by_esp=True)
        Evidence(kind='path')

    Attributes:
        name: The file's name; a harmless form of it goes into the upload's header.
        details: What is said of it to the hotline.
        origin: Where its bytes are.
        mode: Whether they are copied when it is queued, or read again from there when it is sent.
    """

    __slots__ = ("details", "mode", "name", "origin")

    def __init__(
        self, origin: Origin | StreamOrigin, *, name: str, details: EvidenceDetails, mode: EvidenceMode = "copy"
    ) -> None:
        if mode not in {"copy", "reference"}:
            raise TypeError("`mode` is 'copy' or 'reference'")
        if mode == "reference" and getattr(origin, "reference", None) is None:
            raise EvidenceError(
                f"evidence ({origin.label}) cannot be referred to: nobody could read it again when it is sent",
                hint="Leave out mode, and it is copied.",
            )
        self.mode = mode
        if not isinstance(name, str):
            raise TypeError(f"`name` takes text, not {type(name).__name__}")
        self.origin = origin
        self.name = name
        self.details = details

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        mode: EvidenceMode = "copy",
        details: EvidenceDetails | None = None,
        **claims: Any,
    ) -> Self:
        """A file on this host. It is opened when the submission is queued, not before.

        Args:
            path: Where it is.
            name: Its name; the path's last part when left out.
            mode: `copy`, or `reference`: it stays where it is, only its digests are kept, and it is read again when it
                is sent; if it is missing or changed then, the report is given up.
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
        own_name = Path(text).name if name is None else name
        return cls(PathOrigin(text), name=own_name, details=_one(details, claims), mode=mode)

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
        return cls(BytesOrigin(bytes(data)), name=name, details=_one(details, claims))

    @classmethod
    def from_file(cls, file: BinaryIO, *, name: str, details: EvidenceDetails | None = None, **claims: Any) -> Self:
        """An open binary file of the caller's, read from where it stands; the caller closes it, after queueing.

        A file that can be rewound, such as one of the disk, can be handed in again: each reading begins where it stood
        when this was called. Any other, such as a pipe, is read once, and a second reading is refused.

        Args:
            file: The file, opened in a binary mode. It must block: what has nothing yet is refused.
            name: Its name.
            details: All that is said of it.
            **claims: The same one by one, instead of `details`: any field of `EvidenceDetails`.

        Raises:
            EvidenceError: It gives text, is closed, or is no file.
            pydantic.ValidationError: A claim is unknown or out of its form.
            TypeError: Both `details` and claims, or `details` of another type.
        """
        return cls(FileOrigin(file), name=name, details=_one(details, claims))

    @classmethod
    def from_stream(
        cls, chunks: AsyncIterable[bytes], *, name: str, details: EvidenceDetails | None = None, **claims: Any
    ) -> Self:
        """An asynchronous stream of bytes of unknown length, such as a download or an upload that comes in. Read once.

        It is pulled in the task that queues it. `TiplineClient` pulls it on an event loop of its own, so there it must
        not belong to another one.

        Args:
            chunks: The bytes, in pieces of any size.
            name: Its name.
            details: All that is said of it.
            **claims: The same one by one, instead of `details`: any field of `EvidenceDetails`.

        Raises:
            EvidenceError: It is no asynchronous stream.
            pydantic.ValidationError: A claim is unknown or out of its form.
            TypeError: Both `details` and claims, or `details` of another type.
        """
        return cls(IterableOrigin(chunks), name=name, details=_one(details, claims))

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        name: str | None = None,
        store: SomeObjectStore | None = None,
        mode: EvidenceMode = "copy",
        details: EvidenceDetails | None = None,
        **claims: Any,
    ) -> Self:
        """An object in a store: `s3://bucket/key`, `gs://bucket/key`, `az://container/key`; or `file:///path`.

        It is fetched when the submission is queued, in pieces, each of them only if the object is still the same.

        Args:
            url: Where it is. Characters that a URL cannot hold, and `?`, `#` and `%`, are percent-encoded in it.
            name: Its name; the key's last part when left out.
            store: The `obstore` store that holds it, already pointed at the bucket. Without one, endpoint, region and
                credentials come from the environment, by the names that the tools of that store know.
            mode: As for a path. A reference is read again by whoever sends it, with its own environment; so it goes
                without `store`.
            details: All that is said of it.
            **claims: The same one by one, instead of `details`: any field of `EvidenceDetails`.

        Raises:
            EvidenceError: It names no object, or holds credentials, a query or a fragment; the message shows none. Or
                `store` is given for a reference.
            ConfigurationError: The extra `objects` is not installed.
            pydantic.ValidationError: A claim is unknown or out of its form.
            TypeError: Both `details` and claims, or `details` of another type.
        """
        origin, last_part = url_origin(url, store=cast("ObjectStore | None", store))
        return cls(origin, name=last_part if name is None else name, details=_one(details, claims), mode=mode)

    @property
    def kind(self) -> str:
        """Where its bytes are: `path`, `bytes`, `file`, `stream` or `url`."""
        return self.origin.kind

    @property
    def is_spent(self) -> bool:
        """Whether its bytes were read, or begun to be, and cannot be read again."""
        return isinstance(self.origin, Once) and self.origin.is_spent

    def open(self) -> BinaryIO:
        """A binary file at its first byte; close it after use.

        Raises:
            EvidenceError: It is missing, unreadable, a folder, a pipe or a device, or comes over an event loop.
        """
        try:
            if isinstance(self.origin, StreamOrigin):
                raise EvidenceError("comes over an event loop, and cannot be opened as a file")
            return self.origin.open()
        except EvidenceError as error:
            raise EvidenceError(f"evidence ({self.origin.label}) {error}", hint=error.hint) from None

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


def refuse_streams(evidence: object) -> None:
    """Refuse the streams of a caller in whose thread an event loop runs, before that thread is made to wait for them.

    Raises:
        EvidenceError: There is such a loop, and such a stream: it would never bring anything.
    """
    try:
        sniffio.current_async_library()
    except sniffio.AsyncLibraryNotFoundError:
        return
    for index, item in enumerate(evidence if isinstance(evidence, Sequence) else ()):
        if isinstance(item, Evidence) and isinstance(item.origin, IterableOrigin):
            raise EvidenceError(
                f"evidence[{index}] (stream) belongs to the event loop that this call would stop",
                hint="Use AsyncTiplineClient where an event loop runs.",
            )


def _wrong(argument: str, given: object, expected: str, hint: str) -> EvidenceError:
    return EvidenceError(f"{argument} is of type {type(given).__name__}, not {expected}", hint=hint)
