"""Two doors to one house: the same verbs with the same arguments, and a list of public names that is frozen."""

import inspect
import threading
from pathlib import Path

import pytest

import tipline_client
from tipline_client import AsyncTiplineClient, TiplineClient, profiles
from tipline_client.client import AsyncDispatcher, Dispatcher
from tipline_client.errors import ConfigurationError, OutboxClosedError, OutboxUnavailableError

ONLY_ASYNCHRONOUS = {"aclose", "conductor", "deliver_with", "hooks", "reader"}
"""Closed by `close` on the other side; and the insides of an `AsyncDispatcher` and of the command."""
ONLY_SYNCHRONOUS = {"close", "call", "call_soon", "asynchronous", "profile"}
"""Ways to the client behind it, whose `profile` is a plain attribute."""

PUBLIC = [
    *(
        "Answer",
        "AnswerKind",
        "AsyncDispatcher",
        "AsyncTiplineClient",
        "Certificate",
        "Deadline",
        "DispatchSummary",
        "Dispatcher",
    ),
    *("EndpointProfile", "Enqueued", "Entry", "Environment", "Event", "Evidence", "Hold", "Hook", "IncidentSummary"),
    "InternetDetails",
    *("Issue", "KeyRing", "Options", "Outcome", "Person", "PersonOrUserReported"),
    *("ReadResult", "Receipt", "Report", "Reporter", "RetryPolicy", "Severity", "State", "Submission", "TiplineClient"),
    *("TiplineError", "__version__", "builders", "errors", "events", "models", "open_certificate", "open_receipt"),
    *("profiles", "read_submission"),
]


def _verbs(door: type) -> set[str]:
    return {name for name in dir(door) if not name.startswith("_")}


def test_both_doors_have_the_same_verbs() -> None:
    """What one door can do, the other can, but for what only one of them needs."""
    assert _verbs(AsyncTiplineClient) - ONLY_ASYNCHRONOUS == _verbs(TiplineClient) - ONLY_SYNCHRONOUS


@pytest.mark.parametrize("verb", sorted(_verbs(AsyncTiplineClient) - ONLY_ASYNCHRONOUS))
def test_both_doors_take_the_same_arguments(verb: str) -> None:
    """A verb takes the same arguments and gives the same back at both doors."""
    one, other = (inspect.signature(getattr(door, verb)) for door in (AsyncTiplineClient, TiplineClient))

    assert one == other


def test_both_dispatchers_have_the_same_verbs() -> None:
    """A service is run, drained and stopped in the same words with and without an event loop."""
    one, other = (
        {verb: inspect.signature(getattr(door, verb)) for verb in _verbs(door) - {"is_running"}}
        for door in (AsyncDispatcher, Dispatcher)
    )

    assert {"drain", "run", "stop"} == set(one)
    assert isinstance(AsyncDispatcher.is_running, property)
    assert isinstance(Dispatcher.is_running, property)
    assert one == other


def test_public_names() -> None:
    """The public names are exactly these, in order, and each is there."""
    assert sorted(PUBLIC) == tipline_client.__all__
    assert [] == [name for name in PUBLIC if not hasattr(tipline_client, name)]


def test_production_without_the_explicit_act() -> None:
    """Nobody addresses production by leaving something out."""
    with pytest.raises(ConfigurationError):
        profiles.cybertipline_production(username="sample", password="mug", registered_esp=False)


@pytest.mark.parametrize(
    "url",
    ["http://192.0.2.1:80/ispws", "https://example.com:443/ispws", "ftp://127.0.0.1:9/", "http://127.0.0.1/ispws"],
)
def test_mock_that_is_not_on_loopback(url: str) -> None:
    """The profile of a mock leads nowhere but to this machine."""
    with pytest.raises(ConfigurationError):
        profiles.mock(url)


@pytest.mark.parametrize(
    ("username", "password"), [("", "mug"), ("sample", ""), ("a:b", "mug"), ("sample", "m\nug"), ("sam\x00ple", "mug")]
)
def test_credentials_that_could_never_work(username: str, password: str) -> None:
    """Empty credentials and those that would break the header are refused by name, without being shown."""
    with pytest.raises(ConfigurationError) as raised:
        profiles.cybertipline_testing(username=username, password=password)

    assert "mug" not in str(raised.value)


