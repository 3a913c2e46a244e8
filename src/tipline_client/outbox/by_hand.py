"""What every store decides alike when a person filed a report outside of this program and says so.

Such an entry must not be filed by this program too: whatever of it may be at the endpoint is taken back first. Nothing
here reads or writes a store.
"""

from collections.abc import Sequence
from datetime import datetime

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import (
    EntryFiledByHand,
    EntryReleased,
    EntryRequeued,
    HandFilingNoted,
    Happening,
    digest_of,
)
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.states import State
from tipline_client.errors import FiledTwiceError, IllegalTransitionError, OutboxError
from tipline_client.outbox.rules import is_untouched

__all__ = [
    "LARGEST_REPORT_ID",
    "check_report_id",
    "end_of_withdrawal",
    "filed_twice",
    "filed_twice_alarm",
    "happenings_of_hand_filing",
    "holds_of_hand_filing",
    "state_when_filed_by_hand",
]

LARGEST_REPORT_ID = 2**63 - 1
"""The endpoint's numbers are `xs:long`; CyberTipline, `reportResponse` of its XSD."""


def check_report_id(report_id: int) -> None:
    """Refuse what cannot be the number of a report.

    Raises:
        OutboxError: It cannot.
    """
    if not 1 <= report_id <= LARGEST_REPORT_ID:
        raise OutboxError(
            f"the number of a report is between 1 and {LARGEST_REPORT_ID}",
            hint="Give the number that the hotline shows for the report.",
        )


def state_when_filed_by_hand(entry: Entry, report_id: int, *, is_believed: bool) -> State | None:
    """Where an entry goes when a person says that the report was filed by hand.

    Args:
        entry: As it stands.
        report_id: The number of that report.
        is_believed: Whether the checkpoint on record is this installation's own work.

    Returns:
        `FILED_BY_HAND` when nothing of it can be at the endpoint. Otherwise `QUEUED`, for the next lease to take back
        what may be there; what is not believed stays set aside or held. `None` when all this is on record already.

    Raises:
        IllegalTransitionError: It is filed by this program, or on record under another number.
        FiledTwiceError: It is filed by this program, and on record under this number.
    """
    is_filed = entry.has_receipt or entry.state is State.ACKNOWLEDGED
    if is_filed and entry.filed_by_hand_as == report_id != entry.report_id:
        raise filed_twice(entry)
    if is_filed:
        number = "" if entry.report_id is None else f" as report {entry.report_id}"
        raise IllegalTransitionError(
            f"entry {entry.id} is filed already{number}, by this program: report {report_id} is not recorded",
            hint="A filed report cannot be taken back. If it was filed by hand as well, tell the hotline both numbers.",
        )
    if entry.filed_by_hand_as not in (None, report_id):
        raise IllegalTransitionError(
            f"entry {entry.id} is on record as filed by hand as report {entry.filed_by_hand_as}, not {report_id}",
            hint="If both reports are filed, tell the hotline both numbers; the first one stays on record here.",
        )
    if entry.filed_by_hand_as is not None and entry.state in {State.FILED_BY_HAND, State.QUEUED, State.LEASED}:
        return None
    if not is_believed:
        return State.QUEUED if entry.state is State.LEASED else entry.state
    # What is on record was durable before it was sent, and whoever loses the lease can write no further intent.
    return State.FILED_BY_HAND if is_untouched(entry.checkpoint) else State.QUEUED


def happenings_of_hand_filing(entry: Entry, state: State, report_id: int, reason: str) -> tuple[Happening, ...]:
    """What is told when a person says so, and the entry goes from where it stands to `state`."""
    note = digest_of(reason)
    if state is State.FILED_BY_HAND:
        return (EntryFiledByHand(report_id, note),)
    noted = HandFilingNoted(report_id, note)
    if state is State.QUEUED and entry.state is State.HELD:
        return noted, EntryReleased(note)
    if state is State.QUEUED and entry.state.is_terminal:
        return noted, EntryRequeued(note)
    return (noted,)


def holds_of_hand_filing(entry: Entry, state: State, holds: Sequence[HoldTerms]) -> Sequence[HoldTerms]:
    """The holds that are opened when a filing by hand leads an entry to `state`; none of destroyed content."""
    return holds if state is State.FILED_BY_HAND and not entry.is_destroyed else ()


def filed_twice(entry: Entry) -> FiledTwiceError:
    """The error for an entry that a person had filed by hand as another report than this program."""
    return FiledTwiceError(
        f"entry {entry.id} is filed twice: by hand as report {entry.filed_by_hand_as}, and by this program as "
        f"{entry.report_id}"
    )


def end_of_withdrawal(entry: Entry) -> State:
    """What an entry becomes once it is proven that this program has not filed it and will not."""
    return State.RETRACTED if entry.filed_by_hand_as is None else State.FILED_BY_HAND


def filed_twice_alarm(entry: Entry, acknowledgement: Acknowledgement, *, raised_at: datetime) -> Sequence[Alarm]:
    """The alarm for an acknowledgement of what a person had filed by hand as another report, if it is one."""
    if entry.filed_by_hand_as in (None, acknowledgement.report_id):
        return ()
    text = (
        f"filed twice: by hand as report {entry.filed_by_hand_as}, and by this program as {acknowledgement.report_id}"
    )
    return (Alarm(AlarmKind.FILED_TWICE, text, raised_at),)
