"""Settings: arguments, then variables, then the file; refused where they make no sense."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.powerless import close, powerless
from tipline_client import profiles
from tipline_client.cli.settings import resolve
from tipline_client.cli.settings_file import FILE_NAME, find_file
from tipline_client.delivery.environment import Environment
from tipline_client.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_arguments_before_variables_before_file() -> None:
    """The nearest one wins, and each remembers where it came from."""
    Path("tipline.toml").write_text('endpoint = "testing"\nusername = "file"\nslots = 3\n')
    environ = {"TIPLINE_USERNAME": "variable", "TIPLINE_SLOTS": "4"}

    settings = resolve(slots=5, environ=environ)

    assert (5, "variable", "testing") == (settings.slots, settings.username, settings.endpoint)
    assert {"slots": "argument --slots", "username": "TIPLINE_USERNAME", "endpoint": "tipline.toml"} == dict(
        settings.origins
    )


def test_nothing_said() -> None:
    """Home and slots have defaults; an endpoint has none."""
    settings = resolve(environ={})

    assert (Path("tipline-home"), 8, None, False) == (
        settings.home,
        settings.slots,
        settings.endpoint,
        settings.registered_esp,
    )


def test_file_of_the_home() -> None:
    """Without a file in the current folder, the home's own is read."""
    Path("place").mkdir()
    Path("place/tipline.toml").write_text('username = "someone"\n')

    assert "someone" == resolve(home="place", environ={}).username


def test_paths_in_a_file() -> None:
    """They are relative to the file, not to the current folder."""
    Path("etc").mkdir()
    Path("etc/my.toml").write_text('home = "box"\npassword_file = "secret.txt"\n')
    Path("etc/secret.txt").write_text("from file\n")

    settings = resolve(config="etc/my.toml", environ={})

    assert (Path("etc/box"), "from file") == (settings.home, settings.password)


def test_password_file_of_a_variable_beside_password_of_the_file() -> None:
    """The nearer source wins as a whole."""
    Path("tipline.toml").write_text('password = "old"\n')
    Path("secret.txt").write_text("new\n")

    assert "new" == resolve(environ={"TIPLINE_PASSWORD_FILE": "secret.txt"}).password


def test_password_not_in_repr() -> None:
    """Settings may be printed."""
    assert "hidden" not in repr(resolve(environ={"TIPLINE_PASSWORD": "hidden"}))


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TIPLINE_REGISTERED_ESP": "maybe"}, "neither yes nor no"),
        ({"TIPLINE_SLOTS": "0"}, "slots"),
        ({"TIPLINE_SLOTS": "many"}, "slots"),
        ({"TIPLINE_CONFIG": "nowhere.toml"}, "nowhere.toml"),
        ({"TIPLINE_PASSWORD_FILE": "nowhere.txt"}, "nowhere.txt"),
    ],
)
def test_unusable_variable(environ: dict[str, str], words: str) -> None:
    """It is refused by name."""
    with pytest.raises(ConfigurationError, match=words):
        resolve(environ=environ)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("slots = true", "slots must be a whole number"),
        ('registered_esp = "yes"', "registered_esp must be true or false"),
        ("endpoint = 3", "endpoint must be text"),
        ('reporter = "me"', "reporter must be a table"),
        ('password = "hid', r"no TOML \(at"),
        ("pasword = 1", "there is no setting"),
    ],
)
def test_unusable_file(text: str, words: str) -> None:
    """It is refused by file and key, never with a value."""
    Path("tipline.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=words) as refused:
        resolve(environ={})

    assert "hid" not in str(refused.value)


def test_file_that_is_not_utf8() -> None:
    """The byte is named."""
    Path("tipline.toml").write_bytes(b'username = "\xff"')

    with pytest.raises(ConfigurationError, match="not UTF-8, from byte 12"):
        resolve(environ={})


@pytest.mark.parametrize(
    ("named", "name", "environment"),
    [
        ("testing", "cybertipline-testing", Environment.TESTING),
        ("cybertipline-testing", "cybertipline-testing", Environment.TESTING),
        ("production", "cybertipline-production", Environment.PRODUCTION),
        ("http://127.0.0.1:8765/ispws", "mock", Environment.MOCK),
    ],
)
def test_endpoint_named(named: str, name: str, environment: Environment) -> None:
    """A name or a loopback URL leads to its profile."""
    environ = {"TIPLINE_USERNAME": "u", "TIPLINE_PASSWORD": "p", "TIPLINE_REGISTERED_ESP": "YES"}

    settings = resolve(endpoint=named, environ=environ)

    assert (name, environment) == (settings.profile().name, settings.profile().environment)
    assert (name, environment) == settings.lane


def test_mock_without_credentials() -> None:
    """The mock's own sample pair is used, for loopback alone."""
    profile = resolve(endpoint="http://127.0.0.1:8765/ispws", environ={}).profile()

    assert (profiles.MOCK_USERNAME, profiles.MOCK_PASSWORD) == (profile.username, profile.password)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "no endpoint is named"),
        ({"endpoint": "prod"}, "there is no endpoint 'prod'"),
        ({"endpoint": "https://192.0.2.1:443/ispws"}, "loopback"),
        ({"endpoint": "testing"}, "username for cybertipline-testing is missing"),
        ({"endpoint": "production", "username": "u"}, "explicit statement"),
    ],
)
def test_endpoint_refused(settings: dict[str, Any], words: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ConfigurationError, match=words):
        resolve(**settings, environ={"TIPLINE_PASSWORD": "p"}).profile()


