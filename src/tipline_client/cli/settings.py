"""Which settings are in force, and where each comes from: arguments, then `TIPLINE_*`, then `tipline.toml`.

No endpoint is a default, and production is never reached without its own explicit statement. A password, also one in
the outbox's address, is held and handed on, never shown.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tipline_client import profiles
from tipline_client.cli.settings_file import find_file, read_file
from tipline_client.cli.variables import CONFIG_VARIABLE, VARIABLES
from tipline_client.client.options import MAX_SLOTS
from tipline_client.delivery.environment import Environment
from tipline_client.errors import ConfigurationError
from tipline_client.outbox.addresses import Address
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.known import KNOWN_PROFILES, MOCK

__all__ = ["DEFAULT_HOME", "ENDPOINTS", "Settings", "resolve"]

DEFAULT_HOME = "tipline-home"
DEFAULT_SLOTS = 8

ENDPOINTS: Mapping[str, tuple[str, Environment]] = {
    word: (known.name, known.environment)
    for known in KNOWN_PROFILES
    if known.base_url
    for word in (known.short_name, known.name)
}
"""What may be named instead of a loopback URL: the profile's name and its environment."""

_PAIRS = (("password", "password_file"), ("outbox", "outbox_file"))
"""A secret, and the file that holds it: from one place both, so that a file here is not mixed with a value there."""

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
        endpoint: A profile's name or a loopback URL, as given.
        username: For the endpoint.
        password: For the endpoint.
        registered_esp: The explicit statement that production needs.
        slots: How many deliveries run at once.
        reporter: Stands in a report that names no reporter.
        file: The configuration file that was read.
        origins: Setting to where it came from.
    """

    home: Path
    outbox: Address | None = None
    endpoint: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    registered_esp: bool = False
    slots: int = DEFAULT_SLOTS
    reporter: Mapping[str, Any] | None = field(default=None, repr=False)
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def lane(self) -> tuple[str, Environment] | None:
        """Profile name and environment of the endpoint, without credentials; `None` when none is named.

        Raises:
            ConfigurationError: The endpoint is neither a profile's name nor a loopback URL.
        """
        if self.endpoint is None:
            return None
        if self.endpoint in ENDPOINTS:
            return ENDPOINTS[self.endpoint]
        self._mock()
        return MOCK.name, MOCK.environment

    def profile(self) -> EndpointProfile:
        """The endpoint, ready to be addressed.

        Raises:
            ConfigurationError: No endpoint is named, it is unknown, credentials are missing, or it is production and
                the statement `registered_esp` was not made.
        """
        if self.endpoint is None:
            raise ConfigurationError("no endpoint is named", hint=_NAME_ONE)
        name, environment = ENDPOINTS.get(self.endpoint, (MOCK.name, MOCK.environment))
        if environment is Environment.MOCK:
            return self._mock()
        if environment is Environment.PRODUCTION and not self.registered_esp:
            raise ConfigurationError(
                "the production endpoint needs the explicit statement that a registered provider files for real",
                hint="Use the testing endpoint, or state it: TIPLINE_REGISTERED_ESP=yes, or registered_esp = true "
                "in tipline.toml.",
            )
        if not self.username or not self.password:
            missing = "username" if not self.username else "password"
            raise ConfigurationError(
                f"the {missing} for {name} is missing",
                hint="Set TIPLINE_USERNAME and TIPLINE_PASSWORD, or TIPLINE_PASSWORD_FILE.",
            )
        if environment is Environment.TESTING:
            return profiles.cybertipline_testing(username=self.username, password=self.password)
        return profiles.cybertipline_production(
            username=self.username, password=self.password, registered_esp=self.registered_esp
        )

    def _mock(self) -> EndpointProfile:
        if "://" not in (self.endpoint or ""):
            raise ConfigurationError(f"there is no endpoint {self.endpoint!r}", hint=_NAME_ONE)
        return profiles.mock(
            self.endpoint or "",
            username=profiles.MOCK_USERNAME if self.username is None else self.username,
            password=profiles.MOCK_PASSWORD if self.password is None else self.password,
        )


def resolve(
    *,
    home: str | None = None,
    outbox: str | None = None,
    endpoint: str | None = None,
    username: str | None = None,
    slots: int | None = None,
    config: str | None = None,
    environ: Mapping[str, str] | None = None,
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

    Raises:
        ConfigurationError: A value, the configuration file or a file with a secret is not usable.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    origins: dict[str, str] = {}

    def take(values: Mapping[str, Any], origin: str) -> None:
        for name, value in values.items():
            if value is not None and name not in given:
                given[name], origins[name] = value, origin.format(name=name, variable=VARIABLES.get(name, ""))

    take(
        {"home": home, "outbox": outbox, "endpoint": endpoint, "username": username, "slots": slots},
        "argument --{name}",
    )
    variables = {name: environ.get(variable) or None for name, variable in VARIABLES.items()}
    take(variables, "{variable}")
    file = find_file(config=config or environ.get(CONFIG_VARIABLE) or None, home=_folder(given.get("home")))
    if file is not None:
        values = read_file(file)
        for pair in _PAIRS:
            if given.keys() & pair:
                values = {key: value for key, value in values.items() if key not in pair}
        take(values, str(file))
    for name, name_of_file in _PAIRS:
        if name not in given and name_of_file in given:
            given[name] = _read_secret(Path(given[name_of_file]), of=name)
            origins[name] = origins[name_of_file]
    return Settings(
        home=_folder(given.get("home")),
        outbox=Address(given["outbox"]) if "outbox" in given else None,
        endpoint=given.get("endpoint"),
        username=given.get("username"),
        password=given.get("password"),
        registered_esp=_truth(given.get("registered_esp", False)),
        slots=_slots(given.get("slots", DEFAULT_SLOTS)),
        reporter=given.get("reporter"),
        file=file,
        origins=origins,
    )


def _folder(home: str | None) -> Path:
    return Path(home or DEFAULT_HOME).expanduser()


def _truth(value: bool | str) -> bool:
    if isinstance(value, bool):
        return value
    if value.strip().lower() not in _TRUTHS:
        raise ConfigurationError("TIPLINE_REGISTERED_ESP is neither yes nor no", hint="Write yes, or leave it out.")
    return _TRUTHS[value.strip().lower()]


def _slots(value: int | str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not 1 <= number <= MAX_SLOTS:
        raise ConfigurationError(f"slots must be a whole number from 1 to {MAX_SLOTS}")
    return number


def _read_secret(path: Path, *, of: str) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"the {of} file {path}: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"the {of} file {path} is not UTF-8") from None
