"""The verbs of both doors for what is kept after a delivery. No logic of their own."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tipline_client.client.arguments import entry_id_of
from tipline_client.delivery.certificate import Certificate
from tipline_client.delivery.hold import Conflict, Hold
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.delivery.receipt import Receipt
from tipline_client.dispatch.collecting import Collected
from tipline_client.dispatch.keeping import Keeper
from tipline_client.dispatch.receipting import receipt_bytes, receipt_of, sign_outstanding
from tipline_client.dispatch.rewrapping import Rewrapped
from tipline_client.home import Home
from tipline_client.outbox import Address

__all__ = ["AsyncKeeping", "Keeping"]

T = TypeVar("T")


class AsyncKeeping:
    """What an `AsyncTiplineClient` can do with what is kept."""

    home: Home
    _keeper: Keeper
    _address: Address | None
    _is_elsewhere: bool

    async def receipt(self, entry_id: str) -> Receipt:
        """The verified receipt of an acknowledged entry.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is not acknowledged.
            EnvelopeError: The receipt on record is not trustworthy.
        """
        return await receipt_of(self._keeper.outbox, self._keeper.keys, self._keeper.vault, entry_id_of(entry_id))

    async def receipt_bytes(self, entry_id: str) -> bytes:
        """The signed receipt as a document to keep and hand on; see `receipt` for the errors."""
        return await receipt_bytes(self._keeper.outbox, self._keeper.keys, self._keeper.vault, entry_id_of(entry_id))

    async def refusal(self, entry_id: str, *, purpose: str, actor: str) -> RawReply:
        """The endpoint's answer that an entry was given up for, as it came. Content: it may quote the report.

        That it was read is a line of the entry's history before it is given out.

        Args:
            entry_id: Which entry.
            purpose: What it is read for; it is kept.
            actor: Who reads it; it is kept.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: Nothing that the endpoint answered led to a dead letter.
            OutboxError: Purpose or actor is blank.
            EnvelopeError: Entry or reply are not to be believed, or destroyed.
            KeyUnavailableError: This host cannot read.
        """
        return await self._keeper.refusal(entry_id_of(entry_id), purpose=purpose, actor=actor)

    async def sign_outstanding_receipts(self) -> int:
        """Make the receipts that a crash or a missing key left unmade; returns how many."""
        return await sign_outstanding(self._keeper.outbox, self._keeper.keys, self._keeper.vault)

    async def holds(
        self, entry_id: str | None = None, *, due_within: timedelta | None = None, limit: int = 100
    ) -> list[Hold]:
        """What must be kept, until when: all holds of an entry, or those of all entries that nobody released.

        Args:
            entry_id: Of this entry alone.
            due_within: Only what ends before so long from now, or has ended.
            limit: How many at most; of all entries those that end first.

        Raises:
            EntryNotFoundError: There is no such entry.
        """
        return await self._keeper.holds(entry_id, due_within=due_within, limit=limit)

    async def hold_conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """Where one law forbids to keep what another one asks to keep; it is shown, and a person decides."""
        return await self._keeper.conflicts(limit=limit)

    async def extend_hold(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """Keep the content of an entry until a moment, later than it would be kept anyway; reason and actor are kept.

        Returns:
            The holds that now end then: those that were moved, or a new one where none ran.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It would shorten a hold, or the content is destroyed.
            OutboxError: The moment has no zone, or reason or actor is blank.
        """
        return await self._keeper.extend_hold(entry_id_of(entry_id), until=until, reason=reason, actor=actor)

    async def release_hold(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """End the holds of an entry, or one of them, before their time. Nothing is deleted by that.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: There is nothing to release.
            OutboxError: Reason or actor is blank.
        """
        return await self._keeper.release_hold(entry_id_of(entry_id), reason=reason, actor=actor, hold_id=hold_id)

    async def destroy(self, entry_id: str, *, reason: str, actor: str, request: str | None = None) -> Certificate:
        """Destroy the content of an entry for good: its data key, the copies of its evidence, envelope and replies.

        Receipt and history stay. What a crash cut off is gone on with by the same call, or `resume_destructions`.

        Args:
            entry_id: Which entry.
            reason: Why; it is kept.
            actor: Who; it is kept.
            request: The legal request that allows it while a hold runs; it is kept.

        Returns:
            The certificate. `certificate_bytes` gives its signed form.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is not at its end, or something of it may be open at the endpoint.
            HoldRunningError: A hold runs, and no request is named.
            ConfigurationError: This host cannot sign; nothing was erased.
            EnvelopeError: What is on record is not believed.
            OutboxUnavailableError: A step failed; what has begun stays begun.
        """
        return await self._keeper.destroy(entry_id_of(entry_id), reason=reason, actor=actor, request=request)

    async def resume_destructions(self) -> tuple[str, ...]:
        """Go on with destructions that were cut off; the ids of the entries. See `destroy` for the errors."""
        return await self._keeper.resume_destructions()

    async def certificate_bytes(self, entry_id: str) -> bytes:
        """The signed certificate of a destruction, as a document to keep and hand on.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It is not destroyed, or not yet wholly.
            EnvelopeError: The certificate on record is not trustworthy.
        """
        return await self._keeper.certificate_bytes(entry_id_of(entry_id))

    async def rewrap_keys(self) -> Rewrapped:
        """Wrap every data key with the master key that is active now; it may be cut off and called again.

        Raises:
            ConfigurationError: This host cannot unwrap, or no master key is active.
            OutboxUnavailableError: The outbox failed; what was done stays done.
        """
        return await self._keeper.rewrap_keys()

    async def collect_evidence(self, *, is_dry: bool = True) -> Collected:
        """Find copies of evidence that no entry names and that are older than a day; remove them unless `is_dry`.

        Raises:
            ConfigurationError: They are to be removed, and this home was used with another outbox too, or the place of
                evidence is.
            OutboxUnavailableError: Evidence or outbox cannot be looked through.
        """
        if not is_dry:
            self.home.known_outboxes.check_alone(self._address, is_elsewhere=self._is_elsewhere)
        return await self._keeper.collect_evidence(is_dry=is_dry)


class Keeping(ABC):
    """What a `TiplineClient` can do with what is kept."""

    @property
    @abstractmethod
    def asynchronous(self) -> AsyncKeeping:
        """The client behind this one."""

    @abstractmethod
    def call(self, function: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        """Run one of that client's verbs."""

    def receipt(self, entry_id: str) -> Receipt:
        """See `AsyncTiplineClient.receipt`."""
        return self.call(self.asynchronous.receipt, entry_id)

    def receipt_bytes(self, entry_id: str) -> bytes:
        """See `AsyncTiplineClient.receipt_bytes`."""
        return self.call(self.asynchronous.receipt_bytes, entry_id)

    def refusal(self, entry_id: str, *, purpose: str, actor: str) -> RawReply:
        """See `AsyncTiplineClient.refusal`."""
        return self.call(self.asynchronous.refusal, entry_id, purpose=purpose, actor=actor)

    def sign_outstanding_receipts(self) -> int:
        """See `AsyncTiplineClient.sign_outstanding_receipts`."""
        return self.call(self.asynchronous.sign_outstanding_receipts)

    def holds(
        self, entry_id: str | None = None, *, due_within: timedelta | None = None, limit: int = 100
    ) -> list[Hold]:
        """See `AsyncTiplineClient.holds`."""
        return self.call(self.asynchronous.holds, entry_id, due_within=due_within, limit=limit)

    def hold_conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """See `AsyncTiplineClient.hold_conflicts`."""
        return self.call(self.asynchronous.hold_conflicts, limit=limit)

    def extend_hold(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """See `AsyncTiplineClient.extend_hold`."""
        return self.call(self.asynchronous.extend_hold, entry_id, until=until, reason=reason, actor=actor)

    def release_hold(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """See `AsyncTiplineClient.release_hold`."""
        return self.call(self.asynchronous.release_hold, entry_id, reason=reason, actor=actor, hold_id=hold_id)

    def destroy(self, entry_id: str, *, reason: str, actor: str, request: str | None = None) -> Certificate:
        """See `AsyncTiplineClient.destroy`."""
        return self.call(self.asynchronous.destroy, entry_id, reason=reason, actor=actor, request=request)

    def resume_destructions(self) -> tuple[str, ...]:
        """See `AsyncTiplineClient.resume_destructions`."""
        return self.call(self.asynchronous.resume_destructions)

    def certificate_bytes(self, entry_id: str) -> bytes:
        """See `AsyncTiplineClient.certificate_bytes`."""
        return self.call(self.asynchronous.certificate_bytes, entry_id)

    def rewrap_keys(self) -> Rewrapped:
        """See `AsyncTiplineClient.rewrap_keys`."""
        return self.call(self.asynchronous.rewrap_keys)

    def collect_evidence(self, *, is_dry: bool = True) -> Collected:
        """See `AsyncTiplineClient.collect_evidence`."""
        return self.call(self.asynchronous.collect_evidence, is_dry=is_dry)
