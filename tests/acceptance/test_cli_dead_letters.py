"""Many dead letters at once: listed and put back by the reason and the time of their end."""

from datetime import UTC, datetime

import pytest

from tests.acceptance.world import World
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.mock import code

LONG_AGO = "2026-01-05T03:00Z"


@pytest.fixture
def given_up(world: World) -> World:
    """Five entries of which three were given up with code 4100 and two with 4000."""
    world.endpoint.faults.script("submit", *[code(4100)] * 3, *[code(4000)] * 2)
    for number in range(5):
        world.run("enqueue", str(world.submission(f"case-{number}")))
    world.run("dispatch", "--drain", "--slots", "1")
    assert 5 == len(world.listed("dead_letter"))
    return world


def test_listed_by_reason(given_up: World) -> None:
    """A code, a step or a kind of failure names some of them."""
    found = [
        len(given_up.run("dead-letter", "list", *words, "--json").document)
        for words in (
            ["--code", "4100"],
            ["--code", "4000"],
            ["--code", "4000", "--code", "4100"],
            ["--code", "4100", "--step", "finish"],
            ["--kind", "invalid", "--step", "submit"],
            ["--code", "4100", "--limit", "2"],
        )
    ]

    assert [3, 2, 5, 0, 5, 2] == found


def test_listed_by_time(given_up: World) -> None:
    """The moment is that of the try which ended with it."""
    now = datetime.now(UTC).isoformat()

    found = [
        len(given_up.run("dead-letter", "list", *words, "--json").document)
        for words in (
            ["--since", "2026-01-05T03:00Z"],
            ["--since", now],
            ["--until", now],
            ["--until", "2026-01-05T03:00Z"],
        )
    ]

    assert [5, 0, 5, 0] == found


def test_moment_without_a_zone(given_up: World) -> None:
    """Whose three o'clock is meant, nobody can say."""
    ran = given_up.run("dead-letter", "list", "--since", "2026-01-05T03:00")

    assert ExitCode.BAD_INPUT == ran.code
    assert "--since has no zone" in ran.err


def test_put_back_by_filter(given_up: World) -> None:
    """All that the filter means are put back, with the reason, and nothing else; a dry run changes nothing."""
    filtered = ["--code", "4100", "--since", "2026-01-05T03:00Z", "--reason", "the endpoint is mended"]

    dry = given_up.run("dead-letter", "requeue", *filtered, "--dry-run", "--json").document
    before = len(given_up.listed("dead_letter"))
    done = given_up.run("dead-letter", "requeue", *filtered, "--json").document
    given_up.run("dispatch", "--drain")

    assert ([], 5) == (dry["requeued"], before)
    assert sorted(dry["meant"]) == sorted(done["requeued"])
    assert (3, 2) == (len(given_up.listed("acknowledged")), len(given_up.listed("dead_letter")))
    assert 3 == given_up.endpoint.summary()["finished"]


@pytest.mark.parametrize(
    "words",
    [
        ["--reason", "why not"],
        ["case-1", "--code", "4100", "--reason", "both"],
        ["--code", "4100", "--reason", "all", "--accept-checkpoint"],
        ["--code", "4100", "--reason", " "],
    ],
)
def test_not_clear_what_is_meant(given_up: World, words: list[str]) -> None:
    """Neither everything by mistake, nor a blank cheque for altered records."""
    ran = given_up.run("dead-letter", "requeue", *words)

    assert (ExitCode.BAD_INPUT, 5) == (ran.code, len(given_up.listed("dead_letter")))
