"""Which databases a home's outbox was in, so that a name forgotten or mistyped makes no other one beside it.

A second outbox knows nothing of the first: it would file the same keys again, say that nothing waits, and take all
evidence of the home for nobody's. What is named on purpose and is an outbox already is not questioned: a test run has
its own, and a database may move.

Kept in the home as text, one address a line, without user and password. Where it cannot be written, no more than the
memory is missing; `doctor` says so.
"""

import logging
from pathlib import Path
from typing import Final

from tipline_client.errors import ConfigurationError
from tipline_client.outbox import Address, has_tables
from tipline_client.vault.key_files import is_there, place, read

__all__ = ["KnownOutboxes"]

_log = logging.getLogger("tipline_client.home")

_HEADING: Final = "# Databases that have held this home's outbox. Remove the line of one that is out of use for good.\n"
_FILE: Final = "sqlite://"


class KnownOutboxes:
    """What one home remembers.

    Args:
        path: Where it is kept.
        own: The outbox's file in the home, which is in use where no database is named.

    Attributes:
        path: Where it is kept.
    """

    def __init__(self, path: Path, *, own: Path) -> None:
        self.path = path
        self._own = own

    def places(self) -> tuple[str, ...]:
        """What is remembered, as it is shown.

        Raises:
            ConfigurationError: It is there and cannot be read.
        """
        if not is_there(self.path):
            return ()
        lines = (line.strip() for line in read(self.path).decode(errors="replace").splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))

    def knows(self, address: Address) -> bool:
        """Whether this one is remembered.

        Raises:
            ConfigurationError: See `places`.
        """
        return any(_is_same(known, address) for known in self.places())

    def others(self, address: Address | None) -> tuple[str, ...]:
        """What is remembered besides this one; `None` is the file in the home, which is never among them.

        Raises:
            ConfigurationError: See `places`.
        """
        return tuple(known for known in self.places() if address is None or not _is_same(known, address))

    def remember(self, address: Address) -> None:
        """Keep where the outbox is; no failure, where that cannot be written."""
        if address.file is not None and _is_same_file(address.file, self._own):
            return
        try:
            if not self.knows(address):
                text = _HEADING + "".join(f"{line}\n" for line in (*self.places(), address.place))
                place(self.path, text.encode(errors="surrogateescape"), mode=0o600, replaces=True)
        except ConfigurationError as error:
            _log.info("it is not remembered which outbox is this home's: %s", error)

    def check(self, address: Address | None) -> None:
        """Let no other outbox than one that is known be made by being opened.

        Args:
            address: Which one is to be opened; `None` for the file in the home.

        Raises:
            ConfigurationError: None is named, and the home's was in a database; or a file is named that has none.
        """
        known = self.places()
        if not known:
            return
        those = f"that of {self._own.parent} was in {' and in '.join(known)}"
        if address is None:
            raise ConfigurationError(
                f"no outbox is named, and {those}: the file in the home is another one",
                hint="Name it with TIPLINE_OUTBOX, or `outbox` in tipline.toml; in Python with `outbox=`. If it is out "
                f"of use for good, remove its line from {self.path}.",
            )
        # A server's tables are never made by being opened.
        if address.file is None or self.knows(address) or has_tables(address.file):
            return
        raise ConfigurationError(
            f"there is no outbox in {address.file}, and {those}",
            hint="Correct the name. If it is to be another one, `tipline migrate` makes it: what the other one has "
            "queued or filed is not known there.",
        )

    def check_alone(self, address: Address | None) -> None:
        """Ask that what lies in the home can belong to no other outbox than this one.

        Args:
            address: Which one is in use; `None` for the file in the home.

        Raises:
            ConfigurationError: Another one is in the home, or was used with it.
        """
        others = list(self.others(address))
        is_own = address is None or (address.file is not None and _is_same_file(address.file, self._own))
        if not is_own and is_there(self._own):
            others.insert(0, str(self._own))
        if others:
            raise ConfigurationError(
                f"the outbox of this home is or was in {' and in '.join(others)} too, and that may name copies which "
                "the one in use does not: nothing is collected",
                hint=f"If nothing of it is needed any more, move its file away, and remove its line from {self.path}.",
            )


def _is_same(known: str, address: Address) -> bool:
    if address.file is None or not known.startswith(_FILE):
        return known == address.place
    return _is_same_file(Path(known.removeprefix(_FILE)), address.file)


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()
