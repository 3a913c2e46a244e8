"""The endpoint's validator names a line and a column; what a person reads is the field."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.world import World
from tests.support.stage import sample_report
from tipline_client import AsyncDispatcher, AsyncTiplineClient, Event, Hook, Options, events
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.errors import DeliveryRejectedError
from tipline_client.mock import MockEndpoint, code
from tipline_client.profiles import places

HAPPENED = "report.incidentSummary.incidentDateTime"
BEFORE_ALL = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""Earlier than what the sample report tells of, so that an endpoint with this clock finds it in the future."""


def given_up(world: World) -> dict[str, Any]:
    """The history of the only entry, which was given up."""
    history: dict[str, Any] = world.run("dead-letter", "show", "case-1", "--json").document
    assert "dead_letter" == history["state"]
    return history


def test_refused_report(world: World) -> None:
    """The mock's own validator refuses a field of the report: show, list, event and JSON say which."""
    world.endpoint.clock.set(BEFORE_ALL)

    submitted = world.run("submit", str(world.submission()))

    history = given_up(world)
    assert ExitCode.GIVEN_UP == submitted.code
    assert f"at {HAPPENED}" in submitted.out
    assert ([HAPPENED], "submit") == (history["lastError"]["paths"], history["lastError"]["step"])
    assert [[HAPPENED]] == [attempt["error"]["paths"] for attempt in history["tries"]]
    assert f"refused       {HAPPENED}\n" in world.run("dead-letter", "show", "case-1").out
    assert HAPPENED in world.run("dead-letter", "list").out


def test_reading_that_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the refusal points to is a courtesy: if it cannot be said, the report is given up for it all the same."""

    def fail(*_: object) -> None:
        raise KeyError("planted words")

    monkeypatch.setattr(places, "_found", fail)
    world.endpoint.clock.set(BEFORE_ALL)

    submitted = world.run("submit", str(world.submission()))

    assert ExitCode.GIVEN_UP == submitted.code
    assert ([], 4100) == tuple(given_up(world)["lastError"][name] for name in ("paths", "code"))
    assert "planted words" not in submitted.out + submitted.err


def test_refused_file_details(world: World) -> None:
    """A field of the details of the second file, whose report is taken back: the path says of which file."""
    submission = world.content()
    details = submission["evidence"][0]["details"]
    late = {"path": "gradient.png", "details": details | {"uploadedToEspTimestamp": "2026-01-05T09:00:00Z"}}
    world.endpoint.clock.set(datetime(2026, 1, 5, 8, 45, tzinfo=UTC))

    world.run("submit", str(world.submission(evidence=[*submission["evidence"], late])))

    history = given_up(world)
    assert ["evidence[1].details.uploadedToEspTimestamp"] == history["lastError"]["paths"]
    assert "fileinfo" == history["lastError"]["step"]
    assert (0, 1) == tuple(world.endpoint.summary()[name] for name in ("finished", "retracted"))


def test_refused_attribute_behind_other_letters(world: World) -> None:
    """Attributes have a path too, and letters beyond ASCII and line ends in front of them move nothing."""
    content = world.content()
    content["report"]["incidentSummary"]["platform"] = "Zoë's ☕🏺\nMugs"
    content["report"]["reporter"]["reportingPerson"]["email"].append({"value": "b@example.com", "type": "Work"})
    path = world.submission(**content)
    sent = world.run("render", str(path)).out
    before = sent[: sent.index('<email type="Work">') + len('<email type="Work">')].rpartition("\n")[2]
    message = (
        f"[2,{len(before.encode('utf-16-le')) // 2 + 1}] - cvc-attribute.3: The value 'Work' of attribute 'type' on "
        "element 'email' is not valid with respect to its type, 'emailType'."
    )
    world.endpoint.faults.script("submit", code(4100, description=f"Validation failed\n{message}"))

    world.run("submit", str(path))

    assert ["report.reporter.reportingPerson.email[1].type"] == given_up(world)["lastError"]["paths"]


def test_position_that_fits_nothing(world: World) -> None:
    """Line and column stay, and no field is guessed."""
    message = (
        "Validation failed\n[1,7] - cvc-complex-type.2.4.a: Invalid content was found starting with element 'url'."
    )
    world.endpoint.faults.script("submit", code(4100, description=message))

    world.run("submit", str(world.submission()))

    error = given_up(world)["lastError"]
    assert ([], True) == (error["paths"], "[1,7] cvc-complex-type.2.4.a" in error["text"])
    assert "refused  " not in world.run("dead-letter", "show", "case-1").out


async def test_path_in_event_history_and_error(tmp_path: Path) -> None:
    """A hook is told, the history keeps it, and the error of a delivery carries it."""
    told: list[Event] = []
    options = Options(hooks=[Hook("listener", told.append)])
    with MockEndpoint() as endpoint:
        endpoint.clock.set(datetime(2026, 1, 1, tzinfo=UTC))
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, options=options) as client:
            await AsyncDispatcher(client).drain()
            entry = await client.enqueue(sample_report())
            with pytest.raises(DeliveryRejectedError) as refused:
                await client.deliver(entry.id)
            await AsyncDispatcher(client).drain()

    failures = [event.what.failure for event in told if isinstance(event.what, events.EntryGivenUp)]
    assert [(HAPPENED,)] == [failure.paths for failure in failures if failure is not None]
    assert (HAPPENED,) == refused.value.paths
    assert HAPPENED in str(refused.value)
