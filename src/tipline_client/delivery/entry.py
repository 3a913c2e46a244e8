"""One row of the outbox, as the rest of the house sees it."""

from dataclasses import dataclass, field
from datetime import datetime

from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.states import State

__all__ = ["Entry", "Lease", "NewEntry", "OutboxCounts"]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is handed to the outbox.

    Attributes:
        id: The entry's own id, already inside the signed payload.
        profile: The profile's name.
        environment: Where it may be filed, and nowhere else.
        idempotency_key: The caller's name for "the same report"; unique within profile and environment.
        content_digest: Equal for the same content, and keyed; decides whether a second enqueue is the same report.
        envelope: The signed bytes, sealed with the data key: opaque.
        data_key: The data key, wrapped; see `WrappedKey`.
        checkpoint: Where it begins: nothing at the endpoint yet, and sealed.
        is_escalated: Whether it goes before others.
        known_at: When the reporter came to know of it, if the caller said so.
    """

    id: str
    profile: str
    environment: Environment
    idempotency_key: str
    content_digest: str
    envelope: bytes
    data_key: str = field(repr=False)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    is_escalated: bool = False
    known_at: datetime | None = None

    def __repr__(self) -> str:
        return f"NewEntry(id={self.id!r}, environment={self.environment})"


@dataclass(frozen=True, slots=True)
class Entry:
    """One report in the outbox, as it stood when it was read.

    Attributes:
        id: The entry's id.
        profile: The profile's name.
        environment: Where it may be filed.
        idempotency_key: The caller's name for the report.
        content_digest: Equal for the same content, and keyed; decides whether a second enqueue is the same report.
        envelope: The signed bytes, sealed with the data key.
        data_key: The data key, wrapped; empty once it was erased.
        is_escalated: Whether it goes before others.
        state: Where it stands.
        checkpoint: How far it has got at the endpoint.
        attempts: How many tries counted against it.
        enqueued_at: When it became durable.
        available_at: Not before this moment is it tried again.
        known_at: When the reporter came to know of it, if the caller said so.
        withdrawal_reason: Set once somebody asked for it not to be filed, or had filed it by hand.
        last_failure: Why the last try did not end in an acknowledgement.
        report_id: The filed report's number, once acknowledged.
        acknowledged_at: When.
        has_receipt: Whether a signed receipt or an acknowledgement is on record, whatever the state column says.
        filed_by_hand_as: The number of the report that a person filed outside of this program, by that person's word.
        unreadable: Columns of the row that hold what this program never wrote; they are shown empty.
    """

    id: str
    profile: str
    environment: Environment
    idempotency_key: str
    content_digest: str
    envelope: bytes
    data_key: str
    is_escalated: bool
    state: State
    checkpoint: Checkpoint
    attempts: int
    enqueued_at: datetime
    available_at: datetime
    known_at: datetime | None = None
    withdrawal_reason: str | None = None
    last_failure: Failure | None = None
    report_id: int | None = None
    acknowledged_at: datetime | None = None
    has_receipt: bool = False
    filed_by_hand_as: int | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def clock_began_at(self) -> datetime:
        """When the clock of the filing began: with the knowledge, or at the latest with the queueing."""
        return self.enqueued_at if self.known_at is None else self.known_at

    @property
    def contradiction(self) -> str | None:
        """How state and acknowledgement contradict each other, where they do: somebody altered the row.

        Neither is to be believed then; above all it is not to be taken for filed.
        """
        if self.has_receipt == (self.state is State.ACKNOWLEDGED):
            return None
        if self.has_receipt:
            report = "" if self.report_id is None else f" as report {self.report_id}"
            return f"{self.state}, yet the outbox holds an acknowledgement of it{report}: it was altered"
        return f"{self.state}, but its acknowledgement is not on record: it was altered"

    @property
    def is_destroyed(self) -> bool:
        """Whether its row has no data key any more; that this was no hand that altered it, only a certificate shows."""
        return not self.data_key and "data_key" not in self.unreadable

    def __repr__(self) -> str:
        return f"Entry(id={self.id!r}, state={self.state}, environment={self.environment}, attempts={self.attempts})"


@dataclass(frozen=True, slots=True)
class Lease:
    """A time-limited exclusive claim on an entry.

    Attributes:
        entry: The entry as it was when claimed.
        token: The fencing value; each write must still find it in the row.
        started_at: When it was claimed, by the store's clock.
        expires_at: When it ends unless renewed, by the store's clock.
        was_taken_over: Whether an earlier lease ended without being given back.
    """

    entry: Entry
    token: str
    started_at: datetime
    expires_at: datetime
    was_taken_over: bool = False


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """What is in an outbox, in numbers.

    Attributes:
        by_state: How many entries each state has; states without entries count 0.
        open_alarms: How many alarms no person has closed.
        oldest_waiting: When the oldest unfiled entry (held, queued or leased) was enqueued.
        longest_known: When the clock of an unfiled entry began first; see `Entry.clock_began_at`.
        next_available: The earliest moment at which an entry may be tried: a queued one when its time comes, a leased
            one when its lease ends without being renewed.
    """

    by_state: dict[State, int]
    open_alarms: int = 0
    oldest_waiting: datetime | None = None
    longest_known: datetime | None = None
    next_available: datetime | None = None

    @property
    def waiting(self) -> int:
        """Entries that are neither filed nor given up."""
        return sum(self.by_state[state] for state in (State.HELD, State.QUEUED, State.LEASED))
