"""Bugs to plant into the production code, each a small patch that breaks one promise: the explorer has to find all.

Every one is a mistake that somebody could make here in good faith. Nothing is patched but for as long as a block runs.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, cast
from unittest.mock import patch

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.dispatch import walk
from tipline_client.dispatch.record import Record
from tipline_client.dispatch.table import MOVES, Move
from tipline_client.dispatch.walk import Walk
from tipline_client.errors import LeaseLostError
from tipline_client.outbox import rules
from tipline_client.outbox.memory.tables import Tables

__all__ = ["PLANTS", "Plant"]

_acknowledge = Record.acknowledge
_intend = Record.intend


@dataclass(frozen=True, slots=True)
class Plant:
    """One bug.

    Attributes:
        mistake: What somebody got wrong.
        planted: While this block runs, the product has the bug.
        broken: A word of the promise that it breaks.
    """

    mistake: str
    planted: Callable[[], AbstractContextManager[None]]
    broken: str


def _moves(changed: Mapping[tuple[Step, AnswerKind], Move]) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def planted() -> Iterator[None]:
        before = {step: dict(moves) for step, moves in MOVES.items()}
        for (step, kind), move in changed.items():
            cast("dict[AnswerKind, Move]", MOVES[step])[kind] = move
        try:
            yield
        finally:
            for step, moves in before.items():
                cast("dict[AnswerKind, Move]", MOVES[step]).update(moves)

    return planted


def _patched(owner: object, name: str, substitute: object) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def planted() -> Iterator[None]:
        with patch.object(owner, name, substitute):
            yield

    return planted


def _forget_the_fence(tables: Any, lease: Any, **_: object) -> Any:
    return tables.rows[lease.entry.id]


async def _go_on_without_a_lease(record: Any, checkpoint: Checkpoint) -> None:
    with suppress(LeaseLostError):
        await _intend(record, checkpoint)


def _forget_the_intent(checkpoint: Checkpoint, **_: object) -> Checkpoint:
    return replace(checkpoint, intent=None)


async def _leave_it_open(_walk: object) -> None:
    """Retract nothing."""


def _leave_the_lease(entry: Entry) -> State:
    return State.RETRACTED if entry.state is State.QUEUED and rules.is_untouched(entry.checkpoint) else entry.state


async def _acknowledge_with_the_hook(record: Any, *arguments: Any, **named: Any) -> None:
    # One transaction: the hook runs in the middle, and what it raises rolls all of it back.
    await record._outbox.process.hook(record.entry.id)
    await _acknowledge(record, *arguments, **named)


async def _acknowledge_and_undo(record: Any, *arguments: Any, **named: Any) -> None:
    await _acknowledge(record, *arguments, **named)
    entry_id = record.entry.id
    try:
        await record._outbox.process.hook(entry_id)
    except RuntimeError:
        row = record._outbox._inner._tables.rows[entry_id]
        afresh = record._seal.apply(entry_id, Checkpoint())
        row.record = None
        row.entry = replace(row.entry, state=State.QUEUED, checkpoint=afresh, report_id=None, has_receipt=False)


PLANTS: Mapping[str, Plant] = {
    "upload_repeated": Plant(
        "an upload in doubt is sent again into the same report",
        _moves({(Step.UPLOAD, AnswerKind.UNANSWERED): Move.REPEAT}),
        "other files than those of the entry",
    ),
    "started_over_in_doubt": Plant(
        "a new report is opened although a finish is in doubt",
        _moves({(Step.FINISH, AnswerKind.UNANSWERED): Move.START_OVER}),
        "2 reports are filed",
    ),
    "store_without_a_fence": Plant(
        "the store writes for whoever once had a lease",
        _patched(Tables, "fenced", _forget_the_fence),
        "whose lease was not live",
    ),
    "dispatcher_without_a_lease": Plant(
        "a dispatcher goes on although it was told that its lease is lost",
        _patched(Record, "intend", _go_on_without_a_lease),
        "sent without a durable intent",
    ),
    "hook_in_the_transaction": Plant(
        "the acknowledgement and the hook after it are one transaction",
        _patched(Record, "acknowledge", _acknowledge_with_the_hook),
        "does not come to an end",
    ),
    "hook_undoes_the_acknowledgement": Plant(
        "a hook that fails marks the entry as not filed",
        _patched(Record, "acknowledge", _acknowledge_and_undo),
        "an acknowledged entry was leased again",
    ),
    "taken_over_without_retracting": Plant(
        "a dispatcher that takes over does not ask what may have been sent",
        _patched(walk, "settle_silence", _forget_the_intent),
        "other files than those of the entry",
    ),
    "page_taken_for_an_answer": Plant(
        "a gateway's page with status 200 counts as the answer to finish",
        _moves({(Step.FINISH, AnswerKind.UNUSABLE): Move.ACKNOWLEDGE}),
        "0 reports are filed",
    ),
    "withdrawal_leaves_the_lease": Plant(
        "a withdrawal waits for the dispatcher in flight to hear of it",
        _patched(rules, "state_when_withdrawn", _leave_the_lease),
        "after the withdrawal",
    ),
    "left_open": Plant(
        "a report that was opened under a lost lease is not taken back",
        _patched(Walk, "_take_back", _leave_it_open),
        "was left open",
    ),
}
"""Name to bug."""
