"""Where keys live on this host: a folder of PEM files, one key active, several trusted.

    <key id>.private.pem   PKCS#8, readable by its owner alone
    <key id>.public.pem    trusted: envelopes of this key are believed
    active                 the id of the key that signs

A host with public keys alone can verify and cannot sign. Every file is complete on disk before it gets its name, so a
crash leaves no half key. Nothing here knows what is signed.
"""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Self

from tipline_client.envelope.keys import SigningKey, TrustedKeys, VerifyingKey
from tipline_client.errors import ConfigurationError

__all__ = ["KeyRing"]

_KEY_ID = re.compile(r"[0-9a-f]{64}")
_MAX_PEM = 64 * 1024
_INIT = "Run `tipline init` to make keys, or import one with `KeyRing.import_pem`."


class KeyRing:
    """The keys of one folder.

    Args:
        folder: The folder; it need not exist yet, see `create`.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    @classmethod
    def create(cls, folder: Path | str) -> Self:
        """Make the folder, readable by its owner alone; one that is there already is used as it is.

        Raises:
            ConfigurationError: It cannot be made.
        """
        path = Path(folder)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"the key folder {path} cannot be made: {error.strerror}") from None
        return cls(path)

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
        try:
            pem = _read(Path(path))
            is_private = b"PRIVATE KEY-----" in pem
            key = SigningKey.from_pem(pem, password=password) if is_private else VerifyingKey.from_pem(pem)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}", hint=error.hint) from None
        if isinstance(key, SigningKey):
            return self._keep(key, activate=activate)
        if activate:
            raise ConfigurationError(
                f"{path}: a public key cannot sign", hint="Import the private key to sign with it."
            )
        self._place(f"{key.key_id}.public.pem", key.to_pem(), mode=0o644)
        return key

    def activate(self, key_id: str) -> None:
        """Let another key of this folder sign from now on.

        Raises:
            ConfigurationError: Its private or public half is not here, or others can read the private half.
        """
        self._load_signer(key_id)
        self._place("active", f"{key_id}\n".encode(), mode=0o644, replace=True)

    def signer(self) -> SigningKey:
        """The key that signs.

        Raises:
            ConfigurationError: No key is active, its private or public half is missing, or others can read it.
        """
        active = self._active()
        if active is None:
            holds = len(self._ids("public"))
            raise ConfigurationError(
                f"no signing key is active in {self.folder}, which trusts {holds} public key(s): this host cannot sign",
                hint=_INIT,
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
        return TrustedKeys(keys)

    def distrust(self, key_id: str) -> None:
        """Believe this key no longer. Its public half is kept under another name, for whoever investigates.

        Entries that wait with its signature alone are refused from now on.

        Raises:
            ConfigurationError: The key is active, or not trusted at all.
        """
        if key_id == self._active():
            raise ConfigurationError(
                f"key {key_id} is active and cannot be distrusted", hint="Make another key active first."
            )
        if key_id not in self._ids("public"):
            raise ConfigurationError(
                "no trusted key has this id", hint=f"The trusted keys are listed in {self.folder}."
            )
        (self.folder / f"{key_id}.public.pem").replace(self.folder / f"{key_id}.distrusted.pem")
        _sync_folder(self.folder)

    def permissions_problems(self) -> tuple[str, ...]:
        """What others on this host can do with the folder that they must not; each a sentence with its remedy."""
        if not self.folder.is_dir():
            return (f"{self.folder} is missing: run `tipline init`",)
        problems = []
        if self.folder.stat().st_mode & 0o077:
            problems.append(f"{self.folder} is open to others: chmod 700 {self.folder}")
        for path in sorted(self.folder.iterdir()):
            mode = path.stat().st_mode
            if path.name.endswith(".private.pem") and mode & 0o077:
                problems.append(f"{path} is open to others: chmod 600 {path}")
            elif mode & 0o022:
                problems.append(f"{path} can be altered by others: chmod 644 {path}")
        return tuple(problems)

    def _keep(self, key: SigningKey, *, activate: bool) -> VerifyingKey:
        # Trusted before it can sign: whatever this key ever signs can be verified.
        self._place(f"{key.key_id}.public.pem", key.verifying_key.to_pem(), mode=0o644)
        self._place(f"{key.key_id}.private.pem", key.to_pem(), mode=0o600)
        if activate:
            self.activate(key.key_id)
        return key.verifying_key

    def _ids(self, half: str) -> list[str]:
        suffix = f".{half}.pem"
        try:
            names = [path.name for path in self.folder.iterdir()]
        except OSError as error:
            raise ConfigurationError(f"the key folder {self.folder}: {error.strerror}", hint=_INIT) from None
        return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))

    def _active(self) -> str | None:
        path = self.folder / "active"
        if not path.exists():
            return None
        key_id = _read(path).decode("ascii", "replace").strip()
        if not _KEY_ID.fullmatch(key_id):
            raise ConfigurationError(f"{path} does not hold a key id", hint="Write the id of the key that is to sign.")
        return key_id

    def _load_signer(self, key_id: str) -> SigningKey:
        path = self.folder / f"{key_id}.private.pem"
        if not _KEY_ID.fullmatch(key_id) or not path.exists():
            raise ConfigurationError(f"the private key of {key_id!r} is not in {self.folder}", hint=_INIT)
        key = SigningKey.from_pem(_read(path, is_secret=True))
        if key.key_id != key_id:
            raise ConfigurationError(f"{path} is not the key that its name says", hint=_INIT)
        if not (self.folder / f"{key_id}.public.pem").exists():
            raise ConfigurationError(
                f"key {key_id} is not trusted here, so what it signs would be refused",
                hint="Import its private key again, or make another key active.",
            )
        return key

    def _load_public(self, key_id: str) -> VerifyingKey:
        path = self.folder / f"{key_id}.public.pem"
        try:
            key = VerifyingKey.from_pem(_read(path))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}", hint=error.hint) from None
        if key.key_id != key_id:
            raise ConfigurationError(
                f"{path} is not the key that its name says",
                hint="Remove it, and import the key: the file is then named by its id.",
            )
        return key

    def _place(self, name: str, data: bytes, *, mode: int, replace: bool = False) -> None:
        final = self.folder / name
        if final.exists() and not replace:
            return
        draft = self.folder / f".{name}.{secrets.token_hex(8)}.draft"
        try:
            try:
                _write_new(draft, data, mode=mode)
                draft.replace(final)
            finally:
                draft.unlink(missing_ok=True)
            _sync_folder(self.folder)
        except OSError as error:
            raise ConfigurationError(f"{final} cannot be written: {error.strerror}") from None


def _read(path: Path, *, is_secret: bool = False) -> bytes:
    try:
        with path.open("rb") as file:
            if is_secret and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigurationError(f"{path} is open to others, who could sign with it", hint=f"chmod 600 {path}")
            return file.read(_MAX_PEM)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    # The mode is the file's from its first moment: a key is never readable by others, not even before a chmod.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
