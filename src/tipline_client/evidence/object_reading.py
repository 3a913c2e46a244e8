"""An object of a store is read in pieces, each of them with the condition that it is still the one looked at first.

What goes wrong is told in words of our own: the library's may quote a signed address. The library is an extra, and is
imported only when an object is read.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from tipline_client.errors import ConfigurationError, EvidenceError, EvidenceUnavailableError

if TYPE_CHECKING:
    from obstore.store import ObjectStore
else:
    ObjectStore = object

__all__ = [
    "HINT",
    "RETRIES",
    "ObjectStore",
    "ObjectStream",
    "SomeObjectStore",
    "check_installed",
    "is_refusal",
    "told",
    "words_for",
]

_PIECE = 4 * 1024 * 1024
"""Bytes of one request. The library gives a request half a minute in all: on a slow line this much comes in that."""
RETRIES: Final[Any] = {"max_retries": 5, "retry_timeout": timedelta(minutes=1)}
_INSTALL = "Install the extra: pip install 'tipline-client[objects]'"
HINT: Final = "See that endpoint, region and credentials in the environment are right, and that the store is up."


class SomeObjectStore(Protocol):
    """A store of `obstore`, for callers: the library is an extra, and its types are known only where it is installed.

    `ObjectStore` is the same within this package, where it is called.
    """

    def head(self, path: str) -> Any:
        """What the store says of an object."""

    def put(self, path: str, file: Any) -> Any:
        """Keep an object."""


class ObjectStream:
    """A reading of one object under way; see `ByteStream`.

    Args:
        store: Where it is.
        key: Its key.
        seen: What the store said of it when it was looked at.
    """

    def __init__(self, store: ObjectStore, key: str, seen: Any) -> None:
        self.size: int | None = seen["size"]
        self._store = store
        self._key = key
        self._seen = seen
        self._position = 0

    @classmethod
    async def open(cls, store: ObjectStore, key: str) -> "ObjectStream":
        """Look at an object and begin to read it.

        Raises:
            EvidenceError: It is not there, may not be read, or the store gives no answer.
        """
        import obstore

        try:
            return cls(store, key, await obstore.head_async(store, key))
        except Exception as error:
            raise told(error) from None

    async def read(self) -> bytes:
        """The next bytes; empty at the end.

        Raises:
            EvidenceError: It changed or vanished, may not be read, or the store gives no answer.
        """
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
            raise told(error, is_begun=True) from None
        if len(piece) != end - self._position:
            raise EvidenceError("changed while it was read")
        self._position = end
        return piece

    async def aclose(self) -> None:
        """Nothing is held between two pieces."""


def told(error: Exception, *, is_begun: bool = False) -> EvidenceError:
    """What went wrong with an object that is read, from the middle of a sentence on."""
    from obstore.exceptions import PreconditionError

    if isinstance(error, FileNotFoundError):
        return EvidenceError("vanished while it was read" if is_begun else "does not exist")
    if isinstance(error, PreconditionError):
        return EvidenceError("changed while it was read")
    if is_refusal(error):
        return EvidenceUnavailableError(
            "may not be read: the store refuses", hint="See that the credentials in the environment may read it."
        )
    return EvidenceUnavailableError(f"cannot be read: {words_for(error)}", hint=HINT)


def words_for(error: BaseException) -> str:
    """Why a store did not do what it was asked, without any word of its own."""
    return "the store refuses" if is_refusal(error) else f"the store gives no usable answer ({type(error).__name__})"


def is_refusal(error: BaseException) -> bool:
    """Whether the store knows who asks, or does not, and says no."""
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    return isinstance(error, PermissionDeniedError | UnauthenticatedError)


def check_installed() -> None:
    """Make sure that the extra is there.

    Raises:
        ConfigurationError: It is not.
    """
    try:
        import obstore  # noqa: F401 - whether it can be imported is the question
    except ImportError:
        raise ConfigurationError(
            "evidence is in an object store, and the library obstore is not installed", hint=_INSTALL
        ) from None
