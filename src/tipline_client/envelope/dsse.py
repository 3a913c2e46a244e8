"""Bytes and who vouches for them: the signed envelope of DSSE, version 1.

The payload stays the bytes that were signed, so no re-encoding can change what a signature covers. The signature is
made over the payload *and* its type. Nothing here knows what a payload holds or where keys come from.

The form is that of the public DSSE specification (secure-systems-lab/dsse), read more strictly: a member that it does
not define is refused, a key id (64 hexadecimal digits) is required, base64 is the standard alphabet in one spelling.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

from tipline_client.delivery.strict_json import read_json, read_members, write_json
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.errors import EnvelopeError, UnknownSignerError

__all__ = ["MAX_PAYLOAD", "Envelope", "Signature", "Verified", "add_signature", "pre_authentication", "sign", "verify"]

MAX_PAYLOAD = 96 * 1024 * 1024
"""Largest payload in bytes: far above any report's text, and small enough to parse in memory."""

_MAX_ENVELOPE = MAX_PAYLOAD * 3 // 2
_MAX_SIGNATURES = 16
_TYPE = re.compile(r"[!-~]{1,255}")
_KEY_ID = re.compile(r"[0-9a-f]{64}")
_ENVELOPE_KINDS: Mapping[str, type] = {"payload": str, "payloadType": str, "signatures": list}
_SIGNATURE_KINDS: Mapping[str, type] = {"keyid": str, "sig": str}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and the id of the key that is said to have made it.

    Attributes:
        key_id: Which key to check it with; not itself signed, so never believed alone.
        value: The signature's bytes.
    """

    key_id: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Payload bytes with their type and at least one signature; nothing of it is believed before `verify`.

    Attributes:
        payload_type: What kind of document the payload is; signed with it.
        payload: The signed bytes, opaque.
        signatures: One for each signer.

    Raises:
        EnvelopeError: No signature, two of one key, too many, a type out of its form, or a payload too large.
    """

    payload_type: str
    payload: bytes = field(repr=False)
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.payload_type):
            raise EnvelopeError("envelope: payloadType is out of its form")
        if len(self.payload) > MAX_PAYLOAD:
            raise EnvelopeError(f"envelope: the payload has {len(self.payload)} bytes, {MAX_PAYLOAD} allowed")
        if not 1 <= len(self.signatures) <= _MAX_SIGNATURES:
            raise EnvelopeError(f"envelope: {len(self.signatures)} signatures, 1 to {_MAX_SIGNATURES} expected")
        if not all(_KEY_ID.fullmatch(signature.key_id) for signature in self.signatures):
            raise EnvelopeError("envelope: a keyid is out of its form")
        if len({signature.key_id for signature in self.signatures}) != len(self.signatures):
            raise EnvelopeError("envelope: two signatures of one key")

    def to_bytes(self) -> bytes:
        """The envelope in the JSON form of DSSE."""
        return write_json(
            {
                "payload": _to_base64(self.payload),
                "payloadType": self.payload_type,
                "signatures": [{"keyid": item.key_id, "sig": _to_base64(item.value)} for item in self.signatures],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an envelope from the JSON form of DSSE; its signatures are not checked yet.

        Raises:
            EnvelopeError: Too large, malformed, a member missing, unknown or given twice, bad base64, no signature.
        """
        members = read_members(
            read_json(data, what="envelope", limit=_MAX_ENVELOPE), what="envelope", kinds=_ENVELOPE_KINDS
        )
        signatures = []
        for index, value in enumerate(members["signatures"]):
            what = f"signatures[{index}]"
            signature = read_members(value, what=what, kinds=_SIGNATURE_KINDS)
            signatures.append(Signature(signature["keyid"], _from_base64(signature["sig"], what=f"{what}.sig")))
        return cls(
            payload_type=members["payloadType"],
            payload=_from_base64(members["payload"], what="payload"),
            signatures=tuple(signatures),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """A payload that may be believed.

    Attributes:
        payload: The signed bytes.
        key_ids: The trusted keys whose signatures were checked and are good.
    """

    payload: bytes = field(repr=False)
    key_ids: frozenset[str]


def pre_authentication(payload: bytes, *, payload_type: str) -> bytes:
    """The bytes that a signature covers: DSSE's pre-authentication encoding, version 1.

    Type and payload are each preceded by their length, so no other pair of the two gives the same bytes.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, *, payload_type: str, signer: SigningKey) -> Envelope:
    """Seal `payload` with one signature.

    Example:
        >>> key = SigningKey.generate()
        >>> envelope = sign(b"a coffee mug", payload_type="text/plain", signer=key)
        >>> verify(envelope, trusted=TrustedKeys([key.verifying_key]), payload_type="text/plain").payload
        b'a coffee mug'

    Raises:
        EnvelopeError: The payload is too large, or the type is out of its form.
    """
    return Envelope(payload_type, payload, (_signature(payload, payload_type, signer),))


def add_signature(envelope: Envelope, *, signer: SigningKey) -> Envelope:
    """The same bytes, signed by one more key. Verify the envelope first: a signature vouches for what it covers.

    Raises:
        EnvelopeError: This key has signed already, so a second signature would add no second person.
    """
    added = _signature(envelope.payload, envelope.payload_type, signer)
    return replace(envelope, signatures=(*envelope.signatures, added))


def verify(envelope: Envelope, *, trusted: TrustedKeys, payload_type: str, threshold: int = 1) -> Verified:
    """Decide whether the payload may be believed.

    Signatures of unknown keys are ignored; one bad signature of a trusted key refuses the whole envelope, since that is
    what alteration looks like.

    Args:
        envelope: What was read.
        trusted: The keys that are believed.
        payload_type: What kind of document is expected.
        threshold: How many different trusted keys must have signed, at least 1.

    Raises:
        UnknownSignerError: Too few of its keys are known here, and none of their signatures is bad.
        EnvelopeError: Another type, a bad signature of a trusted key, or too few signatures.
        ValueError: `threshold` is below 1.
    """
    if threshold < 1:
        raise ValueError("threshold is below 1: an unsigned payload is never believed")
    if envelope.payload_type != payload_type:
        raise EnvelopeError(f"envelope: payloadType is not {payload_type}")
    message = pre_authentication(envelope.payload, payload_type=envelope.payload_type)
    good = set()
    for signature in envelope.signatures:
        key = trusted.find(signature.key_id)
        if key is None:
            continue
        if not key.accepts(signature.value, message=message):
            raise EnvelopeError(f"envelope: the signature of key {key.key_id} does not fit: the bytes were altered")
        good.add(key.key_id)
    if len(good) < threshold:
        signers = ", ".join(signature.key_id for signature in envelope.signatures)
        unknown = [item for item in envelope.signatures if not trusted.knows(item.key_id)]
        error = UnknownSignerError if len(good) + len(unknown) >= threshold else EnvelopeError
        words = f"envelope: signed by {len(good)} trusted key(s), {threshold} required; the keys named are {signers}"
        if given_up := [item.key_id for item in envelope.signatures if trusted.distrusts(item.key_id)]:
            named = "that key" if len(envelope.signatures) == 1 else f"{', '.join(given_up)} of them"
            raise error(f"{words}, and this host believes {named} no longer", hint=DISTRUSTED)
        raise error(words)
    return Verified(envelope.payload, frozenset(good))


DISTRUSTED: Final = (
    "Nobody needs to have altered it: a key was given up with `tipline init --distrust`. What it has signed is looked "
    "at with `--key`, or while the key is believed again; the page on a leaked signing key says how."
)
"""The way out where a signature is of a key that was given up."""


def _signature(payload: bytes, payload_type: str, signer: SigningKey) -> Signature:
    return Signature(signer.key_id, signer.sign(pre_authentication(payload, payload_type=payload_type)))


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str, *, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    # Trailing bits that decoding drops would give one payload two spellings.
    if data is None or _to_base64(data) != text:
        raise EnvelopeError(f"envelope: {what} is not standard base64")
    return data
