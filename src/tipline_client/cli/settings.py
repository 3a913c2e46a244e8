"""Which settings are in force, and where each comes from: arguments, then `TIPLINE_*`, then `tipline.toml`.

Inside of a host that has settings of its own, those stand in place of the latter two.

No endpoint is a default, and production is never reached without its own explicit statement. A password, also one in
the outbox's address, is held and handed on, never shown.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tipline_client import profiles
from tipline_client.cli.deadline_settings import read_deadline
from tipline_client.cli.host_settings import host_settings
from tipline_client.cli.key_providers import load_provider
from tipline_client.cli.layers import Layers
from tipline_client.cli.setting_problems import Problems, kept
from tipline_client.cli.settings_file import find_file
from tipline_client.cli.sizes import read_size
from tipline_client.cli.variables import CONFIG_VARIABLE, VARIABLES
from tipline_client.client.options import MAX_SLOTS
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.regimes import DEFAULT_REGIMES, regimes_of
from tipline_client.dispatch.hooks import Hook
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import KEEP_FREE, EvidenceBucket, EvidenceFolder
from tipline_client.home import Home
from tipline_client.outbox.addresses import Address
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.known import KNOWN_PROFILES, MOCK
from tipline_client.vault import MasterKeys
from tipline_client.vault.local_keys import read_keys

__all__ = ["DEFAULT_HOME", "ENDPOINTS", "Settings", "resolve"]

T = TypeVar("T")

DEFAULT_HOME = "tipline-home"
DEFAULT_SLOTS = 8

ENDPOINTS: Mapping[str, tuple[str, Environment]] = {
    word: (known.name, known.environment)
    for known in KNOWN_PROFILES
    if known.base_url
    for word in (known.short_name, known.name)
}
"""What may be named instead of a loopback URL: the profile's name and its environment."""

_CREDENTIALS = ("username", "password")

