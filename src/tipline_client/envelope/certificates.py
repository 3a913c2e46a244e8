"""The signed form of a certificate of destruction: made once at its end, opened by anyone with the public key.

Opening needs neither the outbox nor the network, so that a stranger can verify a certificate years later.
"""

from typing import Final

from tipline_client.delivery.certificate import CERTIFICATE_VERSION, Certificate
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.strict_json import read_json
from tipline_client.envelope import types
from tipline_client.envelope.dsse import Envelope, sign, verify
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.errors import EnvelopeError

__all__ = ["is_certificate", "open_certificate", "seal_certificate"]

_LARGEST: Final = 256 * 1024 * 1024


def seal_certificate(certificate: Certificate, *, signer: SigningKey) -> bytes:
    """Sign a certificate."""
    return sign(to_json(certificate).encode(), payload_type=types.CERTIFICATE, signer=signer).to_bytes()


def is_certificate(data: bytes) -> bool:
    """Whether a document says that it is a certificate; `open_certificate` tells whether that is to be believed.

    What stands beside the envelope, as the raw replies do in a receipt that is handed on, is not looked at.

    Raises:
        EnvelopeError: It is no envelope at all.
    """
    document = read_json(data, what="envelope", limit=_LARGEST)
    return isinstance(document, dict) and document.get("payloadType") == types.CERTIFICATE


def open_certificate(data: bytes, *, trusted: TrustedKeys) -> Certificate:
    """Read a certificate, only if a trusted key signed exactly these bytes.

    Args:
        data: What `seal_certificate` gave.
        trusted: The keys that are believed.

    Raises:
        EnvelopeError: Altered, malformed, signed by nobody trusted, of another version, or of a destruction that had
            not ended.
    """
    verified = verify(Envelope.from_bytes(data), trusted=trusted, payload_type=types.CERTIFICATE)
    try:
        certificate = from_json(Certificate, verified.payload)
    except ValueError as error:
        raise EnvelopeError(f"the certificate is signed but cannot be read: {error}") from None
    if certificate.version != CERTIFICATE_VERSION:
        raise EnvelopeError("the certificate's version is not one that this release reads")
    if certificate.begun_at is None or certificate.ended_at is None:
        raise EnvelopeError("the certificate is of a destruction that had not ended")
    return certificate
