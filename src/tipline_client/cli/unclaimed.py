"""What `doctor` says of evidence that is kept for no entry: a line and a way out for people, numbers for programs.

Pure: it looks at nothing and removes nothing.
"""

from typing import Any, Final

from tipline_client.cli.checks import Check, Grade
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.views import instant
from tipline_client.dispatch.unclaimed import UnclaimedEvidence

__all__ = ["MOST_LOOKED_AT", "SUBJECT", "unclaimed_check", "unclaimed_view"]

MOST_LOOKED_AT: Final = 20_000
"""How many entries are looked for unless all are asked for."""

SUBJECT: Final = "unclaimed evidence"

_NAMED = 3
_WAY_OUT = (
    "Keep it, nothing removes it. If an enqueue was killed or its answer lost, hand that submission in again; "
    "if the outbox is an older copy or a row was deleted, this may be all that is left: restore the newer outbox."
)


def unclaimed_check(found: UnclaimedEvidence, *, place: str) -> Check:
    """The finding, with the ids under which the oldest of it lies in `place`."""
    looked_at = f"looked for {found.looked_at} entries"
    if not found.is_complete:
        looked_at += in_words_of_host(" and stopped there; `tipline doctor --all-evidence` goes on")
    if not found.count:
        return Check(SUBJECT, Grade.OK, f"none; {looked_at}")
    ids = ", ".join(holding.entry_id for holding in found.oldest[:_NAMED])
    more = f" and {found.count - _NAMED} more" if found.count > _NAMED else ""
    unfinished = f", {found.drafts} of them unfinished" if found.drafts else ""
    detail = (
        f"{found.count} folder(s) that no entry claims{unfinished}, {found.copies} file(s), {found.size} bytes, the "
        f"oldest since {instant(found.oldest[0].changed_at)}: {ids}{more} in {place}; {looked_at}"
    )
    return Check(SUBJECT, Grade.WARNING, detail, _WAY_OUT)


def unclaimed_view(found: UnclaimedEvidence) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "count": found.count,
        "files": found.copies,
        "bytes": found.size,
        "unfinished": found.drafts,
        "lookedAt": found.looked_at,
        "isComplete": found.is_complete,
        "oldest": [
            {
                "id": holding.entry_id,
                "files": holding.copies,
                "bytes": holding.size,
                "isUnfinished": holding.has_draft,
                "changedAt": instant(holding.changed_at),
            }
            for holding in found.oldest
        ],
    }
