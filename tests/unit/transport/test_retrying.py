"""Short repeats follow the policy, with time and chance as arguments."""

from datetime import timedelta
from random import Random

import pytest

from tipline_client.delivery.retry import RetryPolicy
from tipline_client.transport import repeat_while

POLICY = RetryPolicy(first=timedelta(seconds=1), factor=3, longest=timedelta(seconds=5), jitter=0, short_repeats=3)


async def _repeat(results: list[str]) -> tuple[str, list[timedelta], list[str]]:
    slept: list[timedelta] = []
    left = list(results)

    async def operation() -> str:
        return left.pop(0)

    async def sleep(duration: timedelta) -> None:
        slept.append(duration)

    random = Random(7)  # noqa: S311 - jitter
    result = await repeat_while(
        operation, again=lambda result: result == "again", policy=POLICY, sleep=sleep, random=random
    )
    return result, slept, left


async def test_result_that_needs_no_repeat() -> None:
    """A result that is good is returned at once."""
    assert ("done", [], ["never"]) == await _repeat(["done", "never"])


async def test_repeats_grow_to_the_longest_wait() -> None:
    """Waits grow by the factor up to the longest, and end with the first good result."""
    result, slept, _ = await _repeat(["again", "again", "again", "done"])

    assert ("done", [1, 3, 5]) == (result, [wait.total_seconds() for wait in slept])


async def test_repeats_used_up() -> None:
    """After the last repeat the last result is returned, not raised."""
    result, slept, left = await _repeat(["again"] * 4 + ["never"])

    assert ("again", 3, ["never"]) == (result, len(slept), left)


async def test_operation_that_raises() -> None:
    """An exception is no result: it ends the repeats and reaches the caller as it is."""

    async def operation() -> str:
        raise LookupError

    async def sleep(_: timedelta) -> None:
        raise AssertionError

    with pytest.raises(LookupError):
        await repeat_while(operation, again=bool, policy=POLICY, sleep=sleep, random=Random(7))  # noqa: S311 - jitter
