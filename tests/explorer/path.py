"""Walking one path: a world on an event loop of its own, from a script to what became of it."""

import asyncio
from dataclasses import dataclass, field

from tests.explorer.choices import Choices, Point, Script
from tests.explorer.loop import DeadlockError, VirtualLoop
from tests.explorer.setup import Setup
from tests.explorer.world import World
from tipline_client.delivery.states import State

__all__ = ["Path", "walk"]


@dataclass(slots=True)
class Path:
    """What became of one path.

    Attributes:
        script: What happened on it.
        points: Where else something could have happened.
        story: It, told.
        taken: What happened, by the labels of the points.
        history: Digest of the effects in their order.
        violations: Promises broken on it.
        ends: How its entries ended.
        endings: The same in more words.
        requests: How many calls reached the endpoint.
    """

    script: Script
    points: list[Point] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)
    history: bytes = b""
    violations: list[str] = field(default_factory=list)
    ends: tuple[State, ...] = ()
    endings: tuple[str, ...] = ()
    requests: int = 0


def walk(setup: Setup, script: Script, *, limit: int = 0) -> Path:
    """Walk the path of a script.

    Args:
        setup: The installation.
        script: What happens where.
        limit: How many disturbances a path may have, for the points that are offered beyond the script.

    Raises:
        ScriptError: The script does not fit.
    """
    choices = Choices(script, limit=limit)
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    path = Path(script)
    try:
        world = World(setup, choices, loop)
        main = loop.create_task(world.live_and_close())
        try:
            path.ends = loop.run_until_complete(main)
        except DeadlockError:
            world.ledger.violations.append("everybody waits for ever")
        path.violations = list(dict.fromkeys(world.ledger.violations))
        path.endings, path.requests = tuple(world.endings), world.endpoint.requests
    finally:
        _clean_up(loop)
    choices.check_fit()
    path.points, path.story, path.taken, path.history = choices.points, choices.story, choices.taken, choices.history
    return path


def _clean_up(loop: VirtualLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()
