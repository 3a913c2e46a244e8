"""Where keys live on this host: one folder; of the signing keys one is active, several are trusted.

    <key id>.private.pem   PKCS#8, readable by its owner alone
    <key id>.public.pem    trusted: envelopes of this key are believed
    active                 the id of the key that signs
    checkpoints.key        the installation's secret, readable by its owner alone

A host with public keys and the secret can dispatch and cannot sign. Nothing here knows what is signed.
"""

import re
from pathlib import Path
from typing import Self

from tipline_client._closed import reason_of, way_in
from tipline_client._whole_file import sync_folder
from tipline_client.envelope.checkpoint_seal import CheckpointSeal
from tipline_client.envelope.history_chain import HistoryChain
from tipline_client.envelope.keys import SigningKey, TrustedKeys, VerifyingKey
from tipline_client.envelope.record_keys import RecordKeys
from tipline_client.errors import ConfigurationError
from tipline_client.vault.key_files import explained, is_there, names_in, place, read

__all__ = ["KeyRing"]

_KEY_ID = re.compile(r"[0-9a-f]{64}")
_MOVE_AWAY = "Move that file away first if it really is to be replaced."
_INIT = "Run `tipline init` to make keys, or import one with `KeyRing.import_pem`."
_SIGN = "Make one with `tipline init`, in a home that has keys already with `tipline init --rotate`."


