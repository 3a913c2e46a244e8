"""The units, the container and the compose file in `examples/service` fit the command that they start.

Every command line, variable, exit code and time in them is compared with the code. How a dispatcher really ends is for
the acceptance tests.
"""

import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.support.service_files import (
    COMPOSE,
    DISPATCH,
    ONE_HOST,
    ONE_HOST_UNITS,
    SERVICE,
    SERVICES,
    UNITS,
    duration,
    env_file,
    of_container,
    unit_environ,
    values_of,
)
from tipline_client import profiles
from tipline_client.cli.app import build
from tipline_client.cli.arguments import in_order
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.settings import resolve
from tipline_client.cli.variables import CONFIG_VARIABLE, VARIABLE_NAMES, VARIABLES
from tipline_client.outbox.postgres import PostgresOutbox

PAGE = ROOT / "docs" / "operations" / "service.md"
ONE_HOST_PAGE = ROOT / "docs" / "hosts" / "service.md"
FILES = [path for path in sorted(SERVICE.iterdir()) if path.is_file()]
SECRETS = {VARIABLES["password"], VARIABLES["outbox"]}
OLDEST_SYSTEMD = 251
MOST_EXPOSED = 20
"""In tenths, as `systemd-analyze security` counts; 100 is a service that may do everything."""

each_unit = pytest.mark.parametrize("name", sorted(UNITS))


def command_lines() -> list[tuple[str, ...]]:
    """Every command line of `tipline` in the examples and on their page, without the program's own name."""
    lines = [shlex.split(value) for unit in UNITS.values() for value in values_of(unit, "ExecStart")]
    entry, usual = json.loads(of_container("ENTRYPOINT")[-1]), json.loads(of_container("CMD")[-1])
    services = [*SERVICES.values(), *ONE_HOST["services"].values()]
    lines += [[*entry, *usual], *([*entry, *service["command"]] for service in services)]
    lines += [service["healthcheck"]["test"][1:] for service in SERVICES.values() if "healthcheck" in service]
    shown = [block for page in (PAGE, ONE_HOST_PAGE) for block in blocks(page.read_text(encoding="utf-8"))]
    for block in shown:
        lines += [
            _without_variables(line) for line in block.code.splitlines() if re.search(r"(^|[\s/])tipline \S", line)
        ]
    assert all("tipline" == Path(line[0]).name for line in lines if line)
    return sorted({tuple(line[1:]) for line in lines if line})


def _without_variables(line: str) -> list[str]:
    words = shlex.split(line.removeprefix("$ "))
    while "=" in words[0]:
        del words[0]
    return words if "tipline" == Path(words[0]).name else []


@pytest.mark.parametrize("line", command_lines(), ids=" ".join)
def test_command_line_of_the_examples(line: tuple[str, ...]) -> None:
    """The real command takes it: there are such a verb and such options."""
    tokens = in_order(line)

    verb, _, unused = build(tokens).parse_args(tokens, exit_on_error=False, print_error=False)[:3]

    assert callable(verb)
    assert tokens[0] == verb.__name__
    assert not unused


