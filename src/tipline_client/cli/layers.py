"""What each source of settings says, laid over one another: the first that says something wins, and is remembered.

It also remembers the endpoint that a source names beside a value: credentials belong to that one. What the values mean
is for `settings`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tipline_client._closed import reason_of, way_in
from tipline_client.cli.setting_problems import Problems, kept
from tipline_client.cli.settings_file import read_file
from tipline_client.errors import ConfigurationError
from tipline_client.profiles.known import KNOWN_PROFILES

__all__ = ["Layers"]

_PAIRS: Final = (("password", "password_file"), ("outbox", "outbox_file"), ("master_key", "master_key_file"))
"""A secret, and the file that holds it: from one place both, so that a file here is not mixed with a value there."""
_CREDENTIALS: Final = {"username", "password", "password_file"}


_NAME_FILE: Final = "Make that file, or name the one that holds it."


class Layers:
    """The settings so far.

    Attributes:
        given: Setting to value.
        origins: Setting to where it came from.
        meant_for: Setting to the endpoint that its source names beside it, if it names one.
        secret_files: Secret to the file that it was read from.
        has_written_password: Whether the configuration file has a password itself, of whichever endpoint.
    """

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.meant_for: dict[str, str] = {}
        self.secret_files: dict[str, Path] = {}
        self.has_written_password = False

    def take(self, values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
        """Lay a source under the ones before: what they left open is taken from it.

        Args:
            values: Setting to value; `None` says nothing.
            origins: Setting to where its value would come from.
        """
        beside = values.get("endpoint")
        for name, value in values.items():
            if value is not None and name not in self.given:
                self.given[name], self.origins[name] = value, origins[name]
                if beside is not None:
                    self.meant_for[name] = beside

    def take_file(self, path: Path, *, problems: Problems | None = None) -> None:
        """Lay a configuration file under the other sources.

        Raises:
            ConfigurationError: It cannot be read, or says something that no setting is.
        """
        values = read_file(
            path, accounts=[known.short_name for known in KNOWN_PROFILES if known.base_url], problems=problems
        )
        self.has_written_password = any(
            "password" in table for table in (values, *values.get("credentials", {}).values())
        )
        for pair in _PAIRS:
            if self.given.keys() & pair:
                values = {key: value for key, value in values.items() if key not in pair}
        tables = values.pop("credentials", {})
        endpoint = self.given.get("endpoint") or values.get("endpoint")
        for known in KNOWN_PROFILES:
            is_meant = endpoint in (known.short_name, known.name) and known.short_name in tables
            if is_meant and not self.given.keys() & _CREDENTIALS:
                own = tables[known.short_name]
                self.take(own, dict.fromkeys(own, f"{path} [credentials.{known.short_name}]"))
        self.take(values, dict.fromkeys(values, str(path)))

    def read_secrets(self, *, problems: Problems | None = None) -> None:
        """Read the files that stand for secrets.

        Raises:
            ConfigurationError: One cannot be read.
        """
        for name, name_of_file in _PAIRS:
            if name not in self.given and name_of_file in self.given:
                with kept(problems, name):
                    path = Path(self.given[name_of_file])
                    self.given[name] = _read_secret(path, of=name)
                    self.secret_files[name] = path
                    for facts in (self.origins, self.meant_for):
                        if name_of_file in facts:
                            facts[name] = facts[name_of_file]


def _read_secret(path: Path, *, of: str) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(
            f"the {of} file {path}: {reason_of(error, path)}", hint=way_in(error, path) or _NAME_FILE
        ) from None
    except ValueError:
        raise ConfigurationError(f"the {of} file {path} is not UTF-8") from None
