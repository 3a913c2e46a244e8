"""How an outbox file comes to be open: made with mode 0600, as durable as SQLite can, and with its tables up to date.

Whether a write-ahead log may be used is decided by the version of the SQLite library alone, never by a setting.
"""

import errno
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tipline_client._closed import reason_of, way_in
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.outbox.sqlite.driver import (
    SAFE_WITH_LOG,
    Connection,
    DriverName,
    choose_driver,
    choose_driver_to_look,
    connect,
    library_version,
)
from tipline_client.outbox.sqlite.failures import is_full
from tipline_client.outbox.sqlite.forking import at_work
from tipline_client.outbox.sqlite.schema import check_version, migrate

__all__ = ["Opened", "found_version", "holds_entries", "open_file"]

_BETWEEN_TRIES = 0.02
"""Seconds between two tries to change the journal mode."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An outbox file, open twice: once to write, once to read.

    Attributes:
        writer: The connection that writes.
        reader: The connection that cannot.
        journal_mode: `wal` or `delete`.
        found_version: The schema version that the file had before.
        writer_again: Opens another one that writes.
        reader_again: Opens another one that cannot.
    """

    writer: Connection
    reader: Connection
    journal_mode: str
    found_version: int
    writer_again: Callable[[], Connection]
    reader_again: Callable[[], Connection]


