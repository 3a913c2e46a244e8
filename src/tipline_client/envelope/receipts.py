"""The signed form of a receipt: made once at the acknowledgement, opened by anyone with the public key.

Opening needs neither the outbox nor the network, so that a stranger can verify a receipt years later.
"""

import base64
import hashlib

from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.receipt import RECEIPT_VERSION, Receipt
from tipline_client.envelope import types
from tipline_client.envelope.dsse import Envelope, sign, verify
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.errors import EnvelopeError

__all__ = ["open_receipt", "seal_receipt"]


def seal_receipt(receipt: Receipt, *, signer: SigningKey) -> bytes:
    """Sign a receipt."""
    return sign(to_json(receipt).encode(), payload_type=types.RECEIPT, signer=signer).to_bytes()


def open_receipt(data: bytes, *, trusted: TrustedKeys) -> Receipt:
    """Read a receipt, only if a trusted key signed exactly these bytes.

    Args:
        data: What `seal_receipt` gave.
        trusted: The keys that are believed.

    Raises:
        EnvelopeError: Altered, malformed, signed by nobody trusted, another version, or the raw acknowledgement
            inside does not have the digest that the receipt states.
    """
    verified = verify(Envelope.from_bytes(data), trusted=trusted, payload_type=types.RECEIPT)
    try:
        receipt = from_json(Receipt, verified.payload)
        reply = base64.b64decode(receipt.reply_base64, validate=True)
    except ValueError as error:
        raise EnvelopeError(f"the receipt is signed but cannot be read: {error}") from None
    if receipt.version != RECEIPT_VERSION:
        raise EnvelopeError("the receipt's version is not one that this release reads")
    if hashlib.sha256(reply).hexdigest() != receipt.reply_sha256:
        raise EnvelopeError("the acknowledgement inside the receipt is not the one that it states")
    return receipt
