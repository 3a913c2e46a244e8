"""A dispatcher that is started and stopped as the examples of the service do it, as a process of its own.

What the files say is read from them: the command line, the variables, the secrets in files, the signal.
"""

import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tests.support.postgres import PostgresServer
from tests.support.service_files import DISPATCH, SERVICES, of_container, unit_environ, values_of
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.mock.faults import code

pytestmark = pytest.mark.slow

SECONDS = 60.0
SIGNALS = sorted(
    {*values_of(DISPATCH, "KillSignal"), *of_container("STOPSIGNAL"), SERVICES["dispatcher"]["stop_signal"]}
)
STAYS_DOWN = {int(word) for value in values_of(DISPATCH, "RestartPreventExitStatus") for word in value.split()}
IS_SUCCESS = {0} | {int(word) for value in values_of(DISPATCH, "SuccessExitStatus") for word in value.split()}
COMMAND = shlex.split(values_of(DISPATCH, "ExecStart")[0])[1:]


@pytest.fixture
def environ(bare_world: World, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of the unit, with a settings file for the mock endpoint, on a host whose home was made."""
    credentials = bare_world.folder / "credentials"
    credentials.mkdir(mode=0o700)
    (credentials / "outbox").write_text(server.url() + "\n", encoding="utf-8")
    (credentials / "password").write_text(bare_world.endpoint.password + "\n", encoding="utf-8")
    settings = {"TIPLINE_ENDPOINT": bare_world.endpoint.base_url, "TIPLINE_USERNAME": bare_world.endpoint.username}
    environ = unit_environ(DISPATCH, settings=settings, state=bare_world.folder, credentials=credentials)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert 0 == bare_world.run("init").code
    return environ


def started(world: World, environ: dict[str, str], *more: str) -> "subprocess.Popen[bytes]":
    """One more host: the unit's command, once it says that it dispatches."""
    process = world.start(*COMMAND, *more, environ=environ)
    read_until(process, b"dispatching to")
    return process


def read_until(process: "subprocess.Popen[bytes]", words: bytes) -> None:
    """Read what it says until a line has the words; it ends with the process at the latest."""
    assert process.stderr is not None
    seen = b""
    for line in process.stderr:
        seen += line
        if words in line:
            return
    raise AssertionError(seen.decode())


def stopped(process: "subprocess.Popen[bytes]", number: str) -> int:
    """Its exit code after the signal."""
    process.send_signal(signal.Signals[number])
    _, said = process.communicate(timeout=SECONDS)
    assert b"Traceback" not in said
    return process.returncode


@pytest.mark.parametrize("number", SIGNALS)
def test_hosts_stopped_one_after_the_other(bare_world: World, environ: dict[str, str], number: str) -> None:
    """Two hosts deliver; each ends with success at the signal, and what came between is delivered by the other."""
    first, second = started(bare_world, environ), started(bare_world, environ, "--verbose")

    ends = [stopped(first, number)]
    assert 0 == bare_world.run("enqueue", str(bare_world.submission("between"))).code
    read_until(second, b": finish -> success")
    ends.append(stopped(second, number))

    assert [int(ExitCode.OK)] * 2 == ends
    assert (1, 0) == tuple(bare_world.endpoint.summary()[name] for name in ("finished", "duplicates"))
    assert 1 == len(bare_world.listed("acknowledged"))


def test_stopped_after_an_entry_was_given_up(bare_world: World, environ: dict[str, str]) -> None:
    """It ends with the code that the unit takes for success, since a stop was all that was asked for."""
    bare_world.endpoint.faults.script("submit", code(4100))
    assert 0 == bare_world.run("enqueue", str(bare_world.submission())).code
    process = started(bare_world, environ, "--verbose")
    read_until(process, b": submit -> ")

    end = stopped(process, SIGNALS[0])

    assert ExitCode.GIVEN_UP == end
    assert end in IS_SUCCESS
    assert 1 == len(bare_world.listed("dead-letter"))


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TIPLINE_ENDPOINT": ""}, ()),
        ({"TIPLINE_HOME": "elsewhere", "TIPLINE_ENDPOINT": "testing"}, ()),
        ({"TIPLINE_PASSWORD_FILE": "missing"}, ()),
        ({"TIPLINE_ENDPOINT": "production"}, ()),
        ({}, ("--drian",)),
    ],
    ids=["no endpoint", "no keys", "no password file", "production by mistake", "no such option"],
)
def test_started_wrongly(
    bare_world: World, environ: dict[str, str], variables: dict[str, str], words: tuple[str, ...]
) -> None:
    """What a person must put right ends with a code after which the unit stays down."""
    process = bare_world.start(*COMMAND, *words, environ=environ | variables)

    process.communicate(timeout=SECONDS)

    assert process.returncode in STAYS_DOWN


def test_database_without_tables(bare_world: World, environ: dict[str, str], server: PostgresServer) -> None:
    """It ends with a code after which the unit stays down: somebody has to migrate."""
    address = Path(environ["TIPLINE_OUTBOX_FILE"])
    empty = server.make_database()
    address.write_text(address.read_text(encoding="utf-8").replace("/outbox?", f"/{empty}?"), encoding="utf-8")
    process = bare_world.start(*COMMAND, environ=environ)

    process.communicate(timeout=SECONDS)

    assert process.returncode in STAYS_DOWN


def test_started_before_the_database(bare_world: World, environ: dict[str, str]) -> None:
    """It ends with a code after which the unit starts it again."""
    Path(environ["TIPLINE_OUTBOX_FILE"]).write_text("postgresql://courier@127.0.0.1:1/tipline\n", encoding="utf-8")
    process = bare_world.start(*COMMAND, environ=environ)

    process.communicate(timeout=SECONDS)

    assert ExitCode.OUTBOX_UNAVAILABLE == process.returncode
    assert process.returncode not in STAYS_DOWN | IS_SUCCESS
