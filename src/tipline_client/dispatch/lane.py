"""Whether the endpoint is worth addressing at all: one incident for everybody instead of one failure for each entry.

The state is in the outbox, so that all dispatchers of a lane pause together, take turns with the probes, and only one
of them tells. When `GET /status` succeeds the lane is on trial: one entry goes first, and only the endpoint's own
answer to it ends the incident; without any entry to try, the probe alone does. What adds up to an incident is
`streaks`; nothing here knows what entries hold.
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
from tipline_client.delivery.events import Happening, LanePaused, LaneResumed
from tipline_client.delivery.lane_state import Incident, LaneState, Trial
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.streaks import Cause, Streaks, Word, failure_of, word_on
from tipline_client.errors import OutboxError
from tipline_client.outbox.columns import HORIZON
from tipline_client.outbox.contract import Lane, Outbox

__all__ = ["LaneBook", "LaneGate", "OwnBook", "SharedBook"]

_log = logging.getLogger("tipline_client.dispatch")

_LONGEST_TURN = timedelta(seconds=60)
"""How long a dispatcher that died may keep others waiting, whose turn it was to try the lane."""


_Change = tuple[LaneState, Happening | None] | None
"""What a state becomes, and what is told of that; `None` leaves it."""


class LaneBook(Protocol):
    """Where the state of one lane is written down."""

    async def read(self) -> LaneState:
        """The state, as it is now."""
        ...

    async def write(self, state: LaneState, *, what: Happening | None = None) -> bool:
        """Replace the state if nobody else has changed it since `state.version`; whether it was replaced.

        With `what` the change is told.
        """
        ...

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many entries of the lane wait, and since when the oldest does."""
        ...

    async def has_entry_to_try(self) -> bool:
        """Whether an entry of the lane is to be delivered, now or later; one that is held for a person is not."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether anybody else goes by it, so that what changes is worth a line in the log."""
        ...


class SharedBook:
    """The outbox's own record of a lane, which all its dispatchers see."""

    def __init__(self, outbox: Outbox, lane: Lane) -> None:
        self._outbox = outbox
        self._lane = lane

    async def read(self) -> LaneState:
        """See `LaneBook.read`."""
        return await self._outbox.lane_state(self._lane)

    async def write(self, state: LaneState, *, what: Happening | None = None) -> bool:
        """See `LaneBook.write`."""
        return await self._outbox.change_lane(self._lane, state, what=what)

    async def waiting(self) -> tuple[int, datetime | None]:
        """See `LaneBook.waiting`."""
        counts = await self._outbox.count(lane=self._lane)
        return counts.waiting, counts.oldest_waiting

    async def has_entry_to_try(self) -> bool:
        """See `LaneBook.has_entry_to_try`."""
        states = (await self._outbox.count(lane=self._lane)).by_state
        return any(states[state] for state in (State.QUEUED, State.LEASED))

    @property
    def is_shared(self) -> bool:
        """See `LaneBook.is_shared`."""
        return True


