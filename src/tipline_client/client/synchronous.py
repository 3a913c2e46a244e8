"""The door for programs without an event loop: the asynchronous one, run on a loop in a thread of its own."""

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio

from tipline_client.client.asynchronous import AsyncTiplineClient
from tipline_client.client.keeping import Keeping
from tipline_client.client.loop_thread import Errands, LoopThread
from tipline_client.client.one_process import OfOneProcess
from tipline_client.client.options import Options
from tipline_client.client.queueing import Connection
from tipline_client.delivery.answers import Answer
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.receipt import Receipt
from tipline_client.dispatch.enqueueing import Enqueued
from tipline_client.errors import Issue, OutboxClosedError
from tipline_client.evidence import Evidence, EvidencePlace, refuse_streams
from tipline_client.models import Report
from tipline_client.outbox import Outbox
from tipline_client.outbox.joining import Caller
from tipline_client.profiles import EndpointProfile, EndpointSchema

__all__ = ["TiplineClient"]

T = TypeVar("T")


class TiplineClient(OfOneProcess, Keeping):
    """`AsyncTiplineClient` for programs without an event loop: the same verbs, without `await`.

    Example:
        >>> def file(report: Report, profile: EndpointProfile) -> int:
        ...     with TiplineClient.open("tipline-home", profile=profile) as client:
        ...         entry = client.enqueue(report, idempotency_key="case-4711")
        ...         return client.deliver(entry.id).report_id
    """

    def __init__(self, wrapped: AsyncTiplineClient) -> None:
        self._async = wrapped
        self._is_closed = False
        self._loop = LoopThread()

    @classmethod
    def open(
        cls,
        home: str | os.PathLike[str],
        *,
        profile: EndpointProfile,
        outbox: str | Outbox | None = None,
        evidence: EvidencePlace | None = None,
        options: Options | None = None,
    ) -> Self:
        """See `AsyncTiplineClient.open`."""
        opened = AsyncTiplineClient.open(home, profile=profile, outbox=outbox, evidence=evidence, options=options)
        try:
            return cls(opened)
        except BaseException:
            # Nobody has it who could close it.
            with suppress(Exception):
                anyio.run(opened.aclose)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is being written and close the outbox; safe to call twice, and again after an interrupt.

        From its beginning on, other verbs are refused.
        """
        self._loop.check_not_here()
        self._is_closed = True
        # In a process that was forked nothing is open: what there was is the other one's.
        with suppress(OutboxClosedError):
            self._loop.close(last=self._async.aclose)

    def call(self, function: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        """Run one of the asynchronous client's verbs, or anything of its outbox, on this client's event loop."""
        return self._run(partial(function, *arguments, **named))

    def _call_beside(self, connection: Connection | None, function: Callable[..., Awaitable[T]]) -> T:
        """Run a verb that takes a connection of the caller's, which is bound to the caller's own thread."""
        if connection is None:
            return self._run(function)
        errands = Errands()
        caller = Caller(connection, errands.run, has_loop=False)
        return self._run(partial(function, connection=caller), errands=errands)

    def _run(self, function: Callable[[], Awaitable[T]], *, errands: Errands | None = None) -> T:
        """What every verb goes through that waits for the event loop."""
        if self._is_closed:
            raise OutboxClosedError("this client is closed", hint="Open another one.")
        return self._loop.call(function, errands=errands)

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have `function` run on this client's event loop, without waiting; from any thread or a signal handler.

        After the client is closed it does nothing.
        """
        if not self._is_closed:
            self._loop.call_soon(function)

    @property
    def asynchronous(self) -> AsyncTiplineClient:
        """The client behind this one; use its coroutines through `call`."""
        return self._async

    @property
    def profile(self) -> EndpointProfile:
        """Which endpoint."""
        return self._async.profile

    def validate(
        self, report: Report, *, evidence: Sequence[Evidence] = (), known_at: datetime | None = None
    ) -> tuple[Issue, ...]:
        """See `AsyncTiplineClient.validate`."""
        return self._async.validate(report, evidence=evidence, known_at=known_at)

    def enqueue(
        self,
        report: Report,
        *,
        evidence: Sequence[Evidence] = (),
        idempotency_key: str | None = None,
        known_at: datetime | None = None,
        connection: Connection | None = None,
    ) -> Entry:
        """See `AsyncTiplineClient.enqueue`; `connection` is used in this thread alone."""
        refuse_streams(evidence)
        return self._call_beside(
            connection,
            partial(self._async.enqueue, report, evidence=evidence, idempotency_key=idempotency_key, known_at=known_at),
        )

    def enqueue_once(
        self,
        report: Report,
        *,
        evidence: Sequence[Evidence] = (),
        idempotency_key: str | None = None,
        known_at: datetime | None = None,
        connection: Connection | None = None,
    ) -> Enqueued:
        """See `AsyncTiplineClient.enqueue_once`."""
        refuse_streams(evidence)
        return self._call_beside(
            connection,
            partial(
                self._async.enqueue_once, report, evidence=evidence, idempotency_key=idempotency_key, known_at=known_at
            ),
        )

    def deliver(self, entry_id: str) -> Receipt:
        """See `AsyncTiplineClient.deliver`."""
        return self.call(self._async.deliver, entry_id)

    def retract(self, entry_id: str, *, reason: str) -> Entry:
        """See `AsyncTiplineClient.retract`."""
        return self.call(self._async.retract, entry_id, reason=reason)

    def file_by_hand(self, entry_id: str, *, report_id: int, reason: str) -> Entry:
        """See `AsyncTiplineClient.file_by_hand`."""
        return self.call(self._async.file_by_hand, entry_id, report_id=report_id, reason=reason)

    def requeue(self, entry_id: str, *, reason: str, accept_checkpoint: bool = False) -> Entry:
        """See `AsyncTiplineClient.requeue`."""
        return self.call(self._async.requeue, entry_id, reason=reason, accept_checkpoint=accept_checkpoint)

    def release(self, entry_id: str, *, reason: str) -> Entry:
        """See `AsyncTiplineClient.release`."""
        return self.call(self._async.release, entry_id, reason=reason)

    def entry(self, entry_id: str) -> Entry:
        """See `AsyncTiplineClient.entry`."""
        return self.call(self._async.entry, entry_id)

    def find(self, idempotency_key: str) -> Entry | None:
        """See `AsyncTiplineClient.find`."""
        return self.call(self._async.find, idempotency_key)

    def orphaned(self, *, limit: int = 100, after: str | None = None) -> list[Entry]:
        """See `AsyncTiplineClient.orphaned`."""
        return self.call(self._async.orphaned, limit=limit, after=after)

    def probe(self) -> Answer:
        """See `AsyncTiplineClient.probe`."""
        return self.call(self._async.probe)

    def credentials_known_from(self) -> frozenset[Environment]:
        """See `AsyncTiplineClient.credentials_known_from`."""
        return self._async.credentials_known_from()

    def fetch_schema(self) -> EndpointSchema:
        """See `AsyncTiplineClient.fetch_schema`."""
        return self.call(self._async.fetch_schema)
