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


def test_running() -> None:
    """A running clock goes on with the machine's, is turned by what is asked, and stands still once it is stopped."""
    before = datetime.now(UTC)
    clock = TurnableClock.running()

    clock.advance(timedelta(days=1))
    running = [clock.now(), clock.now()]
    stopped = clock.stop()

    assert before + timedelta(days=1) <= running[0] <= running[1] <= stopped <= datetime.now(UTC) + timedelta(days=1)
    assert stopped == clock.now() == clock.stop()


def test_running_from_a_moment() -> None:
    """It begins at the moment that it is given, and goes on from there."""
    clock = TurnableClock(START, runs=True)

    assert timedelta(0) <= clock.now() - START < timedelta(hours=1)
