"""The short waits inside a lease, by tenacity; the long ones are the outbox's. Both follow one `RetryPolicy`.

tenacity is used here and nowhere else. This module does not know what is repeated or why.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt

from tipline_client.delivery.retry import RetryPolicy

__all__ = ["repeat_while"]

T = TypeVar("T")


async def repeat_while(
    operation: Callable[[], Awaitable[T]],
    *,
    again: Callable[[T], bool],
    policy: RetryPolicy,
    sleep: Callable[[timedelta], Awaitable[None]],
    random: Random,
) -> T:
    """Run `operation` until `again` is false of its result, or the policy's short repeats are used up.

    Args:
        operation: What is repeated. Its exceptions end the repetition and reach the caller.
        again: Whether a result asks for another round.
        policy: How often and how long apart.
        sleep: Waits; an argument so that tests need not.
        random: Chance for the jitter.

    Returns:
        The last result, whether or not `again` still holds of it.
    """

    def wait(state: RetryCallState) -> float:
        return policy.delay(state.attempt_number - 1, random=random).total_seconds()

    async def pause(seconds: float) -> None:
        await sleep(timedelta(seconds=seconds))

    retrying = AsyncRetrying(
        stop=stop_after_attempt(policy.short_repeats + 1),
        wait=wait,
        sleep=pause,
        retry=retry_if_result(again),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )

    # tenacity awaits only what is declared a coroutine function, which a lambda around one is not.
    async def run() -> T:
        return await operation()

    return await retrying(run)
