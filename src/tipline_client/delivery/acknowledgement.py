"""The endpoint's statement that a report is filed, as the facts that a receipt is made of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tipline_client.delivery.checkpoint import AttachedFile, Exchange, SuspectedOrphan

__all__ = ["Acknowledgement", "Alarm", "AlarmKind", "FileSet"]


class FileSet(StrEnum):
    """How the endpoint's list of attached files compares with ours."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    """The endpoint gave no list: it said that the report had been finished before."""
    DIFFERS = "differs"


class AlarmKind(StrEnum):
    """What a person must look at although the report is filed."""

    FILE_SET_DIFFERS = "file_set_differs"
    FILE_SET_MISSING = "file_set_missing"
    """The endpoint finished the report and gave no list of its files that could be compared."""
    FINISHED_BY_ANOTHER = "finished_by_another"
    """The endpoint says finished although this entry had not finished it: evidence may be missing."""
    FILED_TWICE = "filed_twice"
    """A person filed the report on the portal, and this program turned out to have filed it too, as another one."""
    HASH_MISSING = "hash_missing"
    ENVELOPE_REFUSED = "envelope_refused"
    """The stored bytes fail verification: somebody or something altered them."""
    EVIDENCE_CHANGED = "evidence_changed"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must close, with a note.

    Attributes:
        kind: What.
        text: In words free of content.
        raised_at: When.
        id: The outbox's number for it; 0 before it is stored.
        entry_id: Whose; empty before it is stored.
        closed_at: When a person closed it.
        closed_note: What that person wrote.
    """

    kind: AlarmKind
    text: str
    raised_at: datetime
    id: int = 0
    entry_id: str = ""
    closed_at: datetime | None = None
    closed_note: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What is known when an entry is acknowledged.

    Attributes:
        report_id: The endpoint's number of the filed report.
        acknowledged_at: When the answer was read, by our clock.
        code: 0 for the answer to our finish; 5102 when the endpoint said that it had been finished before.
        file_set: The comparison of the endpoint's list of files with ours.
        files: What is attached, with the endpoint's ids and hashes.
        reported_file_ids: The endpoint's own list, in its order; `None` when it gave none.
        exchanges: Every call concerning this report.
        orphans: Suspected orphans opened on the way.
    """

    report_id: int
    acknowledged_at: datetime
    code: int
    file_set: FileSet
    files: tuple[AttachedFile, ...] = ()
    reported_file_ids: tuple[str, ...] | None = None
    exchanges: tuple[Exchange, ...] = ()
    orphans: tuple[SuspectedOrphan, ...] = ()
