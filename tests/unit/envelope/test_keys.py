"""Keys: their ids, their forms, and what they keep to themselves."""

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tipline_client.envelope.keys import SigningKey, TrustedKeys, VerifyingKey
from tipline_client.errors import ConfigurationError

PKCS8 = serialization.PrivateFormat.PKCS8
PEM = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()


def test_key_id_from_the_public_key_alone() -> None:
    """The id is the SHA-256 of the DER public key, so that anybody can compute it."""
    private = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    expected = hashlib.sha256(der).hexdigest()

    assert expected == SigningKey(private).key_id == VerifyingKey(private.public_key()).key_id


def test_private_key_survives_pem() -> None:
    """A key read back signs what its public half accepts."""
    key = SigningKey.generate()

    again = SigningKey.from_pem(key.to_pem())

    assert key.key_id == again.key_id
    assert VerifyingKey.from_pem(key.verifying_key.to_pem()).accepts(again.sign(b"mug"), message=b"mug")


def test_signature_over_other_bytes() -> None:
    """A key does not accept its own signature over other bytes, nor one of another length."""
    key = SigningKey.generate()

    assert not key.verifying_key.accepts(key.sign(b"mug"), message=b"cup")
    assert not key.verifying_key.accepts(b"", message=b"mug")


def test_repr_shows_the_id_alone() -> None:
    """The private key cannot be had from a repr."""
    key = SigningKey.generate()

    assert f"SigningKey({key.key_id})" == repr(key)
    assert f"VerifyingKey({key.key_id})" == repr(key.verifying_key)
    assert f"TrustedKeys({key.key_id})" == repr(TrustedKeys([key.verifying_key]))


@pytest.mark.parametrize("private", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())])
def test_key_of_another_type(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
    """A good key of another algorithm is refused by saying which one is needed."""
    public = private.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(ConfigurationError, match="a private key, but not of Ed25519"):
        SigningKey.from_pem(private.private_bytes(PEM, PKCS8, PLAIN))
    with pytest.raises(ConfigurationError, match="a public key, but not of Ed25519"):
        VerifyingKey.from_pem(public)


def test_encrypted_pem() -> None:
    """An encrypted key opens with its password, and says so when the password is missing, wrong or superfluous."""
    private = Ed25519PrivateKey.generate()
    locked = private.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"coffee"))
    expected = SigningKey(private).key_id

    opened = SigningKey.from_pem(locked, password=b"coffee")

    assert expected == opened.key_id
    with pytest.raises(ConfigurationError, match="give its password"):
        SigningKey.from_pem(locked)
    with pytest.raises(ConfigurationError, match="with this password"):
        SigningKey.from_pem(locked, password=b"tea")
    with pytest.raises(ConfigurationError, match="has no password"):
        SigningKey.from_pem(private.private_bytes(PEM, PKCS8, PLAIN), password=b"coffee")


@pytest.mark.parametrize("pem", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_bytes_that_are_no_key(pem: bytes) -> None:
    """What is no key is refused without quoting it."""
    with pytest.raises(ConfigurationError, match="not a private key in PEM"):
        SigningKey.from_pem(pem)
    with pytest.raises(ConfigurationError, match="not a public key in PEM"):
        VerifyingKey.from_pem(pem)
