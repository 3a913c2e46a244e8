"""Tells hooks what happened: after the commit, in order, again until each event is taken or given up.

A hook reads the same events that the history keeps, from where it got to; its failure delays its own events and
nothing else. An event may be told twice when a dispatcher dies in between, and never is skipped in silence.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from inspect import isawaitable
from random import Random
from typing import Final

import anyio

from tipline_client.delivery.clock import Clock
from tipline_client.delivery.events import Event, Happening, HistoryLine
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.errors import ConfigurationError, OutboxError
from tipline_client.outbox.columns import HORIZON
from tipline_client.outbox.contract import Outbox

__all__ = ["Hook", "Hooks", "check_hooks"]

_log = logging.getLogger("tipline_client.hooks")

_LONGEST_TURN: Final = timedelta(seconds=60)
_PAGE: Final = 500
_LONGEST_NAME: Final = 100


class _Refusal(str):
    """The class of a failure that stays one, however often the event is told."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Hook:
    """Something that wants to know what happened.

    Attributes:
        name: Its own name, under which the outbox remembers how far it has got; keep it when the program changes.
        call: Told of each event, on the event loop; a coroutine is awaited. Whatever it raises is a failure, and the
            event is told again later. It may be told of an event twice: go by its entry and kind.
        kinds: Only these happenings; all by default.
        timeout: A call that takes longer has failed.
        tries: How often an event is told before it is passed over, with an error in the log.
        refusals: Exceptions after which no further try can help: the event is passed over at once, in the same way.
    """

    name: str
    call: Callable[[Event], Awaitable[object] | object]
    kinds: tuple[type[Happening], ...] = ()
    timeout: timedelta = timedelta(seconds=30)
    tries: int = 10
    refusals: tuple[type[Exception], ...] = ()


def check_hooks(hooks: Sequence[Hook]) -> None:
    """Let only hooks pass that the outbox can tell apart.

    Raises:
        ConfigurationError: Two have one name, or one has none that can be kept.
    """
    names = [hook.name for hook in hooks]
    if len(set(names)) < len(names) or not all(0 < len(name) <= _LONGEST_NAME for name in names):
        raise ConfigurationError(
            "each hook needs a name of its own, of 1 to 100 characters", hint="Name the hooks after what they do."
        )


