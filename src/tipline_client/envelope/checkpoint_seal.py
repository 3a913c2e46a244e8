"""Whether a checkpoint is one that this installation wrote, for this entry.

The signature of a submission cannot cover how far its delivery has got, which changes with each step. Yet a checkpoint
altered by hand could file a report twice, or give one entry another's receipt. So each carries a keyed digest, made
with a secret that every dispatcher of the outbox holds and the database does not.
"""

import hmac
import secrets
from dataclasses import replace
from typing import Self

from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.jsonable import to_json
from tipline_client.errors import ConfigurationError, EnvelopeError

__all__ = ["CheckpointSeal"]

_SECRET_BYTES = 32
_PURPOSE = b"tipline-client checkpoint v1"


class CheckpointSeal:
    """Seals checkpoints, and tells whether one was sealed with the same secret. Its repr shows nothing.

    Args:
        secret: 32 random bytes.

    Raises:
        ConfigurationError: The secret has another length.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _SECRET_BYTES:
            raise ConfigurationError(f"the installation's secret has {len(secret)} bytes, not {_SECRET_BYTES}")
        self._secret = secret

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            ConfigurationError: It is no such text.
        """
        try:
            return cls(bytes.fromhex(text))
        except ValueError:
            reason = "the installation's secret is not hexadecimal"
        raise ConfigurationError(reason)

    @classmethod
    def generate(cls) -> Self:
        """A seal with a new secret from the operating system's randomness."""
        return cls(secrets.token_bytes(_SECRET_BYTES))

    def to_text(self) -> str:
        """The secret as 64 hexadecimal digits; whoever has it can seal."""
        return self._secret.hex()

    def apply(self, entry_id: str, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the seal that belongs to it and to this entry."""
        return replace(checkpoint, seal=self._digest(entry_id, checkpoint))

    def check(self, entry_id: str, checkpoint: Checkpoint) -> None:
        """Let a checkpoint pass only if it was sealed for this entry and not changed since.

        Raises:
            EnvelopeError: It was not; nothing that it says may be believed.
        """
        if not hmac.compare_digest(self._digest(entry_id, checkpoint).encode(), checkpoint.seal.encode()):
            raise EnvelopeError(
                "the record of how far the delivery has got was altered, or is another entry's",
                hint="Look on the hotline's side whether it was filed; if it was not, "
                "`tipline dead-letter requeue --accept-checkpoint` goes on from the record as it stands.",
            )

    def _digest(self, entry_id: str, checkpoint: Checkpoint) -> str:
        # Members at their default are not part of the text, so a later release may add members and still agree.
        text = to_json(replace(checkpoint, seal=""))
        # The length keeps an id and the text that follows it apart, whatever an id looks like.
        sealed = b"\n".join((_PURPOSE, str(len(entry_id)).encode(), entry_id.encode(), text.encode()))
        return hmac.new(self._secret, sealed, "sha256").hexdigest()

    def __repr__(self) -> str:
        return "CheckpointSeal()"
