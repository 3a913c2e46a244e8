"""How far the outbox in an SQLite file is, told without opening it as one: that would make the file and its tables."""

from typing import Final

from tipline_client.cli.settings import Settings
from tipline_client.errors import TiplineError
from tipline_client.outbox.sqlite import VERSION
from tipline_client.outbox.sqlite.driver import choose_driver, connect
from tipline_client.outbox.sqlite.schema import check_version

__all__ = ["what_is_missing"]

_PATIENCE: Final = 5
"""Seconds to wait for another process's lock."""


def what_is_missing(settings: Settings) -> str:
    """What the file lacks before an outbox could be opened in it and nothing be made; empty where opening tells.

    Opening tells of a server, of tables of this version, and of a file that cannot be opened.
    """
    address = settings.outbox
    file = settings.place.outbox_path if address is None else address.file
    if file is None:
        return ""
    try:
        if not file.exists():
            return "is not there yet" if file.parent.is_dir() else ""
        # The library that opens it elsewhere in this process: two on one file do not see each other's locks.
        driver = choose_driver("auto") if address is None else "sqlite3"
        connection = connect(file, driver=driver, busy_timeout=_PATIENCE)
        try:
            found = check_version(connection, is_shared=address is not None)
        finally:
            connection.close()
    except (OSError, TiplineError):
        return ""
    if found == VERSION:
        return ""
    return f"has schema version {found} and {VERSION} is needed" if found else "has no outbox tables yet"