def test_secrets_of_the_containers() -> None:
    """The page names each file that the compose file takes a secret from, and whoever reads it there."""
    page = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z]+-[a-z]+)` \| .* \| (.*) \|$", page, re.MULTILINE))
    read_by = {
        name: "the database" if name in COMPOSE["services"]["database"]["secrets"] else "user 10001"
        for name in COMPOSE["secrets"]
    }

    assert {name: secret["file"] for name, secret in COMPOSE["secrets"].items()} == {
        name: f"./secrets/{name}" for name in rows
    }
    assert read_by == rows


def test_verbs_of_the_examples() -> None:
    """They dispatch, make tables and home, and look: nothing else, and no command line was overlooked."""
    verbs = {line[0] for line in command_lines()}

    assert {"dispatch", "doctor", "init", "migrate", "status"} == verbs


@pytest.mark.parametrize("file", [*FILES, PAGE, ONE_HOST_PAGE], ids=lambda file: file.name)
def test_variables_of_the_examples(file: Path) -> None:
    """Every variable that is named anywhere, also in a comment, is one that the command reads."""
    named = set(re.findall(r"TIPLINE_[A-Z_]+", file.read_text(encoding="utf-8")))

    assert set() == named - {*VARIABLE_NAMES}


def test_secrets_among_the_settings() -> None:
    """No secret is set by value, in any place where variables are set."""
    units = [*UNITS.values(), *ONE_HOST_UNITS.values()]
    set_ones = [value.partition("=")[0] for unit in units for value in values_of(unit, "Environment")]
    set_ones += [*env_file((SERVICE / "dispatch.env").read_text(encoding="utf-8"))]
    set_ones += [word.partition("=")[0] for value in of_container("ENV") for word in value.split()]
    services = [*COMPOSE["services"].values(), *ONE_HOST["services"].values()]
    set_ones += [name for service in services for name in service.get("environment", {})]

    assert set() == SECRETS & {*set_ones}
    assert {VARIABLES["outbox_file"], VARIABLES["password_file"], VARIABLES["home"]} <= {*set_ones}
    assert CONFIG_VARIABLE not in set_ones
    assert not [name for name in set_ones if "PASSWORD" in name and not name.endswith("_FILE")]


@each_unit
def test_settings_of_a_unit(name: str, tmp_path: Path) -> None:
    """With its variables and credentials the command finds home, database, endpoint and password."""
    unit = UNITS[name]
    credentials = dict(value.split(":", 1) for value in values_of(unit, "LoadCredential"))
    for credential in credentials:
        (tmp_path / credential).write_text(f"postgresql://courier@db.example.com/{credential}\n", encoding="utf-8")
    settings = env_file((SERVICE / "dispatch.env").read_text(encoding="utf-8"))
    environ = unit_environ(unit, settings=settings, state=tmp_path, credentials=tmp_path)

    found = resolve(environ=environ)

    assert {"outbox", "password"} == {*credentials}
    assert tmp_path / values_of(unit, "StateDirectory")[0] == found.home
    assert found.outbox is not None
    assert "postgresql://courier@db.example.com/outbox" == found.outbox.url
    assert "postgresql://courier@db.example.com/password" == found.password
    assert profiles.cybertipline_testing(username="any", password="any").name == found.profile().name


@each_unit
def test_settings_of_a_host_that_shares_nothing(name: str, tmp_path: Path) -> None:
    """With the drop-in the outbox is the file in the home, one credential is left, and nothing has to be mounted."""
    unit = ONE_HOST_UNITS[name]
    (tmp_path / "password").write_text("mug\n", encoding="utf-8")
    environ = unit_environ(unit, settings={}, state=tmp_path, credentials=tmp_path)

    found = resolve(environ=environ)

    assert [] == values_of(unit, "EnvironmentFile")
    assert ["password:/etc/tipline/credentials/password"] == values_of(unit, "LoadCredential")
    assert (tmp_path / "tipline", None, "mug") == (found.home, found.outbox, found.password)
    assert [] == values_of(unit, "AssertPathIsMountPoint", section="Unit")


def test_units_of_one_host() -> None:
    """What looks does so with the settings, credentials and user of what dispatches."""
    shared = ("EnvironmentFile", "Environment", "LoadCredential", "User", "Group", "StateDirectory", "WorkingDirectory")

    settings = [[values_of(unit, name) for name in shared] for unit in UNITS.values()]

    assert 2 == len(settings)
    assert settings[0] == settings[1]
    assert all(settings[0])


def test_exit_codes_of_the_unit() -> None:
    """It stays down for what a person must put right alone, and a stop after something was given up is no failure."""
    stays_down = {int(word) for value in values_of(DISPATCH, "RestartPreventExitStatus") for word in value.split()}
    is_success = {int(word) for value in values_of(DISPATCH, "SuccessExitStatus") for word in value.split()}

    assert {ExitCode.BAD_INPUT, ExitCode.CONFIGURATION} == stays_down
    assert {ExitCode.GIVEN_UP} == is_success
    assert ["always"] == values_of(DISPATCH, "Restart")
    assert ["0"] == values_of(DISPATCH, "StartLimitIntervalSec", section="Unit")


def test_exit_codes_on_the_page() -> None:
    """The table names each code as the code does, and says that it stays down where the unit says so."""
    page = PAGE.read_text(encoding="utf-8")
    stays_down = {int(word) for value in values_of(DISPATCH, "RestartPreventExitStatus") for word in value.split()}

    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| (.*) \|$", page, re.MULTILINE)

    assert {code for code, _, _ in rows} >= {str(int(code)) for code in stays_down}
    assert [(ExitCode(int(code)).name, int(code) in stays_down) for code, _, _ in rows] == [
        (name, "stays down" in words) for _, name, words in rows
    ]


def longest_silent_step() -> timedelta:
    """How long a step with a silent endpoint takes: it connects, sends, waits for the reply and for the reply's end.

    Before and after it something is written to a database that takes as long as it may.
    """
    profile = profiles.cybertipline_testing(username="any", password="any")
    opening = inspect.signature(PostgresOutbox.open).parameters
    write: timedelta = opening["wait_for_connection"].default + opening["answer_within"].default
    return profile.connect_timeout + 3 * profile.progress_timeout + 2 * write


@pytest.mark.parametrize(
    "given",
    [
        *values_of(DISPATCH, "TimeoutStopSec"),
        *(services["dispatcher"]["stop_grace_period"] for services in (SERVICES, ONE_HOST["services"])),
    ],
)
def test_time_to_stop(given: str) -> None:
    """It outlasts a step with a silent endpoint, so that no such step is cut off before its result is on record."""
    assert duration(given) > longest_silent_step()


def test_time_to_stop_on_the_page() -> None:
    """The page says how many minutes the unit and the container wait."""
    times = {duration(values_of(DISPATCH, "TimeoutStopSec")[0]), duration(SERVICES["dispatcher"]["stop_grace_period"])}

    assert {timedelta(minutes=5)} == times
    assert 2 == PAGE.read_text(encoding="utf-8").count("five minutes")


def test_place_of_the_evidence() -> None:
    """The unit starts only where the home's evidence folder is mounted, and may write to the home alone."""
    folder = "/var/lib/" + values_of(DISPATCH, "StateDirectory")[0] + "/evidence"

    assert [folder] == values_of(DISPATCH, "AssertPathIsMountPoint", section="Unit")
    assert [folder] == values_of(DISPATCH, "RequiresMountsFor", section="Unit")
    assert ["strict"] == values_of(DISPATCH, "ProtectSystem")
    assert [] == values_of(DISPATCH, "ReadWritePaths")


def verifiable(name: str, folder: Path) -> Path:
    """A copy of the unit that starts the command of this environment, for systemd to look at."""
    program = Path(sys.executable).with_name("tipline")
    assert program.exists()
    text = (SERVICE / f"{name}.service").read_text(encoding="utf-8")
    unit = folder / f"{name}.service"
    unit.write_text(text.replace("/opt/tipline/bin/tipline", str(program)), encoding="utf-8")
    return unit


def with_drop_in(unit: Path, *, text: str = "") -> Path:
    """The unit, with what a host that shares nothing has beside it, and perhaps more."""
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    drop_in = (SERVICE / "one-host.conf").read_text(encoding="utf-8") + text
    (folder / "one-host.conf").write_text(drop_in, encoding="utf-8")
    return unit


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Let systemd look; skipped where it is absent or too old for what the units use."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("NO SYSTEMD-ANALYZE HERE: nothing but systemd itself can say whether it reads the units")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    if int(version.split()[1]) < OLDEST_SYSTEMD:
        pytest.skip(f"SYSTEMD IS OLDER THAN {OLDEST_SYSTEMD} HERE: it cannot read what the units use")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


@each_unit
def test_unit_read_by_systemd(name: str, tmp_path: Path) -> None:
    """Every setting of the unit is known to systemd, which has nothing to say of it."""
    looked = analyze("verify", "--man=no", str(verifiable(name, tmp_path)))

    assert (0, "", "") == (looked.returncode, looked.stdout, looked.stderr)


@each_unit
def test_drop_in_read_by_systemd(name: str, tmp_path: Path) -> None:
    """Nor of the drop-in, which it does read."""
    good, bad = (tmp_path / "good", tmp_path / "bad")
    for folder in (good, bad):
        folder.mkdir()

    looked = analyze("verify", "--man=no", str(with_drop_in(verifiable(name, good))))
    found = analyze("verify", "--man=no", str(with_drop_in(verifiable(name, bad), text="CoffeeMug=yes\n")))

    assert (0, "", "") == (looked.returncode, looked.stdout, looked.stderr)
    assert "CoffeeMug" in found.stderr


def test_unit_judged_by_systemd(tmp_path: Path) -> None:
    """The dispatcher counts among the services that may do little."""
    unit = verifiable("tipline-dispatch", tmp_path)

    looked = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))

    assert 0 == looked.returncode, looked.stdout


def test_oldest_systemd_in_the_unit() -> None:
    """The unit says which systemd it needs, the one that these tests ask for."""
    text = (SERVICE / "tipline-dispatch.service").read_text(encoding="utf-8")

    assert f"It needs systemd {OLDEST_SYSTEMD} or newer" in text