def open_file(
    path: Path,
    *,
    driver: DriverName,
    busy_timeout: float,
    is_shared: bool = False,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Opened:
    """Open an outbox, make it if there is none, and bring its tables up to date.

    Args:
        path: The file; its folder must exist.
        driver: Which SQLite.
        busy_timeout: How long to wait for another process's lock, in seconds.
        is_shared: Whether the tables of an application may be in the file already.
        monotonic: Says how long that has been.
        pause: Waits a number of seconds.

    Raises:
        ConfigurationError: No folder, no permission, no outbox, a newer one, or one that this SQLite may not share.
        OutboxUnavailableError: Locked, full or unreadable.
    """
    _make_file(path)
    try:
        return _open(path, driver, busy_timeout, is_shared, monotonic, pause)
    except OutboxUnavailableError:
        # SQLite has one word for what may pass and for what does not pass until a person gives the right to it.
        _check_permission(path)
        raise


def _open(
    path: Path,
    driver: DriverName,
    busy_timeout: float,
    is_shared: bool,
    monotonic: Callable[[], float],
    pause: Callable[[float], None],
) -> Opened:
    writer = connect(path, driver=driver, busy_timeout=busy_timeout)
    try:
        mode = "wal" if library_version(driver) >= SAFE_WITH_LOG else "delete"
        # Looked at before the journal is touched: a file that is not ours stays as it is.
        writer.execute("PRAGMA trusted_schema = OFF")
        check_version(writer, is_shared=is_shared)
        deadline = monotonic() + busy_timeout
        while not _has_journal_mode(writer, mode):
            # SQLite does not wait for this lock by itself; another process may be opening the same new file.
            if monotonic() >= deadline:
                raise _wrong_journal(mode, busy_timeout)
            pause(_BETWEEN_TRIES)
        _settle_durability(writer, mode)
        found = migrate(writer, is_shared=is_shared)
        file = path.stat().st_ino
        open_one = partial(_open_again, path, file, driver=driver, busy_timeout=busy_timeout, mode=mode)
        reader = open_one(reads=True)
    except BaseException:
        writer.close()
        raise
    return Opened(writer, reader, mode, found, partial(open_one, reads=False), partial(open_one, reads=True))


def _open_again(
    path: Path, file: int, *, driver: DriverName, busy_timeout: float, mode: str, reads: bool
) -> Connection:
    """One more connection to a file that was opened before.

    Raises:
        OutboxUnavailableError: It is gone, or another one is in its place.
    """
    connection = connect(path, driver=driver, busy_timeout=busy_timeout)
    try:
        if path.stat().st_ino != file:
            raise OutboxUnavailableError(
                f"there is another file in the place of the outbox {path}", hint="Bring it back, and start again."
            )
        connection.execute("PRAGMA trusted_schema = OFF")
        if reads:
            connection.execute("PRAGMA query_only = ON")
        elif _has_journal_mode(connection, mode):
            _settle_durability(connection, mode)
        else:
            raise _wrong_journal(mode, busy_timeout)
    except BaseException:
        connection.close()
        raise
    return connection


def holds_entries(path: Path, *, is_shared: bool) -> bool:
    """Whether anything was ever queued in a file that is there; not where the outbox has no tables yet.

    Raises:
        ConfigurationError: It cannot be an outbox.
        OutboxUnavailableError: Locked or unreadable.
    """
    with at_work(), closing(_connect_to_look(path, is_shared=is_shared)) as connection:
        if check_version(connection, is_shared=is_shared) == 0:
            return False
        return bool(connection.execute("SELECT 1 FROM entries LIMIT 1"))


def found_version(path: Path, *, is_shared: bool) -> int | None:
    """The schema version in a file, 0 where it has no outbox; `None` without a file, which is not made by asking.

    Args:
        path: The file.
        is_shared: Whether it is an application's.

    Raises:
        ConfigurationError: It can be no outbox, or is one of a newer version.
        OutboxUnavailableError: Locked or unreadable.
    """
    if not path.is_file():
        return None
    with at_work(), closing(_connect_to_look(path, is_shared=is_shared)) as connection:
        return check_version(connection, is_shared=is_shared)


def _connect_to_look(path: Path, *, is_shared: bool) -> Connection:
    # The library that opens it elsewhere in this process.
    driver = choose_driver_to_look(path, usual="sqlite3" if is_shared else choose_driver("auto"))
    return connect(path, driver=driver, busy_timeout=5)


def _make_file(path: Path) -> None:
    """Make the file for this user alone; the log and the journal beside it inherit its mode.

    The file itself is never opened here: closing it would drop every lock that SQLite holds on it elsewhere in this
    process (https://www.sqlite.org/howtocorrupt.html, section 2.2). So an empty one is made under another name and
    linked into place, which fails when one is there already.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise _unusable(path, reason_of(error, path), hint=way_in(error, path)) from None
    else:
        if stat.S_ISDIR(mode):
            raise _unusable(path, "it is a folder")
        return
    if path.is_symlink():
        # As of a disk that is not mounted: an empty one in its place would know nothing of what was filed.
        raise _unusable(
            path, f"it is a link to {path.readlink()}, which is not there", hint="Mount its disk, or mend the link."
        )
    try:
        handle, blank = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        reason = "its folder does not exist" if error.errno == errno.ENOENT else reason_of(error, path)
        raise _unusable(path, reason, hint=way_in(error, path)) from None
    os.close(handle)
    try:
        os.link(blank, path)
    except FileExistsError:
        # Somebody else was faster; theirs is as good.
        return
    except OSError as error:
        raise _unusable(path, reason_of(error, path), hint=way_in(error, path)) from None
    finally:
        Path(blank).unlink()


def _check_permission(path: Path) -> None:
    """Look whether this user may read and write the file, what lies beside it, and its folder.

    Raises:
        ConfigurationError: It may not, and nothing but that is in the way.
    """
    beside = [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal")]
    with suppress(OSError):
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            return
    for place in [path.parent, *filter(os.path.exists, beside)]:
        is_folder = place == path.parent
        wanted = os.W_OK | (os.X_OK if is_folder else os.R_OK)
        if not os.access(place, wanted, effective_ids=os.access in os.supports_effective_ids):
            denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            raise ConfigurationError(
                f"the outbox file {path} cannot be used: {reason_of(denied, place)}", hint=way_in(denied, place)
            )


def _unusable(path: Path, reason: str, *, hint: str | None = None) -> ConfigurationError:
    return ConfigurationError(
        f"the outbox file {path} cannot be made: {reason}",
        hint=hint or "Make the home folder with `tipline init`, on a local disk where this user may write.",
    )


def _has_journal_mode(connection: Connection, wanted: str) -> bool:
    try:
        [[mode]] = connection.execute(f"PRAGMA journal_mode = {wanted}")
    except OutboxUnavailableError as error:
        if is_full(error):
            raise
        return False
    return bool(mode == wanted)


def _wrong_journal(wanted: str, waited: float) -> OutboxUnavailableError:
    return OutboxUnavailableError(
        f"the outbox could not be given the journal mode {wanted} within {waited:g} s: somebody else has it open",
        hint="Stop the other processes once, and let all of them use the same driver, which `tipline doctor` names. "
        "A connection of yours to the same file leaves PRAGMA journal_mode as it is.",
    )


def _settle_durability(connection: Connection, mode: str) -> None:
    # A rollback journal is only safe against a loss of power once its folder is flushed too, which EXTRA adds.
    connection.execute(f"PRAGMA synchronous = {'FULL' if mode == 'wal' else 'EXTRA'}")
    # On macOS an ordinary flush may stop in the drive's cache; elsewhere this changes nothing.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is replaced is overwritten at once: an old copy of a row, with its wrapped key, must not outlive its erasure.
    connection.execute("PRAGMA secure_delete = ON")
