"""Whether the outbox's tables can be made in a file beside those of an application."""

import re
from collections.abc import Iterable
from typing import Final

from tipline_client.errors import ConfigurationError

__all__ = ["check_names"]

_MADE: Final = re.compile(r"CREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX|TRIGGER)\s+(\w+)")


def check_names(names: set[str], *, needed_by: Iterable[Iterable[str]]) -> None:
    """Let only a file pass in which no name is taken.

    Args:
        names: What is in it.
        needed_by: The statements of all migrations.

    Raises:
        ConfigurationError: One is.
    """
    ours = {name for step in needed_by for statement in step for name in _MADE.findall(statement)}
    if taken := sorted(names & ours):
        raise ConfigurationError(
            f"the database has tables or indexes that the outbox needs for itself: {', '.join(taken)}",
            hint="Rename them, or keep the outbox in a file of its own and enqueue after the commit.",
        )