@dataclass(slots=True)
class Hooks:
    """The hooks of one dispatcher.

    Args:
        hooks: Which; see `check_hooks`.
        outbox: Whose events.
        clock: Waits between looks.
        policy: How long to wait after a failure.
        random: Chance, for jitter.
        look_every: How often to look for new events.
        turn: How long others leave a hook to a dispatcher that may be gone, beside the time of its calls; a minute at
            most.
    """

    hooks: Sequence[Hook]
    outbox: Outbox
    clock: Clock
    policy: RetryPolicy
    random: Random
    look_every: timedelta = timedelta(seconds=1)
    turn: timedelta = _LONGEST_TURN
    _holder: str = field(default_factory=lambda: secrets.token_hex(8), init=False)
    _resting: anyio.CancelScope = field(default_factory=anyio.CancelScope, init=False)
    _is_stopping: bool = field(default=False, init=False)

    async def register(self) -> None:
        """Let hooks that were never run before begin with what happens from now on.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """
        for hook in self.hooks:
            state = await self.outbox.hook_state(hook.name)
            if state.position is None:
                await self.outbox.change_hook(hook.name, _beginning(state))

    async def run(self) -> None:
        """Tell of events until asked to stop; an outbox that fails is asked again later."""
        while not self._is_stopping:
            await self.tell_all()
            with self._resting:
                await self.clock.sleep(self.look_every)
            if not self._is_stopping:
                self._resting = anyio.CancelScope()

    def stop(self) -> None:
        """Ask `run` to end once what is being told is told and written down: whoever is cut off is told twice."""
        self._is_stopping = True
        self._resting.cancel()

    async def tell_all(self) -> None:
        """Tell every hook of what is there for it now; what fails or is not due stays for later."""
        async with anyio.create_task_group() as tasks:
            for hook in self.hooks:
                tasks.start_soon(self._tell_safely, hook)

    async def _tell_safely(self, hook: Hook) -> None:
        try:
            while await self._tell_page(hook):
                pass
        except OutboxError as error:
            _log.error("hook %s: the outbox cannot be used: %s", hook.name, error)

    async def _tell_page(self, hook: Hook) -> bool:
        """Tell a page of events; whether there may be more to tell at once."""
        state = await self.outbox.hook_state(hook.name)
        if state.position is None:
            state = _beginning(state)
        if not self._may_take_turn(hook, state):
            return False
        lines = await self.outbox.events(after=state.position or 0, limit=_PAGE)
        if not lines:
            # Looked at before anything is written, so that a hook without events costs reads alone.
            if state.holder == self._holder:
                await self._write(hook, replace(state, holder="", held_until=None))
            return False
        turn = await self._write(hook, self._with_turn(hook, state))
        if turn is None:
            return False
        written = turn
        for line in lines:
            if _is_passed_over(hook, turn, line):
                turn = replace(turn, position=line.position)
                continue
            told = await self._tell(hook, turn, line)
            kept = await self._write(hook, told)
            if kept is None or told.position != line.position:
                return False
            # Read anew for the moment: a page may take longer than a turn.
            turn = written = await self.outbox.hook_state(hook.name)
            if turn.version != kept.version:
                return False
        # What was passed over is written down once a page.
        return turn.position == written.position or await self._write(hook, turn) is not None

    def _with_turn(self, hook: Hook, state: HookState) -> HookState:
        # For the call under way and the next one; renewed with each.
        turn = min(self.turn, _LONGEST_TURN) + 2 * hook.timeout
        return replace(state, holder=self._holder, held_until=state.read_at + turn)

    def _may_take_turn(self, hook: Hook, state: HookState) -> bool:
        is_others = state.holder not in {"", self._holder}
        # Turns and waits that are longer than any were written by a wrong clock.
        if is_others and state.held_until is not None and _is_ahead(state.held_until, state, _longest_turn(hook)):
            return False
        return state.next_at is None or not _is_ahead(state.next_at, state, HORIZON)

    async def _write(self, hook: Hook, state: HookState) -> HookState | None:
        """The state as it is after the write; nothing when somebody else has changed it."""
        if not await self.outbox.change_hook(hook.name, state):
            return None
        return replace(state, version=state.version + 1)

    async def _tell(self, hook: Hook, state: HookState, line: HistoryLine) -> HookState:
        """Tell one event; the state that follows from how it went."""
        turn = self._with_turn(hook, state)
        done = replace(turn, position=line.position, failures=0, next_at=None, last_error="")
        try:
            event = line.event
        except ValueError:
            _log.error("hook %s: event %d holds what this program never wrote; passed over", hook.name, line.position)
            return replace(done, given_up=state.given_up + 1)
        error = await self._call(hook, event)
        if error is None:
            return done
        failures = state.failures + 1
        if isinstance(error, _Refusal):
            _log.error("hook %s: event %d refused for good (%s); passed over", hook.name, line.position, error)
            return replace(done, given_up=state.given_up + 1, last_error=str(error))
        if failures >= hook.tries:
            _log.error("hook %s: event %d given up after %d tries (%s)", hook.name, line.position, failures, error)
            return replace(done, given_up=state.given_up + 1, last_error=error)
        _log.warning("hook %s: event %d failed (%s); it is told again later", hook.name, line.position, error)
        wait = self.policy.delay(failures, random=self.random)
        # Given back at once: whoever looks when it is due may be another dispatcher.
        return replace(
            state, failures=failures, next_at=state.read_at + wait, last_error=error, holder="", held_until=None
        )

    async def _call(self, hook: Hook, event: Event) -> str | None:
        task = asyncio.current_task()
        cancels = task.cancelling() if task else 0
        try:
            with anyio.fail_after(hook.timeout.total_seconds()):
                result = hook.call(event)
                if isawaitable(result):
                    await result
        except Exception as error:
            # The class alone: what a hook says of its failure may hold anything.
            kind = type(error).__name__
            return _Refusal(kind) if isinstance(error, hook.refusals) else kind
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            # A cancellation that is the hook's own, as of a task that it waited for, is its failure like any other.
            if task is not None and task.cancelling() > cancels:
                raise
            return type(error).__name__
        return None


def _beginning(state: HookState) -> HookState:
    """Where a hook begins that was never run: it passes over all that happened before now, whenever it gets to it."""
    return replace(state, position=0, since=state.read_at)


def _longest_turn(hook: Hook) -> timedelta:
    """How long a turn lasts at most unless it is renewed, whatever another dispatcher was told."""
    return _LONGEST_TURN + 2 * hook.timeout


def _is_ahead(moment: datetime, state: HookState, longest: timedelta) -> bool:
    return timedelta(0) < moment - state.read_at <= longest


def _is_passed_over(hook: Hook, state: HookState, line: HistoryLine) -> bool:
    """Whether the hook is not to be told of a line: it is from before the hook began, or of a kind it does not want."""
    if state.since is not None and line.at < state.since:
        return True
    return bool(hook.kinds) and line.kind not in {kind.__name__ for kind in hook.kinds}
