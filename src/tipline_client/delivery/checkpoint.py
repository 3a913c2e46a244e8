"""How far an entry has got at the endpoint: the intent before each step, the result after it.

A checkpoint is what a dispatcher that takes over knows of the one before. It holds ids and times, neither content nor
digests of it: it can be read without any key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step

__all__ = [
    "Aim",
    "AttachedFile",
    "Checkpoint",
    "Exchange",
    "Intent",
    "Retraction",
    "SuspectedOrphan",
]

UNFINISHED_LIFETIME = timedelta(hours=24)
"""An unfinished report lives at least this long after it was opened."""
IDLE_LIFETIME = timedelta(hours=1)
"""... and at least this long after its last change; the later of the two limits counts."""

_KEPT = 64


class Aim(StrEnum):
    """Why the current report is being retracted."""

    START_OVER = "start_over"
    GIVE_UP = "give_up"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Intent:
    """A step about to be sent. Found without a result, it may or may not have reached the endpoint.

    Attributes:
        step: Which call.
        index: Which evidence file, for upload and fileinfo.
        since: When this intent was first written.
    """

    step: Step
    since: datetime
    index: int | None = None


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """An evidence file that the endpoint said it holds.

    Attributes:
        index: Its place in the manifest.
        file_id: The endpoint's id for it.
        is_confirmed: Whether the endpoint's hash of what it received was ours; false when it gave none.
        is_described: Whether its details were accepted too.
    """

    index: int
    file_id: str
    is_confirmed: bool = False
    is_described: bool = False


@dataclass(frozen=True, slots=True)
class Retraction:
    """The current report is to be retracted before anything else.

    Attributes:
        aim: What follows once it is proven dead.
        failure: Why.
        refusals: How often the endpoint has refused the retraction itself.
    """

    aim: Aim
    failure: Failure
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class SuspectedOrphan:
    """A report that an unanswered submit may have opened. It can never be finished, and lapses unfiled.

    Attributes:
        since: When the submit was sent.
        lapses_at: When it is gone, if it ever was.
        report_id: Its id, when it is known after all.
    """

    since: datetime
    lapses_at: datetime
    report_id: int | None = None

    def has_lapsed(self, now: datetime) -> bool:
        """Whether it is gone by now, if it ever was; until then the endpoint may hold it, unfinished."""
        return self.lapses_at <= now


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and what came back, for the receipt: times and codes.

    Attributes:
        step: Which call.
        sent_at: When.
        index: Which evidence file, for upload and fileinfo.
        answered_at: When the reply was read; `None` without one.
        http_status: Likewise.
        code: The endpoint's code, where a usable one came.
        request_id: The endpoint's `Request-ID`.
        record_tag: A keyed digest of the sealed record of the reply; `None` without a reply.
    """

    step: Step
    sent_at: datetime
    index: int | None = None
    answered_at: datetime | None = None
    http_status: int | None = None
    code: int | None = None
    request_id: str | None = None
    record_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The whole memory of an entry's dealings with the endpoint.

    Attributes:
        report_id: The one report id that is current, if any.
        intent: The step written down as about to be sent, without a result so far.
        files: What is attached to the current report.
        retraction: Set while the current report has to die first.
        opened_at: When the submit of the current report was sent.
        changed_at: When its last accepted change was sent.
        finish_sent: Whether a finish for the current report may have reached the endpoint.
        reports_opened: How many reports this entry has opened in all.
        refusals: Answers in a row by which the current step was refused, where one refusal is not the last word.
        mismatches: How often the endpoint's hash of an upload was not ours.
        setbacks: Leases that ended without an end for the entry; the retry policy's exponent. It never shrinks: an
            entry that opens a report and loses it again and again must slow down too.
        orphans: Reports that may have been opened without our knowing their id; the most recent ones.
        exchanges: The calls that concern the current report; the most recent ones.
        seal: Proof that this installation wrote all of the above for this very entry; empty before it is sealed.
    """

    report_id: int | None = None
    intent: Intent | None = None
    files: tuple[AttachedFile, ...] = ()
    retraction: Retraction | None = None
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    finish_sent: bool = False
    reports_opened: int = 0
    refusals: int = 0
    mismatches: int = 0
    setbacks: int = 0
    orphans: tuple[SuspectedOrphan, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    seal: str = ""

    @property
    def lapses_at(self) -> datetime | None:
        """When the current report lapses unless it changes: the later of the endpoint's two limits."""
        if self.report_id is None or self.opened_at is None:
            return None
        return max(self.opened_at + UNFINISHED_LIFETIME, (self.changed_at or self.opened_at) + IDLE_LIFETIME)

    @property
    def orphans_lapse_at(self) -> datetime | None:
        """When the last of the suspected orphans is gone; `None` when there are none."""
        return max((orphan.lapses_at for orphan in self.orphans), default=None)

    def attached(self, index: int) -> AttachedFile | None:
        """The endpoint's record of evidence file `index` in the current report."""
        return next((file for file in self.files if file.index == index), None)

    def with_orphan(self, orphan: SuspectedOrphan) -> tuple[SuspectedOrphan, ...]:
        """The orphans with one more; bounded, since an outage may last for days."""
        return (*self.orphans, orphan)[-_KEPT:]

    def with_exchange(self, exchange: Exchange) -> tuple[Exchange, ...]:
        """The exchanges with one more; bounded likewise, the opening of the report always kept."""
        grown = (*self.exchanges, exchange)
        return grown if len(grown) <= _KEPT * 8 else (grown[0], *grown[-(_KEPT * 8 - 1) :])
