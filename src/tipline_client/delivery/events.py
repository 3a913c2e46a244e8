"""What happened, as frozen values: each change of an entry or a lane that is worth telling somebody.

An event holds ids, times, codes and counts, no content: what people wrote is in it as a digest, so that the history
shows whether their words were changed since. Order and keeping belong to the outbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, get_args

from tipline_client.delivery.acknowledgement import AlarmKind, FileSet
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.hold import Part
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.lane_state import Incident
from tipline_client.delivery.outcomes import Attempt, Failure

__all__ = [
    "AlarmClosed",
    "AlarmRaised",
    "ContentErased",
    "ContentRead",
    "DeadlineNear",
    "DestructionBegun",
    "EntryAcknowledged",
    "EntryAttempted",
    "EntryDestroyed",
    "EntryFiledByHand",
    "EntryGivenUp",
    "EntryHeld",
    "EntryQueued",
    "EntryReleased",
    "EntryRequeued",
    "EntryRetracted",
    "Event",
    "HandFilingNoted",
    "Happening",
    "HistoryLine",
    "HoldExtended",
    "HoldOpened",
    "HoldReleased",
    "KeyRewrapped",
    "LanePaused",
    "LaneResumed",
    "ReceiptSigned",
    "WithdrawalAsked",
    "digest_of",
    "words_of",
]


def digest_of(words: str) -> str:
    """The SHA-256 of what a person wrote, which stands for it in an event."""
    return sha256(words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EntryQueued:
    """A report became durable.

    Attributes:
        content_digest: See `Entry.content_digest`.
        is_held: Whether it waits for a person's release first.
    """

    content_digest: str
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class EntryHeld:
    """An entry that waited was put aside until a person releases it."""


@dataclass(frozen=True, slots=True)
class EntryReleased:
    """A person let a held entry go. `note_sha256` is the digest of the reason."""

    note_sha256: str


@dataclass(frozen=True, slots=True)
class EntryAttempted:
    """A leased try ended, whichever way."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class EntryAcknowledged:
    """The report is filed."""

    report_id: int
    file_set: FileSet
    reply_sha256: str


@dataclass(frozen=True, slots=True)
class HandFilingNoted:
    """A person filed the report outside of this program and said so; what this program opened is taken back first."""

    report_id: int
    note_sha256: str


@dataclass(frozen=True, slots=True)
class EntryFiledByHand:
    """A person filed the report outside of this program, which is proven to have filed nothing of it."""

    report_id: int
    note_sha256: str


@dataclass(frozen=True, slots=True)
class EntryGivenUp:
    """The entry became a dead letter; `failure` is `None` only when its own row could not be read."""

    failure: Failure | None


@dataclass(frozen=True, slots=True)
class EntryRetracted:
    """The entry is withdrawn, and proven not filed."""


@dataclass(frozen=True, slots=True)
class WithdrawalAsked:
    """A person asked that the entry not be filed."""

    note_sha256: str


@dataclass(frozen=True, slots=True)
class EntryRequeued:
    """A person put a dead letter back; `was_vouched_for` also the record of its delivery."""

    note_sha256: str
    was_vouched_for: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptSigned:
    """The receipt of an acknowledged entry is kept."""

    receipt_sha256: str


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """Something that a person must look at."""

    alarm_id: int
    kind: AlarmKind


@dataclass(frozen=True, slots=True)
class AlarmClosed:
    """A person looked."""

    alarm_id: int
    note_sha256: str


@dataclass(frozen=True, slots=True)
class DeadlineNear:
    """An entry is not filed yet, and the time in which it should be is nearly over.

    Attributes:
        known_since: When the clock began.
        due_at: When it runs out.
    """

    known_since: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class HoldOpened:
    """Something of an entry must be kept until a moment, or, if it is a limit, not beyond it.

    Attributes:
        hold_id: The outbox's number for the hold.
        regime: What asks for it.
        part: What is to be kept.
        ends_at: Until when.
        is_limit: Whether it may not be kept longer.
        actor: Who opened it; empty for one that the filing opened.
        note_sha256: The digest of that person's reason.
    """

    hold_id: int
    regime: str
    part: Part
    ends_at: datetime
    is_limit: bool = False
    actor: str = ""
    note_sha256: str = ""


