"""The door for programs with an event loop. It holds the parts together and has no logic of its own."""

import os
from functools import partial
from types import TracebackType
from typing import Self
from weakref import WeakSet

from tipline_client.client.accepted import AcceptedCredentials
from tipline_client.client.arguments import check_opening, entry_id_of
from tipline_client.client.keeping import AsyncKeeping
from tipline_client.client.looking import AsyncLooking
from tipline_client.client.one_process import OfOneProcess
from tipline_client.client.options import Options
from tipline_client.client.queueing import AsyncQueueing
from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.regimes import regimes_of
from tipline_client.dispatch import Conductor, LaneGate, Road, SharedBook
from tipline_client.dispatch.delivering import deliver, file_by_hand, requeue, retract
from tipline_client.dispatch.hooks import Hooks
from tipline_client.dispatch.keeping import Keeper
from tipline_client.dispatch.marking import Marking
from tipline_client.dispatch.probing import fetch_schema, probe
from tipline_client.dispatch.receipting import sign_outstanding
from tipline_client.dispatch.vouching import vouch_for
from tipline_client.envelope import KeyRing
from tipline_client.errors import ConfigurationError, OutboxClosedError
from tipline_client.evidence import EvidencePlace, Room
from tipline_client.evidence.store import EvidenceStore
from tipline_client.home import Home
from tipline_client.outbox import Address, Lane, Outbox, SqliteOutbox, address_of
from tipline_client.profiles import EndpointProfile, EndpointSchema
from tipline_client.vault import Vault

__all__ = ["AsyncTiplineClient"]


