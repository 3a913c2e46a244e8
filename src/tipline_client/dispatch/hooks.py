"""Tells hooks what happened: after the commit, in order, again until each event is taken or given up.

A hook reads the same events that the history keeps, from where it got to; its failure delays its own events and
nothing else. An event may be told twice when a dispatcher dies in between, and never is skipped in silence.
"""

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
from tipline_client.outbox.contract import Outbox

__all__ = ["Hook", "Hooks", "check_hooks"]

_log = logging.getLogger("tipline_client.hooks")

_TURN: Final = timedelta(seconds=60)
_PAGE: Final = 100
_LONGEST_NAME: Final = 100


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
    """

    name: str
    call: Callable[[Event], Awaitable[object] | object]
    kinds: tuple[type[Happening], ...] = ()
    timeout: timedelta = timedelta(seconds=30)
    tries: int = 10


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
    """

    hooks: Sequence[Hook]
    outbox: Outbox
    clock: Clock
    policy: RetryPolicy
    random: Random
    look_every: timedelta = timedelta(seconds=1)
    _holder: str = field(default_factory=lambda: secrets.token_hex(8), init=False)

    async def register(self) -> None:
        """Let hooks that were never run before begin with what happens from now on.

        Raises:
            OutboxUnavailableError: It cannot be written down.
        """
        for hook in self.hooks:
            state = await self.outbox.hook_state(hook.name)
            if state.position is None:
                await self.outbox.change_hook(hook.name, replace(state, position=await self._newest()))

    async def run(self) -> None:
        """Tell of events until cancelled; an outbox that fails is asked again later."""
        while True:
            await self.tell_all()
            await self.clock.sleep(self.look_every)

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
        state = await self._take_turn(hook)
        if state is None:
            return False
        lines = await self.outbox.events(after=state.position or 0, limit=_PAGE)
        for line in lines:
            told = await self._tell(hook, state, line)
            written = await self._write(hook, told)
            if written is None or told.position != line.position:
                return False
            state = written
        if not lines:
            await self._write(hook, replace(state, holder="", held_until=None))
        return bool(lines)

    async def _take_turn(self, hook: Hook) -> HookState | None:
        state = await self.outbox.hook_state(hook.name)
        is_others = state.holder not in {"", self._holder}
        if is_others and state.held_until is not None and state.held_until > state.read_at:
            return None
        if state.next_at is not None and state.next_at > state.read_at:
            return None
        if state.position is None:
            state = replace(state, position=await self._newest())
        return await self._write(hook, replace(state, holder=self._holder, held_until=_turn_ends(hook, state)))

    async def _write(self, hook: Hook, state: HookState) -> HookState | None:
        """The state as it is after the write; nothing when somebody else has changed it."""
        if not await self.outbox.change_hook(hook.name, state):
            return None
        return replace(state, version=state.version + 1)

    async def _tell(self, hook: Hook, state: HookState, line: HistoryLine) -> HookState:
        """Tell one event; the state that follows from how it went."""
        turn = replace(state, holder=self._holder, held_until=_turn_ends(hook, state))
        done = replace(turn, position=line.position, failures=0, next_at=None, last_error="")
        try:
            event = line.event
        except ValueError:
            _log.error("hook %s: event %d holds what this program never wrote; passed over", hook.name, line.position)
            return replace(done, given_up=state.given_up + 1)
        if hook.kinds and not isinstance(event.what, hook.kinds):
            return done
        error = await self._call(hook, event)
        if error is None:
            return done
        failures = state.failures + 1
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
        try:
            with anyio.fail_after(hook.timeout.total_seconds()):
                result = hook.call(event)
                if isawaitable(result):
                    await result
        except Exception as error:
            # The class alone: what a hook says of its failure may hold anything.
            return type(error).__name__
        return None

    async def _newest(self) -> int:
        position = 0
        while lines := await self.outbox.events(after=position, limit=10_000):
            position = lines[-1].position
        return position


def _turn_ends(hook: Hook, state: HookState) -> datetime:
    # A call may take all of its time; told by somebody else meanwhile, its event would be told twice for nothing.
    return state.read_at + _TURN + hook.timeout
