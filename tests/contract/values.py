"""Harmless values for the tests of outbox stores: entries, checkpoints, attempts, acknowledgements."""

from datetime import UTC, datetime, timedelta

from tipline_client.delivery.acknowledgement import Acknowledgement, FileSet
from tipline_client.delivery.answers import Scope
from tipline_client.delivery.checkpoint import (
    Aim,
    AttachedFile,
    Checkpoint,
    Exchange,
    Intent,
    Retraction,
    SuspectedOrphan,
)
from tipline_client.delivery.entry import Lease, NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.delivery.steps import Step
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import Lane, Outbox

LANE = Lane("sample", Environment.MOCK)
CHAIN = HistoryChain(b"a secret of these tests")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REPLY = b"<reportDoneResponse><responseCode>0</responseCode></reportDoneResponse>"

FAILURE = Failure(
    kind="outage", text="no answer within 30 s", scope=Scope.ENDPOINT, step=Step.UPLOAD, code=2000, request_id="r-1"
)

FULL_CHECKPOINT = Checkpoint(
    report_id=2**63 + 7,
    intent=Intent(Step.UPLOAD, START, index=1),
    files=(AttachedFile(0, "f-0", is_confirmed=True, is_described=True),),
    retraction=Retraction(Aim.START_OVER, FAILURE),
    opened_at=START,
    changed_at=START + timedelta(microseconds=1),
    finish_sent=True,
    reports_opened=2,
    refusals=1,
    mismatches=1,
    setbacks=3,
    orphans=(SuspectedOrphan(START, START + timedelta(hours=24), report_id=6),),
    exchanges=(Exchange(Step.SUBMIT, START, answered_at=START, http_status=200, code=0, request_id="r-0"),),
    seal="0" * 64,
)


def new_entry(
    name: str = "one", *, lane: Lane = LANE, digest: str | None = None, is_escalated: bool = False
) -> NewEntry:
    """An entry about a coffee mug, with key and id made of `name`."""
    return NewEntry(
        id=f"id-{name}",
        profile=lane.profile,
        environment=lane.environment,
        idempotency_key=f"key-{name}",
        content_digest=digest or f"digest of {name}",
        envelope=b"\x00\xffcoffee mug " + name.encode(),
        data_key=f"master wrapped/{name}",
        checkpoint=Checkpoint(seal=f"seal of {name}"),
        is_escalated=is_escalated,
    )


def attempt(outcome: Outcome, *, failure: Failure | None = None, burns: bool = True) -> Attempt:
    """A try that took a minute."""
    return Attempt(started_at=START, ended_at=START + MINUTE, outcome=outcome, failure=failure, burns=burns)


def acknowledgement(report_id: int = 4711) -> Acknowledgement:
    """What is known of a filed report with one file."""
    return Acknowledgement(
        report_id=report_id,
        acknowledged_at=START + MINUTE,
        code=0,
        file_set=FileSet.CONFIRMED,
        files=(AttachedFile(0, "f-0", is_confirmed=True, is_described=True),),
        reported_file_ids=("f-0",),
        exchanges=(Exchange(Step.FINISH, START, answered_at=START + MINUTE, http_status=200, code=0),),
    )


async def lease_of(outbox: Outbox, name: str = "one", *, lease_for: timedelta = MINUTE) -> Lease:
    """A live lease on a fresh entry."""
    entry, _ = await outbox.enqueue(new_entry(name))
    [lease] = await outbox.claim(LANE, limit=1, lease_for=lease_for, entry_id=entry.id)
    return lease


async def acknowledge(outbox: Outbox, lease: Lease, *, report_id: int = 4711) -> None:
    """End a lease as filed."""
    await outbox.acknowledge(
        lease,
        Checkpoint(report_id=report_id),
        acknowledgement(report_id),
        attempt(Outcome.ACKNOWLEDGED),
        reply=REPLY,
    )
