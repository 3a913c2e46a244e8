"""The folder of keys: rotation, import, permissions, and hosts that only verify."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tipline_client.envelope.dsse import sign, verify
from tipline_client.envelope.key_ring import KeyRing
from tipline_client.envelope.keys import SigningKey
from tipline_client.errors import ConfigurationError


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "home" / "keys")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(ring: KeyRing) -> set[str]:
    return {path.name for path in ring.folder.iterdir()}


def test_first_key(ring: KeyRing) -> None:
    """A new ring's key signs, is trusted, and nobody else can read its private half."""
    key = ring.generate()

    assert key.key_id == ring.signer().key_id
    assert key == ring.trusted().find(key.key_id)
    assert (0o700, 0o600) == (mode(ring.folder), mode(ring.folder / f"{key.key_id}.private.pem"))
    assert {f"{key.key_id}.private.pem", f"{key.key_id}.public.pem", "active", "checkpoints.key"} == names(ring)
    assert () == ring.permissions_problems()


def test_private_key_is_never_readable_by_others(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has its mode from the moment it exists, under the most careless umask, and is synchronised to disk."""
    seen: list[tuple[str, int]] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        seen.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, stat.S_IMODE(os.fstat(descriptor).st_mode)))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    before = os.umask(0)
    try:
        ring.generate()
    finally:
        os.umask(before)

    assert [0o600] == [found for name, found in seen if ".private.pem" in name]


def test_rotation_keeps_the_old_key_trusted(ring: KeyRing) -> None:
    """After a rotation the new key signs, and what the old one signed is still believed."""
    old = ring.generate()
    envelope = sign(b"mug", payload_type="text/plain", signer=ring.signer())

    new = ring.generate()

    assert new.key_id == ring.signer().key_id
    assert {old, new} == set(ring.trusted())
    assert b"mug" == verify(envelope, trusted=ring.trusted(), payload_type="text/plain").payload


def test_key_made_for_later(ring: KeyRing) -> None:
    """A key that is not activated is trusted at once and signs only when told so."""
    first = ring.generate()
    later = ring.generate(activate=False)

    assert first.key_id == ring.signer().key_id
    ring.activate(later.key_id)
    assert later.key_id == ring.signer().key_id


def test_distrusted_key(ring: KeyRing) -> None:
    """A distrusted key is believed no longer; the active one cannot be distrusted; a stranger's id is refused."""
    old, new = ring.generate(), ring.generate()

    ring.distrust(old.key_id)

    assert [new] == list(ring.trusted())
    with pytest.raises(ConfigurationError, match="is active"):
        ring.distrust(new.key_id)
    with pytest.raises(ConfigurationError, match="no trusted key"):
        ring.distrust(old.key_id)
    with pytest.raises(ConfigurationError, match="not trusted here"):
        ring.activate(old.key_id)


def test_only_trusted_key_distrusted(ring: KeyRing, tmp_path: Path) -> None:
    """The last key of a host that only verifies stays: without any the folder would be no key ring at all."""
    key = SigningKey.generate()
    pem = tmp_path / "public.pem"
    pem.write_bytes(key.verifying_key.to_pem())
    ring.import_pem(pem)

    with pytest.raises(ConfigurationError, match="the only one"):
        ring.distrust(key.key_id)

    assert [key.verifying_key] == list(ring.trusted())


def test_host_that_only_verifies(ring: KeyRing, tmp_path: Path) -> None:
    """With public keys alone a host verifies, and says what it lacks for signing."""
    key = SigningKey.generate()
    pem = tmp_path / "public.pem"
    pem.write_bytes(key.verifying_key.to_pem())

    ring.import_pem(pem)

    assert [key.verifying_key] == list(ring.trusted())
    with pytest.raises(ConfigurationError, match=r"trusts 1 public key.*cannot sign"):
        ring.signer()


def test_imported_private_key(ring: KeyRing, tmp_path: Path) -> None:
    """An existing PEM becomes a signing key with safe permissions; importing it twice is harmless."""
    key = SigningKey.generate()
    pem = tmp_path / "existing.pem"
    pem.write_bytes(key.to_pem())

    ring.import_pem(pem, activate=True)
    ring.import_pem(pem)

    assert key.key_id == ring.signer().key_id
    assert () == ring.permissions_problems()


def test_imported_key_of_rsa(ring: KeyRing, tmp_path: Path) -> None:
    """A key of another type is refused by name of the file, and nothing enters the ring."""
    pem = tmp_path / "rsa.pem"
    pem.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

    with pytest.raises(ConfigurationError, match=r"rsa\.pem: a private key, but not of Ed25519"):
        ring.import_pem(pem)

    assert {"checkpoints.key"} == names(ring)


def test_import_of_nothing(ring: KeyRing, tmp_path: Path) -> None:
    """A file that is missing, and a public key that is to sign, are refused."""
    pem = tmp_path / "public.pem"
    pem.write_bytes(SigningKey.generate().verifying_key.to_pem())

    with pytest.raises(ConfigurationError, match="No such file"):
        ring.import_pem(tmp_path / "absent.pem")
    with pytest.raises(ConfigurationError, match="a public key cannot sign"):
        ring.import_pem(pem, activate=True)


@pytest.mark.parametrize("wrong", [0o640, 0o604, 0o666])
def test_private_key_that_others_can_read(ring: KeyRing, wrong: int) -> None:
    """A private key open to others is not used, and the error says how to close it."""
    key = ring.generate()
    path = ring.folder / f"{key.key_id}.private.pem"
    path.chmod(wrong)

    with pytest.raises(ConfigurationError, match="open to others") as caught:
        ring.signer()

    assert f"chmod 600 {path}" == caught.value.hint
    assert (f"{path} is open to others: chmod 600 {path}",) == ring.permissions_problems()


@pytest.mark.parametrize("name", ["{id}.private.pem", "checkpoints.key"])
def test_file_named_once(ring: KeyRing, name: str) -> None:
    """An error about a key file says its name once: of its mode, and of what is in it."""
    path = ring.folder / name.format(id=ring.generate().key_id)
    use = ring.signer if name.endswith(".pem") else ring.checkpoint_seal
    path.chmod(0o644)
    with pytest.raises(ConfigurationError) as opened:
        use()
    path.chmod(0o600)
    path.write_text("coffee mugs")
    with pytest.raises(ConfigurationError) as filled:
        use()

    assert f"{path} is open to others, who could use it" == str(opened.value)
    assert str(filled.value).startswith(f"{path}: ")
    assert 1 == str(filled.value).count(path.name)


@pytest.mark.parametrize("take", [KeyRing.import_pem, KeyRing.import_checkpoint_key])
def test_file_that_is_not_there_named_once(ring: KeyRing, tmp_path: Path, take: Any) -> None:
    """So does one about a file that cannot be read."""
    path = tmp_path / "mug.pem"

    with pytest.raises(ConfigurationError) as missing:
        take(ring, path)

    assert f"{path}: No such file or directory" == str(missing.value)


def test_trusted_key_that_others_can_alter(ring: KeyRing) -> None:
    """A folder or a public key that others can write is reported: they could make themselves trusted."""
    key = ring.generate()
    path = ring.folder / f"{key.key_id}.public.pem"
    path.chmod(0o666)
    ring.folder.chmod(0o777)

    problems = ring.permissions_problems()

    assert 2 == len(problems)
    assert f"chmod 700 {ring.folder}" in problems[0]
    assert f"chmod 644 {path}" in problems[1]


def test_public_key_exchanged_under_its_name(ring: KeyRing) -> None:
    """A file that holds another key than its name says makes nothing trusted."""
    key = ring.generate()
    (ring.folder / f"{key.key_id}.public.pem").write_bytes(SigningKey.generate().verifying_key.to_pem())

    with pytest.raises(ConfigurationError, match="not the key that its name says"):
        ring.trusted()


def test_private_key_exchanged_under_its_name(ring: KeyRing) -> None:
    """A private key that is not the active one does not sign in its name."""
    key = ring.generate()
    (ring.folder / f"{key.key_id}.private.pem").write_bytes(SigningKey.generate().to_pem())

    with pytest.raises(ConfigurationError, match="not the key that its name says"):
        ring.signer()


def test_active_names_nothing(ring: KeyRing) -> None:
    """An `active` file with something else in it is refused without quoting it; an absent key is named."""
    ring.generate()
    (ring.folder / "active").write_text("../../planted")
    with pytest.raises(ConfigurationError, match="does not hold a key id") as caught:
        ring.signer()

    (ring.folder / "active").write_text("0" * 64)

    assert "planted" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="private key of '0000"):
        ring.signer()


