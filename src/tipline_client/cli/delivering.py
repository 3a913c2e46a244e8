"""Entries to receipts, now: several at once, each with its own result.

When the endpoint itself fails, the entries that were not begun stay queued for a dispatcher: trying each in vain would
tell nobody more.
"""

from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import anyio
from anyio.abc import ObjectReceiveStream

from tipline_client.cli.exit_codes import ExitCode, exit_code_for
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.output import Output, error_view
from tipline_client.cli.stopping import stopping_on_signals
from tipline_client.cli.views import alarm_view, entry_view, receipt_lines, receipt_view
from tipline_client.cli.waiting import denial_hint
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.answers import Scope
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.states import State
from tipline_client.dispatch import Conductor
from tipline_client.errors import (
    DeliveryTransientError,
    EnvelopeError,
    LeaseLostError,
    TiplineError,
    UnreadableRowError,
)

__all__ = ["Delivered", "deliver_all", "deliver_each", "delivered_lines", "delivered_view"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one entry.

    Attributes:
        entry: The entry as it stands now.
        receipt: Its verified receipt, if it is filed.
        alarms: What of it a person must look at, although it is filed.
        error: Why there is none.
        was_interrupted: Whether somebody asked to stop before it was filed.
    """

    entry: Entry
    receipt: Receipt | None = None
    alarms: tuple[Alarm, ...] = ()
    error: TiplineError | None = None
    was_interrupted: bool = False

    @property
    def is_altered(self) -> bool:
        """Whether what the outbox holds of it is not believed, its state least of all."""
        return isinstance(self.error, (EnvelopeError, UnreadableRowError))

    @property
    def exit_code(self) -> ExitCode:
        """What this entry alone would end in."""
        if self.error is None or (self.entry.state is State.FILED_BY_HAND and not self.is_altered):
            return ExitCode.OK
        return ExitCode.INTERRUPTED if self.was_interrupted else exit_code_for(self.error)


async def deliver_all(
    client: AsyncTiplineClient, entries: Sequence[Entry], *, slots: int, output: Output
) -> list[Delivered]:
    """Try each entry once, at most `slots` at a time; results in the order given.

    A signal lets the steps under way end, so that the next run can go on at once.
    """
    results: dict[str, Delivered] = {}
    limiter = anyio.CapacityLimiter(slots)
    conductor = client.conductor()

    async def try_one(entry: Entry) -> None:
        async with limiter:
            results[entry.id] = await trying.try_one(entry)

    async with stopping_on_signals(conductor, output) as asked, anyio.create_task_group() as tasks:
        trying = _Trying(client, conductor, asked)
        for entry in {entry.id: entry for entry in entries}.values():
            tasks.start_soon(try_one, entry)
    return [results[entry.id] for entry in entries]


async def deliver_each(
    client: AsyncTiplineClient,
    entries: AsyncIterable[Entry],
    *,
    slots: int,
    output: Output,
    on_done: Callable[[Delivered], object],
) -> bool:
    """Try each entry once, at most `slots` at a time, and hold no more of them; told of each as soon as it is done.

    When the endpoint fails or somebody asks to stop, no further entry is begun.

    Returns:
        Whether somebody asked to stop before all of it was done.

    Raises:
        TiplineError: The entries could not be read on.
    """
    was_cut_off = False
    conductor = client.conductor()
    send, receive = anyio.create_memory_object_stream[Entry]()
    failure: TiplineError | None = None

    async def work(entries: ObjectReceiveStream[Entry]) -> None:
        nonlocal was_cut_off
        async with entries:
            async for entry in entries:
                delivered = await trying.try_one(entry)
                was_cut_off = was_cut_off or delivered.was_interrupted
                on_done(delivered)

    async with stopping_on_signals(conductor, output) as asked, anyio.create_task_group() as tasks, send:
        trying = _Trying(client, conductor, asked)
        with receive:
            for _ in range(slots):
                tasks.start_soon(work, receive.clone())
        try:
            async for entry in entries:
                if asked.is_set() or not trying.is_endpoint_well:
                    was_cut_off = was_cut_off or asked.is_set()
                    break
                await send.send(entry)
        except TiplineError as error:
            # Raised below, as itself and not as one of a group.
            failure = error
    if failure is not None:
        raise failure
    return was_cut_off


class _Trying:
    """What the tries of one run know of each other."""

    def __init__(self, client: AsyncTiplineClient, conductor: Conductor, asked: anyio.Event) -> None:
        self.is_endpoint_well = True
        self._client, self._conductor, self._asked = client, conductor, asked

    async def try_one(self, entry: Entry) -> Delivered:
        asked = self._asked
        if not entry.state.is_terminal and (asked.is_set() or not self.is_endpoint_well):
            reason = "somebody asked to stop" if asked.is_set() else "the endpoint failed for another"
            error = DeliveryTransientError(f"entry {entry.id} was not tried, since {reason}; it waits")
            return Delivered(entry, error=error, was_interrupted=asked.is_set())
        result = await _deliver(self._client, self._conductor, entry)
        is_waiting = result.entry.state is State.QUEUED
        failure = result.entry.last_failure
        if is_waiting and failure is not None and failure.scope is Scope.ENDPOINT:
            self.is_endpoint_well = False
        return replace(result, was_interrupted=asked.is_set() and is_waiting)


async def _deliver(client: AsyncTiplineClient, conductor: Conductor, entry: Entry) -> Delivered:
    delivered = await _look(client, conductor, entry)
    if _is_overtaken(delivered):
        # Asked again it says what somebody else has made of it, and nothing is sent.
        delivered = await _look(client, conductor, entry)
    if isinstance(delivered.error, LeaseLostError):
        return replace(delivered, error=_left_to_others(delivered.entry))
    return delivered


async def _look(client: AsyncTiplineClient, conductor: Conductor, entry: Entry) -> Delivered:
    """Try it, unless it is at its end; the entry is read after the try, and may stand otherwise than the error says."""
    try:
        receipt = await client.deliver_with(conductor, entry.id)
    except TiplineError as error:
        try:
            now = await client.entry(entry.id)
        except UnreadableRowError as unreadable:
            return Delivered(entry, error=unreadable)
        failure = now.last_failure
        if now.state is State.QUEUED and failure is not None and (hint := denial_hint(failure)) is not None:
            error.hint = f"{hint[0].upper()}{hint[1:]}; the entry stays queued, and `tipline dispatch` goes on."
        return Delivered(now, error=error)
    alarms = await client.outbox.alarms(entry_id=entry.id, is_open=True)
    return Delivered(await client.entry(entry.id), receipt, tuple(alarms))


def _is_overtaken(delivered: Delivered) -> bool:
    """Whether the error says that it waits, while by now somebody else has settled it or set it aside."""
    error, state = delivered.error, delivered.entry.state
    if error is None or exit_code_for(error) is not ExitCode.WAITING:
        return False
    return state.is_terminal or (state is State.HELD and isinstance(error, LeaseLostError))


def _left_to_others(entry: Entry) -> TiplineError:
    """What is said of an entry that somebody else took over and has not settled yet."""
    return DeliveryTransientError(
        f"entry {entry.id} was taken over while this command was delivering it, or its lease ended",
        hint=in_words_of_host(
            "Nothing to do: another process goes on with it, or the next `tipline dispatch`; "
            f"`tipline show {entry.id}` says how it stands."
        ),
    )


def delivered_view(delivered: Delivered) -> dict[str, Any]:
    """The result as JSON: the entry, its receipt or its error."""
    return {
        **entry_view(delivered.entry),
        "receipt": receipt_view(delivered.receipt) if delivered.receipt else None,
        "alarms": [alarm_view(alarm) for alarm in delivered.alarms],
        **({"error": error_view(delivered.error)} if delivered.error else {}),
    }


def delivered_lines(delivered: Delivered) -> list[str]:
    """The result for people."""
    entry = delivered.entry
    if delivered.receipt is not None:
        kept = in_words_of_host(f"in the outbox; tipline receipts export {entry.id} --out receipt.json")
        looks = [f"  a person must look: alarm {alarm.id}, {alarm.kind}: {alarm.text}" for alarm in delivered.alarms]
        way_out = ["  hint: `tipline alarm close` records that somebody looked"] if looks else []
        return [*receipt_lines(delivered.receipt, kept=kept), *looks, *way_out]
    lines = [f"{_headline(delivered)}: {delivered.error}"]
    if delivered.error is not None and delivered.error.hint:
        lines.append(f"  hint: {delivered.error.hint}")
    return lines


def _headline(delivered: Delivered) -> str:
    state = delivered.entry.state
    if delivered.is_altered:
        # What the row says of itself is what is not to be believed: no state is named.
        return "altered"
    if state in {State.QUEUED, State.LEASED}:
        return "queued and waiting"
    return "given up" if state is State.DEAD_LETTER else state.value.replace("_", " ")