DSN = "postgresql://courier:mug@db.example.com/tipline"


@pytest.mark.parametrize("place", ["argument", "variable", "file of the variable", "file", "file of the file"])
def test_outbox_in_a_database(place: str) -> None:
    """Its address is taken from each of the places, and its password is not in the settings' repr."""
    Path("secret.txt").write_text(f"{DSN}\n")
    toml = {"file": f'outbox = "{DSN}"\n', "file of the file": 'outbox_file = "secret.txt"\n'}
    Path("tipline.toml").write_text(toml.get(place, ""))
    environ = {"variable": {"TIPLINE_OUTBOX": DSN}, "file of the variable": {"TIPLINE_OUTBOX_FILE": "secret.txt"}}

    settings = resolve(outbox=DSN if place == "argument" else None, environ=environ.get(place, {}))

    assert settings.outbox is not None
    assert DSN == settings.outbox.url
    assert "mug" not in repr(settings)
    assert "outbox" in settings.origins


def test_outbox_of_the_variables_before_the_file() -> None:
    """An address in a file that a variable names is not overruled by one that stands in the configuration file."""
    Path("secret.txt").write_text(DSN)
    Path("tipline.toml").write_text('outbox = "postgresql://other.example.com/tipline"\n')

    settings = resolve(environ={"TIPLINE_OUTBOX_FILE": "secret.txt"})

    assert settings.outbox is not None
    assert DSN == settings.outbox.url


def test_outbox_file_that_is_not_there() -> None:
    """It is named, as what it is."""
    with pytest.raises(ConfigurationError, match=r"the outbox file missing\.txt"):
        resolve(environ={"TIPLINE_OUTBOX_FILE": "missing.txt"})


def test_outbox_in_a_file_by_default() -> None:
    """Without the setting there is no database."""
    assert resolve(environ={}).outbox is None


TABLES = """
endpoint = "testing"
[credentials.testing]
username = "rehearsing"
password = "one"
[credentials.production]
username = "filing"
password_file = "secret.txt"
"""


def test_credentials_of_each_endpoint() -> None:
    """A file may hold the pairs of both endpoints; the one in force gets its own and no other."""
    Path("tipline.toml").write_text(TABLES)
    Path("secret.txt").write_text("two\n")

    pairs = [
        (settings.username, settings.password)
        for settings in (resolve(environ={}), resolve(endpoint="production", environ={}))
    ]

    assert [("rehearsing", "one"), ("filing", "two")] == pairs


def test_credentials_of_the_file_with_the_endpoint_of_an_argument() -> None:
    """The pair that stands beside the test host's name is not sent to production."""
    Path("tipline.toml").write_text('endpoint = "testing"\nusername = "rehearsing"\npassword = "one"\n')

    settings = resolve(endpoint="production", environ={"TIPLINE_REGISTERED_ESP": "yes"})

    with pytest.raises(ConfigurationError, match=r"username of tipline\.toml stands beside the endpoint testing"):
        settings.profile()


