"""Delivering one entry now, for scripts and tests: one try, and a receipt or an error that says what to do."""

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.states import State
from tipline_client.dispatch.conductor import Conductor
from tipline_client.dispatch.receipting import receipt_of
from tipline_client.envelope import KeyRing
from tipline_client.errors import (
    ConfigurationError,
    DeliveryError,
    DeliveryInDoubtError,
    DeliveryRejectedError,
    DeliveryTransientError,
    IllegalTransitionError,
)
from tipline_client.outbox.contract import Lane, Outbox

__all__ = ["deliver", "retract"]


async def deliver(conductor: Conductor, outbox: Outbox, keys: KeyRing, entry_id: str) -> Receipt:
    """Try one entry now and return its receipt.

    An entry that is acknowledged already gives its receipt again; nothing is sent.

    Raises:
        EntryNotFoundError: There is no such entry.
        DeliveryTransientError: Not yet; it waits in the outbox, or another dispatcher works on it.
        DeliveryInDoubtError: The endpoint gave no usable answer; it waits in the outbox to be settled.
        DeliveryRejectedError: Given up with a reason, or withdrawn.
        LeaseLostError: Another dispatcher took over.
        ConfigurationError: It belongs to another endpoint; or it is filed, and the signing key is missing for the
            receipt, which is made another time.
    """
    outcome = await conductor.deliver(entry_id)
    entry = await outbox.get(entry_id)
    if entry.state is State.ACKNOWLEDGED:
        try:
            return await receipt_of(outbox, keys, entry_id)
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


async def retract(conductor: Conductor, outbox: Outbox, entry_id: str, *, reason: str) -> Entry:
    """Withdraw an entry, retracting at the endpoint what is open there.

    Returns:
        The entry as it then stands: `RETRACTED` when it is proven not filed; otherwise the wish is on record and the
        next dispatcher carries it out.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is filed or given up already.
    """
    entry = await outbox.withdraw(entry_id, reason=reason)
    if entry.state is State.RETRACTED:
        return entry
    await conductor.deliver(entry_id)
    entry = await outbox.get(entry_id)
    if entry.state is State.ACKNOWLEDGED:
        raise IllegalTransitionError(
            f"entry {entry_id} cannot be withdrawn: the endpoint says that report {entry.report_id} is filed",
            hint="A filed report cannot be taken back; a later report can point to it.",
        )
    return entry


def _error_for(entry: Entry, outcome: Outcome | None) -> DeliveryError:
    failure = entry.last_failure
    text = failure.text if failure else f"it is {entry.state}"
    if entry.state is State.RETRACTED:
        return DeliveryRejectedError(f"entry {entry.id} was withdrawn and is proven not filed", hint="")
    if outcome is None and entry.state is State.LEASED:
        return DeliveryTransientError(f"entry {entry.id} is being delivered by another dispatcher")
    if outcome is None and entry.state is State.HELD:
        return DeliveryTransientError(f"entry {entry.id} is held", hint="Release it first.")
    kind: type[DeliveryError] = DeliveryTransientError
    if entry.state is State.DEAD_LETTER:
        kind = DeliveryRejectedError
    elif outcome is Outcome.IN_DOUBT:
        kind = DeliveryInDoubtError
    return kind(
        f"entry {entry.id} is not filed: {text}",
        step=failure.step if failure else None,
        code=failure.code if failure else None,
        request_id=failure.request_id if failure else None,
    )
