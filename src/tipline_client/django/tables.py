"""Makes the outbox's tables where the project's own are made: after Django's `migrate`, in the database of the outbox.

So they are there before a request is, also in the database of a test run. In the middle of a request it would be too
late: its transaction may hold the lock that making them needs.
"""

import contextlib
from typing import Any

from tipline_client.django.project import database_alias, settings
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import migrate_database

__all__ = ["make_tables"]


def make_tables(*, using: str, verbosity: int = 1, **_: Any) -> None:
    """Make them, or bring them up to date, once Django has migrated the database `using`.

    Settings that are not usable are for the checks to tell; a project whose tests need no outbox can keep theirs in
    memory.

    Raises:
        OutboxUnavailableError: The database refused.
    """
    with contextlib.suppress(ConfigurationError):
        address = settings().outbox if using == database_alias() else None
        if address is None:
            return
        found, version = migrate_database(address)
        if verbosity and found != version:
            print(f"  The outbox in {using!r} is brought from version {found} to {version}.")
