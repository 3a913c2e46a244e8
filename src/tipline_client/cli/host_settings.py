"""Settings that a program brings along, in place of the environment and of `tipline.toml`.

A host such as a Django project has settings of its own. Its processes must all use the same ones: a command that read
the environment too could look into another outbox than the one that the web process writes to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from tipline_client.cli.hint_words import worded_by
from tipline_client.dispatch.hooks import Hook

__all__ = ["HostSettings", "host_settings", "settings_of"]


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What a host says.

    Attributes:
        values: Setting to value, in the form that `tipline.toml` or a variable has; `None` says nothing.
        origin: Where they come from, as `doctor` shows it.
        hooks: Told of what happened, by whoever dispatches.
        wording: How a hint is said there, which names variables and the command.
        makes_tables: Whether it makes the outbox's tables in a file itself, with its own.
        remembers_outbox: Whether the home remembers the database that is named; not in its tests.
    """

    values: Mapping[str, Any] = field(repr=False)
    origin: str
    hooks: Sequence[Hook] = ()
    wording: Callable[[str], str] = str
    makes_tables: bool = False
    remembers_outbox: bool = True


_current: ContextVar[HostSettings | None] = ContextVar("host_settings", default=None)


def host_settings() -> HostSettings | None:
    """Those in force; `None` where the environment and the file are read."""
    return _current.get()


@contextmanager
def settings_of(host: HostSettings) -> Iterator[None]:
    """Have every verb that is run inside use these settings, below its arguments."""
    token = _current.set(host)
    try:
        with worded_by(host.wording):
            yield
    finally:
        _current.reset(token)