def test_credentials_in_a_repr() -> None:
    """A profile shows neither user nor password."""
    profile = profiles.cybertipline_testing(username="sample-user", password="sample-word")

    assert not any(secret in repr(profile) for secret in ("sample-user", "sample-word", profile.authorization))


def test_outbox_without_keys(tmp_path: Path) -> None:
    """A folder with an outbox and no keys is no home: what is queued could not be verified."""
    (tmp_path / "outbox.sqlite").touch()

    with pytest.raises(ConfigurationError):
        AsyncTiplineClient.open(tmp_path, profile=profiles.mock("http://127.0.0.1:9/ispws"))


def test_profiles_that_there_are() -> None:
    """The list names each profile with its environment as the functions that make one do."""
    pair = {"username": "sample", "password": "mug"}
    made = [
        profiles.cybertipline_production(**pair, registered_esp=True),
        profiles.cybertipline_testing(**pair),
        profiles.mock("http://127.0.0.1:9/ispws"),
    ]

    known = [(known.name, known.environment) for known in profiles.KNOWN_PROFILES]

    assert [(profile.name, profile.environment) for profile in made] == known


@pytest.mark.parametrize("short", [True, False])
def test_profile_that_a_setting_names(short: bool) -> None:
    """Text names the same profiles as the functions do; a URL names a mock endpoint, with its sample pair."""
    testing, production = ("testing", "production") if short else ("cybertipline-testing", "cybertipline-production")
    pair = {"username": "sample", "password": "mug"}

    assert profiles.cybertipline_testing(**pair) == profiles.named(testing, username="sample", password="mug")
    assert profiles.cybertipline_production(**pair, registered_esp=True) == profiles.named(
        production, username="sample", password="mug", registered_esp=True
    )
    assert profiles.mock("http://127.0.0.1:9/ispws") == profiles.named("http://127.0.0.1:9/ispws")


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("production", "registered_esp"),
        ("testing", "username"),
        ("https://report.cybertip.org/ispws", "loopback"),
        ("Testing", "no such endpoint"),
        ("", "no such endpoint"),
        ("mock", "no such endpoint"),
    ],
)
def test_setting_that_names_no_endpoint(endpoint: str, says: str) -> None:
    """Production needs its statement, credentials are not made up, and nothing is a default."""
    with pytest.raises(ConfigurationError) as raised:
        profiles.named(endpoint)

    assert says in f"{raised.value} {raised.value.hint}"


def test_closed_on_its_own_loop(tmp_path: Path) -> None:
    """It is told to be awaited there, and can still be closed elsewhere."""
    client = TiplineClient.open(tmp_path / "home", profile=profiles.mock("http://127.0.0.1:9/ispws"))

    async def close() -> None:
        client.close()

    with pytest.raises(ConfigurationError, match="own event loop"):
        client.call(close)

    assert client.call(client.asynchronous.outbox.count).waiting == 0
    client.close()
    with pytest.raises(OutboxClosedError):
        client.call(client.asynchronous.outbox.count)


def test_event_loop_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox that was opened for it is closed again."""

    def refuse(*_: object, **__: object) -> None:
        raise OutboxUnavailableError("no more threads")

    monkeypatch.setattr("tipline_client.client.loop_thread.begin_thread", refuse)
    before = set(threading.enumerate())

    with pytest.raises(OutboxUnavailableError, match="no more threads"):
        TiplineClient.open(tmp_path / "home", profile=profiles.mock("http://127.0.0.1:9/ispws"))

    assert set() == {thread.name for thread in set(threading.enumerate()) - before if "outbox" in thread.name}


def test_kept_schema_that_is_none(tmp_path: Path) -> None:
    """It is told before the outbox is opened, which nobody would close."""
    profile = profiles.mock("http://127.0.0.1:9/ispws")
    TiplineClient.open(tmp_path / "home", profile=profile).close()
    (tmp_path / "home" / "schemas" / f"{profile.name}.xsd").write_text("no schema")
    before = set(threading.enumerate())

    with pytest.raises(ConfigurationError):
        TiplineClient.open(tmp_path / "home", profile=profile)

    assert set() == {thread.name for thread in set(threading.enumerate()) - before if "outbox" in thread.name}
