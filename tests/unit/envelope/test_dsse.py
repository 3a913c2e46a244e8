"""Envelopes: what is signed stays what it was, or is refused."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tipline_client.envelope.dsse import (
    MAX_PAYLOAD,
    Envelope,
    Signature,
    add_signature,
    pre_authentication,
    sign,
    verify,
)
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.errors import EnvelopeError, UnknownSignerError

TYPE = "text/plain"
PAYLOAD = b"a coffee mug on a desk"

# Made once with a key of 32 bytes 0x01, and pinned: what was signed in this form must verify for ever.
GOLDEN = (
    b'{"payload":"YSBjb2ZmZWUgbXVnIG9uIGEgZGVzaw==","payloadType":"text/plain","signatures":[{'
    b'"keyid":"fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2",'
    b'"sig":"kcK7wLjfXLinurk5IXLc3TG1nq9ux3N7SMXComJOx5S9I/1Wd2VsqdVt8OWHIKmAPIgtCu5exyUJVfs9Z8HaBw=="}]}'
)


def key(seed: int) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def trust(*keys: SigningKey) -> TrustedKeys:
    return TrustedKeys(item.verifying_key for item in keys)


def sealed(*, seed: int = 1) -> Envelope:
    return sign(PAYLOAD, payload_type=TYPE, signer=key(seed))


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(sealed().to_bytes()), **members}).encode()


def test_pre_authentication_encoding_of_the_specification() -> None:
    """The example that the DSSE specification prints gives the bytes that it prints."""
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"

    encoded = pre_authentication(b"hello world", payload_type="http://example.com/HelloWorld")

    assert expected == encoded


def test_pre_authentication_counts_bytes_not_letters() -> None:
    """Lengths are those of the UTF-8 bytes, and nothing in a payload can imitate a boundary."""
    expected = b"DSSEv1 3 \xc3\xa9x 3 1 a"

    encoded = pre_authentication(b"1 a", payload_type="\u00e9x")

    assert expected == encoded


def test_envelope_pinned_byte_for_byte() -> None:
    """The same key signs the same bytes into the same envelope as in every earlier release."""
    envelope = sealed()

    assert GOLDEN == envelope.to_bytes()


def test_pinned_envelope_verifies() -> None:
    """An envelope of the first release is read and believed."""
    envelope = Envelope.from_bytes(GOLDEN)

    verified = verify(envelope, trusted=trust(key(1)), payload_type=TYPE)

    assert (PAYLOAD, frozenset({key(1).key_id})) == (verified.payload, verified.key_ids)


def test_signature_checked_without_our_code() -> None:
    """Anybody with an Ed25519 library can check the signature from the JSON and the specification alone."""
    document = json.loads(sealed().to_bytes())
    payload = base64.b64decode(document["payload"])
    message = b" ".join([b"DSSEv1", b"%d" % len(TYPE), TYPE.encode(), b"%d" % len(payload), payload])

    public = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).public_key()
    public.verify(base64.b64decode(document["signatures"][0]["sig"]), message)

    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(document["signatures"][0]["sig"]), message + b".")


def test_altered_payload() -> None:
    """One changed byte in the payload is refused."""
    envelope = replace(sealed(), payload=PAYLOAD.replace(b"mug", b"cup"))

    with pytest.raises(EnvelopeError, match="altered"):
        verify(envelope, trusted=trust(key(1)), payload_type=TYPE)


def test_swapped_signature() -> None:
    """A good signature of the same key over other bytes is refused."""
    other = sign(b"a gradient", payload_type=TYPE, signer=key(1))
    envelope = replace(sealed(), signatures=other.signatures)

    with pytest.raises(EnvelopeError, match="altered"):
        verify(envelope, trusted=trust(key(1)), payload_type=TYPE)


def test_signature_under_another_trusted_keys_id() -> None:
    """A signature is checked with the key that it names, not with any that might fit."""
    envelope = replace(sealed(seed=1), signatures=(Signature(key(2).key_id, sealed(seed=1).signatures[0].value),))

    with pytest.raises(EnvelopeError, match="altered"):
        verify(envelope, trusted=trust(key(1), key(2)), payload_type=TYPE)


def test_unknown_key() -> None:
    """A good signature of a key that nobody trusts counts for nothing, and is told apart from an alteration."""
    with pytest.raises(UnknownSignerError, match="signed by 0 trusted"):
        verify(sealed(seed=3), trusted=trust(key(1), key(2)), payload_type=TYPE)


def test_two_trusted_keys_one_signed() -> None:
    """After a rotation both keys are trusted, and either one's signature suffices."""
    for seed in (1, 2):
        verified = verify(sealed(seed=seed), trusted=trust(key(1), key(2)), payload_type=TYPE)

        assert frozenset({key(seed).key_id}) == verified.key_ids


def test_wrong_payload_type() -> None:
    """A document of another kind is refused even though its signature is good."""
    with pytest.raises(EnvelopeError, match="payloadType is not text/html"):
        verify(sealed(), trusted=trust(key(1)), payload_type="text/html")


def test_payload_type_exchanged() -> None:
    """The type is signed too: renaming the document breaks the signature."""
    with pytest.raises(EnvelopeError, match="altered"):
        verify(replace(sealed(), payload_type="text/html"), trusted=trust(key(1)), payload_type="text/html")


def test_unknown_signature_beside_a_good_one() -> None:
    """A stranger's signature neither helps nor harms."""
    envelope = add_signature(sealed(), signer=key(3))

    verified = verify(envelope, trusted=trust(key(1)), payload_type=TYPE)

    assert frozenset({key(1).key_id}) == verified.key_ids


