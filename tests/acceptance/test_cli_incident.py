"""A lane that is paused: what `tipline status` says of it, and that the next dispatcher goes on by itself."""

from tests.acceptance.world import World
from tipline_client.mock import status


def test_status_while_the_lane_is_paused(world: World) -> None:
    """Since when, why, how many failures, and when the next probe is due; nothing of it once the endpoint is well."""
    for number in range(2):
        world.run("enqueue", str(world.submission(f"case-{number}")))
    for step in ("submit", "status"):
        world.endpoint.faults.script(step, *[status(503)] * 50)
    world.run("dispatch", "--drain", "--patience", "0")

    down = world.run("status", "--json")
    said = world.run("status").out
    world.endpoint.faults.clear()
    world.run("dispatch", "--drain")
    up = world.run("status", "--json")

    [incident] = down.document["incidents"]
    assert ("mock", "mock", "outage", "submit") == (
        incident["profile"],
        incident["environment"],
        incident["kind"],
        incident["step"],
    )
    assert incident["failures"] >= 2
    assert "paused: mock (mock) since " in said
    assert "failures at each submit; outage at " in said
    assert ([], 0) == (up.document["incidents"], up.document["waiting"])
