"""What stands in `tipline.toml`: found, read, and refused where it says something that no setting is.

Names the file, the line and the key in its refusals, never a value: the file may hold a password.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tipline_client._closed import reason_of, way_in
from tipline_client.cli.setting_problems import Problems, kept
from tipline_client.errors import ConfigurationError

__all__ = ["FILE_NAME", "find_file", "read_file"]

FILE_NAME = "tipline.toml"

_KINDS: Mapping[str, tuple[type, str]] = {
    "endpoint": (str, "text"),
    "home": (str, "text"),
    "outbox": (str, "text"),
    "outbox_file": (str, "text"),
    "evidence": (str, "text"),
    "keep_free": (str, 'a size such as "256MiB"'),
    "username": (str, "text"),
    "password": (str, "text"),
    "password_file": (str, "text"),
    "registered_esp": (bool, "true or false"),
    "slots": (int, "a whole number"),
    "file_within": (str, 'a duration such as "24h"'),
    "warn_before": (str, 'a duration such as "6h"'),
    "regimes": (list, 'a list of texts such as ["us"]'),
    "actor": (str, "text"),
    "reads_content": (bool, "true or false"),
    "master_key_file": (str, "text"),
    "key_provider": (str, "text"),
    "reporter": (dict, "a table"),
    "credentials": (dict, "a table of tables, such as [credentials.testing]"),
}
_CREDENTIALS = ("username", "password", "password_file")
_SECTIONS = (
    "The sections are [reporter] and [credentials.NAME], as [credentials.testing]; all other settings stand before "
    "the first of them."
)
_PLACE = re.compile(r"\(at [^)]*\)$")
_MAX_BYTES = 1024 * 1024
_NOWHERE = "it is a link to a file that is not there"


def find_file(*, config: str | None, home: Path, is_home_named: bool = False) -> Path | None:
    """The configuration file: the one named, else that of the current directory, else that of the home folder.

    A home that was named comes before the current directory, which may be that of another installation; so whatever has
    the name there is the file, also where it cannot be read: then that is said, and no other one stands in for it.
    """
    if config is not None:
        return Path(config)
    here, at_home = Path(FILE_NAME), home / FILE_NAME
    if is_home_named:
        return at_home if _may_be_there(at_home) else here if _is_there(here) else None
    return here if _is_there(here) else at_home if _may_be_there(at_home) else None


def _may_be_there(path: Path) -> bool:
    """Whether something has this name, or nobody can tell."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True


def _is_there(path: Path) -> bool:
    """Whether something has this name, in a folder that this user may look into."""
    try:
        path.lstat()
    except (FileNotFoundError, PermissionError):
        # The folder may be that of whoever started the service.
        return False
    return True


def read_file(path: Path, *, accounts: Sequence[str] = (), problems: Problems | None = None) -> dict[str, Any]:
    """The settings of a file, with relative paths made relative to it.

    Args:
        path: Which file.
        accounts: The endpoints whose credentials may have a table of their own.
        problems: Takes what a setting is wrong with, which is left out then; without it the first one is raised.

    Raises:
        ConfigurationError: It cannot be read, is no TOML, or has a key that is unknown or of the wrong kind.
    """
    values = _parse(path)
    for key in list(values):
        with kept(problems, key):
            _check(path, key, values[key])
            continue
        del values[key]
    tables = values.pop("credentials", {})
    with kept(problems, "credentials"):
        _check_credentials(path, tables, accounts)
        values["credentials"] = tables
    for table in (values, *values.get("credentials", {}).values()):
        for key in ("home", "outbox_file", "password_file", "master_key_file"):
            if key in table:
                table[key] = str(path.parent / Path(table[key]).expanduser())
    if "://" not in values.get("evidence", "://"):
        values["evidence"] = str(path.parent / Path(values["evidence"]).expanduser())
    return values


def _check_credentials(path: Path, tables: Mapping[str, Any], accounts: Sequence[str]) -> None:
    for name, table in tables.items():
        if name not in accounts:
            raise ConfigurationError(
                f"{path}: there is no endpoint {name!r} for credentials", hint=f"There are {', '.join(accounts)}."
            )
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            raise ConfigurationError(f"{path}: credentials.{name} must be a table of text values")
        for key in table:
            if key not in _CREDENTIALS:
                raise ConfigurationError(
                    f"{path}: there is no setting 'credentials.{name}.{key}'",
                    hint=f"The keys are {', '.join(_CREDENTIALS)}.",
                )


def _check(path: Path, key: str, value: object) -> None:
    if key not in _KINDS and _is_section(value):
        raise ConfigurationError(f"{path}: there is no section [{key}]", hint=_SECTIONS)
    if key not in _KINDS:
        near = difflib.get_close_matches(key, _KINDS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(sorted(_KINDS))}."
        raise ConfigurationError(f"{path}: there is no setting {key!r}", hint=hint)
    kind, words = _KINDS[key]
    if type(value) is not kind:
        raise ConfigurationError(f"{path}: {key} must be {words}", hint="Correct it in the file.")


def _is_section(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))


def _parse(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        hint = way_in(error, path) or "Name an existing file with --config, or correct what has this name."
        is_link = isinstance(error, FileNotFoundError) and path.is_symlink()
        reason = _NOWHERE if is_link else reason_of(error, path)
        raise ConfigurationError(f"{path}: {reason}", hint=hint) from None
    if len(data) > _MAX_BYTES:
        raise ConfigurationError(f"{path}: too large for a configuration file")
    # Raised outside the handlers: the parser's exceptions carry the text of the file.
    try:
        return tomllib.loads(data.decode())
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        reason = f"no TOML {place.group() if place else ''}".rstrip()
    except UnicodeDecodeError as error:
        reason = f"not UTF-8, from byte {error.start}"
    raise ConfigurationError(f"{path}: {reason}", hint="Text values stand in quotation marks.")
