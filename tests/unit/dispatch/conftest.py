"""A clock to turn and an outbox in memory, for whatever shares one."""

import pytest

from tests.unit.dispatch.hooking import Listener
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def outbox(clock: TurnableClock) -> MemoryOutbox:
    return MemoryOutbox(clock)


@pytest.fixture
def listener() -> Listener:
    return Listener()