def test_bad_signature_of_a_known_key_beside_a_good_one() -> None:
    """One trusted key's bad signature refuses the whole, for it means that somebody changed something."""
    bad = Signature(key(2).key_id, bytes(64))
    envelope = replace(sealed(), signatures=(*sealed().signatures, bad))

    with pytest.raises(EnvelopeError, match=key(2).key_id):
        verify(envelope, trusted=trust(key(1), key(2)), payload_type=TYPE)


def test_threshold_of_two_persons() -> None:
    """Where two must approve, one signature is too few and two different ones are enough."""
    both = add_signature(sealed(), signer=key(2))

    verified = verify(both, trusted=trust(key(1), key(2)), payload_type=TYPE, threshold=2)

    assert frozenset({key(1).key_id, key(2).key_id}) == verified.key_ids
    with pytest.raises(EnvelopeError, match="signed by 1 trusted key"):
        verify(sealed(), trusted=trust(key(1), key(2)), payload_type=TYPE, threshold=2)


def test_same_person_signs_twice() -> None:
    """A second signature of one key is refused: it is no second person."""
    with pytest.raises(EnvelopeError, match="two signatures of one key"):
        add_signature(sealed(), signer=key(1))


def test_threshold_of_none() -> None:
    """Nobody can ask for an unsigned payload to be believed."""
    with pytest.raises(ValueError, match="threshold"):
        verify(sealed(), trusted=trust(key(1)), payload_type=TYPE, threshold=0)


def test_envelope_survives_bytes() -> None:
    """Written and read again, an envelope with two signatures is equal."""
    envelope = add_signature(sealed(), signer=key(2))

    assert envelope == Envelope.from_bytes(envelope.to_bytes())


def test_payload_that_is_not_text() -> None:
    """Any bytes can be signed, since they stay opaque."""
    payload = bytes(range(256))

    envelope = Envelope.from_bytes(sign(payload, payload_type=TYPE, signer=key(1)).to_bytes())

    assert payload == verify(envelope, trusted=trust(key(1)), payload_type=TYPE).payload


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a JSON document"),
        (b"\xff{}", "not a JSON document"),
        (b"[" * 100_000, "not a JSON document"),
        (b'{"payload": NaN}', "not a JSON document"),
        (b"[]", "an object is expected"),
        (b"{}", "missing payload, payloadType, signatures"),
        (b'{"payload":"","payload":"","payloadType":"t","signatures":[]}', "given twice"),
        (changed(extra=1), "1 unknown member"),
        (changed(payload=1), "payload is of the wrong kind"),
        (changed(payload="YQ"), "payload is not standard base64"),
        (changed(payload="YR=="), "payload is not standard base64"),
        (changed(payload="_-8="), "payload is not standard base64"),
        (changed(payload="YQ==\n"), "payload is not standard base64"),
        (changed(payload="\u00e9"), "payload is not standard base64"),
        (changed(payloadType=""), "payloadType is out of its form"),
        (changed(payloadType="text/\ud800"), "payloadType is out of its form"),
        (changed(signatures=[]), "0 signatures"),
        (changed(signatures=[1]), r"signatures\[0\]: an object"),
        (changed(signatures=[{"sig": ""}]), r"signatures\[0\]: missing keyid"),
        (changed(signatures=[{"keyid": "a", "sig": "", "x": 1}]), r"signatures\[0\]: 1 unknown"),
        (changed(signatures=[{"keyid": "a", "sig": ""}]), "a keyid is out of its form"),
        (changed(signatures=[{"keyid": "a" * 64, "sig": "."}]), r"signatures\[0\].sig is not standard base64"),
        (changed(signatures=[{"keyid": "a" * 64, "sig": ""}] * 2), "two signatures of one key"),
        (changed(signatures=[{"keyid": f"{n:064x}", "sig": ""} for n in range(17)]), "17 signatures"),
    ],
)
def test_malformed_envelope(data: bytes, message: str) -> None:
    """Whatever is not exactly an envelope is refused by naming what is wrong."""
    with pytest.raises(EnvelopeError, match=message):
        Envelope.from_bytes(data)


def test_oversized_envelope() -> None:
    """Bytes beyond any envelope are refused before they are parsed."""
    with pytest.raises(EnvelopeError, match=r"bytes, .* allowed"):
        Envelope.from_bytes(b" " * (MAX_PAYLOAD * 3 // 2 + 1))


def test_oversized_payload() -> None:
    """What could not be read back is not signed."""
    with pytest.raises(EnvelopeError, match="the payload has"):
        sign(bytes(MAX_PAYLOAD + 1), payload_type=TYPE, signer=key(1))


def test_largest_payload_comes_back() -> None:
    """A payload of exactly the limit is signed and read."""
    data = sign(bytes(MAX_PAYLOAD), payload_type=TYPE, signer=key(1)).to_bytes()

    assert len(Envelope.from_bytes(data).payload) == MAX_PAYLOAD


def test_repr_shows_no_content() -> None:
    """Neither payload nor signature bytes stand in a repr."""
    envelope = sealed()
    verified = verify(envelope, trusted=trust(key(1)), payload_type=TYPE)

    shown = f"{envelope!r} {verified!r}"

    assert "mug" not in shown
    assert repr(envelope.signatures[0].value) not in shown


def test_refusal_carries_no_content() -> None:
    """No part of the document reaches the exception, its cause or its context."""
    planted = b'{"payload":"Zoe-planted-name", Zoe-planted-name'

    with pytest.raises(EnvelopeError) as caught:
        Envelope.from_bytes(planted)

    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "planted" not in str(caught.value) + caught.value.hint
