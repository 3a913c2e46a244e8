"""Where settings come from, which endpoint they lead to, and how a wrong command ends."""

import sys
from pathlib import Path

import pytest

from tests.acceptance.world import World


@pytest.mark.parametrize("verb", ["enqueue", "submit", "dispatch", "schema"])
def test_no_endpoint_named(world: World, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """No endpoint is a default: the verb that needs one ends with 5 and says how to name it."""
    monkeypatch.delenv("TIPLINE_ENDPOINT")
    arguments = {"dispatch": ["--drain"], "schema": ["fetch"]}.get(verb, [str(world.submission())])

    ran = world.run(verb, *arguments)

    assert 5 == ran.code
    assert "no endpoint is named" in ran.err
    assert "TIPLINE_ENDPOINT" in ran.err


def test_production_without_the_act(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and the name are not enough for production; nothing is queued."""
    for name, value in {"ENDPOINT": "production", "USERNAME": "someone", "PASSWORD": "secret-pass"}.items():
        monkeypatch.setenv(f"TIPLINE_{name}", value)

    ran = world.run("submit", "--json", str(world.submission()))

    assert (5, "ConfigurationError") == (ran.code, ran.document["error"]["class"])
    assert "TIPLINE_REGISTERED_ESP" in ran.document["error"]["hint"]
    assert "secret-pass" not in ran.out + ran.err
    assert [] == world.listed()


def test_production_with_the_act(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doctor says loudly where it would file to; nothing is asked of the endpoint."""
    for name, value in {
        "ENDPOINT": "cybertipline-production",
        "USERNAME": "someone",
        "PASSWORD": "secret-pass",
        "REGISTERED_ESP": "yes",
    }.items():
        monkeypatch.setenv(f"TIPLINE_{name}", value)

    ran = world.run("doctor", "--offline")

    assert 0 == ran.code
    assert "PRODUCTION: EVERY REPORT IS FILED FOR REAL" in ran.out
    assert "secret-pass" not in ran.out + ran.err


def test_testing_without_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing credential is named."""
    monkeypatch.setenv("TIPLINE_ENDPOINT", "testing")
    monkeypatch.setenv("TIPLINE_USERNAME", "someone")

    ran = world.run("dispatch", "--drain")

    assert 5 == ran.code
    assert "the password for cybertipline-testing is missing" in ran.err


def test_queued_without_a_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who only queues, or decides about what is queued, needs none; who would send is told."""
    monkeypatch.setenv("TIPLINE_ENDPOINT", "testing")
    path = world.lines(world.content("a", evidence=[]), world.content("b", evidence=[]))

    ran = [
        world.run("enqueue", str(world.submission("case-1", evidence=[]))),
        world.run("enqueue", str(path)),
        world.run("retract", "case-1", "--reason", "a test"),
        world.run("filed", "a", "--report-id", "4711", "--reason", "by hand, in a test"),
    ]
    refused = world.run("submit", str(world.submission("case-2", evidence=[])))

    assert [0, 0, 0, 0] == [each.code for each in ran], [each.err for each in ran]
    assert (5, True) == (refused.code, "cybertipline-testing is missing" in refused.err)
    assert 3 == len(world.listed())


def test_switch_of_environment_with_backlog(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was queued for the mock is not seen by another endpoint, nor does it block the same key there."""
    world.run("enqueue", str(world.submission()))
    monkeypatch.setenv("TIPLINE_ENDPOINT", "testing")
    monkeypatch.setenv("TIPLINE_USERNAME", "someone")
    monkeypatch.setenv("TIPLINE_PASSWORD", "pass")

    enqueued = world.run("enqueue", "--json", str(world.submission()))

    assert (0, True, "testing") == (enqueued.code, enqueued.document["isNew"], enqueued.document["environment"])
    assert 1 == len(world.listed())
    monkeypatch.delenv("TIPLINE_ENDPOINT")
    assert 2 == len(world.listed())
    assert "the key names several entries" in world.run("show", "case-1").err


def test_settings_from_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the current folder gives endpoint and home; doctor says where each came from."""
    monkeypatch.delenv("TIPLINE_ENDPOINT")
    monkeypatch.delenv("TIPLINE_HOME")
    Path("tipline.toml").write_text(f'endpoint = "{world.endpoint.base_url}"\nhome = "home"\n')

    submitted = world.run("submit", str(world.submission()))
    doctor = world.run("doctor", "--offline")

    assert (0, 0) == (submitted.code, doctor.code)
    assert "(tipline.toml)" in doctor.out


def test_unknown_setting_in_file(world: World) -> None:
    """It is refused with the nearest right one."""
    Path("tipline.toml").write_text('endpiont = "testing"\n')

    ran = world.run("status")

    assert 5 == ran.code
    assert "there is no setting 'endpiont'" in ran.err
    assert "Did you mean endpoint?" in ran.err


def test_shared_option_before_the_verb(world: World) -> None:
    """Shared options may stand before or behind the verb."""
    ran = world.run("--json", "--home", str(world.home), "status")

    assert (0, 0) == (ran.code, ran.document["waiting"])


@pytest.mark.parametrize(
    "arguments",
    [["validat"], ["list", "--limit", "0"], ["list", "--state", "lost"], ["status", "--nope"], ["show"]],
    ids=" ".join,
)
def test_wrong_command(world: World, arguments: list[str]) -> None:
    """Ends with 2 and a line, in both forms."""
    plain = world.run(*arguments)
    document = world.run(*arguments, "--json").document

    assert 2 == plain.code
    assert plain.err.startswith("error: ")
    assert "CommandError" == document["error"]["class"]


def test_help_and_version(bare_world: World) -> None:
    """Help lists every verb; a verb's own help has an example."""
    whole = bare_world.run("--help")
    verb = bare_world.run("submit", "--help")
    version = bare_world.run("--version")

    verbs = "demo init doctor validate render enqueue submit dispatch status list show verify retract mock receipts"
    assert (0, 0, 0) == (whole.code, verb.code, version.code)
    assert [] == [name for name in (*verbs.split(), "dead-letter", "alarm", "schema") if f"│ {name} " not in whole.out]
    assert "Example: tipline submit case-4711.json" in verb.out
    assert version.out.strip()


def test_extra_not_installed(monkeypatch: pytest.MonkeyPatch, bare_world: World) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "cyclopts", None)

    ran = bare_world.run("status")

    assert 5 == ran.code
    assert 'pip install "tipline-client[cli]"' in ran.err


def test_unexpected_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the class and never the message, which might quote a report; --debug shows where."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("text of a report")

    monkeypatch.setattr("tipline_client.cli.verbs.status.with_outbox", fail)

    plain = world.run("status")
    debug = world.run("status", "--debug")

    assert (1, 1) == (plain.code, debug.code)
    assert "unexpected RuntimeError" in plain.err
    assert "text of a report" not in plain.err + plain.out
    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "finish:nonsense"],
        ["--fault", "nowhere:ok"],
        ["--fault", "finish"],
        ["--fault", "finish:lost_reply=3"],
        ["--fault", "{"],
        ["--faults", "nowhere.json"],
        ["--dice", "1", "--chance", "lost_reply=2"],
        ["--chance", "lost_reply=0.1"],
        ["--chance", "lost_reply"],
        ["--era", "1999"],
    ],
    ids=" ".join,
)
def test_mock_with_wrong_arguments(bare_world: World, arguments: list[str]) -> None:
    """It does not start."""
    assert 2 == bare_world.run("mock", *arguments).code


def test_mock_on_foreign_address(bare_world: World) -> None:
    """It listens on loopback alone."""
    assert 5 == bare_world.run("mock", "--host", "192.0.2.1").code
