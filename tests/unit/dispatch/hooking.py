"""Hooks for the tests: a listener, and what tells it."""

from random import Random
from typing import Any

from tipline_client.delivery.events import Event
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch.hooks import Hook, Hooks
from tipline_client.testing import TurnableClock

DICE = Random(1)  # noqa: S311 - jitter


class Listener:
    """Remembers what it was told, and fails so many times first."""

    def __init__(self, *, failures: int = 0) -> None:
        self.told: list[tuple[str, str | None]] = []
        self.failures = failures

    def __call__(self, event: Event) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("coffee is out")
        self.told.append((type(event.what).__name__, event.entry_id))


def hooks_of(outbox: Any, clock: TurnableClock, *hooks: Hook) -> Hooks:
    return Hooks(hooks, outbox, clock, RetryPolicy(jitter=0), DICE)


async def started(outbox: Any, clock: TurnableClock, *hooks: Hook) -> Hooks:
    telling = hooks_of(outbox, clock, *hooks)
    await telling.register()
    return telling
