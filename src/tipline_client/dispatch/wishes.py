"""What people asked for about an entry, and whether they did: a wish in the row alone is nobody's.

A wish that an entry not be filed leaves a line in its history, chained with this installation's secret. A row says what
anybody wrote into it. The line is judged by itself: what was done to others of that history does not undo the wish.
"""

from collections.abc import Iterable

from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import (
    EntryFiledByHand,
    HandFilingNoted,
    Happening,
    HistoryLine,
    WithdrawalAsked,
    digest_of,
)
from tipline_client.delivery.outcomes import Failure
from tipline_client.envelope import HistoryChain
from tipline_client.errors import EnvelopeError
from tipline_client.outbox.contract import Outbox

__all__ = ["check_wish", "disproved", "is_withdrawn"]


async def check_wish(entry: Entry, outbox: Outbox, *, chain: HistoryChain | None) -> None:
    """Let an entry pass unless its row says that it is not to be filed, and nobody said so.

    Args:
        entry: As it was claimed.
        outbox: Whose history of it is read, if there is a wish.
        chain: Makes the links of that history; without it they are not looked at.

    Raises:
        EnvelopeError: The wish, or the number of a filing by hand, was written into the row by hand.
        OutboxUnavailableError: The history cannot be read.
    """
    if entry.withdrawal_reason is None and entry.filed_by_hand_as is None:
        return
    lines = await outbox.history(entry.id)
    told = list(_told(lines if chain is None else chain.own(lines)))
    note = digest_of(entry.withdrawal_reason or "")
    if entry.filed_by_hand_as is None:
        is_told = any(isinstance(what, WithdrawalAsked) and what.note_sha256 == note for what in told)
    else:
        is_told = any(
            isinstance(what, HandFilingNoted | EntryFiledByHand)
            and (what.report_id, what.note_sha256) == (entry.filed_by_hand_as, note)
            for what in told
        )
    if not is_told:
        raise EnvelopeError("the row says that it is not to be filed, and no history of that is left: it was altered")


def is_withdrawn(entry: Entry, checkpoint: Checkpoint) -> bool:
    """Whether the entry is not to be filed.

    A number that a person found on the hotline's side may be that of the report which this program opened. Then the
    finish of it is in doubt and is asked again; taking back the very report that is said to be filed would be absurd.
    """
    is_own = checkpoint.report_id is not None and checkpoint.report_id == entry.filed_by_hand_as
    return entry.withdrawal_reason is not None and not is_own


def disproved(entry: Entry, before: Checkpoint, after: Checkpoint) -> Failure | None:
    """Why a filing by hand cannot be true: its report was this program's own, and the endpoint says that it is gone."""
    number = entry.filed_by_hand_as
    if number is None or before.report_id != number or after.report_id is not None:
        return None
    return Failure(
        "not_filed_by_hand",
        f"on record as filed by hand as report {number}; but that is this program's own report, and it is not filed",
    )


def _told(lines: Iterable[HistoryLine]) -> Iterable[Happening]:
    for line in lines:
        try:
            yield line.event.what
        except ValueError:
            continue