def test_folder_that_was_never_made(tmp_path: Path) -> None:
    """Without a folder every question is answered with what to do."""
    ring = KeyRing(tmp_path / "absent")

    with pytest.raises(ConfigurationError) as caught:
        ring.trusted()

    assert "tipline init" in caught.value.hint
    assert "tipline init" in ring.permissions_problems()[0]
    with pytest.raises(ConfigurationError):
        ring.signer()


def test_crash_between_draft_and_name(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key whose writing failed leaves neither a half file nor a changed active key."""
    key = ring.generate()
    before = names(ring)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        ring.generate()

    assert before == names(ring)
    assert key.key_id == ring.signer().key_id


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where no key folder can be made, the setting is named."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="cannot be made: Not a directory"):
        KeyRing.create(tmp_path / "file" / "keys")


def test_public_file_that_holds_no_key(ring: KeyRing) -> None:
    """A damaged public key is named by its file, and nothing is trusted until it is put right."""
    key = ring.generate()
    (ring.folder / f"{key.key_id}.public.pem").write_bytes(b"damaged")

    with pytest.raises(ConfigurationError, match=rf"{key.key_id}\.public\.pem: not a public key"):
        ring.trusted()


def test_checkpoint_key(ring: KeyRing) -> None:
    """A new ring holds a secret for checkpoints that its owner alone can read, and making the ring again keeps it."""
    seal = ring.checkpoint_seal()

    again = KeyRing.create(ring.folder)

    assert 0o600 == mode(ring.folder / "checkpoints.key")
    assert seal.to_text() == again.checkpoint_seal().to_text()
    assert seal.to_text() not in repr(seal)


def test_checkpoint_key_lost(ring: KeyRing) -> None:
    """Without the secret nothing is believed by guess: the file is named, with the way out."""
    (ring.folder / "checkpoints.key").unlink()

    with pytest.raises(ConfigurationError, match=r"checkpoints\.key is missing") as caught:
        ring.checkpoint_seal()

    assert "--checkpoint-key FILE" in caught.value.hint
    assert "--new-checkpoint-key" in caught.value.hint


def test_checkpoint_key_made_anew(ring: KeyRing) -> None:
    """Another secret takes the place of a lost one; one that is there, even damaged, is not written over."""
    path, lost = ring.folder / "checkpoints.key", ring.checkpoint_seal()
    path.unlink()

    ring.replace_checkpoint_key()

    made = ring.checkpoint_seal()
    assert lost.to_text() != made.to_text()
    assert 0o600 == mode(path)
    with pytest.raises(ConfigurationError, match="is there"):
        ring.replace_checkpoint_key()
    assert made.to_text() == ring.checkpoint_seal().to_text()
    path.write_text("damaged")
    with pytest.raises(ConfigurationError, match="is there") as caught:
        ring.replace_checkpoint_key()
    assert "Move that file away" in caught.value.hint


@pytest.mark.parametrize(("text", "says"), [("mug", "not hexadecimal"), ("00ff", "has 2 bytes")])
def test_checkpoint_key_damaged(ring: KeyRing, text: str, says: str) -> None:
    """A file that holds no secret of the right length is refused by name, without showing what stands in it."""
    (ring.folder / "checkpoints.key").write_text(text)

    with pytest.raises(ConfigurationError, match=says) as caught:
        ring.checkpoint_seal()

    assert text not in str(caught.value)


def test_checkpoint_key_open_to_others(ring: KeyRing) -> None:
    """A secret that others can read is refused, and listed among the problems."""
    (ring.folder / "checkpoints.key").chmod(0o640)

    with pytest.raises(ConfigurationError, match="open to others"):
        ring.checkpoint_seal()

    assert 1 == len(ring.permissions_problems())


def test_checkpoint_key_of_another_host(ring: KeyRing, tmp_path: Path) -> None:
    """The secret of another host of the same outbox is taken over; one that would replace ours is refused."""
    other = KeyRing.create(tmp_path / "other")
    theirs = other.folder / "checkpoints.key"
    with pytest.raises(ConfigurationError, match="holds another secret"):
        ring.import_checkpoint_key(theirs)
    (ring.folder / "checkpoints.key").unlink()

    ring.import_checkpoint_key(theirs)

    assert other.checkpoint_seal().to_text() == ring.checkpoint_seal().to_text()
    assert 0o600 == mode(ring.folder / "checkpoints.key")
