"""Many dead letters at once: listed and put back by the reason and the time of their end."""

import base64
from datetime import UTC, datetime

import pytest

from tests.acceptance.world import World
from tipline_client import TiplineClient
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.errors import OutboxError
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


SAID = "Please leave out the coffee mug\nand write to desk@example.com"


@pytest.fixture
def refused(world: World) -> World:
    """An entry that was refused in words which no validator writes, and which may be the report's."""
    world.endpoint.faults.script("submit", code(4100, description=SAID))
    world.run("submit", str(world.submission("case-1")))
    return world


def test_words_of_the_endpoint(refused: World) -> None:
    """They are shown for a purpose alone, with who read them on record."""
    plain = refused.run("dead-letter", "show", "case-1")
    told = refused.run("dead-letter", "show", "case-1", "--reply", "--purpose", "why it was refused", "--actor", "Zoë")
    as_json = refused.run("dead-letter", "show", "case-1", "--reply", "--purpose", "again", "--json").document

    assert "coffee mug" not in plain.out
    assert all(f"  {line}\n" in told.out for line in SAID.split("\n"))
    assert (SAID, "submit", 400) == tuple(as_json["reply"][name] for name in ("description", "step", "httpStatus"))
    assert b"coffee mug" in base64.b64decode(as_json["reply"]["bodyBase64"])
    assert "reply read by Zoë: why it was refused" in [note["text"] for note in as_json["notes"]]
    assert 0 == refused.run("verify", "--all").code


def test_words_of_the_endpoint_from_python(refused: World) -> None:
    """A program asks with purpose and actor too; without them it is told nothing."""
    with TiplineClient.open(refused.home, profile=refused.endpoint.profile) as client:
        entry = client.find("case-1")
        assert entry is not None
        reply = client.refusal(entry.id, purpose="why it was refused", actor="Zoë")
        with pytest.raises(OutboxError, match="purpose"):
            client.refusal(entry.id, purpose=" ", actor="Zoë")

    assert b"coffee mug" in reply.body
    assert 1 == len(refused.run("show", "case-1", "--json").document["notes"])


def test_words_of_the_endpoint_without_a_purpose(refused: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown, nor where a host shows no content, nor of what was not given up; nothing is on record."""
    refused.run("enqueue", str(refused.submission("case-2")))
    ran = [
        refused.run("dead-letter", "show", key, "--reply", *words)
        for key, words in (
            ("case-1", ()),
            ("case-2", ("--purpose", "why")),
        )
    ]
    monkeypatch.setenv("TIPLINE_READS_CONTENT", "no")
    ran.append(refused.run("dead-letter", "show", "case-1", "--reply", "--purpose", "why"))

    assert [2, 2, 5] == [each.code for each in ran]
    assert not any("coffee mug" in each.out + each.err for each in ran)
    assert [] == refused.run("show", "case-1", "--json").document["notes"]


def test_what_an_answer_never_led_to(world: World) -> None:
    """What was given up for a copy of its own shows no answer as the reason, though there is that of the retraction."""
    world.run("enqueue", str(world.submission("case-1")))
    for copy in (world.home / "evidence").rglob("*.bin"):
        copy.write_bytes(b"not what was sealed")
    world.run("dispatch", "--drain")

    ran = world.run("dead-letter", "show", "case-1", "--reply", "--purpose", "why")

    assert 2 == ran.code
    assert "no answer of the endpoint is on record" in ran.err


@pytest.mark.parametrize("verb", [("show",), ("dead-letter", "show")])
def test_request_id_and_way_out(refused: World, verb: tuple[str, ...]) -> None:
    """The plain history has the id to quote to the hotline, and ends with what can be done."""
    failure = refused.run(*verb, "case-1", "--json").document["lastError"]

    told = refused.run(*verb, "case-1").out

    assert f"request id    {failure['requestId']}\n" in told
    assert f", request {failure['requestId']}\n" in told
    assert "--reply --purpose TEXT` shows what the endpoint answered" in told
    assert "dead-letter requeue" in told.splitlines()[-1]
