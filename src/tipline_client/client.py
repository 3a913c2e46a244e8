"""The two doors: `AsyncTiplineClient` and, around it, `TiplineClient`. Neither has logic of its own.

The synchronous door runs the asynchronous one on an event loop in a thread of its own, so there is one implementation.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from types import TracebackType
from typing import Any, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from tipline_client.delivery.answers import Answer
from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch import Conductor, DispatchSummary, LaneGate, OnBytes, OnStep, Road, ignore
from tipline_client.dispatch.delivering import deliver, retract
from tipline_client.dispatch.enqueueing import as_submission, check, enqueue
from tipline_client.dispatch.probing import fetch_schema, probe
from tipline_client.dispatch.receipting import receipt_bytes, receipt_of, sign_outstanding
from tipline_client.envelope import KeyRing
from tipline_client.errors import Issue
from tipline_client.evidence import Evidence
from tipline_client.evidence.store import EvidenceStore
from tipline_client.home import Home
from tipline_client.models import Report
from tipline_client.outbox import Lane, Outbox, SqliteOutbox
from tipline_client.profiles import EndpointProfile, EndpointSchema
from tipline_client.transport import HttpTransport, Transport

__all__ = ["AsyncTiplineClient", "Dispatcher", "Options", "TiplineClient"]

T = TypeVar("T")

OpenTransport = Callable[[EndpointProfile], AbstractAsyncContextManager[Transport]]
"""Opens the network for one delivery slot; replace it to carry the calls some other way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What seldom needs to be said.

    Attributes:
        slots: How many entries a dispatcher has in flight at once.
        policy: How long to wait between tries.
        lease_for: How long a lease outlives its dispatcher.
        poll_every: How often a dispatcher looks for entries of other processes.
        clock: Says now.
        random: Chance, for jitter.
        open_transport: Opens the network; `HttpTransport.open` unless replaced.
        on_bytes: Told of upload progress: entry id, index of the evidence, bytes so far, bytes in all.
        on_step: Told of each step about to be sent: entry id, intent.
    """

    slots: int = 8
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    lease_for: timedelta = timedelta(seconds=30)
    poll_every: timedelta = timedelta(seconds=1)
    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=Random)
    open_transport: OpenTransport = HttpTransport.open
    on_bytes: OnBytes = ignore
    on_step: OnStep = ignore


class AsyncTiplineClient:
    """Reports in, receipts out; for programs with an event loop.

    Example:
        >>> async def file(report: Report, profile: EndpointProfile) -> int:
        ...     async with AsyncTiplineClient.open("tipline-home", profile=profile) as client:
        ...         entry = await client.enqueue(report, idempotency_key="case-4711")
        ...         return (await client.deliver(entry.id)).report_id

    Attributes:
        outbox: The durable queue, for looking into it.
        keys: The signing and trusted keys.
        profile: Which endpoint.
        home: Where everything lies.
    """

    def __init__(
        self,
        *,
        home: Home,
        outbox: Outbox,
        store: EvidenceStore,
        keys: KeyRing,
        profile: EndpointProfile,
        options: Options,
    ) -> None:
        self.home = home
        self.outbox = outbox
        self.keys = keys
        self.profile = profile
        self._store = store
        self._options = options
        self._lane = LaneGate(clock=options.clock)

    @classmethod
    def open(cls, home: str | os.PathLike[str], *, profile: EndpointProfile, options: Options | None = None) -> Self:
        """Open the installation in the folder `home`; one that does not exist yet is made, with a fresh key.

        Args:
            home: The folder of outbox, keys and evidence.
            profile: Which endpoint; there is no default.
            options: What seldom needs to be said.

        Raises:
            ConfigurationError: The folder cannot be used as a home.
            OutboxUnavailableError: The outbox cannot be opened.
        """
        options = options or Options()
        place = Home(home)
        keys = place.keys() if place.exists else place.create()
        return cls(
            home=place,
            outbox=SqliteOutbox.open(place.outbox_path, clock=options.clock),
            store=place.evidence(),
            keys=keys,
            profile=place.know_schema(profile),
            options=options,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Finish what is being written and close the outbox."""
        await self.outbox.close()

    def validate(self, report: Report, *, evidence: Sequence[Evidence] = ()) -> tuple[Issue, ...]:
        """Every issue of a report with its evidence, errors and warnings, without queueing or raising."""
        return check(as_submission(report, evidence), self.profile, now=self._options.clock.now())

    async def enqueue(
        self, report: Report, *, evidence: Sequence[Evidence] = (), idempotency_key: str | None = None
    ) -> Entry:
        """Make a report durable, once per idempotency key. After this returns, a crash loses nothing.

        Args:
            report: What is reported.
            evidence: The files that support it; their bytes are copied, so the originals may change afterwards.
            idempotency_key: Your name for this report, such as a case number. Without one it is derived from the
                content, so that handing in the same report with the same files again files nothing twice.

        Returns:
            The entry: a new one, or the earlier one with the same key and content.

        Raises:
            ReportInvalidError: With every issue. Nothing was queued.
            EvidenceError: A file is missing, empty, unreadable or changing. Nothing was queued.
            DuplicateKeyError: The key names other content. Nothing was queued.
            OutboxUnavailableError: Nothing was queued.
            ConfigurationError: There is no usable signing key. Nothing was queued.
        """
        entry, _ = await enqueue(
            report,
            evidence,
            idempotency_key=idempotency_key,
            outbox=self.outbox,
            store=self._store,
            signer=self.keys.signer(),
            profile=self.profile,
            clock=self._options.clock,
        )
        return entry

    async def deliver(self, entry_id: str) -> Receipt:
        """Try one entry now and return its receipt; for scripts and tests. Services run a `Dispatcher`.

        Raises:
            EntryNotFoundError: There is no such entry.
            DeliveryTransientError: Not yet; it waits in the outbox.
            DeliveryInDoubtError: No usable answer; it waits in the outbox to be settled.
            DeliveryRejectedError: Given up with a reason, or withdrawn.
        """
        return await deliver(self.conductor(), self.outbox, self.keys, entry_id)

    async def retract(self, entry_id: str, *, reason: str) -> Entry:
        """Withdraw an entry that is not filed yet, retracting at the endpoint what is open there.

        Returns:
            The entry. If it is not `RETRACTED` yet, the wish is on record and a dispatcher carries it out.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is filed or given up already.
        """
        return await retract(self.conductor(), self.outbox, entry_id, reason=reason)

    async def requeue(self, entry_id: str, *, reason: str) -> Entry:
        """Put a dead letter back, with its history.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is no dead letter.
        """
        return await self.outbox.requeue(entry_id, reason=reason)

    async def entry(self, entry_id: str) -> Entry:
        """The entry with this id.

        Raises:
            EntryNotFoundError: There is none.
        """
        return await self.outbox.get(entry_id)

    async def find(self, idempotency_key: str) -> Entry | None:
        """The entry that holds this key for this client's profile, if any."""
        return await self.outbox.find(Lane(self.profile.name, self.profile.environment), idempotency_key)

    async def receipt(self, entry_id: str) -> Receipt:
        """The verified receipt of an acknowledged entry.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is not acknowledged.
            EnvelopeError: The receipt on record is not trustworthy.
        """
        return await receipt_of(self.outbox, self.keys, entry_id)

    async def receipt_bytes(self, entry_id: str) -> bytes:
        """The signed receipt as a document to keep and hand on; see `receipt` for the errors."""
        return await receipt_bytes(self.outbox, self.keys, entry_id)

    async def probe(self) -> Answer:
        """Ask the endpoint whether it is there and accepts the credentials; touches no report."""
        async with self._options.open_transport(self.profile) as transport:
            return await probe(transport, self.profile)

    async def fetch_schema(self) -> EndpointSchema:
        """Fetch and keep the endpoint's own XSD; from then on every document is checked against it before it is queued.

        Raises:
            DeliveryTransientError: The endpoint did not give it.
            ConfigurationError: It refused the credentials, gave no schema, or it cannot be saved.
        """
        async with self._options.open_transport(self.profile) as transport:
            schema = await fetch_schema(transport, self.profile)
        self.home.save_schema(self.profile.name, schema)
        self.profile = self.profile.with_schema(schema)
        return schema

    async def sign_outstanding_receipts(self) -> int:
        """Make the receipts that a crash or a missing key left unmade; returns how many."""
        return await sign_outstanding(self.outbox, self.keys)

    def conductor(self) -> Conductor:
        """A dispatcher of this client's lane; `run`, `drain` and `stop` it."""
        options = self._options
        road = Road(
            outbox=self.outbox,
            profile=self.profile,
            trusted=self.keys.trusted(),
            evidence=self._store,
            lane=self._lane,
            policy=options.policy,
            clock=options.clock,
            random=options.random,
            lease_for=options.lease_for,
            on_bytes=options.on_bytes,
            on_step=options.on_step,
        )
        return Conductor(
            road,
            partial(options.open_transport, self.profile),
            make_receipts=partial(sign_outstanding, self.outbox, self.keys),
            slots=options.slots,
            poll_every=options.poll_every,
        )


