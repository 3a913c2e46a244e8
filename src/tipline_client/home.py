"""Where everything of one installation lies: outbox, keys, evidence, and the endpoint's schema once fetched.

    HOME/                      0700
        outbox.sqlite          the durable queue, unless that is in a database
        keys/                  signing and trusted keys, and in keys/master/ what wraps the data keys
        evidence/              copies of the evidence files, unless those are kept elsewhere
        schemas/NAME.xsd       the schema of the profile called NAME
        accepted.json          in which environment a pair of credentials was accepted, as keyed digests
        outboxes.txt           the databases that have held its outbox

It opens these things; what is done with them is said elsewhere.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tipline_client._alone import alone_in
from tipline_client._closed import is_denied, reason_of, way_in
from tipline_client.delivery.clock import Clock, is_turned
from tipline_client.dispatch.reader import Reader
from tipline_client.envelope import KeyRing, TrustedKeys
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import (
    KEEP_FREE,
    EvidenceBucket,
    EvidenceByMode,
    EvidenceFolder,
    EvidencePlace,
    open_copies,
)
from tipline_client.known_outboxes import KnownOutboxes
from tipline_client.outbox import (
    Address,
    Outbox,
    SqliteOutbox,
    holds_entries,
    migrate_database,
    open_database,
)
from tipline_client.profiles import EndpointProfile, EndpointSchema
from tipline_client.vault import MasterKeys, Vault
from tipline_client.vault.key_files import is_there
from tipline_client.vault.local_keys import LocalMasterKeys
from tipline_client.vault.local_keys import generate as make_master_key
from tipline_client.vault.local_keys import keep as keep_master_key

__all__ = ["Home"]


class Home:
    """One installation's folder.

    Args:
        path: The folder. It need not exist yet.
        master_keys: Master keys that are no files of it, as they come from the environment; the first of them wraps.
        key_provider: What wraps elsewhere, in place of all master keys that are here.
        remembers_outbox: Whether it remembers which database its outbox is in.

    Attributes:
        path: The folder.
        known_outboxes: The databases that its outbox was in.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        master_keys: Sequence[X25519PrivateKey | X25519PublicKey] = (),
        key_provider: MasterKeys | None = None,
        remembers_outbox: bool = True,
    ) -> None:
        self.path = Path(path)
        self._master_keys = tuple(master_keys)
        self._key_provider = key_provider
        memory = self.path / "outboxes.txt"
        self.known_outboxes = KnownOutboxes(memory, own=self.outbox_path, remembers=remembers_outbox)

    @property
    def outbox_path(self) -> Path:
        """The outbox's database file."""
        return self.path / "outbox.sqlite"

    @property
    def keys_path(self) -> Path:
        """The folder of the keys."""
        return self.path / "keys"

    @property
    def master_keys_path(self) -> Path:
        """The folder of the master keys."""
        return self.keys_path / "master"

    @property
    def accepted_path(self) -> Path:
        """What is remembered of credentials that were accepted."""
        return self.path / "accepted.json"

    @property
    def exists(self) -> bool:
        """Whether this is a home already: one key at least is trusted in it.

        Raises:
            ConfigurationError: This user may not look, or not where the way to it leads.
        """
        try:
            return any(path.name.endswith(".public.pem") for path in self.keys_path.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError) as error:
            raise self._unusable(error, self.keys_path) from None

    def closed_to_user(self) -> str | None:
        """Why this user may not look into it, with what is closed and whose it is; `None` where nothing is closed."""
        try:
            self.schema_path("any").lstat()
        except OSError as error:
            return reason_of(error, self.schema_path("any")) if is_denied(error) else None
        return None

    def create(
        self,
        *,
        import_key: Path | None = None,
        master_key: X25519PrivateKey | X25519PublicKey | None = None,
        beside: Address | None = None,
    ) -> KeyRing:
        """Make the folder, mode 0700, with a signing key.

        Args:
            import_key: An Ed25519 private key in PEM to sign with; a fresh one is made without it.
            master_key: What wraps the data keys; a fresh one is made without it, unless the environment brings one.
            beside: The database that holds the outbox, if one does. Other hosts may have queued something there.

        Raises:
            ConfigurationError: It is a home already, holds an outbox without keys, or cannot be made; or something is
                in the database, and fresh keys would refuse all of it.
            OutboxUnavailableError: The database cannot be reached.
        """
        self._make_folder(import_key, beside)
        with alone_in(self.path):
            return self._create(import_key, master_key, beside)

    def keys_or_create(self, *, beside: Address | None = None) -> KeyRing:
        """The keys of this home, which is made if there is none: of several who come at once one makes it.

        Args:
            beside: See `create`.

        Raises:
            ConfigurationError: See `create` and `keys`.
            OutboxUnavailableError: See `create`.
        """
        if self.exists and (keys := self.keys()).active_id is not None:
            return keys
        # Or half of one, which another process is just making.
        self._make_folder(None, beside)
        with alone_in(self.path):
            return self.keys() if self.exists else self._create(None, None, beside)

    def _create(
        self, import_key: Path | None, master_key: X25519PrivateKey | X25519PublicKey | None, beside: Address | None
    ) -> KeyRing:
        self._check_new(import_key, beside)
        for folder in ("evidence", "schemas"):
            self._make(self.path / folder)
        keys = KeyRing.create(self.keys_path)
        if master_key is not None:
            keep_master_key(self.master_keys_path, master_key)
        elif not self._master_keys and self._key_provider is None:
            make_master_key(self.master_keys_path)
        if import_key is None:
            keys.generate()
        else:
            keys.import_pem(import_key, activate=True)
        return keys

    def _make_folder(self, import_key: Path | None, beside: Address | None) -> None:
        if not self.exists and not self.path.is_dir():
            # Asked before anything is made; and once more where nobody else makes it.
            self._check_new(import_key, beside)
        self._make(self.path)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error, self.path, "made") from None

    def _check_new(self, import_key: Path | None, beside: Address | None) -> None:
        if self.exists:
            raise ConfigurationError(
                f"{self.path} is a home already", hint="Use it as it is; `tipline init --rotate` adds a new key."
            )
        if self._holds_outbox() or (import_key is None and self.known_outboxes.places()):
            raise self._keyless()
        if beside is not None and import_key is None and holds_entries(beside):
            raise ConfigurationError(
                f"{self.path} is no home, and what is in the outbox can be verified with the keys of its hosts alone",
                hint="Bring the folders keys and evidence of the hosts that share this outbox.",
            )

    def keys(self) -> KeyRing:
        """The keys of this home.

        Raises:
            ConfigurationError: It is no home.
        """
        if self.exists:
            return KeyRing(self.keys_path)
        if self._holds_outbox() or self.known_outboxes.places():
            raise self._keyless()
        raise ConfigurationError(f"{self.path} is no home: it has no keys", hint="Make one with `tipline init`.")

    def master_keys(self) -> MasterKeys:
        """What wraps and unwraps: the provider, else the keys of this home with those that the environment brings.

        Raises:
            ConfigurationError: A file is not the key that its name says, or others can read a private half.
        """
        if self._key_provider is not None:
            return self._key_provider
        return LocalMasterKeys.load(self.master_keys_path).preferring(self._master_keys)

    def reader(self, *, master_keys: MasterKeys | None = None, trusted: TrustedKeys | None = None) -> Reader:
        """What opens the entries of this installation and verifies them.

        Args:
            master_keys: What unwraps the data keys; the key files of this home without it.
            trusted: Whose signatures are believed; the public keys of this home without it.

        Raises:
            ConfigurationError: The keys of this home cannot be read.
        """
        keys = self.keys()
        return Reader(
            vault=Vault(master_keys or self.master_keys()),
            trusted=trusted or keys.trusted(),
            records=keys.record_keys(),
        )

    def _holds_outbox(self) -> bool:
        try:
            return is_there(self.outbox_path)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.path} cannot be used as a home: {error}", hint=error.hint) from None

    def _unusable(self, error: OSError | ValueError, path: Path, how: str = "used as") -> ConfigurationError:
        reason, hint = reason_of(error, path), way_in(error, path)
        return ConfigurationError(f"{self.path} cannot be {how} a home: {reason}", hint=hint)

    def _keyless(self) -> ConfigurationError:
        restore = f"Restore {self.keys_path} from a backup"
        if self._holds_outbox():
            where, way = "holds an outbox", f"{restore}; `list`, `show` and `status` work without it."
        else:
            known = self.known_outboxes
            where = f"has its outbox in {' and in '.join(known.places())},"
            way = f"{restore}. What is out of use for good is forgotten with its line in {known.path}."
        return ConfigurationError(f"{self.path} {where} but no keys: what is queued could not be verified", hint=way)

    def open_outbox_to_look(self, address: Address | None = None) -> Outbox:
        """The outbox, for whoever changes nothing in it: a home that has lost its keys can be looked into.

        None is made: an empty one would say that nothing waits, where only its name is wrong.

        Raises:
            ConfigurationError: It is no home, there is no outbox, or it is of another version.
            OutboxUnavailableError: It cannot be opened.
        """
        try:
            has_keys = self.exists
        except ConfigurationError:
            # Closed keys are as good as none for whoever only looks; in a closed home there is no outbox either.
            if address is not None or not self._holds_outbox():
                raise
            has_keys = False
        if not has_keys and (address is not None or not self._holds_outbox()):
            # Raises what is to be said of a folder that is no home.
            self.keys()
        self.known_outboxes.check(address)
        self.known_outboxes.check_there(address)
        return self._opened(address) if has_keys else SqliteOutbox.open(self.outbox_path)

    def open_outbox(self, address: Address | None = None, *, clock: Clock | None = None, makes: bool = True) -> Outbox:
        """The outbox: the file in this home, or the one in the database at `address`.

        Args:
            address: Where the database is, if it is one.
            clock: Says what time it is. In a database only a clock that a test turns does: any other is not the same
                one for all hosts, and would decide when the leases of others end.
            makes: Whether one is made where there is none.

        Raises:
            ConfigurationError: It is no home; what is to be opened is no outbox of this version; or it would be made,
                though the outbox of this home is or was elsewhere.
            OutboxUnavailableError: It cannot be opened.
        """
        self.keys()
        self.known_outboxes.check(address)
        if not makes:
            self.known_outboxes.check_there(address)
        outbox = self._opened(address, clock=clock)
        if address is not None:
            self.known_outboxes.remember(address)
        return outbox

    def migrate_outbox(self, address: Address) -> tuple[int, int]:
        """Make the outbox's tables in a database, or bring them up to date; see `outbox.migrate_database`."""
        return migrate_database(address, is_own=self.known_outboxes.is_own(address))

    def _opened(self, address: Address | None, *, clock: Clock | None = None) -> Outbox:
        chain = self.keys().history_chain()
        if address is None or self.known_outboxes.is_own(address):
            # With the same library whether it is named or not.
            return SqliteOutbox.open(self.outbox_path, clock=clock, chain=chain, is_shared=address is not None)
        has_own_clock = address.file is None
        return open_database(address, clock=None if has_own_clock and not is_turned(clock) else clock, chain=chain)

    def evidence(
        self, place: EvidencePlace | None = None, *, keep_free: int = KEEP_FREE
    ) -> EvidenceFolder | EvidenceBucket:
        """The store of evidence copies.

        Args:
            place: Where it is, if not in this home.
            keep_free: Bytes that an enqueue leaves free on the disk of a folder.

        Raises:
            ConfigurationError: No evidence can be kept there.
        """
        return open_copies(self.path / "evidence" if place is None else place, keep_free=keep_free)

    def evidence_by_mode(self, place: EvidencePlace | None = None, *, keep_free: int = KEEP_FREE) -> EvidenceByMode:
        """All evidence: the copies, and what is only referred to and lies elsewhere. See `evidence`."""
        return EvidenceByMode(self.evidence(place, keep_free=keep_free))

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
            path = self.schema_path(profile_name)
            reason, hint = reason_of(error, path), way_in(error, path) or "Fetch it again with `tipline schema fetch`."
            raise ConfigurationError(f"the saved schema {path} cannot be read: {reason}", hint=hint) from None
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
            reason, hint = reason_of(error, path), way_in(error, path)
            raise ConfigurationError(f"the schema cannot be saved: {reason}", hint=hint) from None
        return path
