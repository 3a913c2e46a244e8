"""Whether the endpoint is worth addressing at all: one incident for everybody instead of one failure for each entry.

The state is in the outbox, so that all dispatchers of a lane pause together, take turns with the probes, and only one
of them tells. When `GET /status` succeeds the lane is on trial: one entry goes first, and only the endpoint's own
answer to it ends the incident. What adds up to an incident is `streaks`; nothing here knows what entries hold.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.lane_state import Incident, LaneState, Trial
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.streaks import Cause, Streaks, Word, failure_of, word_on
from tipline_client.errors import OutboxError
from tipline_client.outbox.contract import Lane, Outbox

__all__ = ["LaneBook", "LaneGate", "OwnBook", "SharedBook"]

_log = logging.getLogger("tipline_client.dispatch")

_TURN = timedelta(seconds=60)
"""How long a probe or a trial may keep others waiting before somebody else takes the turn."""


class LaneBook(Protocol):
    """Where the state of one lane is written down."""

    async def read(self) -> LaneState:
        """The state, as it is now."""
        ...

    async def write(self, state: LaneState) -> bool:
        """Replace the state if nobody else has changed it since `state.version`; whether it was replaced."""
        ...


class SharedBook:
    """The outbox's own record of a lane, which all its dispatchers see."""

    def __init__(self, outbox: Outbox, lane: Lane) -> None:
        self._outbox = outbox
        self._lane = lane

    async def read(self) -> LaneState:
        """See `LaneBook.read`."""
        return await self._outbox.lane_state(self._lane)

    async def write(self, state: LaneState) -> bool:
        """See `LaneBook.write`."""
        return await self._outbox.change_lane(self._lane, state)


