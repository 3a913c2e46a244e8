"""Evidence in an object store, named by a URL: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

An object is read in pieces, each of them with the condition that it is still the one that was looked at first. The
library that does it is an extra, and is imported only when a URL is given. No error shows credentials, nor any word of
the library's, which may quote a signed address.
"""

import re
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from tipline_client.errors import ConfigurationError, EvidenceError, EvidenceUnavailableError
from tipline_client.evidence.origins import Origin, PathOrigin
from tipline_client.evidence.streams import ByteStream, StreamOrigin

if TYPE_CHECKING:
    from obstore.store import ObjectStore
else:
    ObjectStore = object

__all__ = ["ObjectOrigin", "ObjectStore", "check_url", "file_of", "url_origin"]

_SCHEMES = ("s3", "gs", "az")
_PIECE = 4 * 1024 * 1024
"""Bytes of one request. The library gives a request half a minute in all: on a slow line this much comes in that."""
_RETRIES: Any = {"max_retries": 5, "retry_timeout": timedelta(minutes=1)}
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INSTALL = "Install the extra: pip install 'tipline-client[objects]'"


def url_origin(url: str, *, store: ObjectStore | None) -> tuple[Origin | StreamOrigin, str]:
    """Where a URL leads, and the last part of its path.

    Raises:
        EvidenceError: It names no object, or holds credentials, a query or a fragment.
        ConfigurationError: The extra is not installed.
    """
    parts = check_url(url, is_store_given=store is not None)
    path = file_of(parts) if store is None else None
    if path is not None:
        return PathOrigin(path), PurePosixPath(path).name
    _check_installed()
    return ObjectOrigin(parts, store=store), PurePosixPath(_path(parts)).name


def file_of(parts: SplitResult) -> str | None:
    """The path of the file of this host that a checked URL names, if it is not an object's."""
    return _path(parts) if parts.scheme == "file" else None


def check_url(url: str, *, is_store_given: bool = False) -> SplitResult:
    """Split a URL that may name an object.

    Args:
        url: The URL.
        is_store_given: Whether it is known which store holds it, so that any scheme will do.

    Raises:
        EvidenceError: It may not; the message shows neither credentials nor a query.
    """
    parts = _split(url)
    problem = _problem(parts, is_store_given=is_store_given)
    if problem is not None:
        raise EvidenceError(f"evidence ({_shown(parts)!r}) {problem}", hint="Give it as s3://bucket/key, for example.")
    return parts


class ObjectOrigin:
    """An object by its URL.

    Args:
        parts: The URL, checked.
        store: The store that holds it, if that is not to be found out from URL and environment.
    """

    kind = "url"

    def __init__(self, parts: SplitResult, *, store: ObjectStore | None) -> None:
        self.label = repr(_shown(parts))
        # Whoever reads it again has the environment, and not the caller's store.
        self.reference = _shown(parts) if store is None else None
        self._place = f"{parts.scheme}://{parts.netloc}"
        self._key = _path(parts).removeprefix("/")
        self._store = store

    async def open_stream(self) -> ByteStream:
        """See `StreamOrigin.open_stream`."""
        import obstore
        from obstore.store import from_url

        try:
            store = self._store or from_url(self._place, retry_config=_RETRIES)
            seen = await obstore.head_async(store, self._key)
        except Exception as error:
            raise _told(error) from None
        return _ObjectStream(store, self._key, seen)


class _ObjectStream:
    """See `ByteStream`."""

    def __init__(self, store: ObjectStore, key: str, seen: Any) -> None:
        self.size: int | None = seen["size"]
        self._store = store
        self._key = key
        self._seen = seen
        self._position = 0

    async def read(self) -> bytes:
        import obstore

        if self._position >= self._seen["size"]:
            return b""
        end = min(self._position + _PIECE, self._seen["size"])
        options: Any = {"range": (self._position, end), "if_match": self._seen["e_tag"]}
        try:
            result = await obstore.get_async(self._store, self._key, options=options)
            # A store without entity tags ignores the condition, so what it says of the object is compared as well.
            is_same = all(result.meta[name] == self._seen[name] for name in ("size", "e_tag", "last_modified"))
            piece = bytes(await result.bytes_async()) if is_same else b""
        except Exception as error:
            raise _told(error, is_begun=True) from None
        if len(piece) != end - self._position:
            raise EvidenceError("changed while it was read")
        self._position = end
        return piece

    async def aclose(self) -> None:
        pass


def _told(error: Exception, *, is_begun: bool = False) -> EvidenceError:
    """What went wrong, in words of our own."""
    from obstore.exceptions import PermissionDeniedError, PreconditionError, UnauthenticatedError

    if isinstance(error, FileNotFoundError):
        return EvidenceError("vanished while it was read" if is_begun else "does not exist")
    if isinstance(error, PreconditionError):
        return EvidenceError("changed while it was read")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return EvidenceUnavailableError(
            "may not be read: the store refuses", hint="See that the credentials in the environment may read it."
        )
    return EvidenceUnavailableError(
        f"cannot be read: the store gives no usable answer ({type(error).__name__})",
        hint="See that endpoint, region and credentials in the environment are right, and that the store is up.",
    )


def _split(url: str) -> SplitResult:
    # Control characters are dropped by the parser, and the key would be another one.
    if _BLANK.search(url):
        raise EvidenceError(
            "evidence is no URL: it holds blanks or control characters", hint="Percent-encode them, a blank as %20."
        )
    try:
        return urlsplit(url)
    except ValueError:
        raise EvidenceError("evidence is no URL that can be read") from None


def _shown(parts: SplitResult) -> str:
    """The URL without what may be secret in it."""
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme else ""
    return place + parts.path


def _problem(parts: SplitResult, *, is_store_given: bool) -> str | None:
    if "@" in parts.netloc:
        return "holds credentials: they belong into the environment, or into the store"
    if parts.query or parts.fragment:
        return "holds a query or a fragment, which no key has; in a key `?` is %3F and `#` is %23"
    key = _path(parts).removeprefix("/")
    if not key:
        return "names no object"
    if _CONTROL.search(key) or not {"", ".", ".."}.isdisjoint(key.split("/")):
        return "has a path with an empty part, with `.` or `..` as one, or with control characters"
    return None if is_store_given else _problem_of_place(parts)


def _problem_of_place(parts: SplitResult) -> str | None:
    if parts.scheme == "file":
        return None if parts.netloc in {"", "localhost"} else "is a file of another host"
    if parts.scheme not in _SCHEMES:
        return f"is of no scheme that evidence is fetched from: {', '.join(_SCHEMES)} and file are"
    return None if parts.netloc else "names no place that holds it"


def _path(parts: SplitResult) -> str:
    try:
        return unquote(parts.path, errors="strict")
    except UnicodeDecodeError:
        raise EvidenceError(f"evidence ({_shown(parts)!r}) has a key that is not UTF-8") from None


def _check_installed() -> None:
    try:
        import obstore  # noqa: F401 - whether it can be imported is the question
    except ImportError:
        raise ConfigurationError(
            "the evidence is in an object store, and the library obstore is not installed", hint=_INSTALL
        ) from None
