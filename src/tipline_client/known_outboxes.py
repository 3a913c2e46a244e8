"""Which databases a home's outbox was in, so that a name forgotten or mistyped makes no other one beside it.

A second outbox knows nothing of the first: it would file the same keys again, say that nothing waits, and take all
evidence of the home for nobody's. What is named on purpose and is an outbox already is not questioned: a test run has
its own, and a database may move.

Kept in the home as text, one address a line, without user and password. Where it cannot be written, no more than the
memory is missing; `doctor` says so.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from tipline_client._closed import reason_of, way_in
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import Address, has_tables, holds_entries
from tipline_client.vault.key_files import is_there

__all__ = ["KnownOutboxes", "is_same"]

_log = logging.getLogger("tipline_client.home")

_HEADING: Final = "# Databases that have held this home's outbox. Remove the line of one that is out of use for good.\n"
_FILE: Final = "sqlite://"
_QUOTED_FILE: Final = "sqlite-quoted://"
"""Before a file's name that is no line of text, and stands there as in a URL."""
_MOST: Final = 200
"""How many are remembered. More are those of tests, each with a database of its own."""


class KnownOutboxes:
    """What one home remembers.

    Args:
        path: Where it is kept.
        own: The outbox's file in the home, which is in use where no database is named.
        remembers: Whether more is remembered; not in tests that have a database of their own.

    Attributes:
        path: Where it is kept.
    """

    def __init__(self, path: Path, *, own: Path, remembers: bool = True) -> None:
        self.path = path
        self._own = own
        self._remembers = remembers

    def places(self) -> tuple[str, ...]:
        """What is remembered, as it is shown.

        Raises:
            ConfigurationError: It is there and cannot be read.
        """
        try:
            # With the mark that some editors put before a text.
            text = self.path.read_text(encoding="utf-8-sig", errors="replace")
        except FileNotFoundError:
            if self.path.is_symlink():
                raise ConfigurationError(
                    f"{self.path} is a link to {self.path.readlink()}, which is not there",
                    hint="Mount its disk, or mend the link: it says which databases have held this home's outbox.",
                ) from None
            return ()
        except OSError as error:
            raise ConfigurationError(
                f"{self.path}: {reason_of(error, self.path)}", hint=way_in(error, self.path)
            ) from None
        lines = (line.strip() for line in text.splitlines())
        return tuple(dict.fromkeys(_without_user(line) for line in lines if line and not line.startswith("#")))

    def is_own(self, address: Address | None) -> bool:
        """Whether it is the file in the home, named or not."""
        return address is None or (address.file is not None and _is_same_file(address.file, self._own))

    def knows(self, address: Address) -> bool:
        """Whether this one is remembered, or is the file in the home.

        Raises:
            ConfigurationError: See `places`.
        """
        return self.is_own(address) or self.remembers(address)

    def remembers(self, address: Address) -> bool:
        """Whether this one is remembered.

        Raises:
            ConfigurationError: See `places`.
        """
        return any(is_same(known, address) for known in self.places())

    def others(self, address: Address | None) -> tuple[str, ...]:
        """What is remembered besides this one; `None` is the file in the home, which is never among them.

        Raises:
            ConfigurationError: See `places`.
        """
        return tuple(known for known in self.places() if address is None or not is_same(known, address))

    def left_at_home(self, address: Address | None, *, is_elsewhere: bool = False) -> Path | None:
        """The file in the home, if something was queued in it and another one is in use: nobody dispatches that.

        Args:
            address: Which one is in use; `None` for the file in the home.
            is_elsewhere: Whether it is one of which nobody can say where it is.

        Raises:
            ConfigurationError: This user may not look, or it is no outbox.
            OutboxUnavailableError: It is locked or unreadable.
        """
        return self._own if (is_elsewhere or not self.is_own(address)) and holds_entries(self._own) else None

    def beside(self, address: Address | None, *, is_elsewhere: bool = False) -> tuple[str, ...]:
        """Where else this home's outbox is or was: what is remembered, and the file in it if that is used.

        Args:
            address: See `left_at_home`.
            is_elsewhere: See there.

        Raises:
            ConfigurationError: See `places` and `left_at_home`.
            OutboxUnavailableError: See `left_at_home`.
        """
        own = self.left_at_home(address, is_elsewhere=is_elsewhere)
        others = self.places() if is_elsewhere else self.others(address)
        return (*([] if own is None else [str(own)]), *others)

    def remember(self, address: Address) -> None:
        """Keep where the outbox is; no failure, where that cannot be written."""
        if not self._remembers or self.knows(address):
            return
        known = self.places()
        if known:
            # Opened as it is named, and said once: what nobody meant must not look as if it were in order.
            where = " and in ".join(known)
            _log.warning("%s: the outbox was in %s; what is queued there is not known in this one", self.path, where)
        if len(known) >= _MOST:
            _log.info("an outbox is not remembered: %s is full", self.path)
        else:
            try:
                self._add(_line_of(address))
            except OSError as error:
                _log.info("it is not remembered which outbox is this home's: %s", reason_of(error, self.path))

    def _add(self, line: str) -> None:
        # Added behind what is there, so that of several processes that open a new home none loses what another wrote.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            heading = "" if os.fstat(descriptor).st_size else _HEADING
            if heading:
                # Whatever the umask: who may look into the home may read it, also where root made it.
                os.fchmod(descriptor, 0o644)
            if heading and os.geteuid() == 0:
                owner = self.path.parent.stat()
                with suppress(OSError):
                    os.fchown(descriptor, owner.st_uid, owner.st_gid)
            # What was written by hand may end without an end of its line.
            os.write(descriptor, f"{heading}\n{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def check(self, address: Address | None) -> None:
        """Let no outbox be made by being opened where one is known, or is in use in the home.

        Args:
            address: Which one is to be opened; `None` for the file in the home.

        Raises:
            ConfigurationError: None is named, and the home's was in a database; or a file is named that has none.
        """
        known = self.places()
        if address is None:
            if known:
                own = f"The file in the home is {_FILE}{self._own.absolute()}. " if is_there(self._own) else ""
                raise ConfigurationError(
                    f"no outbox is named, and {self._those(known)}: one in a file in the home would be another one",
                    hint="Name it with TIPLINE_OUTBOX, or `outbox` in tipline.toml; in Python with `outbox=`. "
                    f"{own}What is out of use for good is forgotten with its line in {self.path}.",
                )
            return
        if address.file is None:
            # A server's tables are never made by being opened.
            return
        is_own = self.is_own(address)
        if (is_own and not known) or has_tables(address.file, is_own=is_own):
            return
        if self.knows(address) and not is_own:
            raise ConfigurationError(
                f"the outbox of {self._own.parent} is gone: there is none in {address.file} any more",
                hint="See whether its disk is mounted, or bring the file back from its backup. `tipline migrate` "
                "makes an empty one, which does not know what was filed.",
            )
        if beside := self.beside(address):
            raise ConfigurationError(
                f"there is no outbox in {address.file}, and {self._those(beside)}",
                hint="Correct the name, or leave it out where the file in the home is meant. If it is to be another "
                "one, `tipline migrate` makes it: what the other one has queued or filed is not known there. Tests "
                "with databases of their own take a home for each.",
            )

    def check_there(self, address: Address | None) -> None:
        """Ask that this outbox is there already; of a server's nothing is asked, which is never made by being opened.

        Raises:
            ConfigurationError: It is not.
            OutboxUnavailableError: Its file is locked or unreadable.
        """
        is_own = self.is_own(address)
        file = self._own if is_own or address is None else address.file
        if file is not None and not has_tables(file, is_own=is_own):
            raise ConfigurationError(
                f"there is no outbox in {file.absolute()}",
                hint="If it is elsewhere, name it; if it was there before, bring it back from its backup. Whoever "
                "queues first makes one, and `tipline init` does.",
            )

    def check_handed_in(self, address: Address) -> None:
        """Let no file be used that was made by being opened just now, where another outbox is known or in use.

        Args:
            address: Where the one is that a program has opened itself.

        Raises:
            ConfigurationError: Nothing was ever queued in it, and something in the other one.
            OutboxUnavailableError: One of them is locked or unreadable.
        """
        is_made_on_purpose = address.file is None
        if is_made_on_purpose or not self._remembers or self.remembers(address):
            return
        beside = self.beside(address)
        if beside and not holds_entries(address):
            raise ConfigurationError(
                f"nothing was ever queued in the outbox handed in, {address.shown}, and {self._those(beside)}",
                hint="Open the one that is meant. If this is to take its place, move the file of the other away and "
                f"remove the line that it may have in {self.path}. Tests with outboxes of their own take a home for "
                "each, or `Options(remembers_outbox=False)`.",
            )

    def _those(self, known: tuple[str, ...]) -> str:
        return f"that of {self._own.parent} was in {' and in '.join(known)}"

    def check_alone(self, address: Address | None, *, is_elsewhere: bool = False) -> None:
        """Ask that what lies in the home can belong to no other outbox than this one.

        Args:
            address: Which one is in use; `None` for the file in the home.
            is_elsewhere: Whether it is one of which nobody can say where it is.

        Raises:
            ConfigurationError: Another one is in the home, or was used with it.
            OutboxUnavailableError: The one in the home is locked or unreadable.
        """
        others = self.beside(address, is_elsewhere=is_elsewhere)
        if others:
            raise ConfigurationError(
                f"the outbox of this home is or was in {' and in '.join(others)} too, and that may name copies which "
                "the one in use does not: nothing is collected",
                hint="If nothing of it is needed any more, move its file away, and remove the line that it may have in "
                f"{self.path}."
                + (" If it is the one in use, open the client with its address." if is_elsewhere else ""),
            )


def _line_of(address: Address) -> str:
    place = address.place
    if address.file is None or (place.isprintable() and place == place.strip()):
        return place
    return _QUOTED_FILE + quote(os.fsencode(address.file), safe="/")


def _without_user(line: str) -> str:
    """A line that was written by hand, as far as it may be shown."""
    if line.startswith((_FILE, _QUOTED_FILE)) or not ("@" in line or "password" in line):
        return line
    try:
        return Address(line).place
    except ConfigurationError:
        return f"postgresql://{line.rpartition('@')[2].partition('?')[0]}"


def is_same(known: str, address: Address) -> bool:
    """Whether a line of it is this one."""
    if address.file is not None and known.startswith(_QUOTED_FILE):
        return _is_same_file(Path(os.fsdecode(unquote_to_bytes(known.removeprefix(_QUOTED_FILE)))), address.file)
    if address.file is not None and known.startswith(_FILE):
        return _is_same_file(Path(known.removeprefix(_FILE)), address.file)
    return known == address.place


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return one.absolute() == other.absolute()
