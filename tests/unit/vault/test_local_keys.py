"""Master keys in a folder: made, taken over, loaded, and refused when something is wrong with them."""

import base64
from pathlib import Path

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tipline_client.errors import ConfigurationError
from tipline_client.vault.local_keys import (
    LocalMasterKeys,
    generate,
    keep,
    key_id_of,
    read_keys,
    read_private_pem,
    read_public_pem,
)


def test_new_folder(tmp_path: Path) -> None:
    """A made key wraps and unwraps; its private half is its owner's alone."""
    key_id = generate(tmp_path / "master")

    keys = LocalMasterKeys.load(tmp_path / "master")

    private = tmp_path / "master" / f"{key_id}.private.pem"
    assert (key_id, True, 0o600) == (anyio.run(keys.active), keys.can_unwrap, private.stat().st_mode & 0o777)


def test_new_key_beside_an_old_one(tmp_path: Path) -> None:
    """After a rotation the new key wraps, and what the old one wrapped can still be unwrapped."""

    async def scene() -> None:
        generate(tmp_path)
        before = await LocalMasterKeys.load(tmp_path).wrap(b"m" * 32, context=b"e1")
        key_id = generate(tmp_path)
        keys = LocalMasterKeys.load(tmp_path)

        assert (key_id, b"m" * 32) == (await keys.active(), await keys.unwrap(before, context=b"e1"))

    anyio.run(scene)


def test_public_half_alone(tmp_path: Path) -> None:
    """A host that was given the public half can wrap, and cannot unwrap."""
    key_id = keep(tmp_path, X25519PrivateKey.generate().public_key())

    keys = LocalMasterKeys.load(tmp_path)

    assert (key_id, False) == (anyio.run(keys.active), keys.can_unwrap)


def test_no_folder(tmp_path: Path) -> None:
    """Without a folder there are no keys, and nobody is told so before one is needed."""
    keys = LocalMasterKeys.load(tmp_path / "none")

    assert not keys.can_unwrap
    with pytest.raises(ConfigurationError, match="no master key"):
        anyio.run(keys.active)


def test_private_half_open_to_others(tmp_path: Path) -> None:
    """A private half that others can read is not used."""
    private = tmp_path / f"{generate(tmp_path)}.private.pem"
    private.chmod(0o644)

    with pytest.raises(ConfigurationError) as caught:
        LocalMasterKeys.load(tmp_path)

    assert f"{private} is open to others, who could use it" == str(caught.value)


@pytest.mark.parametrize("half", ["private", "public"])
def test_file_under_another_name(tmp_path: Path, half: str) -> None:
    """A file that is not the key of its name is refused by name."""
    key_id = generate(tmp_path)
    generate(tmp_path / "other")
    [other] = (tmp_path / "other").glob(f"*.{half}.pem")
    (tmp_path / f"{key_id}.{half}.pem").write_bytes(other.read_bytes())

    with pytest.raises(ConfigurationError, match="not the key that its name says"):
        LocalMasterKeys.load(tmp_path)


@pytest.mark.parametrize("words", ["", "mug", "0" * 64])
def test_active_key_that_is_not_there(tmp_path: Path, words: str) -> None:
    """The active key is one of the folder, or the folder is refused."""
    generate(tmp_path)
    (tmp_path / "active").write_text(words)

    with pytest.raises(ConfigurationError, match="not there"):
        LocalMasterKeys.load(tmp_path)


def test_key_of_another_kind() -> None:
    """A signing key is no master key, and neither is a text."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    for read, given in ((read_private_pem, pem), (read_private_pem, b"mug"), (read_public_pem, pem)):
        with pytest.raises(ConfigurationError, match="X25519"):
            read(given)


def test_known_id() -> None:
    """The id of a key never changes between releases: what it wrapped names it."""
    key = X25519PrivateKey.from_private_bytes(bytes(range(32)))

    assert "eedd883da0a9451593dc0a38e583fb770fa27dbbed209c20404e075e68c4f0c9" == key_id_of(key.public_key())


PRIVATE = X25519PrivateKey.from_private_bytes(b"m" * 32)
OTHER = X25519PrivateKey.from_private_bytes(b"o" * 32)


def _pem(key: X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_pem(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "text",
    [
        _pem(PRIVATE),
        base64.b64encode(PRIVATE.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        base64.encodebytes(PRIVATE.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
    ],
    ids=["PEM", "base64 of DER", "base64 in lines"],
)
def test_private_key_of_a_setting(text: bytes) -> None:
    """A private key is read from PEM, or from the base64 of its DER."""
    [key] = read_keys(text)

    assert isinstance(key, X25519PrivateKey)
    assert PRIVATE.private_bytes_raw() == key.private_bytes_raw()


def test_public_key_of_a_setting() -> None:
    """A public key alone is read in both forms too; it cannot unwrap."""
    der = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    found = [read_keys(_public_pem(PRIVATE)), read_keys(base64.b64encode(der))]

    assert [key_id_of(PRIVATE.public_key())] * 2 == [key_id_of(key) for [key] in found]  # type: ignore[arg-type]
    assert not LocalMasterKeys(None, {}).preferring(found[0]).can_unwrap


def test_several_keys_of_a_setting(tmp_path: Path) -> None:
    """The first key of a setting wraps, and all of them unwrap, with those in the folder."""

    async def scene() -> None:
        folder_key = generate(tmp_path)
        folder = LocalMasterKeys.load(tmp_path)
        wrapped = [await folder.wrap(b"f" * 32, context=b"e1")]
        wrapped.append(await LocalMasterKeys(OTHER.public_key(), {}).wrap(b"f" * 32, context=b"e1"))

        keys = folder.preferring(read_keys(_pem(PRIVATE) + _pem(OTHER)))

        wrapped.append(await keys.wrap(b"f" * 32, context=b"e1"))
        names = [folder_key, key_id_of(OTHER.public_key()), key_id_of(PRIVATE.public_key())]
        assert names == [key.master for key in wrapped]
        assert [b"f" * 32] * 3 == [await keys.unwrap(key, context=b"e1") for key in wrapped]
        assert keys.can_wrap

    anyio.run(scene)


@pytest.mark.parametrize("text", [b"", b"mug", b"bXVn", b"-----BEGIN MUG-----\nbXVn\n-----END MUG-----\n"])
def test_no_key_in_a_setting(text: bytes) -> None:
    """What holds no X25519 key is refused, and nothing of it is shown."""
    with pytest.raises(ConfigurationError) as caught:
        read_keys(text)

    assert "mug" not in str(caught.value).lower()
    assert "bXVn" not in str(caught.value)
