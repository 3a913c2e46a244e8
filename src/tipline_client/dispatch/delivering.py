"""Delivering one entry now, for scripts and tests: one try, and a receipt or an error that says what to do."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.regimes import Regime
from tipline_client.delivery.states import State
from tipline_client.dispatch.conductor import Conductor
from tipline_client.dispatch.holding import holds_for
from tipline_client.dispatch.receipting import receipt_of
from tipline_client.envelope import CheckpointSeal, KeyRing
from tipline_client.errors import (
    ConfigurationError,
    DeliveryError,
    DeliveryInDoubtError,
    DeliveryRejectedError,
    DeliveryTransientError,
    EnvelopeError,
    IllegalTransitionError,
    LeaseLostError,
    UnreadableRowError,
)
from tipline_client.outbox.by_hand import filed_twice
from tipline_client.outbox.contract import Lane, Outbox
from tipline_client.vault import Vault

__all__ = ["check_consistent", "deliver", "file_by_hand", "note_filed_by_hand", "requeue", "retract", "withdraw"]


async def deliver(conductor: Conductor, outbox: Outbox, keys: KeyRing, vault: Vault, entry_id: str) -> Receipt:
    """Try one entry now and return its receipt.

    An entry that is acknowledged already gives its receipt again; nothing is sent.

    Raises:
        EntryNotFoundError: There is no such entry.
        DeliveryTransientError: Not yet; it waits in the outbox, or another dispatcher works on it.
        DeliveryInDoubtError: The endpoint gave no usable answer; it waits in the outbox to be settled.
        DeliveryRejectedError: Given up with a reason, withdrawn, or filed by hand.
        LeaseLostError: Another dispatcher took over.
        ConfigurationError: It belongs to another endpoint; or it is filed, and the signing key is missing for the
            receipt, which is made another time.
        EnvelopeError: State and acknowledgement contradict each other, or the receipt is not trustworthy.
    """
    outcome = await conductor.deliver(entry_id)
    entry = await outbox.get(entry_id)
    check_consistent(entry)
    if entry.state is State.ACKNOWLEDGED:
        try:
            return await receipt_of(outbox, keys, vault, entry_id)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"entry {entry_id} is filed as report {entry.report_id}; only its receipt cannot be made yet: {error}",
                hint=error.hint,
            ) from None
    if outcome is None and conductor.lane != Lane(entry.profile, entry.environment):
        raise ConfigurationError(
            f"entry {entry_id} is for {entry.profile} ({entry.environment}), not for this client's endpoint",
            hint="Deliver it with the profile that it was enqueued for.",
        )
    raise _error_for(entry, outcome)


async def requeue(outbox: Outbox, seal: CheckpointSeal, entry_id: str, *, reason: str) -> Entry:
    """Put a dead letter back, with its history.

    Args:
        outbox: Where it lies.
        seal: Whose checkpoints are believed.
        entry_id: Which entry.
        reason: Why; it is kept.

    Raises:
        EntryNotFoundError: There is no such entry.
        EnvelopeError: An acknowledgement of it is on record; or the checkpoint is not believed, and a person has to
            vouch for it.
        IllegalTransitionError: It is no dead letter.
    """
    entry = await outbox.get(entry_id)
    check_consistent(entry)
    seal.check(entry.id, entry.checkpoint)
    return await outbox.requeue(entry_id, reason=reason)


async def withdraw(outbox: Outbox, seal: CheckpointSeal, entry_id: str, *, reason: str) -> Entry:
    """Ask that an entry not be filed, without asking the endpoint.

    Returns:
        The entry: `RETRACTED` if nothing of it can be at the endpoint; else a dispatcher carries the wish out.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is filed or given up already.
        EnvelopeError: How far it has got is not believed, so nobody can say that nothing is at the endpoint.
    """
    entry = await outbox.get(entry_id)
    seal.check(entry.id, entry.checkpoint)
    return await outbox.withdraw(entry_id, reason=reason)


async def retract(conductor: Conductor, outbox: Outbox, seal: CheckpointSeal, entry_id: str, *, reason: str) -> Entry:
    """Withdraw an entry, retracting at the endpoint what is open there.

    Returns:
        The entry as it then stands: `RETRACTED` when it is proven not filed; otherwise the wish is on record and the
        next dispatcher carries it out.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is filed or given up already.
        EnvelopeError: How far it has got is not believed, so nobody can say that nothing is at the endpoint.
    """
    entry = await withdraw(outbox, seal, entry_id, reason=reason)
    if entry.state is State.RETRACTED:
        return entry
    if conductor.can_send:
        await _carry_out(conductor, entry_id)
    entry = await outbox.get(entry_id)
    if entry.state is State.ACKNOWLEDGED:
        raise IllegalTransitionError(
            f"entry {entry_id} cannot be withdrawn: the endpoint says that report {entry.report_id} is filed",
            hint="A filed report cannot be taken back; a later report can point to it.",
        )
    return entry


async def note_filed_by_hand(
    outbox: Outbox,
    seal: CheckpointSeal,
    entry_id: str,
    *,
    report_id: int,
    reason: str,
    now: datetime,
    regimes: Sequence[Regime],
) -> Entry:
    """Record that a person filed the report outside of this program, without asking the endpoint.

    Args:
        outbox: Where it lies.
        seal: Whose checkpoints are believed.
        entry_id: Which entry.
        report_id: The number that the hotline gave.
        reason: Why by hand.
        now: When the holds of the filing begin, if it is at its end by this.
        regimes: What asks to keep what is filed.

    Returns:
        The entry: `FILED_BY_HAND` if nothing of it can be at the endpoint; else a dispatcher takes back what is there.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is filed by this program, or on record as filed by hand under another number.
        FiledTwiceError: It is filed by this program, and on record as filed by hand under this number.
        EnvelopeError: How far it has got is not believed. The number is on record and the entry will not be filed; but
            nobody can say that nothing of it is.
        UnreadableRowError: Its row was altered. Nothing was recorded.
        OutboxError: The number cannot be a report's.
    """
    try:
        entry = await outbox.get(entry_id)
        check_consistent(entry)
        is_believed = _is_believed(entry, seal)
        holds = holds_for(entry, regimes, filed_at=now)
        entry = await outbox.file_by_hand(
            entry_id, report_id=report_id, reason=reason, is_believed=is_believed, holds=holds
        )
    except UnreadableRowError as error:
        raise UnreadableRowError(
            f"{error}; that it is filed by hand as report {report_id} could not be recorded",
            hint="Keep the number in your own records, look on the hotline's side, and compare the row with a backup.",
        ) from None
    if not is_believed:
        raise EnvelopeError(
            f"entry {entry_id} is on record as filed by hand as report {report_id}; but how far this program had got "
            "with it is not believed, so nobody can say that it has filed or left open nothing",
            hint="Look on the hotline's side for another report of it; then `tipline dead-letter requeue "
            "--accept-checkpoint` lets a dispatcher take back what is open. It will not be filed again.",
        )
    return entry


async def file_by_hand(
    conductor: Conductor,
    outbox: Outbox,
    seal: CheckpointSeal,
    entry_id: str,
    *,
    report_id: int,
    reason: str,
    now: datetime,
    regimes: Sequence[Regime],
) -> Entry:
    """Record that a person filed the report outside of this program, and take back what this program opened.

    Returns:
        The entry as it then stands: `FILED_BY_HAND` when it is proven that this program filed nothing; `ACKNOWLEDGED`
        when `report_id` is the very report that this program had filed; otherwise number and wish are on record.

    Raises:
        FiledTwiceError: This program had filed it too, as another report, and an alarm says so.
    """
    entry = await note_filed_by_hand(
        outbox, seal, entry_id, report_id=report_id, reason=reason, now=now, regimes=regimes
    )
    if entry.state is State.FILED_BY_HAND:
        return entry
    if conductor.can_send:
        await _carry_out(conductor, entry_id)
    entry = await outbox.get(entry_id)
    if entry.state is State.ACKNOWLEDGED and entry.report_id != report_id:
        raise filed_twice(entry)
    return entry


async def _carry_out(conductor: Conductor, entry_id: str) -> None:
    """One try to carry out a wish that is on record; whoever takes the entry over meanwhile carries it out as well."""
    with suppress(LeaseLostError):
        await conductor.deliver(entry_id)


def _is_believed(entry: Entry, seal: CheckpointSeal) -> bool:
    try:
        seal.check(entry.id, entry.checkpoint)
    except EnvelopeError:
        return False
    return True


def check_consistent(entry: Entry) -> None:
    """Say nothing of an entry whose state and acknowledgement contradict each other but that.

    Raises:
        EnvelopeError: They do: it may be filed although its state says otherwise.
    """
    # What is acknowledged by its state alone is refused where its receipt is made, which can say more of it.
    if entry.contradiction is None or entry.state is State.ACKNOWLEDGED:
        return
    raise EnvelopeError(
        f"entry {entry.id} is {entry.contradiction}",
        hint="Do not file it again. Find out who changed the outbox by hand, and compare it with a backup.",
    )


def _error_for(entry: Entry, outcome: Outcome | None) -> DeliveryError:
    failure = entry.last_failure
    text = failure.summary if failure else f"it is {entry.state}"
    if entry.state is State.RETRACTED:
        return DeliveryRejectedError(f"entry {entry.id} was withdrawn and is proven not filed", hint="")
    if entry.state is State.FILED_BY_HAND:
        number = entry.filed_by_hand_as
        return DeliveryRejectedError(
            f"entry {entry.id} is filed by hand as report {number}: this program does not file it", hint=""
        )
    if outcome is None and entry.state is State.LEASED:
        return DeliveryTransientError(f"entry {entry.id} is being delivered by another dispatcher")
    if outcome is None and entry.state is State.HELD:
        return DeliveryTransientError(
            f"entry {entry.id} is held", hint="Look at it, then let it go with `tipline release`."
        )
    kind: type[DeliveryError] = DeliveryTransientError
    if entry.state is State.DEAD_LETTER:
        kind = DeliveryRejectedError
    elif outcome is Outcome.IN_DOUBT:
        kind = DeliveryInDoubtError
    error = kind(
        f"entry {entry.id} is not filed: {text}",
        step=failure.step if failure else None,
        code=failure.code if failure else None,
        request_id=failure.request_id if failure else None,
        paths=failure.paths if failure else (),
    )
    if entry.checkpoint.finish_sent and kind is not DeliveryRejectedError:
        # Whatever failed last: only the endpoint knows whether that finish was carried out.
        error.hint = "It may be filed already: do not file it by hand; a running dispatcher asks until it is answered."
    return error
