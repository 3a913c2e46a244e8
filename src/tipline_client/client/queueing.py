"""The verbs of the asynchronous door that hand in a report. No logic of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tipline_client.client.options import Options
from tipline_client.delivery.entry import Entry
from tipline_client.dispatch.enqueueing import Enqueued, as_submission, check, enqueue
from tipline_client.dispatch.marking import Marking
from tipline_client.envelope import KeyRing
from tipline_client.errors import Issue, ReportInvalidError
from tipline_client.evidence import Evidence, Room
from tipline_client.evidence.store import EvidenceStore
from tipline_client.models import Report
from tipline_client.outbox import Outbox
from tipline_client.outbox.joining import Caller
from tipline_client.profiles import EndpointProfile
from tipline_client.vault import Vault

__all__ = ["AsyncQueueing"]

Connection = Any
"""Whatever an application calls its connection; no library of theirs is imported for a type."""


class AsyncQueueing:
    """How reports get into an `AsyncTiplineClient`."""

    outbox: Outbox
    keys: KeyRing
    profile: EndpointProfile
    _store: EvidenceStore
    _vault: Vault
    _options: Options
    _room: Room | None
    _marking: Marking | None

    def validate(
        self, report: Report, *, evidence: Sequence[Evidence] = (), known_at: datetime | None = None
    ) -> tuple[Issue, ...]:
        """Every issue of a report with its evidence, errors and warnings, without queueing or raising."""
        try:
            submission = as_submission(report, evidence, known_at=known_at)
        except ReportInvalidError as error:
            return error.issues
        return check(submission, self.profile, now=self._options.clock.now())

    async def enqueue(
        self,
        report: Report,
        *,
        evidence: Sequence[Evidence] = (),
        idempotency_key: str | None = None,
        known_at: datetime | None = None,
        connection: Connection | None = None,
    ) -> Entry:
        """Make a report durable, once per idempotency key. After this returns, a crash loses nothing.

        With `connection` that is so once the caller has committed: the report is queued then, and otherwise never.

        Args:
            report: What is reported.
            evidence: The files that support it; their bytes are copied, so the originals may change afterwards.
            idempotency_key: Your name for this report, such as a case number. Without one it is derived from the
                content, so that handing in the same report with the same files again files nothing twice.
            known_at: When you came to know of it, with a zone: the clock of the filing begins there, and at the
                queueing without it. It is signed and kept, and never sent. Handing in again does not change it.
            connection: A connection or session with a transaction on the outbox's own database, to queue the report
                in: of `sqlite3`, `psycopg`, SQLAlchemy or Django. The guide to transactions says what holds.

        Returns:
            The entry: a new one, or the earlier one with the same key and content.

        Raises:
            ReportInvalidError: With every issue. Nothing was queued.
            EvidenceError: A file is missing, empty, unreadable or changing. Nothing was queued.
            DuplicateKeyError: The key names other content. Nothing was queued.
            OutboxUnavailableError: Nothing was queued.
            ConfigurationError: It is not in the outbox yet, and there is no usable signing key; or the transaction of
                `connection` cannot be joined. Nothing was queued.
        """
        return (
            await self.enqueue_once(
                report,
                evidence=evidence,
                idempotency_key=idempotency_key,
                known_at=known_at,
                connection=connection,
            )
        ).entry

    async def enqueue_once(
        self,
        report: Report,
        *,
        evidence: Sequence[Evidence] = (),
        idempotency_key: str | None = None,
        known_at: datetime | None = None,
        connection: Connection | None = None,
    ) -> Enqueued:
        """Like `enqueue`, and says whether this call made the entry or found it; for whoever counts or tells a person.

        Returns:
            `entry`, and `is_new`.
        """
        caller = None if connection is None else connection if isinstance(connection, Caller) else Caller(connection)
        if self._marking is not None and caller is not None and evidence:
            # Before anything of it is written, since nobody else might be able to read afterwards.
            await self._marking.leave()
        enqueued = await enqueue(
            report,
            evidence,
            idempotency_key=idempotency_key,
            known_at=known_at,
            outbox=self.outbox,
            store=self._store,
            keys=self.keys,
            vault=self._vault,
            profile=self.profile,
            clock=self._options.clock,
            room=self._room,
            caller=caller,
        )
        if self._marking is not None and caller is None and any(item.mode == "copy" for item in evidence):
            await self._marking.leave()
        return enqueued
