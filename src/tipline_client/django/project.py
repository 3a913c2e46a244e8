"""What the project's `settings.TIPLINE` says, as settings of this package: names, kinds, and Django's own database.

Neither the environment nor `tipline.toml` is read: the web process, the dispatcher and the checks of one project must
agree on which outbox it is. Nothing is opened here.
"""

import difflib
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.conf import settings as project
from django.db import connections
from django.utils.module_loading import import_string

from tipline_client.cli.host_settings import HostSettings, settings_of
from tipline_client.cli.settings import Settings, resolve
from tipline_client.cli.variables import VARIABLES
from tipline_client.dispatch.hooks import Hook
from tipline_client.django.wording import in_words_of_django
from tipline_client.errors import ConfigurationError

__all__ = ["NAMES", "database_alias", "host", "is_in_memory_for_tests", "note_databases", "settings"]

NAMES: Final = tuple(name.upper() for name in (*VARIABLES, "database", "hooks", "reporter"))
"""What `settings.TIPLINE` may have."""

_ORIGIN: Final = "settings.TIPLINE"
_MORE: Final = {"bool": (bool,), "int": (int,), "list": (list, tuple), "dict": (dict,), "timedelta": (timedelta,)}
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "registered_esp": ("bool",),
    "reads_content": ("bool",),
    "slots": ("int",),
    "keep_free": ("int",),
    "file_within": ("timedelta",),
    "warn_before": ("timedelta",),
    "regimes": ("list",),
    "hooks": ("list",),
    "reporter": ("dict",),
}
"""What else than text a setting may be."""
_LIBPQ: Final = (
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "passfile", "service", "options"),
    *("target_session_attrs", "connect_timeout"),
)
"""Options of a Django database that lead to the server, and are libpq's own."""

_names: Final[dict[str, str]] = {}


def host(*, with_hooks: bool = False) -> HostSettings:
    """What `settings.TIPLINE` says.

    Args:
        with_hooks: Whether the hooks are imported too; only who dispatches needs them.

    Raises:
        ConfigurationError: A setting is missing, unknown or of the wrong kind, or the database cannot hold an outbox.
    """
    given = _given()
    values = {name: _plain(name, value) for name, value in given.items() if name not in {"database", "hooks"}}
    if "database" in given:
        if values.keys() & {"outbox", "outbox_file"}:
            raise ConfigurationError(
                "settings.TIPLINE has both DATABASE and OUTBOX", hint="Leave one out: there is one outbox."
            )
        values["outbox"] = _address(given["database"])
    hooks = tuple(_hook(path) for path in given.get("hooks", ())) if with_hooks else ()
    return HostSettings(
        values,
        _ORIGIN,
        hooks,
        in_words_of_django,
        makes_tables=True,
        remembers_outbox=not _is_database_of_tests(given.get("database")),
    )


def settings() -> Settings:
    """The settings in force.

    Raises:
        ConfigurationError: See `host`; or a value is not usable.
    """
    with settings_of(host()):
        return resolve()


def database_alias() -> str | None:
    """The Django database that holds the outbox, if one does.

    Raises:
        ConfigurationError: See `host`.
    """
    alias = _given().get("database")
    return alias if alias is None else str(alias)


def note_databases() -> None:
    """Note what the databases are called as the process starts: a run of tests gives them other names."""
    # No connection is made for it, since some driver may not be installed here.
    _names.update({alias: str(database["NAME"]) for alias, database in connections.settings.items()})


def _is_database_of_tests(alias: object) -> bool:
    return alias in _names and str(connections[str(alias)].settings_dict["NAME"]) != _names[str(alias)]


def is_in_memory_for_tests() -> bool:
    """Whether the database that is to hold the outbox is one that Django keeps in memory for a run of tests."""
    alias = database_alias()
    name = str(connections[alias].settings_dict["NAME"]) if alias in connections.settings else ""
    return name.startswith(f"file:memorydb_{alias}")


def _given() -> dict[str, Any]:
    given = getattr(project, "TIPLINE", None)
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            "the project has no settings.TIPLINE" if given is None else "settings.TIPLINE is no dictionary",
            hint='Write TIPLINE = {"HOME": BASE_DIR / "tipline-home", "DATABASE": "default", "ENDPOINT": "testing"}, '
            "with the credentials.",
        )
    for name, value in given.items():
        if name not in NAMES:
            near = difflib.get_close_matches(str(name).upper(), NAMES, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(NAMES))}."
            raise ConfigurationError(f"settings.TIPLINE has no setting {name!r}", hint=hint)
        _check_kind(name.lower(), value)
    # As with a variable of the environment, empty text says nothing.
    return {name.lower(): value for name, value in given.items() if value not in (None, "")}


def _check_kind(name: str, value: object) -> None:
    more = _KINDS.get(name, ())
    kinds = (str, os.PathLike, *(kind for word in more for kind in _MORE[word]))
    is_right = value is None or isinstance(value, kinds)
    if not is_right or (isinstance(value, bool) and "bool" not in more):
        # Its kind alone: the value may be a password.
        raise ConfigurationError(
            f"settings.TIPLINE: {name.upper()} is of the type {type(value).__name__}",
            hint=f"Write {' or '.join(('text', *more))}.",
        )


def _plain(name: str, value: Any) -> Any:
    """A value in the form that it has in a file or a variable."""
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return f"{value}B" if name == "keep_free" and isinstance(value, int) else value


def _hook(path: object) -> Hook:
    try:
        found = import_string(path)
    except (ImportError, AttributeError):
        found = None
    if not isinstance(found, Hook):
        raise ConfigurationError(
            f"settings.TIPLINE: there is no hook {path!r}", hint="Name a tipline_client.Hook by its dotted path."
        )
    return found


def _address(alias: object) -> str:
    """The outbox's address in a Django database, as that stands now: a test run moves it to another one."""
    if alias not in connections.settings:
        raise ConfigurationError(
            f"settings.TIPLINE: there is no database {alias!r} in settings.DATABASES",
            hint=f"There are {', '.join(connections.settings)}.",
        )
    connection = connections[alias]
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite://{_file(str(found['NAME']))}"
    if connection.vendor != "postgresql":
        raise ConfigurationError(
            f"an outbox cannot be in the database {alias!r}: it is {connection.vendor}",
            hint="Leave DATABASE out: the outbox is then a file in HOME, and the page on Django says what holds.",
        )
    options = {name: found["OPTIONS"][name] for name in _LIBPQ if name in found.get("OPTIONS", {})}
    place = str(found.get("HOST") or "")
    if place.startswith("/"):
        options["host"], place = place, ""
    if port := found.get("PORT"):
        options["port"] = port
    user, password = (quote(str(found.get(name) or ""), safe="") for name in ("USER", "PASSWORD"))
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    name = quote(str(found.get("NAME") or ""), safe="")
    return f"postgresql://{who}{place}/{name}" + (f"?{urlencode(options, quote_via=quote)}" if options else "")


def _file(name: str) -> Path:
    if name == ":memory:" or name.startswith("file:"):
        raise ConfigurationError(
            "the database that is to hold the outbox is in memory, where no outbox can be",
            hint='Give it a file; in tests with "TEST": {"NAME": BASE_DIR / "test.sqlite3"} in settings.DATABASES.',
        )
    return Path(name).absolute()