class OwnBook:
    """A record that nobody else sees: for a single try, which neither pauses others nor waits for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state = LaneState(clock.now())

    async def read(self) -> LaneState:
        """See `LaneBook.read`."""
        return replace(self._state, read_at=self._clock.now())

    async def write(self, state: LaneState) -> bool:
        """See `LaneBook.write`."""
        self._state = replace(state, version=state.version + 1)
        return True


class LaneGate:
    """One dispatcher's view of its lane: open until the endpoint fails, then closed until it answers an entry again.

    Args:
        book: Where the state is.
        clock: Says now until the book was read for the first time.
    """

    def __init__(self, book: LaneBook, *, clock: Clock) -> None:
        self._book = book
        self._holder = secrets.token_hex(8)
        self._streaks = Streaks()
        self._seen = LaneState(clock.now())

    @property
    def incident(self) -> Incident | None:
        """The incident that has not ended, whether the lane is paused or on trial; as last seen."""
        return self._seen.incident

    @property
    def is_paused(self) -> bool:
        """Whether nothing should be sent but probes; as last seen."""
        return self._seen.is_paused

    @property
    def is_on_trial(self) -> bool:
        """Whether a probe succeeded and no entry has yet; as last seen."""
        return self._seen.trial is not None

    @property
    def seen_at(self) -> datetime:
        """When the state was last seen, by the outbox's clock."""
        return self._seen.read_at

    @property
    def next_probe_in(self) -> timedelta:
        """How long until a probe is due, as last seen."""
        return max((self._seen.probe_at or self._seen.read_at) - self._seen.read_at, timedelta(0))

    async def look(self) -> None:
        """See what other dispatchers have met.

        Raises:
            OutboxUnavailableError: It cannot be seen.
        """
        had_incident = self._seen.incident is not None
        self._seen = await self._book.read()
        if had_incident and self._seen.incident is None:
            self._streaks.forget()

    async def note_answer(self, step: Step, answer: Answer, *, entry_id: str) -> None:
        """Learn from what came back, or did not, for one entry; may pause the lane, or end the incident.

        An outbox that fails meanwhile is not waited for: the answer itself still has to be written down.
        """
        if self._seen.incident is None:
            cause = self._streaks.add(step, answer.kind, entry_id=entry_id)
            if cause is not None:
                await self._pause(step, answer, confined_to=step if cause is Cause.AT_THIS_STEP else None)
        elif self._is_our_trial(self._seen):
            # The late answer to a call that was sent before the lane paused would prove nothing.
            word = word_on(self._seen.incident, step, answer.kind)
            if word is Word.IT_IS_OVER:
                await self._end()
            elif word is Word.IT_GOES_ON:
                await self._go_on(step, answer)

    async def take_probe(self, *, policy: RetryPolicy, random: Random, at_once: bool = False) -> bool:
        """Take the turn to probe, if one is due and nobody else has it.

        Args:
            policy: How far apart the probes are.
            random: Chance, for jitter.
            at_once: Probe although none is due, as when a person has just started the dispatcher.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """

        def take(state: LaneState) -> LaneState | None:
            if not state.is_paused or not (at_once or state.probe_at is None or state.probe_at <= state.read_at):
                return None
            delay = policy.delay(state.probes, random=random)
            return replace(state, probes=state.probes + 1, probe_at=state.read_at + delay)

        return await self._change(take)

    async def note_probe(self, answer: Answer) -> None:
        """What a probe met: success puts the lane on trial, anything else is the same incident, for a newer reason.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """

        def learn(state: LaneState) -> LaneState | None:
            if state.incident is None or state.trial is not None:
                return None
            if answer.kind is AnswerKind.SUCCESS:
                return replace(state, trial=Trial("", state.read_at))
            return replace(state, incident=_worse(state.incident, Step.STATUS, answer))

        await self._change(learn)

    async def take_trial(self) -> bool:
        """Take the turn to send one entry while the lane is on trial, or keep it.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """

        def take(state: LaneState) -> LaneState | None:
            trial = state.trial
            if trial is None or (trial.holder != self._holder and trial.until > state.read_at):
                return None
            return replace(state, trial=Trial(self._holder, state.read_at + _TURN))

        mine = self._seen.trial
        if mine is not None and mine.holder == self._holder and mine.until - self._seen.read_at > _TURN / 2:
            return True
        return await self._change(take)

    def _is_our_trial(self, state: LaneState) -> bool:
        return state.trial is not None and state.trial.holder == self._holder

    async def _pause(self, step: Step, answer: Answer, *, confined_to: Step | None) -> None:
        def pause(state: LaneState) -> LaneState | None:
            if state.incident is not None:
                return None
            return LaneState(
                state.read_at,
                incident=Incident(state.read_at, failure_of(step, answer), confined_to),
                version=state.version,
            )

        if await self._change_if_possible(pause):
            # Whoever paused the lane tells of it, and nobody else.
            where = f" at each {confined_to}" if confined_to else ""
            _log.warning("lane paused: %s%s (code=%s); entries wait", answer.reason, where, answer.code)

    async def _go_on(self, step: Step, answer: Answer) -> None:
        def go_on(state: LaneState) -> LaneState | None:
            if state.incident is None or not self._is_our_trial(state):
                return None
            return replace(state, trial=None, incident=_worse(state.incident, step, answer))

        await self._change_if_possible(go_on)

    async def _end(self) -> None:
        ended: list[Incident] = []

        def end(state: LaneState) -> LaneState | None:
            if state.incident is None or not self._is_our_trial(state):
                return None
            ended[:] = [state.incident]
            return LaneState(state.read_at, version=state.version)

        if await self._change_if_possible(end):
            self._streaks.forget()
            _log.warning("lane resumed; it was paused since %s", ended[0].since.isoformat())

    async def _change_if_possible(self, change: Callable[[LaneState], LaneState | None]) -> bool:
        try:
            return await self._change(change)
        except OutboxError as error:
            _log.error("the state of the lane could not be written down: %s", error)
            return False

    async def _change(self, change: Callable[[LaneState], LaneState | None]) -> bool:
        """Change the state from what it is now; false when there is nothing to change."""
        while True:
            state = self._seen = await self._book.read()
            changed = change(state)
            if changed is None:
                return False
            # Another dispatcher may have been quicker; then what it wrote is looked at first.
            if await self._book.write(changed):
                self._seen = changed
                return True


def _worse(incident: Incident, step: Step, answer: Answer) -> Incident:
    return replace(incident, failure=failure_of(step, answer), failures=incident.failures + 1)