class AsyncTiplineClient(OfOneProcess, AsyncQueueing, AsyncKeeping, AsyncLooking):
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
        vault: Vault,
        profile: EndpointProfile,
        options: Options,
        closes_outbox: bool = True,
        address: Address | None = None,
        marks_evidence: bool = False,
    ) -> None:
        self.home = home
        self.outbox = outbox
        self.keys = keys
        self.profile = profile
        self._store = store
        self._vault = vault
        self._options = options
        self._accepted = AcceptedCredentials(home, keys, profile)
        self._conductors: WeakSet[Conductor] = WeakSet()
        self._closes_outbox = closes_outbox
        self._address = address
        # Of one that was handed in and does not say where it is, only whoever did that knows.
        self._is_elsewhere = address is None and not closes_outbox
        self._is_closed = False
        self._marking = Marking(outbox, store) if marks_evidence else None
        self._keeper = Keeper(
            outbox=outbox, evidence=store, keys=keys, vault=vault, clock=options.clock, chain=keys.history_chain()
        )
        # A database's disk is its server's business.
        self._room = Room(outbox.path.parent, keep_free=options.keep_free) if isinstance(outbox, SqliteOutbox) else None

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
        """Open the installation in the folder `home`; one that does not exist yet is made, with a fresh key.

        Args:
            home: The folder of outbox, keys and evidence.
            profile: Which endpoint; there is no default.
            outbox: Where the queue is, if not in a file in `home`: the `postgresql://` URL of a database, or an outbox
                that is open already, which then stays open when the client is closed. Its history is chained with the
                secret of this home from then on.
            evidence: Where copies of evidence are kept, if not in `home`: another folder, a URL such as
                `s3://bucket/prefix`, to which the environment leads, or an `obstore` store that is set up already.
            options: What seldom needs to be said.

        Raises:
            ConfigurationError: An argument is of another type; the folder cannot be used as a home; the URL cannot be
                read; the database has no tables of this version; `home` does not exist, and the database holds what
                its keys are needed for; the outbox handed in belongs to a home of another secret;
                or no evidence can be kept where `evidence` says.
            OutboxUnavailableError: The outbox cannot be opened.
        """
        check_opening(home=home, profile=profile, outbox=outbox, options=options)
        options = options or Options()
        place = Home(home, key_provider=options.master_keys, remembers_outbox=options.remembers_outbox)
        copies = place.evidence_by_mode(evidence, keep_free=options.keep_free)
        address = Address(outbox) if isinstance(outbox, str) else None
        handed_in = address_of(outbox) if outbox is not None and not isinstance(outbox, str) else None
        keys = place.keys_or_create(beside=address or handed_in)
        # Before the outbox is opened, which nobody would close if one of them fails.
        vault, known_profile = Vault(place.master_keys()), place.know_schema(profile)
        opened = outbox
        if opened is None or isinstance(opened, str):
            opened = place.open_outbox(address, clock=options.clock)
        elif not opened.use_chain(keys.history_chain()):
            raise ConfigurationError(
                "the outbox handed in chains its history with another secret than the one in this home's keys",
                hint=f"Open it with `chain=KeyRing({str(place.keys_path)!r}).history_chain()`, or without a chain.",
            )
        elif handed_in is not None:
            place.known_outboxes.check_handed_in(handed_in)
            place.known_outboxes.remember(handed_in)
            address = handed_in
        return cls(
            home=place,
            outbox=opened,
            store=copies,
            keys=keys,
            vault=vault,
            profile=known_profile,
            options=options,
            closes_outbox=opened is not outbox,
            address=address,
            # In the home itself its own memory is asked, see `known_outboxes`.
            marks_evidence=evidence is not None and options.remembers_outbox,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop this client's dispatchers, finish what is being written and close the outbox, if it opened it."""
        self._is_closed = True
        for conductor in tuple(self._conductors):
            await conductor.end()
        if self._closes_outbox:
            await self.outbox.close()

    async def deliver(self, entry_id: str) -> Receipt:
        """Try one entry now and return its receipt; for scripts and tests. Services run an `AsyncDispatcher`.

        Raises:
            EntryNotFoundError: There is no such entry.
            DeliveryTransientError: Not yet; it waits in the outbox.
            DeliveryInDoubtError: No usable answer; it waits in the outbox to be settled.
            DeliveryRejectedError: Given up with a reason, withdrawn, or filed by hand.
            LeaseLostError: Somebody else took it over meanwhile, and may have settled it; ask again.
            ConfigurationError: It is for another endpoint; or it is filed, and its receipt cannot be signed yet.
            EnvelopeError: The outbox was altered: what it says of this entry is not believed.
        """
        return await self.deliver_with(self.conductor(), entry_id)

    async def deliver_with(self, conductor: Conductor, entry_id: str) -> Receipt:
        """Like `deliver`, with a conductor of this client's that serves for several entries."""
        return await deliver(conductor, self.outbox, self.keys, self._vault, entry_id_of(entry_id))

    async def retract(self, entry_id: str, *, reason: str) -> Entry:
        """Withdraw an entry that is not filed yet, retracting at the endpoint what is open there.

        Returns:
            The entry. If it is not `RETRACTED` yet, the wish is on record and a dispatcher carries it out.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is filed or given up already.
        """
        entry_id = entry_id_of(entry_id)
        return await retract(self.conductor(), self.outbox, self.keys.checkpoint_seal(), entry_id, reason=reason)

    async def file_by_hand(self, entry_id: str, *, report_id: int, reason: str) -> Entry:
        """Record that a person filed the report on the hotline's own portal, as `report_id`; it is not filed then.

        What may be open at the endpoint is retracted there first. A dispatcher that is in the middle of it, in whatever
        process, begins no further step.

        Args:
            entry_id: Which entry.
            report_id: The number that the hotline gave.
            reason: Why by hand; it is kept.

        Returns:
            The entry. If it is not `FILED_BY_HAND` yet, number and wish are on record and a dispatcher carries it out;
            `ACKNOWLEDGED` means that `report_id` is the report that this program had filed itself.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is filed by this program, as another report; or on record under another number.
            EnvelopeError: How far it has got is not believed: number and wish are on record, and no more is known.
            OutboxError: The number cannot be a report's.
        """
        return await file_by_hand(
            self.conductor(),
            self.outbox,
            self.keys.checkpoint_seal(),
            entry_id_of(entry_id),
            report_id=report_id,
            reason=reason,
            now=self._options.clock.now(),
            regimes=regimes_of(self._options.regimes),
        )

    async def requeue(self, entry_id: str, *, reason: str, accept_checkpoint: bool = False) -> Entry:
        """Put a dead letter back, with its history.

        Args:
            entry_id: Which entry.
            reason: Why; it is kept.
            accept_checkpoint: Vouch for a record of the delivery that was altered or restored, after looking on the
                hotline's side: no report but the one it names can have been filed for this entry.

        Raises:
            EntryNotFoundError: There is no such entry.
            EnvelopeError: An acknowledgement of it is on record; or the record of the delivery is not believed, and
                nobody vouches for it.
            IllegalTransitionError: It is no dead letter.
        """
        entry_id, seal = entry_id_of(entry_id), self.keys.checkpoint_seal()
        if accept_checkpoint:
            return await vouch_for(self.outbox, seal, self.reader(), entry_id, reason=reason)
        return await requeue(self.outbox, seal, entry_id, reason=reason)

    async def release(self, entry_id: str, *, reason: str) -> Entry:
        """Let go an entry that is held, as all are after a switch to production that were queued before it.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is not held.
        """
        return await self.outbox.let_go(entry_id_of(entry_id), reason=reason)

    async def probe(self) -> Answer:
        """Ask the endpoint whether it is there and accepts the credentials; touches no report."""
        async with self._options.open_transport(self.profile) as transport:
            answer = await probe(transport, self.profile)
        if answer.kind is AnswerKind.SUCCESS:
            self._accepted.note()
        return answer

    def credentials_known_from(self) -> frozenset[Environment]:
        """In which environments the profile's credentials were accepted before, as far as this home remembers."""
        return self._accepted.environments()

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

    def hooks(self) -> Hooks | None:
        """What tells this client's hooks, if it has any; run by its dispatchers."""
        options = self._options
        if not options.hooks:
            return None
        return Hooks(
            options.hooks,
            self.outbox,
            options.clock,
            options.policy,
            options.random,
            look_every=options.poll_every,
            turn=options.lease_for,
        )

    def conductor(self) -> Conductor:
        """The inside of one dispatcher of this client's lane; it can be stopped once. Programs use `AsyncDispatcher`.

        Raises:
            OutboxClosedError: This client is closed.
        """
        if self._is_closed:
            raise OutboxClosedError("this client is closed", hint="Open another one.")
        options = self._options
        lane = Lane(self.profile.name, self.profile.environment)
        road = Road(
            outbox=self.outbox,
            profile=self.profile,
            reader=self.reader(),
            seal=self.keys.checkpoint_seal(),
            chain=self.keys.history_chain(),
            evidence=self._store,
            lane=LaneGate(SharedBook(self.outbox, lane), clock=options.clock, turn=2 * options.lease_for),
            policy=options.policy,
            clock=options.clock,
            random=options.random,
            regimes=regimes_of(options.regimes),
            lease_for=options.lease_for,
            on_bytes=options.on_bytes,
            on_step=options.on_step,
            on_filed=lambda _: self._accepted.note(),
        )
        conductor = Conductor(
            road,
            partial(options.open_transport, self.profile),
            make_receipts=self._make_receipts,
            slots=options.slots,
            poll_every=options.poll_every,
            deadline=options.deadline,
        )
        self._conductors.add(conductor)
        return conductor

    async def _make_receipts(self, entry_id: str | None) -> int:
        if self._marking is not None:
            # Awaited as a dispatcher starts, too: what came with a transaction of the caller's is committed by then.
            await self._marking.leave()
        return await sign_outstanding(self.outbox, self.keys, self._vault, entry_id)
