"""The clock that only tests turn."""

from datetime import UTC, datetime, timedelta, timezone

from tipline_client.delivery.clock import Clock
from tipline_client.testing import TurnableClock

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_standing_still() -> None:
    """Without a hand on it the clock shows the same moment, in UTC whatever zone it was set in."""
    clock: Clock = TurnableClock(datetime(2026, 1, 5, 10, 0, tzinfo=timezone(timedelta(hours=1))))

    assert (START, START, UTC) == (clock.now(), clock.now(), clock.now().tzinfo)


def test_turned() -> None:
    """It is turned forwards and back by exactly what is asked."""
    clock = TurnableClock(START)

    clock.advance(timedelta(days=3))
    clock.advance(timedelta(microseconds=-1))

    assert START + timedelta(days=3, microseconds=-1) == clock.now()


async def test_slept_on() -> None:
    """Sleeping turns it forwards at once; a sleep into the past turns nothing."""
    clock = TurnableClock(START)

    await clock.sleep(timedelta(hours=1))
    await clock.sleep(timedelta(hours=-1))

    assert START + timedelta(hours=1) == clock.now()
