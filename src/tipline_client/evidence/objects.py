"""Evidence in an object store, named by a URL: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

Which URLs may name an object, and the place that one names. How it is read is said in `object_reading`. No error shows
credentials.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit

from tipline_client.errors import EvidenceError
from tipline_client.evidence.object_reading import RETRIES, ObjectStore, ObjectStream, check_installed, told
from tipline_client.evidence.origins import Origin, PathOrigin
from tipline_client.evidence.streams import ByteStream, StreamOrigin

__all__ = ["ObjectOrigin", "ObjectStore", "check_place", "check_url", "file_of", "path_of", "shown", "url_origin"]

_SCHEMES = ("s3", "gs", "az")
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
    check_installed()
    return ObjectOrigin(parts, store=store), PurePosixPath(path_of(parts)).name


def file_of(parts: SplitResult) -> str | None:
    """The path of the file of this host that a checked URL names, if it is not an object's."""
    return path_of(parts) if parts.scheme == "file" else None


def check_url(url: str, *, is_store_given: bool = False) -> SplitResult:
    """Split a URL that may name an object.

    Args:
        url: The URL.
        is_store_given: Whether it is known which store holds it, so that any scheme will do.

    Raises:
        EvidenceError: It may not; the message shows neither credentials nor a query.
    """
    parts = _split(url)
    problem = _problem(parts) or (None if is_store_given else _problem_of_place(parts))
    if problem is None and not path_of(parts).removeprefix("/"):
        problem = "names no object"
    if problem is not None:
        raise EvidenceError(f"evidence ({shown(parts)!r}) {problem}", hint="Give it as s3://bucket/key, for example.")
    return parts


def check_place(url: str) -> SplitResult:
    """Split a URL that may name a place in a store, under which objects lie.

    Raises:
        EvidenceError: It may not; the message shows neither credentials nor a query.
    """
    parts = _split(url.rstrip("/"))
    problem = _problem(parts) or _problem_of_place(parts)
    if problem is None and parts.scheme == "file":
        problem = "is a folder: give its path"
    if problem is not None:
        raise EvidenceError(f"evidence ({shown(parts)!r}) {problem}", hint="Give it as s3://bucket/prefix or a folder.")
    return parts


class ObjectOrigin:
    """An object by its URL.

    Args:
        parts: The URL, checked.
        store: The store that holds it, if that is not to be found out from URL and environment.
    """

    kind = "url"

    def __init__(self, parts: SplitResult, *, store: ObjectStore | None) -> None:
        self.label = repr(shown(parts))
        # Whoever reads it again has the environment, and not the caller's store.
        self.reference = shown(parts) if store is None else None
        self._place = f"{parts.scheme}://{parts.netloc}"
        self._key = path_of(parts).removeprefix("/")
        self._store = store

    async def open_stream(self) -> ByteStream:
        """See `StreamOrigin.open_stream`."""
        from obstore.store import from_url

        try:
            store = self._store or from_url(self._place, retry_config=RETRIES)
        except Exception as error:
            raise told(error) from None
        return await ObjectStream.open(store, self._key)


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


def shown(parts: SplitResult) -> str:
    """The URL without what may be secret in it."""
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme else ""
    return place + parts.path


def _problem(parts: SplitResult) -> str | None:
    if "@" in parts.netloc:
        return "holds credentials: they belong into the environment, or into the store"
    if parts.query or parts.fragment:
        return "holds a query or a fragment, which no key has; in a key `?` is %3F and `#` is %23"
    key = path_of(parts).removeprefix("/")
    if key and (_CONTROL.search(key) or not {"", ".", ".."}.isdisjoint(key.split("/"))):
        return "has a path with an empty part, with `.` or `..` as one, or with control characters"
    return None


def _problem_of_place(parts: SplitResult) -> str | None:
    if parts.scheme == "file":
        return None if parts.netloc in {"", "localhost"} else "is a file of another host"
    if parts.scheme not in _SCHEMES:
        return f"is of no scheme that evidence is fetched from: {', '.join(_SCHEMES)} and file are"
    return None if parts.netloc else "names no place that holds it"


def path_of(parts: SplitResult) -> str:
    """The path of a URL, decoded.

    Raises:
        EvidenceError: It is not UTF-8.
    """
    try:
        return unquote(parts.path, errors="strict")
    except UnicodeDecodeError:
        raise EvidenceError(f"evidence ({shown(parts)!r}) has a key that is not UTF-8") from None
