"""What every store decides alike, whatever it is made of.

Nothing here reads or writes a store.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry, Lease, NewEntry
from tipline_client.delivery.events import (
    EntryAcknowledged,
    EntryAttempted,
    EntryFiledByHand,
    EntryGivenUp,
    EntryRequeued,
    EntryRetracted,
    HandFilingNoted,
    Happening,
    WithdrawalAsked,
    digest_of,
)
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.jsonable import from_json
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.errors import (
    DuplicateKeyError,
    EntryNotFoundError,
    IllegalTransitionError,
    LeaseLostError,
    OutboxError,
    ReportTakenError,
)

__all__ = [
    "acknowledged",
    "check_held",
    "check_not_destroyed",
    "check_requeueable",
    "check_same_content",
    "check_text",
    "check_withdrawable",
    "checkpoint_to_resume",
    "foreign_report_alarm",
    "happenings_of_ending",
    "happenings_of_requeue",
    "happenings_of_withdrawal",
    "hook_state_of",
    "id_in_use",
    "is_untouched",
    "lane_state_of",
    "lease_lost",
    "no_alarm",
    "no_entry",
    "other_content",
    "report_taken",
    "state_when_withdrawn",
]


def is_untouched(checkpoint: Checkpoint) -> bool:
    """Whether nothing of an entry can be at the endpoint, not even as the unanswered half of a call."""
    return checkpoint.report_id is None and checkpoint.intent is None and checkpoint.retraction is None


def check_same_content(existing: Entry, new: NewEntry) -> None:
    """Let a second enqueue pass only if it hands in the same content.

    Raises:
        DuplicateKeyError: The content differs.
    """
    if existing.content_digest != new.content_digest:
        raise other_content(existing)


def other_content(existing: Entry) -> DuplicateKeyError:
    """The error for a key that names an entry with other content."""
    return DuplicateKeyError(
        f"the idempotency key already names entry {existing.id}, with other content", entry_id=existing.id
    )


def check_withdrawable(entry: Entry) -> None:
    """Refuse to withdraw what is filed, by whomever, or given up with nothing open at the endpoint.

    Raises:
        IllegalTransitionError: It is.
    """
    has_nothing_open = entry.state is State.DEAD_LETTER and is_untouched(entry.checkpoint)
    if entry.has_receipt or entry.state is State.ACKNOWLEDGED or has_nothing_open:
        raise IllegalTransitionError(f"entry {entry.id} is {entry.state}: it cannot be withdrawn any more")
    if entry.filed_by_hand_as is not None:
        raise IllegalTransitionError(
            f"entry {entry.id} is filed by hand as report {entry.filed_by_hand_as}: it is withdrawn by that",
            hint="What this program opened of it is taken back first; `tipline show` tells how far that is.",
        )


def state_when_withdrawn(entry: Entry) -> State:
    """Where an entry goes when somebody asks that it not be filed; whoever held a lease on it loses that, or knew.

    What is on record was durable before it was sent, and whoever loses the lease can write no further intent: so an
    entry that is untouched now stays so.
    """
    if is_untouched(entry.checkpoint):
        return State.RETRACTED
    if entry.state is State.DEAD_LETTER:
        # Given up with something open at the endpoint: a dispatcher takes that back.
        return State.QUEUED
    is_news = entry.withdrawal_reason is None
    # A second wish changes nothing for whoever is carrying out the first one.
    return State.QUEUED if entry.state is State.LEASED and is_news else entry.state


def happenings_of_withdrawal(entry: Entry, state: State, reason: str) -> tuple[Happening, ...]:
    """What is told when an entry is withdrawn, and goes from where it stands to `state`."""
    note = digest_of(reason)
    if state is State.RETRACTED:
        return WithdrawalAsked(note), EntryRetracted()
    if entry.state is State.DEAD_LETTER:
        return WithdrawalAsked(note), EntryRequeued(note)
    return (WithdrawalAsked(note),)


def check_held(entry: Entry) -> None:
    """Refuse to let go what is not held.

    Raises:
        IllegalTransitionError: It is not, or an acknowledgement of it is on record.
    """
    if entry.has_receipt and entry.state is State.HELD:
        raise IllegalTransitionError(
            f"entry {entry.id} is {entry.state}, yet its acknowledgement is on record: it is not filed again"
        )
    if entry.state is not State.HELD:
        raise IllegalTransitionError(f"entry {entry.id} is {entry.state}, not held: there is nothing to let go")


def check_not_destroyed(entry: Entry) -> None:
    """Refuse to hold, or to go on with, what is destroyed.

    Raises:
        IllegalTransitionError: Its destruction has begun.
    """
    if entry.is_destroyed:
        raise IllegalTransitionError(
            f"the data key of entry {entry.id} is erased: its content is destroyed",
            hint="Its certificate is written by `tipline destroy --certificate`.",
        )


def check_requeueable(entry: Entry) -> None:
    """Refuse to put back what is not a dead letter, what is filed whatever its state says, or what is destroyed.

    Raises:
        IllegalTransitionError: It is no dead letter, an acknowledgement of it is on record, or its key is erased.
    """
    if entry.has_receipt and entry.state is State.DEAD_LETTER:
        raise IllegalTransitionError(
            f"entry {entry.id} is {entry.state}, yet its acknowledgement is on record: it is not filed again"
        )
    if entry.state is not State.DEAD_LETTER:
        raise IllegalTransitionError(f"entry {entry.id} is {entry.state}, no dead letter: it cannot be requeued")
    check_not_destroyed(entry)


def checkpoint_to_resume(entry: Entry, vouched_for: Checkpoint | None) -> Checkpoint:
    """What a dead letter goes on from: the record as it stands now, with the seal of whoever vouches for it.

    Raises:
        IllegalTransitionError: What a person looked at, and vouches for, is on record no longer. It may be older than a
            finish that has been sent since.
    """
    if vouched_for is None:
        return entry.checkpoint
    if _without_secret(entry.checkpoint) != _without_secret(vouched_for):
        raise IllegalTransitionError(
            f"entry {entry.id}: its checkpoint has changed since it was looked at, and is not what is vouched for",
            hint="Somebody else put it back meanwhile: look at it again with `tipline show`.",
        )
    return vouched_for


def _without_secret(checkpoint: Checkpoint) -> Checkpoint:
    """What a checkpoint says, without what was made with the installation's secret."""
    untied = (replace(exchange, record_tag=exchange.record_tag and "") for exchange in checkpoint.exchanges)
    return replace(checkpoint, seal="", exchanges=tuple(untied))


