"""How a data key is kept: wrapped by a master key, under a form that says which one.

The contract of whoever wraps, be it a key file of this host or a service elsewhere, is `MasterKeys`.
"""

import base64
import re
from dataclasses import dataclass
from typing import Protocol, Self

from tipline_client.errors import EnvelopeError

__all__ = ["MasterKeys", "WrappedKey"]

_TEXT = re.compile(r"([A-Za-z0-9._/:@-]{1,256}) ([A-Za-z0-9+/]{1,4096}={0,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key in the form in which it is stored.

    Attributes:
        master: Which master key wrapped it: its id, 1 to 256 ASCII letters, digits or `._/:@-`.
        wrapped: What the master key made of it.
    """

    master: str
    wrapped: bytes

    def to_text(self) -> str:
        """The form for a column of the outbox."""
        return f"{self.master} {base64.b64encode(self.wrapped).decode('ascii')}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            EnvelopeError: It is no wrapped key.
        """
        match = _TEXT.fullmatch(text)
        if match is not None:
            try:
                return cls(match[1], base64.b64decode(match[2], validate=True))
            except ValueError:
                pass
        raise EnvelopeError("the row holds no wrapped data key: it was altered")


class MasterKeys(Protocol):
    """What wraps data keys. A host without the right to unwrap can queue, and neither read nor deliver.

    Contexts are bytes that must be the same for wrapping and unwrapping; they are no secret.
    """

    @property
    def can_unwrap(self) -> bool:
        """Whether this host can read at all; known without asking anybody."""
        ...

    async def active(self) -> str:
        """The id of the master key that wraps from now on.

        Raises:
            ConfigurationError: There is none.
            KeyUnavailableError: It cannot be told now.
        """
        ...

    async def wrap(self, secret: bytes, *, context: bytes) -> WrappedKey:
        """Wrap a data key with the active master key.

        Raises:
            ConfigurationError: There is none.
            KeyUnavailableError: Not now.
        """
        ...

    async def unwrap(self, key: WrappedKey, *, context: bytes) -> bytes:
        """The data key.

        Raises:
            EnvelopeError: What is wrapped is not what was wrapped, or not in this context: the row was altered.
            KeyUnavailableError: The master key that it names is not here, or cannot be reached now. Nothing is proven.
        """
        ...