class KeyRing:
    """The keys of one folder.

    Args:
        folder: The folder; it need not exist yet, see `create`.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    @classmethod
    def create(cls, folder: Path | str) -> Self:
        """Make the folder, readable by its owner alone, and the secret in it; what is there already stays as it is.

        Raises:
            ConfigurationError: It cannot be made.
        """
        path = Path(folder)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason, hint = reason_of(error, path), way_in(error, path)
            raise ConfigurationError(f"the key folder {path} cannot be made: {reason}", hint=hint) from None
        ring = cls(path)
        ring._keep_secret(CheckpointSeal.generate())
        return ring

    def generate(self, *, activate: bool = True) -> VerifyingKey:
        """Make a new key. The keys that were trusted stay trusted, so what they signed stays valid.

        Args:
            activate: Whether the new key signs from now on.

        Raises:
            ConfigurationError: The folder cannot be written.
        """
        return self._keep(SigningKey.generate(), activate=activate)

    def import_pem(self, path: Path | str, *, activate: bool = False, password: bytes | None = None) -> VerifyingKey:
        """Take over a key that exists: a private one can sign here, a public one is trusted.

        Args:
            path: An Ed25519 key in PEM: PKCS#8 or SubjectPublicKeyInfo.
            activate: Whether the key signs from now on; for a private key only.
            password: What the PEM is encrypted with, if it is. The copy in the folder is not encrypted.

        Raises:
            ConfigurationError: No such file, no key, a key of another type, or a public key that was to sign.
        """
        pem = read(Path(path))
        is_private = b"PRIVATE KEY-----" in pem
        with explained(Path(path)):
            key = SigningKey.from_pem(pem, password=password) if is_private else VerifyingKey.from_pem(pem)
        if isinstance(key, SigningKey):
            return self._keep(key, activate=activate)
        if activate:
            raise ConfigurationError(
                f"{path}: a public key cannot sign", hint="Import the private key to sign with it."
            )
        place(self.folder / f"{key.key_id}.public.pem", key.to_pem(), mode=0o644)
        return key

    def activate(self, key_id: str) -> None:
        """Let another key of this folder sign from now on.

        Raises:
            ConfigurationError: Its private or public half is not here, or others can read the private half.
        """
        self._load_signer(key_id)
        place(self.folder / "active", f"{key_id}\n".encode(), mode=0o644, replaces=True)

    @property
    def active_id(self) -> str | None:
        """The id of the key that signs; `None` on a host that only verifies and delivers.

        Raises:
            ConfigurationError: What stands where the id is kept is none.
        """
        path = self.folder / "active"
        if not is_there(path):
            return None
        key_id = read(path).decode("ascii", "replace").strip()
        if not _KEY_ID.fullmatch(key_id):
            raise ConfigurationError(f"{path} does not hold a key id", hint="Write the id of the key that is to sign.")
        return key_id

    def signer(self) -> SigningKey:
        """The key that signs.

        Raises:
            ConfigurationError: No key is active, its private or public half is missing, or others can read it.
        """
        active = self.active_id
        if active is None:
            holds = len(self._ids("public"))
            raise ConfigurationError(
                f"no signing key is active in {self.folder}, which trusts {holds} public key(s): this host cannot sign",
                hint=_SIGN,
            )
        return self._load_signer(active)

    def trusted(self) -> TrustedKeys:
        """Every public key of the folder, active or not.

        Raises:
            ConfigurationError: There is none, or a file is not the key that its name says.
        """
        keys = [self._load_public(key_id) for key_id in self._ids("public")]
        if not keys:
            raise ConfigurationError(f"no public key is trusted in {self.folder}: nothing can be verified", hint=_INIT)
        return TrustedKeys(keys, distrusted=self._ids("distrusted"))

    def checkpoint_seal(self) -> CheckpointSeal:
        """What seals the checkpoints of this installation's outbox.

        Raises:
            ConfigurationError: The secret is missing, is none, or others can read it.
        """
        path = self._secret_path
        if not is_there(path):
            raise ConfigurationError(
                f"{path} is missing: how far each delivery has got cannot be verified",
                hint="Restore it from the backup of the keys, or bring another host's: `tipline init --checkpoint-key "
                "FILE`. If it is gone for good, `tipline init --new-checkpoint-key` makes another.",
            )
        text = read(path, is_secret=True).decode("ascii", "replace").strip()
        with explained(path):
            return CheckpointSeal.from_text(text)

    def history_chain(self) -> HistoryChain:
        """What chains the history of this installation's outbox; without the secret, one that anybody could make."""
        try:
            return HistoryChain(bytes.fromhex(self.checkpoint_seal().to_text()))
        except ConfigurationError:
            # Whoever looks into an outbox without the secret must not be kept from it; the lines will say so.
            return HistoryChain()

    def record_keys(self) -> RecordKeys:
        """What seals receipts and certificates, and keys digests; see `checkpoint_seal` for the errors."""
        return RecordKeys(bytes.fromhex(self.checkpoint_seal().to_text()))

    def replace_checkpoint_key(self) -> None:
        """Make another secret after the one before was lost.

        What waits in the outbox under the lost one is refused from then on, until a person vouches for it.

        Raises:
            ConfigurationError: A secret is here still, or the new one cannot be written.
        """
        if is_there(self._secret_path):
            raise ConfigurationError(
                f"{self._secret_path} is there, and what waits in the outbox was sealed with it", hint=_MOVE_AWAY
            )
        self._keep_secret(CheckpointSeal.generate())

    def import_checkpoint_key(self, path: Path | str) -> None:
        """Take over the secret of another host of the same outbox.

        What waits in the outbox under another secret is refused from then on, until a person vouches for it.

        Args:
            path: 64 hexadecimal digits, as `openssl rand -hex 32` writes them.

        Raises:
            ConfigurationError: No such file, no such secret, or another secret is here already.
        """
        text = read(Path(path)).decode("ascii", "replace").strip()
        with explained(Path(path)):
            seal = CheckpointSeal.from_text(text)
        if is_there(self._secret_path) and self.checkpoint_seal().to_text() != seal.to_text():
            raise ConfigurationError(
                f"{self._secret_path} holds another secret, and what waits in the outbox was sealed with it",
                hint=_MOVE_AWAY,
            )
        self._keep_secret(seal)

    def distrust(self, key_id: str) -> None:
        """Believe this key no longer. Its public half is kept under another name, for whoever investigates.

        Entries that wait with its signature alone are refused from now on.

        Raises:
            ConfigurationError: The key is active, the only one that is trusted, or not trusted at all.
        """
        if key_id == self.active_id:
            raise ConfigurationError(
                f"key {key_id} is active and cannot be distrusted",
                hint="Make another key active first, with `tipline init --rotate` or `--import`.",
            )
        trusted = self._ids("public")
        if key_id not in trusted:
            raise ConfigurationError("no trusted key has this id", hint="`tipline init` lists the trusted keys.")
        if trusted == [key_id]:
            raise ConfigurationError(
                f"key {key_id} is the only one that is trusted here, and without any nothing can be verified",
                hint="Trust the key that takes its place first, with `tipline init --trust FILE`.",
            )
        (self.folder / f"{key_id}.public.pem").replace(self.folder / f"{key_id}.distrusted.pem")
        sync_folder(self.folder)

    @property
    def _secret_path(self) -> Path:
        return self.folder / "checkpoints.key"

    def permissions_problems(self) -> tuple[str, ...]:
        """What others on this host can do with the folder that they must not; each a sentence with its remedy."""
        if not self.folder.is_dir():
            return (f"{self.folder} is missing: run `tipline init`",)
        problems = []
        if self.folder.stat().st_mode & 0o077:
            problems.append(f"{self.folder} is open to others: chmod 700 {self.folder}")
        for path in (self.folder / name for name in names_in(self.folder)):
            mode = path.stat().st_mode
            if path.name.endswith((".private.pem", ".key")) and mode & 0o077:
                problems.append(f"{path} is open to others: chmod 600 {path}")
            elif mode & 0o022:
                problems.append(f"{path} can be altered by others: chmod 644 {path}")
        return tuple(problems)

    def _keep(self, key: SigningKey, *, activate: bool) -> VerifyingKey:
        # Trusted before it can sign: whatever this key ever signs can be verified.
        place(self.folder / f"{key.key_id}.public.pem", key.verifying_key.to_pem(), mode=0o644)
        place(self.folder / f"{key.key_id}.private.pem", key.to_pem(), mode=0o600)
        if activate:
            self.activate(key.key_id)
        return key.verifying_key

    def _keep_secret(self, seal: CheckpointSeal) -> None:
        place(self._secret_path, seal.to_text().encode() + b"\n", mode=0o600)

    def _ids(self, half: str) -> list[str]:
        suffix = f".{half}.pem"
        names = names_in(self.folder)
        return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))

    def _load_signer(self, key_id: str) -> SigningKey:
        path = self.folder / f"{key_id}.private.pem"
        if not _KEY_ID.fullmatch(key_id) or not is_there(path):
            raise ConfigurationError(
                f"the private key of {key_id!r} is not in {self.folder}",
                hint="Restore it from the backup of the keys, or make a new one with `tipline init --rotate`.",
            )
        pem = read(path, is_secret=True)
        with explained(path):
            key = SigningKey.from_pem(pem)
        if key.key_id != key_id:
            raise ConfigurationError(f"{path} is not the key that its name says", hint=_INIT)
        if not is_there(self.folder / f"{key_id}.public.pem"):
            raise ConfigurationError(
                f"key {key_id} is not trusted here, so what it signs would be refused",
                hint="Import its private key again, or make another key active.",
            )
        return key

    def _load_public(self, key_id: str) -> VerifyingKey:
        path = self.folder / f"{key_id}.public.pem"
        pem = read(path)
        with explained(path):
            key = VerifyingKey.from_pem(pem)
        if key.key_id != key_id:
            raise ConfigurationError(
                f"{path} is not the key that its name says",
                hint="Remove it, and import the key: the file is then named by its id.",
            )
        return key
