"""Makes the outbox's tables where the project's own are made: after Django's `migrate`, in the database of the outbox.

So they are there before a request is, also in the database of a test run. In the middle of a request it would be too
late: its transaction may hold the lock that making them needs.
"""

from typing import Any

from django.core.management.base import CommandError

from tipline_client.django.looking import said_of_one_before, said_of_others
from tipline_client.django.project import database_alias, settings
from tipline_client.django.wording import in_words_of_django
from tipline_client.errors import ConfigurationError, TiplineError

__all__ = ["make_tables"]


def make_tables(*, using: str, verbosity: int = 1, **_: Any) -> None:
    """Make them, or bring them up to date, once Django has migrated the database `using`.

    Settings that are not usable are for the checks to tell; a project whose tests need no outbox can keep theirs in
    memory.

    Raises:
        CommandError: The database refused, or holds what no outbox can be beside.
    """
    try:
        address = settings().outbox if using == database_alias() else None
    except ConfigurationError:
        return
    if address is None:
        return
    try:
        before = said_of_one_before(settings())
        found, version = settings().place.migrate_outbox(address)
    except TiplineError as error:
        hint = in_words_of_django(error.hint)
        raise CommandError(f"the outbox's tables could not be made: {error}\nhint: {hint}") from error
    if verbosity and found != version:
        print(f"  The outbox in {using!r} is brought from version {found} to {version}.")
        for words in (*before, *said_of_others(settings())) if not found else ():
            print(f"  {words[0].upper()}{words[1:]}.")
