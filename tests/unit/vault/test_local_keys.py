"""Master keys in a folder: made, taken over, loaded, and refused when something is wrong with them."""

from pathlib import Path

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tipline_client.errors import ConfigurationError
from tipline_client.vault.local_keys import (
    LocalMasterKeys,
    generate,
    keep,
    key_id_of,
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

    with pytest.raises(ConfigurationError, match="open to others"):
        LocalMasterKeys.load(tmp_path)


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
