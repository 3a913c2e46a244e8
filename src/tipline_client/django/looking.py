"""How far the outbox in an SQLite file is, told without opening it as one: that would make the file and its tables."""

from tipline_client.cli.settings import Settings
from tipline_client.errors import TiplineError
from tipline_client.outbox.sqlite import VERSION, found_version

__all__ = ["what_is_missing"]


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
