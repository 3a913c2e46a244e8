"""Which files of a folder are the same receipt or certificate again: each counts once, whatever its copies are named.

Held is the name of each file that is not named by its entry, and no more: a folder that `receipts export --all` wrote
has none of those, however long it is.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.verifying import read_document
from tipline_client.delivery.certificate import Certificate
from tipline_client.delivery.receipt import Receipt
from tipline_client.envelope import TrustedKeys
from tipline_client.errors import EnvelopeError

__all__ = ["Once", "Seen"]

_SUFFIX: Final = ".json"
_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file is; one to be counted where neither is said.

    Attributes:
        problem: Why it is not to be believed.
        copy_of: The file with the same receipt or certificate, which is counted.
    """

    problem: str | None = None
    copy_of: Path | None = None


class Once:
    """The files of one folder, each looked at once.

    Args:
        folder: The folder.
        trusted: The keys that are believed.
    """

    def __init__(self, folder: Path, *, trusted: TrustedKeys) -> None:
        self._folder = folder
        self._trusted = trusted
        self._named_otherwise: dict[tuple[type, str], Path] = {}

    def look_at(self, path: Path) -> Seen:
        """What a file of the folder is."""
        try:
            document = read_document(path, trusted=self._trusted)
        except (EnvelopeError, CommandError) as error:
            return Seen(problem=str(error))
        entry_id, is_receipt = document.entry_id, isinstance(document, Receipt)
        if is_receipt and path.name == f"{entry_id}{_SUFFIX}":
            return Seen()
        if is_receipt and path.stem != entry_id and _ID.fullmatch(path.stem) is not None:
            # Whoever copies one receipt under many names must not have many entries verified.
            return Seen(problem=f"it is the receipt of entry {entry_id}, under the name of another")
        first = self._first(path, document)
        if first is None:
            return Seen()
        if self._opened(first) == document:
            return Seen(copy_of=first)
        what = "receipt" if is_receipt else "certificate"
        return Seen(problem=f"it is another {what} of entry {entry_id} than {first.name}")

    def _first(self, path: Path, document: Receipt | Certificate) -> Path | None:
        """The file that counts for the same entry already, or is going to."""
        named = self._folder / f"{document.entry_id}{_SUFFIX}"
        opened = self._opened(named) if isinstance(document, Receipt) else None
        if isinstance(opened, Receipt) and opened.entry_id == document.entry_id:
            return named
        first = self._named_otherwise.setdefault((type(document), document.entry_id), path)
        return None if first == path else first

    def _opened(self, path: Path) -> Receipt | Certificate | None:
        try:
            return read_document(path, trusted=self._trusted)
        except (EnvelopeError, CommandError):
            return None
