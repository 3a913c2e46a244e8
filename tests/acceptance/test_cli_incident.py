"""A lane that is paused: what `tipline status` says of it, and that the next dispatcher goes on by itself."""

from tests.acceptance.world import World
from tests.support.altering import alter
from tipline_client.mock import code, status


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


def test_endpoint_well_again_and_nothing_waits(world: World) -> None:
    """The incident is over with the probe, and nobody calls a healthy endpoint unusable."""
    world.run("enqueue", str(world.submission()))
    world.endpoint.faults.script("submit", *[code(3000)] * 2)
    refused = world.run("dispatch", "--drain", "--patience", "0")
    warned = world.run("doctor", "--offline")
    world.run("retract", "case-1", "--reason", "a sample")

    drained = world.run("dispatch", "--drain")
    after = world.run("status", "--json").document

    assert (5, 0) == (refused.code, drained.code)
    assert "warning  lane: paused: mock (mock) since " in warned.out
    assert "unusable" not in drained.out
    assert [] == after["incidents"]
    assert "lane:" not in world.run("doctor", "--offline").out


def test_endpoint_well_again_and_the_entry_waits_for_its_next_try(world: World) -> None:
    """What is said while the lane is on trial is that the endpoint answers, and what ends the incident."""
    world.run("enqueue", str(world.submission()))
    world.endpoint.faults.script("submit", *[code(3000)] * 2)
    world.run("dispatch", "--drain", "--patience", "0")
    alter(world.home / "outbox.sqlite", "UPDATE entries SET available_at = available_at + 600 * 1000000")

    drained = world.run("dispatch", "--drain", "--patience", "0")
    said = world.run("status").out

    assert 3 == drained.code
    assert "the endpoint answers its probes again" in drained.out
    assert "on trial: mock (mock) since " in said
    assert "the endpoint answers its probes again" in said
