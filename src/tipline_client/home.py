"""Where everything of one installation lies: outbox, keys, evidence, and the endpoint's schema once fetched.

    HOME/                      0700
        outbox.sqlite          the durable queue
        keys/                  signing and trusted keys
        evidence/              copies of the evidence files
        schemas/NAME.xsd       the schema of the profile called NAME

It opens these things; what is done with them is said elsewhere.
"""

import os
import secrets
from pathlib import Path

from tipline_client.envelope import KeyRing
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import EvidenceFolder
from tipline_client.profiles import EndpointProfile, EndpointSchema

__all__ = ["Home"]


class Home:
    """One installation's folder.

    Args:
        path: The folder. It need not exist yet.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def outbox_path(self) -> Path:
        """The outbox's database file."""
        return self.path / "outbox.sqlite"

    @property
    def keys_path(self) -> Path:
        """The folder of the keys."""
        return self.path / "keys"

    @property
    def exists(self) -> bool:
        """Whether this is a home already: one key at least is trusted in it."""
        return any(self.keys_path.glob("*.public.pem"))

    def create(self, *, import_key: Path | None = None) -> KeyRing:
        """Make the folder, mode 0700, with a signing key.

        Args:
            import_key: An Ed25519 private key in PEM to sign with; a fresh one is made without it.

        Raises:
            ConfigurationError: It is a home already, holds an outbox without keys, or cannot be made.
        """
        if self.exists:
            raise ConfigurationError(
                f"{self.path} is a home already", hint="Use it as it is; `tipline init --rotate` adds a new key."
            )
        if self.outbox_path.exists():
            raise ConfigurationError(
                f"{self.path} holds an outbox but no keys: what is queued could not be verified",
                hint="Restore the keys folder from a backup, or name another home.",
            )
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in ("evidence", "schemas"):
                (self.path / folder).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be made a home: {error.strerror}") from None
        keys = KeyRing.create(self.keys_path)
        if import_key is None:
            keys.generate()
        else:
            keys.import_pem(import_key, activate=True)
        return keys

    def keys(self) -> KeyRing:
        """The keys of this home.

        Raises:
            ConfigurationError: It is no home.
        """
        if not self.exists:
            raise ConfigurationError(f"{self.path} is no home: it has no keys", hint="Make one with `tipline init`.")
        return KeyRing(self.keys_path)

    def evidence(self) -> EvidenceFolder:
        """The store of evidence copies."""
        return EvidenceFolder(self.path / "evidence")

    def schema_path(self, profile_name: str) -> Path:
        """Where the schema of a profile's endpoint is kept."""
        return self.path / "schemas" / f"{profile_name}.xsd"

    def know_schema(self, profile: EndpointProfile) -> EndpointProfile:
        """The profile, with the endpoint's schema if it was fetched and the profile does not have one.

        Raises:
            ConfigurationError: The saved file is no schema.
        """
        if profile.schema is not None:
            return profile
        return profile.with_schema(self.schema(profile.name))

    def schema(self, profile_name: str) -> EndpointSchema | None:
        """The kept schema of a profile's endpoint, if one was fetched.

        Raises:
            ConfigurationError: The saved file cannot be read, or is no schema.
        """
        try:
            text = self.schema_path(profile_name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationError(f"the saved schema cannot be read: {error.strerror}") from None
        return EndpointSchema(text)

    def save_schema(self, profile_name: str, schema: EndpointSchema) -> Path:
        """Keep a fetched schema, replacing the one before in one move.

        Raises:
            ConfigurationError: It cannot be written.
        """
        path = self.schema_path(profile_name)
        partial = path.with_suffix(f".{secrets.token_hex(4)}.partial")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(schema.text)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            raise ConfigurationError(f"the schema cannot be saved: {error.strerror}") from None
        return path