class OwnBook:
    """A record that nobody else sees: for a single try, which neither pauses others nor waits for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state = LaneState(clock.now())

    async def read(self) -> LaneState:
        """See `LaneBook.read`."""
        return replace(self._state, read_at=self._clock.now())

    async def write(self, state: LaneState, *, what: Happening | None = None) -> bool:  # noqa: ARG002 - nobody is told
        """See `LaneBook.write`."""
        self._state = replace(state, version=state.version + 1)
        return True

    async def waiting(self) -> tuple[int, datetime | None]:
        """See `LaneBook.waiting`; a single try knows of no other entry."""
        return 0, None

    async def has_entry_to_try(self) -> bool:
        """See `LaneBook.has_entry_to_try`; there is the one that is tried."""
        return True

    @property
    def is_shared(self) -> bool:
        """See `LaneBook.is_shared`."""
        return False


class LaneGate:
    """One dispatcher's view of its lane: open until the endpoint fails, then closed until it answers an entry again.

    Args:
        book: Where the state is.
        clock: Says now until the book was read for the first time.
        turn: How long the turn to try the lane outlives its dispatcher; never more than a minute.
    """

    def __init__(self, book: LaneBook, *, clock: Clock, turn: timedelta = _LONGEST_TURN) -> None:
        self._book = book
        self._turn = min(turn, _LONGEST_TURN)
        self._holder = secrets.token_hex(8)
        self._streaks = Streaks()
        self._seen = LaneState(clock.now())
        self._tried_with: str | None = None

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
    def holds_trial(self) -> bool:
        """Whether the turn to try the lane is this dispatcher's; as last seen."""
        return self._is_our_trial(self._seen)

    @property
    def is_tried(self) -> bool:
        """Whether this dispatcher has sent an entry to try the lane with, which has not ended."""
        return self._tried_with is not None

    @property
    def version(self) -> int:
        """How often the state was changed, as last seen."""
        return self._seen.version

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
        try:
            await self._learn(step, answer, entry_id)
        except OutboxError as error:
            _log.error("the state of the lane could not be written down: %s", error)

    async def _learn(self, step: Step, answer: Answer, entry_id: str) -> None:
        if self._seen.incident is None:
            cause = self._streaks.add(step, answer.kind, entry_id=entry_id)
            if cause is not None:
                await self._pause(step, answer, confined_to=step if cause is Cause.AT_THIS_STEP else None)
        elif self.holds_trial and entry_id == self._tried_with:
            # The late answer to a call of another entry, sent before the lane paused, would prove nothing.
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
            at_once: Probe although none is due, as when a person has just started the dispatcher. That is beside the
                turns: nobody's next probe is put off for it.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """

        def take(state: LaneState) -> _Change:
            wait = timedelta(0) if state.probe_at is None else state.probe_at - state.read_at
            # A wait that is longer than anything is put off was written by a wrong clock; others have policies too.
            if not state.is_paused or timedelta(0) < wait <= HORIZON:
                return None
            delay = policy.delay(state.probes, random=random)
            return replace(state, probes=state.probes + 1, probe_at=state.read_at + delay), None

        return await self._change(take) or (at_once and self.is_paused)

    async def note_probe(self, answer: Answer) -> None:
        """What a probe met: success puts the lane on trial, anything else is the same incident, for a newer reason.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """

        def learn(state: LaneState) -> _Change:
            if state.incident is None or state.trial is not None:
                return None
            if answer.kind is AnswerKind.SUCCESS:
                return replace(state, trial=Trial("", state.read_at)), None
            return replace(state, incident=_worse(state.incident, Step.STATUS, answer)), None

        await self._change(learn)

    async def take_trial(self) -> bool:
        """Take the turn to send one entry while the lane is on trial, or keep it.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """

        def take(state: LaneState) -> _Change:
            trial = state.trial
            if trial is None:
                return None
            # A turn that is longer than any was written by a wrong clock.
            if trial.holder != self._holder and state.read_at < trial.until <= state.read_at + _LONGEST_TURN:
                return None
            return replace(state, trial=Trial(self._holder, state.read_at + self._turn)), None

        mine = self._seen.trial
        if mine is not None and mine.holder == self._holder and mine.until - self._seen.read_at > self._turn / 2:
            return True
        return await self._change(take)

    def try_with(self, entry_id: str) -> None:
        """Say that this entry is the one to try the lane with: only what is answered to it counts."""
        self._tried_with = entry_id

    def end_try(self, entry_id: str) -> None:
        """Say that a try of this entry has ended, whichever it was."""
        if self._tried_with == entry_id:
            self._tried_with = None

    async def give_back_trial(self) -> None:
        """Let another dispatcher send the entry that the lane is tried with.

        Raises:
            OutboxUnavailableError: It cannot be written down; the turn ends by itself.
        """

        def give_back(state: LaneState) -> _Change:
            return (replace(state, trial=Trial("", state.read_at)), None) if self._is_our_trial(state) else None

        if self.holds_trial:
            await self._change(give_back)

    async def end_for_want_of_entries(self) -> None:
        """End the incident if the endpoint answers and the lane has no entry to try that with.

        Should the endpoint answer its probes alone, the next entry begins an incident of its own.

        Raises:
            OutboxUnavailableError: It cannot be seen or written down.
        """
        if self._is_our_trial(self._seen) and not await self._book.has_entry_to_try():
            await self._end()

    def _is_our_trial(self, state: LaneState) -> bool:
        return state.trial is not None and state.trial.holder == self._holder

    async def _pause(self, step: Step, answer: Answer, *, confined_to: Step | None) -> None:
        waiting, oldest = await self._book.waiting()

        def pause(state: LaneState) -> _Change:
            if state.incident is not None:
                return None
            incident = Incident(state.read_at, failure_of(step, answer), confined_to)
            paused = LaneState(state.read_at, incident=incident, version=state.version)
            return paused, LanePaused(incident, waiting, oldest)

        if await self._change(pause) and self._book.is_shared:
            # Whoever paused the lane tells of it, and nobody else; the reason names the code if there is one.
            where = f" at each {confined_to}" if confined_to else ""
            since = f", the oldest since {oldest.isoformat()}" if oldest else ""
            _log.warning("lane paused: %s%s; %d wait%s", answer.reason, where, waiting, since)

    async def _go_on(self, step: Step, answer: Answer) -> None:
        def go_on(state: LaneState) -> _Change:
            if state.incident is None or not self._is_our_trial(state):
                return None
            return replace(state, trial=None, incident=_worse(state.incident, step, answer)), None

        await self._change(go_on)

    async def _end(self) -> None:
        waiting, oldest = await self._book.waiting()
        ended: list[Incident] = []

        def end(state: LaneState) -> _Change:
            if state.incident is None or not self._is_our_trial(state):
                return None
            ended[:] = [state.incident]
            return LaneState(state.read_at, version=state.version), LaneResumed(state.incident, waiting, oldest)

        if await self._change(end):
            self._streaks.forget()
            if not self._book.is_shared:
                return
            [incident] = ended
            _log.warning(
                "lane resumed; it was paused since %s, with %d failures; %d wait",
                incident.since.isoformat(),
                incident.failures,
                waiting,
            )

    async def _change(self, change: Callable[[LaneState], _Change]) -> bool:
        """Change the state from what it is now; false when there is nothing to change."""
        while True:
            state = self._seen = await self._book.read()
            changed = change(state)
            if changed is None:
                return False
            after, what = changed
            # Another dispatcher may have been quicker; then what it wrote is looked at first.
            if await self._book.write(after, what=what):
                self._seen = after
                return True


def _worse(incident: Incident, step: Step, answer: Answer) -> Incident:
    return replace(incident, failure=failure_of(step, answer), failures=incident.failures + 1)
