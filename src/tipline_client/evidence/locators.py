"""How every store names what it keeps: `<entry id>/<index>.bin` for a copy, `<index>.part` for one under way.

The names are alike everywhere, and a copy is sealed to its name: moved from one store to another under the same name it
is the same copy. Nothing here knows a file system or a bucket.
"""

import re
from collections.abc import Iterable
from typing import Final

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError

__all__ = ["check_entry_id", "draft_of", "is_entry_id", "is_own_file", "locator_of", "mark_of", "owners_of", "parts_of"]

_MARKS: Final = ".outboxes"
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OWN_FILE = re.compile(r"[0-9]{1,9}\.(bin|part)", re.ASCII)
_LOCATOR = re.compile(r"([A-Za-z0-9_-]{1,64})/([0-9]{1,9}\.bin)", re.ASCII)


def is_entry_id(name: str) -> bool:
    """Whether copies may lie under this name."""
    return _ENTRY_ID.fullmatch(name) is not None


def is_own_file(name: str) -> bool:
    """Whether a file of an entry is one that a store made: a copy, or one under way."""
    return _OWN_FILE.fullmatch(name) is not None


def check_entry_id(entry_id: str) -> str:
    """The id, under which copies may lie.

    Raises:
        EvidenceError: They may not: it could lead elsewhere.
    """
    if not is_entry_id(entry_id):
        raise EvidenceError("the entry id is not one that names a folder")
    return entry_id


def locator_of(entry_id: str, index: int) -> str:
    """Where the copy of a file lies.

    Raises:
        EvidenceError: No copies may lie under this id.
    """
    return f"{check_entry_id(entry_id)}/{index}.bin"


def mark_of(owner: str) -> str:
    """Where it stands that copies of this owner are kept; no entry's folder is called like that.

    Raises:
        EvidenceError: There is no such owner.
    """
    return f"{_MARKS}/{check_entry_id(owner)}"


def owners_of(names: Iterable[str]) -> tuple[str, ...]:
    """Whose copies are kept, by what stands there."""
    found = (name.removeprefix(f"{_MARKS}/") for name in names)
    return tuple(sorted(filter(is_entry_id, found)))


def draft_of(locator: str) -> str:
    """What lies in a copy's place as long as it is not complete."""
    return locator.removesuffix(".bin") + ".part"


def parts_of(item: ManifestItem) -> tuple[str, str]:
    """Entry id and file name of the copy that a manifest names.

    Raises:
        EvidenceError: It names none.
    """
    match = _LOCATOR.fullmatch(item.locator)
    if match is None:
        raise EvidenceError(f"evidence[{item.index}]: the locator is not one of this store")
    return match[1], match[2]
