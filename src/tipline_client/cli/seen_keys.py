"""Does a key name two contents within one file: found without reading what is in the files that are reported."""

import filecmp
from pathlib import Path

from tipline_client.bulk import Prepared
from tipline_client.bulk.notes import Noted, SeenKeys, content_of

__all__ = ["other_of_its_key"]


def other_of_its_key(seen: SeenKeys, line: Prepared) -> str | None:
    """Where an earlier submission stands that has the key of this one and other content; notes this one."""
    submission = line.submission
    if submission is None or submission.idempotency_key is None or not line.is_acceptable:
        return None
    files = [[Path(item.path or "").name, item.details.to_json_dict()] for item in submission.evidence]
    this = Noted(line.source, content_of(submission.report, files), [item.path for item in submission.evidence])
    earlier = seen.note(submission.idempotency_key, this)
    if earlier is None or (this.content == earlier.content and _have_same_bytes(line.folder, this, earlier)):
        return None
    return earlier.place


def _have_same_bytes(folder: Path, this: Noted, earlier: Noted) -> bool:
    """Whether the files of two submissions are the same; of objects in a store nothing is known here."""
    pairs = [(our, their) for our, their in zip(this.paths, earlier.paths, strict=True) if our and their]
    try:
        return all(our == their or filecmp.cmp(folder / our, folder / their, shallow=False) for our, their in pairs)
    except OSError:
        # Whoever copies the files says what is wrong with them.
        return True
