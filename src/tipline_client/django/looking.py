"""What can be told of an outbox without opening it as one, which would make the file and its tables.

How far the one in an SQLite file is, and where another one of this home is.
"""

from tipline_client.cli.settings import Settings
from tipline_client.errors import TiplineError
from tipline_client.outbox import has_tables
from tipline_client.outbox.sqlite import VERSION, found_version

__all__ = ["said_of_one_before", "said_of_others", "what_is_missing"]


def what_is_missing(settings: Settings) -> str:
    """What the file lacks before an outbox could be opened in it and nothing be made; empty where opening tells.

    Opening tells of a server, of tables of this version, and of a file that cannot be opened.
    """
    address = settings.outbox
    file = settings.place.outbox_path if address is None else address.file
    if file is None:
        return ""
    try:
        found = found_version(file, is_shared=address is not None)
        if found is None:
            return "is not there yet" if file.parent.is_dir() and not file.exists() else ""
    except (OSError, TiplineError):
        return ""
    if found == VERSION:
        return ""
    return f"has schema version {found} and {VERSION} is needed" if found else "has no outbox tables yet"


def said_of_others(settings: Settings) -> tuple[str, ...]:
    """That there is another outbox of this home, if there is; nothing in a run of tests, which has one of its own."""
    if not settings.remembers_outbox:
        return ()
    try:
        beside = settings.place.known_outboxes.beside(settings.outbox)
    except TiplineError:
        # Said by whoever opens it.
        return ()
    where = " and in ".join(beside)
    said = f"this home has or had an outbox in {where} too: what is queued or filed there is not known here"
    return (said,) if beside else ()


def said_of_one_before(settings: Settings) -> tuple[str, ...]:
    """That an outbox which is not there was there before; asked before another one is made in its place."""
    address = settings.outbox
    if address is None or address.file is None or has_tables(address.file):
        return ()
    known = settings.place.known_outboxes.remembers(address)
    return ("this home had an outbox there, and it is gone: what was queued or filed is not known any more",) * known