def check_text(*texts: str) -> None:
    """Refuse text that a store could not give back as it was.

    Raises:
        OutboxError: A lone surrogate is in it. The message does not show the text, which may be content.
    """
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            reason = "a key, id or reason holds half a surrogate pair, which no store keeps unchanged"
        else:
            continue
        # Raised outside the handler: the codec's exception carries the text with it.
        raise OutboxError(reason, hint="Hand in text that UTF-8 can carry.")


def foreign_report_alarm(
    kept_report_id: int, acknowledgement: Acknowledgement, *, raised_at: datetime
) -> Sequence[Alarm]:
    """The alarm for a second acknowledgement that names another report than the one on record, if it does."""
    if acknowledgement.report_id == kept_report_id:
        return ()
    text = f"report {acknowledgement.report_id} was acknowledged too; report {kept_report_id} stays on record"
    return (Alarm(kind=AlarmKind.FINISHED_BY_ANOTHER, text=text, raised_at=raised_at),)


def happenings_of_ending(state: State, attempt: Attempt, entry: Entry) -> tuple[Happening, ...]:
    """What is told of a lease on `entry` that ended in this state; of an acknowledgement, only the try."""
    tried = EntryAttempted(attempt)
    if state is State.RETRACTED:
        return tried, EntryRetracted()
    if state is State.FILED_BY_HAND and entry.filed_by_hand_as is not None:
        return tried, EntryFiledByHand(entry.filed_by_hand_as, digest_of(entry.withdrawal_reason or ""))
    if state is State.DEAD_LETTER:
        return tried, EntryGivenUp(attempt.failure)
    return (tried,)


def happenings_of_requeue(entry: Entry, reason: str, *, is_vouched_for: bool) -> tuple[Happening, ...]:
    """What is told when a dead letter is put back.

    Whoever vouches for it vouches for the wish in its row as well, which is told anew for that reason: the line that
    told of it first may have been lost, or written under a secret that is here no longer.
    """
    wish: tuple[Happening, ...] = ()
    if is_vouched_for and entry.filed_by_hand_as is not None:
        wish = (HandFilingNoted(entry.filed_by_hand_as, digest_of(entry.withdrawal_reason or "")),)
    elif is_vouched_for and entry.withdrawal_reason is not None:
        wish = (WithdrawalAsked(digest_of(entry.withdrawal_reason)),)
    return *wish, EntryRequeued(digest_of(reason), was_vouched_for=is_vouched_for)


def acknowledged(acknowledgement: Acknowledgement, reply: bytes) -> EntryAcknowledged:
    """What is told of an acknowledgement."""
    return EntryAcknowledged(acknowledgement.report_id, acknowledgement.file_set, sha256(reply).hexdigest())


def lane_state_of(version: int, stored: object, *, now: datetime) -> LaneState:
    """How a lane stands, from what was stored of it. What cannot be read is open: failing again, it pauses again."""
    try:
        state = from_json(LaneState, stored) if isinstance(stored, str) else LaneState(now)
    except ValueError:
        state = LaneState(now)
    return replace(state, read_at=now, version=version)


def hook_state_of(version: int, stored: object, *, now: datetime) -> HookState:
    """How far a hook has got, from what was stored of it. What cannot be read begins anew."""
    try:
        state = from_json(HookState, stored) if isinstance(stored, str) else HookState(now)
    except ValueError:
        state = HookState(now)
    return replace(state, read_at=now, version=version)


def lease_lost(lease: Lease) -> LeaseLostError:
    """The error for a write whose lease is not live."""
    return LeaseLostError(f"entry {lease.entry.id}: the lease is no longer live; nothing was recorded")


def id_in_use(new: NewEntry) -> DuplicateKeyError:
    """The error for a new entry whose id names another entry already."""
    return DuplicateKeyError(
        f"the entry id {new.id} is already in use under another idempotency key",
        entry_id=new.id,
        hint="Make a fresh id for each report.",
    )


def no_entry(entry_id: str) -> EntryNotFoundError:
    """The error for an id that names nothing."""
    return EntryNotFoundError(f"no entry has the id {entry_id!r}")


def no_alarm(alarm_id: int) -> EntryNotFoundError:
    """The error for a number that names no alarm."""
    return EntryNotFoundError(
        f"no alarm has the number {alarm_id}", hint="`tipline alarm list` shows the open ones, with --all every one."
    )


def report_taken(entry_id: str, report_id: object, *, by: str) -> ReportTakenError:
    """The error for a report that cannot be an entry's, since it is another's."""
    return ReportTakenError(f"report {report_id} cannot be entry {entry_id}'s: it is on record as entry {by}'s")
