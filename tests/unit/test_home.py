"""What an installation's folder opens, and with which clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tipline_client import home
from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.home import Home
from tipline_client.outbox import Address
from tipline_client.testing import TurnableClock


class _Fast:
    """A clock of somebody's own, a day fast."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=1)

    async def sleep(self, duration: timedelta) -> None:
        """Nobody waits here."""


@pytest.mark.parametrize("clock", [None, SystemClock(), _Fast(), TurnableClock()])
def test_clock_that_stands_in_for_the_databases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock | None
) -> None:
    """Only a clock that a test turns is sent in place of the database's; anybody else's would end others' leases."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(home, "open_database", lambda _, **more: asked.update(more))
    place = Home(tmp_path)
    place.create()

    place.open_outbox(Address("postgresql://db.example.com/tipline"), clock=clock)

    assert (clock if isinstance(clock, TurnableClock) else None) is asked["clock"]