class TiplineClient:
    """`AsyncTiplineClient` for programs without an event loop: the same verbs, without `await`.

    Example:
        >>> def file(report: Report, profile: EndpointProfile) -> int:
        ...     with TiplineClient.open("tipline-home", profile=profile) as client:
        ...         entry = client.enqueue(report, idempotency_key="case-4711")
        ...         return client.deliver(entry.id).report_id
    """

    def __init__(self, wrapped: AsyncTiplineClient) -> None:
        self._async = wrapped
        self._closing = ExitStack()
        self._portal = self._closing.enter_context(start_blocking_portal())

    @classmethod
    def open(cls, home: str | os.PathLike[str], *, profile: EndpointProfile, options: Options | None = None) -> Self:
        """See `AsyncTiplineClient.open`."""
        return cls(AsyncTiplineClient.open(home, profile=profile, options=options))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is being written and close the outbox; safe to call twice."""
        with self._closing:
            self.call(self._async.aclose)

    def call(self, function: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        """Run one of the asynchronous client's verbs, or anything of its outbox, on this client's event loop."""
        return self._portal.call(partial(function, *arguments, **named))

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have `function` run on this client's event loop, without waiting; from any thread or a signal handler."""
        self._portal.start_task_soon(function)

    @property
    def asynchronous(self) -> AsyncTiplineClient:
        """The client behind this one; use its coroutines through `call`."""
        return self._async

    @property
    def profile(self) -> EndpointProfile:
        """Which endpoint."""
        return self._async.profile

    def validate(self, report: Report, *, evidence: Sequence[Evidence] = ()) -> tuple[Issue, ...]:
        """See `AsyncTiplineClient.validate`."""
        return self._async.validate(report, evidence=evidence)

    def enqueue(
        self, report: Report, *, evidence: Sequence[Evidence] = (), idempotency_key: str | None = None
    ) -> Entry:
        """See `AsyncTiplineClient.enqueue`."""
        return self.call(self._async.enqueue, report, evidence=evidence, idempotency_key=idempotency_key)

    def deliver(self, entry_id: str) -> Receipt:
        """See `AsyncTiplineClient.deliver`."""
        return self.call(self._async.deliver, entry_id)

    def retract(self, entry_id: str, *, reason: str) -> Entry:
        """See `AsyncTiplineClient.retract`."""
        return self.call(self._async.retract, entry_id, reason=reason)

    def requeue(self, entry_id: str, *, reason: str) -> Entry:
        """See `AsyncTiplineClient.requeue`."""
        return self.call(self._async.requeue, entry_id, reason=reason)

    def entry(self, entry_id: str) -> Entry:
        """See `AsyncTiplineClient.entry`."""
        return self.call(self._async.entry, entry_id)

    def find(self, idempotency_key: str) -> Entry | None:
        """See `AsyncTiplineClient.find`."""
        return self.call(self._async.find, idempotency_key)

    def receipt(self, entry_id: str) -> Receipt:
        """See `AsyncTiplineClient.receipt`."""
        return self.call(self._async.receipt, entry_id)

    def receipt_bytes(self, entry_id: str) -> bytes:
        """See `AsyncTiplineClient.receipt_bytes`."""
        return self.call(self._async.receipt_bytes, entry_id)

    def probe(self) -> Answer:
        """See `AsyncTiplineClient.probe`."""
        return self.call(self._async.probe)

    def fetch_schema(self) -> EndpointSchema:
        """See `AsyncTiplineClient.fetch_schema`."""
        return self.call(self._async.fetch_schema)


class Dispatcher:
    """The service: delivers what is in the outbox until it is stopped.

    Any thread, or a signal handler, may call `stop`. Programs with an event loop use `AsyncTiplineClient.conductor`.

    Args:
        client: Whose outbox, and to which endpoint.
    """

    def __init__(self, client: TiplineClient) -> None:
        self._client = client
        self._conductor = client.call(_conductor_of, client.asynchronous)

    def run(self) -> DispatchSummary:
        """Deliver until `stop` is called."""
        return self._client.call(self._conductor.run)

    def drain(self, *, patience: timedelta = timedelta(seconds=60)) -> DispatchSummary:
        """Deliver until nothing is left to do; see `Conductor.drain`."""
        return self._client.call(self._conductor.drain, patience=patience)

    def stop(self) -> None:
        """Ask for a clean end; returns at once."""
        self._client.call_soon(self._conductor.stop)


async def _conductor_of(client: AsyncTiplineClient) -> Conductor:
    return client.conductor()
