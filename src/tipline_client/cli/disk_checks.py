"""What `doctor` says of the places that are written to: how much is left there, and whether evidence can be kept.

A bucket is tried with an object of no meaning, which is removed again.
"""

import errno
import os
from pathlib import Path

import anyio

from tipline_client._closed import reason_of, way_in
from tipline_client.cli.findings import Check, Grade
from tipline_client.cli.settings import Settings
from tipline_client.cli.sizes import size_words
from tipline_client.errors import TiplineError
from tipline_client.evidence import EvidenceFolder, Room

__all__ = ["check_disk", "check_evidence"]

_KNOWS_EFFECTIVE = os.access in os.supports_effective_ids

_LEAST_FREE = 1024**3
"""Less than this beyond what is kept free is worth a word."""


def check_disk(settings: Settings) -> list[Check]:
    """What is left where the outbox is and where evidence is copied to, if that is another disk."""
    places = {"disk": settings.home}
    try:
        copies = settings.copies()
    except TiplineError:
        # Said of the evidence.
        copies = None
    if isinstance(copies, EvidenceFolder) and not _is_same_disk(copies.root, settings.home):
        places["disk of evidence"] = copies.root
    return [_check_room(subject, Room(place, keep_free=settings.keep_free)) for subject, place in places.items()]


def check_evidence(settings: Settings) -> list[Check]:
    """Whether copies of evidence can be kept and read again."""
    try:
        copies = settings.copies()
        if isinstance(copies, EvidenceFolder):
            return [_check_folder(copies.root)]
        anyio.run(copies.try_out)
    except TiplineError as error:
        return [Check("evidence", Grade.PROBLEM, str(error), error.hint)]
    return [Check("evidence", Grade.OK, f"{copies.shown}: written, read, listed and removed an object to try it")]


def _check_room(subject: str, room: Room) -> Check:
    try:
        free = room.free()
    except TiplineError as error:
        return Check(subject, Grade.PROBLEM, str(error), error.hint)
    left = free - room.keep_free
    detail = f"{size_words(free)} free, of which {size_words(room.keep_free)} are kept for what is queued already"
    if left <= 0:
        hint = "Make room: nothing can be queued. What is queued already is still delivered."
        return Check(subject, Grade.PROBLEM, detail, hint)
    if left < _LEAST_FREE:
        return Check(subject, Grade.WARNING, detail, "Make room: evidence is copied here.")
    return Check(subject, Grade.OK, detail)


def _check_folder(folder: Path) -> Check:
    try:
        is_folder = folder.is_dir()
        if is_folder and not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=_KNOWS_EFFECTIVE):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        reason = reason_of(error, folder)
        return Check("evidence", Grade.PROBLEM, f"{folder} cannot be used: {reason}", way_in(error, folder) or "")
    if not is_folder:
        hint = "Mount it, or bring it from the host that has it: nothing with evidence is delivered from here."
        return Check("evidence", Grade.PROBLEM, f"{folder} is not there", hint)
    if folder.stat().st_mode & 0o077:
        return Check("evidence", Grade.PROBLEM, f"{folder} is open to others", f"chmod 700 {folder}")
    return Check("evidence", Grade.OK, str(folder))


def _is_same_disk(folder: Path, other: Path) -> bool:
    place = folder.absolute()
    try:
        while not place.exists():
            place = place.parent
        return place.stat().st_dev == other.stat().st_dev
    except OSError:
        return False