@dataclass(frozen=True, slots=True)
class HoldExtended:
    """A person moved the end of a hold to a later moment."""

    hold_id: int
    ends_at: datetime
    actor: str
    note_sha256: str


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """A person ended a hold."""

    hold_id: int
    actor: str
    note_sha256: str


@dataclass(frozen=True, slots=True)
class ContentRead:
    """A person read content of an entry; written before it was shown.

    Attributes:
        what: Which content: `report`, `replies` or `evidence[0]`.
        actor: Who says to have read it.
        note_sha256: Digest of the purpose.
    """

    what: str
    actor: str
    note_sha256: str


@dataclass(frozen=True, slots=True)
class KeyRewrapped:
    """The data key of an entry is wrapped with another master key; `master` is its id."""

    master: str


@dataclass(frozen=True, slots=True)
class DestructionBegun:
    """The data key of an entry is erased: nobody reads its content any more, and what was sealed with it is removed.

    Attributes:
        actor: Who destroys it.
        note_sha256: The digest of the reason.
        request_sha256: The digest of the reference to the legal request, if one was named.
        holds_ended: The holds that ran and that this ended.
    """

    actor: str
    note_sha256: str
    request_sha256: str | None = None
    holds_ended: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentErased:
    """The copies of its evidence are removed and its sealed rows emptied."""


@dataclass(frozen=True, slots=True)
class EntryDestroyed:
    """The destruction is complete, and its certificate is kept; the digest is of the sealed document."""

    certificate_sha256: str


@dataclass(frozen=True, slots=True)
class LanePaused:
    """The endpoint cannot be used; all entries of the lane wait.

    Attributes:
        incident: Since when, and why.
        waiting: How many entries wait.
        oldest_waiting: When the oldest of them was enqueued.
    """

    incident: Incident
    waiting: int = 0
    oldest_waiting: datetime | None = None


@dataclass(frozen=True, slots=True)
class LaneResumed:
    """The endpoint is well again; `incident` is what has ended, with all its failures. The rest as in `LanePaused`."""

    incident: Incident
    waiting: int = 0
    oldest_waiting: datetime | None = None


Happening = (
    EntryQueued
    | EntryHeld
    | EntryReleased
    | EntryAttempted
    | EntryAcknowledged
    | HandFilingNoted
    | EntryFiledByHand
    | EntryGivenUp
    | EntryRetracted
    | WithdrawalAsked
    | EntryRequeued
    | ReceiptSigned
    | AlarmRaised
    | AlarmClosed
    | DeadlineNear
    | HoldOpened
    | HoldExtended
    | HoldReleased
    | ContentRead
    | KeyRewrapped
    | DestructionBegun
    | ContentErased
    | EntryDestroyed
    | LanePaused
    | LaneResumed
)
"""Every kind of happening."""

_KINDS: Final[Mapping[str, type[Happening]]] = {kind.__name__: kind for kind in get_args(Happening)}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        at: When, by the outbox's clock.
        profile: In which lane: the profile's name.
        environment: And where it files.
        what: What happened.
        entry_id: To which entry; `None` for the lane as a whole.
    """

    at: datetime
    profile: str
    environment: Environment
    what: Happening
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of the history, as it is kept.

    Attributes:
        position: Its place among all lines of the outbox; later lines have higher ones, and some are left out.
        at: When.
        profile: In which lane.
        environment: Likewise.
        entry_id: Of which entry; `None` for the lane as a whole.
        kind: Which kind of happening.
        facts: What happened, as JSON text.
        link: What chains the line to the one before of the same entry or lane.
    """

    position: int
    at: datetime
    profile: str
    environment: str
    entry_id: str | None
    kind: str
    facts: str
    link: str

    @property
    def event(self) -> Event:
        """The line as a value.

        Raises:
            ValueError: It holds what this program never wrote.
        """
        if self.kind not in _KINDS:
            raise ValueError("no such kind of happening")
        what = from_json(_KINDS[self.kind], self.facts)
        return Event(self.at, self.profile, Environment(self.environment), what, self.entry_id)


def words_of(what: Happening) -> tuple[str, str]:
    """Kind and facts, as a line of the history keeps them."""
    return type(what).__name__, to_json(what)
