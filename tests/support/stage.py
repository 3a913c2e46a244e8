"""Everything that a delivery needs, put together for tests: clock, keys, outbox, evidence, mock endpoint, dispatchers.

The dispatcher, the outbox and the endpoint go by one clock, which stands still until somebody waits on it. So days pass
in no time and nothing here sleeps.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.support.at_rest import new_vault
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch import Conductor, LaneGate, Road, SharedBook
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.dispatch.reader import Reader
from tipline_client.dispatch.receipting import sign_outstanding
from tipline_client.envelope import KeyRing
from tipline_client.evidence import Evidence, EvidenceFolder
from tipline_client.mock import MockEndpoint
from tipline_client.models import IncidentSummary, Person, Report, Reporter
from tipline_client.outbox import Lane, MemoryOutbox, Outbox
from tipline_client.profiles import EndpointProfile
from tipline_client.testing import TurnableClock
from tipline_client.transport import HttpTransport, Transport
from tipline_client.vault import Vault

__all__ = ["DAYS", "FILES", "Stage", "sample_evidence", "sample_report", "staged"]

DAYS = timedelta(days=9)
FILES = (b"a gradient from teal to sand " * 40, b"one coffee mug, in bytes " * 40)

OpenTransport = Callable[[EndpointProfile], AbstractAsyncContextManager[Transport]]


def sample_report(name: str = "one", *, is_escalated: bool = False) -> Report:
    """A valid report about nothing; reports of different names differ."""
    return Report(
        incident_summary=IncidentSummary(
            incident_type="Misleading Domain Name",
            incident_date_time=datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
            incident_date_time_description=f"Sample {name}",
            escalate_to_high_priority="A sample, which is in no hurry" if is_escalated else None,
        ),
        reporter=Reporter(reporting_person=Person(first_name="Zoë", email=["safety@example.com"])),
    )


def sample_evidence(contents: tuple[bytes, ...] = FILES) -> list[Evidence]:
    """Files of these contents, each with something said about it."""
    return [
        Evidence.from_bytes(content, name=f"mug-{index}.bin", file_viewed_by_esp=True)
        for index, content in enumerate(contents)
    ]


@dataclass(slots=True)
class Stage:
    """One installation before one mock endpoint."""

    endpoint: MockEndpoint
    clock: TurnableClock
    keys: KeyRing
    folder: Path
    outbox: Outbox
    profile: EndpointProfile
    vault: Vault = field(default_factory=new_vault)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    open_transport: OpenTransport = HttpTransport.open
    road: dict[str, Any] = field(default_factory=dict)

    @property
    def reader(self) -> Reader:
        """What opens the entries."""
        return Reader(vault=self.vault, trusted=self.keys.trusted(), records=self.keys.record_keys())

    @property
    def store(self) -> EvidenceFolder:
        """Where the copies of evidence lie."""
        return EvidenceFolder(self.folder / "evidence")

    async def enqueue(
        self, name: str = "one", *, contents: tuple[bytes, ...] = FILES, is_escalated: bool = False
    ) -> Entry:
        """A durable entry with these files as its evidence."""
        enqueued = await enqueue(
            sample_report(name, is_escalated=is_escalated),
            sample_evidence(contents),
            idempotency_key=f"case-{name}",
            outbox=self.outbox,
            store=self.store,
            keys=self.keys,
            vault=self.vault,
            profile=self.profile,
            clock=self.clock,
        )
        return enqueued.entry

    def conductor(
        self,
        *,
        outbox: Outbox | None = None,
        open_transport: OpenTransport | None = None,
        slots: int = 8,
        deadline: Deadline | None = None,
    ) -> Conductor:
        """A dispatcher of its own, as each process has one."""
        outbox = outbox or self.outbox
        road = Road(
            outbox=outbox,
            profile=self.profile,
            reader=self.reader,
            seal=self.keys.checkpoint_seal(),
            evidence=self.store,
            lane=LaneGate(SharedBook(outbox, Lane(self.profile.name, self.profile.environment)), clock=self.clock),
            policy=self.policy,
            clock=self.clock,
            random=Random(7),  # noqa: S311 - jitter, the same in every run
        )
        return Conductor(
            replace(road, **self.road),
            partial(open_transport or self.open_transport, self.profile),
            make_receipts=partial(sign_outstanding, outbox, self.keys, self.vault),
            slots=slots,
            deadline=deadline,
        )

    def attached(self) -> list[list[tuple[str, bool]]]:
        """The files of each finished report: digest, and whether described."""
        return [
            sorted((file["sha256"], file["details"]) for file in report["files"])
            for report in self.endpoint.reports()
            if report["state"] == "finished"
        ]


@asynccontextmanager
async def staged(
    folder: Path,
    endpoint: MockEndpoint,
    clock: TurnableClock,
    *,
    outbox: Outbox | None = None,
    keys: KeyRing | None = None,
) -> AsyncIterator[Stage]:
    """A stage on an endpoint that has been running for others too; it forgets them."""
    endpoint.reset()
    if keys is None:
        keys = KeyRing.create(folder / "keys")
        keys.generate()
    profile = replace(endpoint.profile, progress_timeout=timedelta(seconds=5))
    stage = Stage(endpoint, clock, keys, folder, outbox or MemoryOutbox(clock), profile)
    yield stage
    await stage.outbox.close()