def test_credentials_of_variables_with_the_endpoint_of_an_argument() -> None:
    """Likewise with variables, and in the other direction."""
    environ = {"TIPLINE_ENDPOINT": "production", "TIPLINE_USERNAME": "filing", "TIPLINE_PASSWORD": "two"}

    settings = resolve(endpoint="testing", environ=environ)

    with pytest.raises(ConfigurationError, match="stands beside the endpoint production"):
        settings.profile()


def test_credentials_of_a_real_endpoint_and_a_mock() -> None:
    """A mock gets its sample pair, not the one that was meant for the test host."""
    Path("tipline.toml").write_text('endpoint = "testing"\nusername = "rehearsing"\npassword = "one"\n')

    profile = resolve(endpoint="http://127.0.0.1:8765/ispws", environ={}).profile()

    assert profiles.MOCK_USERNAME == profile.username


def test_credentials_that_name_no_endpoint() -> None:
    """A pair on its own, as in the environment of a service, goes with whatever endpoint is in force."""
    Path("tipline.toml").write_text('endpoint = "testing"\n')

    settings = resolve(environ={"TIPLINE_USERNAME": "rehearsing", "TIPLINE_PASSWORD": "one"})

    assert "rehearsing" == settings.profile().username


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[credentials.staging]\nusername = "x"\n', "no endpoint 'staging'"),
        ('[credentials.testing]\nuser = "x"\n', "credentials.testing.user"),
        ("[credentials.testing]\nusername = 5\n", "text values"),
        ('credentials = "x"\n', "table"),
        ('[credentials]\nusername = "x"\n', "no endpoint 'username'"),
    ],
)
def test_credentials_written_wrongly(text: str, words: str) -> None:
    """The table's mistakes are named, and no value of it is shown."""
    Path("tipline.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=words):
        resolve(environ={})


def test_current_folder_that_may_not_be_looked_into(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing in it can be meant for this user: the file of the home is taken."""
    home = tmp_path / "home"
    home.mkdir()
    (home / FILE_NAME).write_text('endpoint = "testing"\n', encoding="utf-8")
    look = Path.lstat

    def refuse(path: Path) -> os.stat_result:
        if path.parent == Path():
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "lstat", refuse)

    assert home / FILE_NAME == find_file(config=None, home=home)


def test_file_of_a_home_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It comes before that of the current directory, which may be another installation's; otherwise it comes after."""
    monkeypatch.chdir(tmp_path)
    Path("rehearsal").mkdir()
    Path("rehearsal", FILE_NAME).write_text('endpoint = "testing"\n', encoding="utf-8")
    Path(FILE_NAME).write_text('endpoint = "production"\n', encoding="utf-8")

    ends = [
        resolve(home="rehearsal", environ={}).endpoint,
        resolve(environ={"TIPLINE_HOME": "rehearsal"}).endpoint,
        resolve(environ={}).endpoint,
        resolve(home="another", environ={}).endpoint,
    ]

    assert ["testing", "testing", "production", "production"] == ends


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda home: (home / FILE_NAME).symlink_to("gone.toml"), "it is a link to a file that is not there"),
        (lambda home: (home / FILE_NAME).mkdir(), "Is a directory"),
        (lambda home: (home / FILE_NAME).symlink_to(FILE_NAME), "symbolic link"),
        (close, "closed to the user"),
    ],
)
def test_home_that_is_named_with_a_file_that_cannot_be_read(
    spoil: Callable[[Path], object], words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is said, and the current directory's file, which may be another installation's, never stands in for it."""
    monkeypatch.chdir(tmp_path)
    Path("rehearsal").mkdir()
    spoil(Path("rehearsal"))
    Path(FILE_NAME).write_text('endpoint = "production"\n', encoding="utf-8")

    with powerless(), pytest.raises(ConfigurationError, match=words) as refused:
        resolve(home="rehearsal", environ={})

    assert f"rehearsal/{FILE_NAME}" in str(refused.value)


def test_link_to_nowhere_in_the_current_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nor does the file of the home stand in for that of the current directory."""
    monkeypatch.chdir(tmp_path)
    Path("tipline-home").mkdir()
    Path("tipline-home", FILE_NAME).write_text('endpoint = "production"\n', encoding="utf-8")
    Path(FILE_NAME).symlink_to("gone.toml")

    with pytest.raises(ConfigurationError, match=FILE_NAME):
        resolve(environ={})