_TRUTHS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_NAME_ONE = (
    "Give --endpoint or TIPLINE_ENDPOINT: testing, production, or the URL that `tipline mock --port 0` prints; "
    "nothing is assumed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one invocation.

    Attributes:
        home: The folder of outbox, keys and evidence.
        outbox: The database that holds the outbox; `None` for the file in the home.
        evidence: The folder or the URL of a bucket that holds copies of evidence; `None` for the folder in the home.
        keep_free: Bytes that an enqueue leaves free.
        endpoint: A profile's name or a loopback URL, as given.
        username: For the endpoint.
        password: For the endpoint.
        registered_esp: The explicit statement that production needs.
        slots: How many deliveries run at once.
        deadline: How long after the knowledge a report is to be filed, and when somebody is warned.
        regimes: Which laws ask to keep what is filed.
        actor: Who decides, where that is recorded.
        reads_content: Whether content may be shown on this host; `no` where it is only queued or delivered.
        master_keys: Master keys that are no files of the home; the first of them wraps.
        key_provider: What wraps elsewhere, in place of all master keys that are here.
        reporter: Stands in a report that names no reporter.
        hooks: What a host wants to be told of.
        remembers_outbox: Whether the home remembers which database its outbox is in.
        file: The configuration file that was read.
        origins: Setting to where it came from.
        secret_files: Secret to the file that it was read from.
        has_written_password: Whether the configuration file has a password itself, of whichever endpoint.
        meant_for: Credential to the endpoint that is named beside it, where one is: it belongs to that one alone.
    """

    home: Path
    outbox: Address | None = None
    evidence: str | None = None
    keep_free: int = KEEP_FREE
    endpoint: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    registered_esp: bool = False
    slots: int = DEFAULT_SLOTS
    deadline: Deadline | None = None
    regimes: tuple[str, ...] = DEFAULT_REGIMES
    actor: str | None = None
    reads_content: bool = True
    master_keys: tuple[X25519PrivateKey | X25519PublicKey, ...] = field(default=(), repr=False)
    key_provider: MasterKeys | None = field(default=None, repr=False)
    reporter: Mapping[str, Any] | None = field(default=None, repr=False)
    hooks: tuple[Hook, ...] = ()
    remembers_outbox: bool = True
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    secret_files: Mapping[str, Path] = field(default_factory=dict)
    has_written_password: bool = False
    meant_for: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Home:
        """The home, with the master keys that the settings bring."""
        return Home(
            self.home,
            master_keys=self.master_keys,
            key_provider=self.key_provider,
            remembers_outbox=self.remembers_outbox,
        )

    @property
    def lane(self) -> tuple[str, Environment] | None:
        """Profile name and environment of the endpoint, without credentials; `None` when none is named.

        Raises:
            ConfigurationError: The endpoint is neither a profile's name nor a loopback URL.
        """
        if self.endpoint is None:
            return None
        lane = _lane(self.endpoint)
        if lane[1] is Environment.MOCK:
            self._mock()
        return lane

    def copies(self) -> EvidenceFolder | EvidenceBucket:
        """The store of evidence copies.

        Raises:
            ConfigurationError: No evidence can be kept where the setting says.
        """
        return Home(self.home).evidence(self.evidence, keep_free=self.keep_free)

    def profile(self, *, sends: bool = True) -> EndpointProfile:
        """The endpoint, ready to be addressed.

        Args:
            sends: Whether it will be; who only queues needs no credentials.

        Raises:
            ConfigurationError: No endpoint is named, it is unknown, credentials are missing, or it is production and
                the statement `registered_esp` was not made.
        """
        if self.endpoint is None:
            raise ConfigurationError("no endpoint is named", hint=_NAME_ONE)
        name, environment = _lane(self.endpoint)
        if environment is Environment.MOCK:
            return self._mock()
        if environment is Environment.PRODUCTION and not self.registered_esp:
            raise ConfigurationError(
                "the production endpoint needs the explicit statement that a registered provider files for real",
                hint="Use the testing endpoint, or state it: TIPLINE_REGISTERED_ESP=yes, or registered_esp = true "
                "in tipline.toml.",
            )
        self._check_belonging()
        if sends and not (self.username and self.password):
            missing = "username" if not self.username else "password"
            raise ConfigurationError(
                f"the {missing} for {name} is missing",
                hint="Set TIPLINE_USERNAME and TIPLINE_PASSWORD, or TIPLINE_PASSWORD_FILE.",
            )
        pair = {"username": self.username, "password": self.password}
        return profiles.named(self.endpoint, **pair, registered_esp=self.registered_esp, sends=sends)

    def _mock(self) -> EndpointProfile:
        if "://" not in (self.endpoint or ""):
            raise ConfigurationError(f"there is no endpoint {self.endpoint!r}", hint=_NAME_ONE)
        named = _named_at(self.endpoint or "")
        if named is not None:
            raise ConfigurationError(
                f"{self.endpoint} is the address of {named}: a real endpoint is named, never addressed",
                hint=f"Give the name: --endpoint {named}, or TIPLINE_ENDPOINT={named}.",
            )
        # A mock is tried with whatever settings lie around; those of a real endpoint are not shown to it.
        own = {name: getattr(self, name) for name in _CREDENTIALS if self._belongs(name)}
        return profiles.mock(
            self.endpoint or "",
            username=profiles.MOCK_USERNAME if own.get("username") is None else own["username"],
            password=profiles.MOCK_PASSWORD if own.get("password") is None else own["password"],
        )

    def _belongs(self, credential: str) -> bool:
        """Whether a credential may be shown to the endpoint in force."""
        named = self.meant_for.get(credential)
        return named is None or self.endpoint is None or _lane(named) == _lane(self.endpoint)

    def _check_belonging(self) -> None:
        for name in _CREDENTIALS:
            if not self._belongs(name):
                raise ConfigurationError(
                    f"the {name} of {self.origins[name]} stands beside the endpoint {self.meant_for[name]}, "
                    f"and the endpoint in force is {self.endpoint}",
                    hint="Credentials belong to one endpoint: name those of this one, or the endpoint they are for.",
                )


def _named_at(url: str) -> str | None:
    """The name of the real endpoint at this address, if it is one's."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    hosts = {urlsplit(known.base_url).hostname: known.short_name for known in KNOWN_PROFILES if known.base_url}
    return hosts.get(host) if host else None


def _lane(endpoint: str) -> tuple[str, Environment]:
    return ENDPOINTS.get(endpoint, (MOCK.name, MOCK.environment))


def resolve(
    *,
    home: str | None = None,
    outbox: str | None = None,
    endpoint: str | None = None,
    username: str | None = None,
    slots: int | None = None,
    config: str | None = None,
    environ: Mapping[str, str] | None = None,
    problems: Problems | None = None,
) -> Settings:
    """Put the settings together.

    Args:
        home: The argument, if it was given; so for the others.
        outbox: Likewise.
        endpoint: Likewise.
        username: Likewise.
        slots: Likewise.
        config: Likewise.
        environ: The environment's variables; the process's own by default.
        problems: Takes what is wrong with each setting, whose default stands then; without it the first is raised.

    Raises:
        ConfigurationError: A value, the configuration file or a file with a secret is not usable.
    """
    host = host_settings()
    layers = Layers()
    found: Path | None = None
    file: Path | None = None
    arguments = {"home": home, "outbox": outbox, "endpoint": endpoint, "username": username, "slots": slots}
    layers.take(arguments, {name: f"argument --{name}" for name in arguments})
    if host is None:
        with kept(problems, "home"):
            found = _take_surroundings(layers, environ=os.environ if environ is None else environ, config=config)
    else:
        layers.take(host.values, dict.fromkeys(host.values, host.origin))
        found = None if config is None else Path(config)
    if found is not None:
        with kept(problems, "file"):
            layers.take_file(found, problems=problems)
            file = found
    layers.read_secrets(problems=problems)
    given = layers.given

    def read(name: str, make: Callable[[], T], default: T) -> T:
        with kept(problems, name):
            return make()
        return default

    return Settings(
        home=read("home", lambda: _folder(given.get("home")), Path(DEFAULT_HOME)),
        outbox=read("outbox", lambda: Address(given["outbox"]) if "outbox" in given else None, None),
        evidence=read("evidence", lambda: _place(given.get("evidence")), None),
        keep_free=read("keep_free", lambda: _keep_free(given, layers.origins), KEEP_FREE),
        endpoint=given.get("endpoint"),
        username=given.get("username"),
        password=given.get("password"),
        registered_esp=read(
            "registered_esp", lambda: _truth(given.get("registered_esp", False), "registered_esp"), False
        ),
        slots=read("slots", lambda: _slots(given.get("slots", DEFAULT_SLOTS)), DEFAULT_SLOTS),
        deadline=read_deadline(given, layers.origins, problems=problems),
        regimes=read("regimes", lambda: _regimes(given, layers.origins), DEFAULT_REGIMES),
        actor=given.get("actor"),
        reads_content=read("reads_content", lambda: _truth(given.get("reads_content", True), "reads_content"), False),
        master_keys=read("master_key", lambda: _master_keys(given, layers.origins), ()),
        key_provider=read("key_provider", lambda: _key_provider(given, layers.origins), None),
        reporter=given.get("reporter"),
        hooks=() if host is None else tuple(host.hooks),
        remembers_outbox=host is None or host.remembers_outbox,
        file=file,
        origins=layers.origins,
        secret_files=layers.secret_files,
        has_written_password=layers.has_written_password,
        meant_for={name: layers.meant_for[name] for name in _CREDENTIALS if name in layers.meant_for},
    )


def _take_surroundings(layers: Layers, *, environ: Mapping[str, str], config: str | None) -> Path | None:
    """Lay the environment under the arguments, and find the file that comes below."""
    # Whoever leaves `regimes` empty means none, which there is not; the default would be a law that was not asked for.
    said = {
        name: environ.get(variable) if name == "regimes" else environ.get(variable) or None
        for name, variable in VARIABLES.items()
    }
    layers.take(said, VARIABLES)
    named = config or environ.get(CONFIG_VARIABLE) or None
    home = layers.given.get("home")
    return find_file(config=named, home=_folder(home), is_home_named=home is not None)


def _folder(home: str | None) -> Path:
    return _expanded(home or DEFAULT_HOME)


def _place(evidence: str | None) -> str | None:
    return evidence if evidence is None or "://" in evidence else str(_expanded(evidence))


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        # A user without an entry in the system's list, as in a container, or a name that nobody has.
        raise ConfigurationError(
            f"{path}: the system knows no home directory for the part before the first slash",
            hint="Write the folder out, from the first slash on.",
        ) from None


def _keep_free(given: Mapping[str, Any], origins: Mapping[str, str]) -> int:
    if "keep_free" not in given:
        return KEEP_FREE
    return read_size(given["keep_free"], what=f"keep_free ({origins['keep_free']})")


def _regimes(given: Mapping[str, Any], origins: Mapping[str, str]) -> tuple[str, ...]:
    if "regimes" not in given:
        return DEFAULT_REGIMES
    named = given["regimes"]
    try:
        found = regimes_of(filter(None, named.split(",")) if isinstance(named, str) else map(str, named))
    except ConfigurationError as error:
        raise ConfigurationError(f"regimes ({origins['regimes']}): {error}", hint=error.hint) from None
    return tuple(regime.name for regime in found)


def _master_keys(
    given: Mapping[str, Any], origins: Mapping[str, str]
) -> tuple[X25519PrivateKey | X25519PublicKey, ...]:
    if "master_key" not in given:
        return ()
    try:
        return read_keys(given["master_key"].encode())
    except ConfigurationError as error:
        raise ConfigurationError(f"the master key ({origins['master_key']}): {error}", hint=error.hint) from None


def _key_provider(given: Mapping[str, Any], origins: Mapping[str, str]) -> MasterKeys | None:
    if "key_provider" not in given:
        return None
    if "master_key" in given:
        raise ConfigurationError(
            f"both a master key ({origins['master_key']}) and a key provider ({origins['key_provider']}) are set",
            hint="Leave one of them out: only one of them can wrap.",
        )
    return load_provider(given["key_provider"], origin=origins["key_provider"])


def _truth(value: bool | str, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if value.strip().lower() not in _TRUTHS:
        raise ConfigurationError(f"{VARIABLES[name]} is neither yes nor no", hint="Write yes, or leave it out.")
    return _TRUTHS[value.strip().lower()]


def _slots(value: int | str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not 1 <= number <= MAX_SLOTS:
        raise ConfigurationError(f"slots must be a whole number from 1 to {MAX_SLOTS}")
    return number
