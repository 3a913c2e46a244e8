"""The signed form of a receipt: made once at the acknowledgement, opened by anyone with the public key.

Opening needs neither the outbox nor the network, so that a stranger can verify a receipt years later. An exported
receipt may carry the endpoint's raw replies beside what is signed; the signed part holds the digest of each, so that
they prove themselves. Whoever reads DSSE and knows nothing of them finds the same signed bytes.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.receipt import RECEIPT_VERSION, Receipt
from tipline_client.delivery.strict_json import read_json, write_json
from tipline_client.envelope import types
from tipline_client.envelope.dsse import Envelope, sign, verify
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.errors import EnvelopeError

__all__ = ["ExportedReceipt", "open_exported", "open_receipt", "seal_receipt", "with_replies"]

_REPLIES: Final = "replies"
_LARGEST: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExportedReceipt:
    """A receipt as it was handed on.

    Attributes:
        receipt: What is signed.
        key_ids: The trusted keys whose signatures were checked and are good.
        replies: The endpoint's raw replies, in the order of the exchanges; none unless they were asked for. Content.
    """

    receipt: Receipt
    key_ids: frozenset[str]
    replies: tuple[bytes, ...] = field(default=(), repr=False)


def seal_receipt(receipt: Receipt, *, signer: SigningKey) -> bytes:
    """Sign a receipt."""
    return sign(to_json(receipt).encode(), payload_type=types.RECEIPT, signer=signer).to_bytes()


def with_replies(receipt: bytes, replies: Sequence[bytes]) -> bytes:
    """A signed receipt that carries raw replies, which are content, beside what is signed.

    Args:
        receipt: What `seal_receipt` gave.
        replies: The bodies of the replies, in the order of the exchanges.
    """
    document = read_json(receipt, what="envelope", limit=_LARGEST)
    document[_REPLIES] = [base64.b64encode(reply).decode("ascii") for reply in replies]
    return write_json(document)


def open_receipt(data: bytes, *, trusted: TrustedKeys) -> Receipt:
    """Read a receipt, only if a trusted key signed exactly these bytes.

    Args:
        data: What `seal_receipt` or `with_replies` gave.
        trusted: The keys that are believed.

    Raises:
        EnvelopeError: Altered, malformed, signed by nobody trusted, another version; or a raw reply that it carries is
            none of those whose digests are signed.
    """
    return open_exported(data, trusted=trusted).receipt


def open_exported(data: bytes, *, trusted: TrustedKeys) -> ExportedReceipt:
    """Read a receipt as `open_receipt` does, with the raw replies that it carries and the keys that vouch for it."""
    signed, replies = _parted(data)
    verified = verify(Envelope.from_bytes(signed), trusted=trusted, payload_type=types.RECEIPT)
    try:
        receipt = from_json(Receipt, verified.payload)
        reply = base64.b64decode(receipt.reply_base64, validate=True)
    except ValueError as error:
        raise EnvelopeError(f"the receipt is signed but cannot be read: {error}") from None
    if receipt.version != RECEIPT_VERSION:
        raise EnvelopeError("the receipt's version is not one that this release reads")
    if hashlib.sha256(reply).hexdigest() != receipt.reply_sha256:
        raise EnvelopeError("the acknowledgement inside the receipt is not the one that it states")
    signed_digests = {exchange.reply_sha256 for exchange in receipt.exchanges}
    for number, body in enumerate(replies):
        if hashlib.sha256(body).hexdigest() not in signed_digests:
            raise EnvelopeError(f"replies[{number}] beside the receipt is none of those whose digests are signed")
    return ExportedReceipt(receipt, verified.key_ids, replies)


def _parted(data: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """What is signed, and what stands beside it."""
    document = read_json(data, what="envelope", limit=_LARGEST)
    if not isinstance(document, dict) or _REPLIES not in document:
        return data, ()
    listed = document.pop(_REPLIES)
    try:
        replies = tuple(base64.b64decode(text, validate=True) for text in listed)
    except (TypeError, ValueError):
        replies = None
    if replies is None:
        raise EnvelopeError("the replies beside the receipt are no list of base64 texts")
    return write_json(document), replies
