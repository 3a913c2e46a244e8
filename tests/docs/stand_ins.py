"""Stand-ins for programs that the pages name and that no test may run: each checks what it is given.

What it can do without changing the system it does: a unit or a service of a compose file is really run, with the
variables and the secrets that it would have, on the files of the `Machine` whose shell called.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.service_files import (
    COMPOSE,
    ONE_HOST,
    ONE_HOST_UNITS,
    SERVICE,
    UNITS,
    env_file,
    of_container,
    unit_environ,
    values_of,
)

__all__ = ["STAND_INS", "WHERE_MISSING", "main"]

ROOT = Path(__file__).resolve().parents[2]
SERVICE_USERS = {user for unit in UNITS.values() for user in values_of(unit, "User")}
IMAGE_USER = of_container("USER")[0].split(":")
FOLDER_OF_STATE = {f"/var/lib/{name}" for unit in UNITS.values() for name in values_of(unit, "StateDirectory")}


def note(name: str, text: str) -> None:
    """Keep something for later calls, and for the test."""
    file = _root() / "notes" / name
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as notes:
        notes.write(f"{text}\n")


def noted(name: str) -> list[str]:
    """What earlier calls kept."""
    file = _root() / "notes" / name
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _root() -> Path:
    return Path(os.environ["MACHINE_ROOT"])


def _options(words: Sequence[str], *named: str, flags: Sequence[str] = ()) -> argparse.Namespace:
    """Options that a stand-in knows; any other ends it."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for name in named:
        parser.add_argument(name)
    for name in flags:
        parser.add_argument(name, action="store_true")
    parser.add_argument("rest", nargs="*")
    return parser.parse_intermixed_args(words)


def _run(words: Sequence[str], environ: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
    """Run something for real; a failure of it is one of the block."""
    ran = subprocess.run(words, env=environ, cwd=folder, check=False)
    if ran.returncode:
        sys.exit(ran.returncode)


def groupadd(words: Sequence[str]) -> None:
    """The group of the service, with the number that it has in the container too."""
    given = _options(words, "--gid")
    assert {given.gid, *given.rest} == {IMAGE_USER[1], *SERVICE_USERS}, words
    note("groups", given.rest[0])


def useradd(words: Sequence[str]) -> None:
    """The user that the units run as, who lives where they keep their state and cannot log in."""
    given = _options(
        words, "--uid", "--gid", "--home-dir", "--shell", flags=("--system", "--user-group", "--no-create-home")
    )
    assert {*given.rest} == SERVICE_USERS, f"no unit runs as {given.rest}"
    assert given.system or IMAGE_USER == [given.uid, IMAGE_USER[1]], "the number is not the container's"
    assert given.user_group is (given.gid is None), "not every system makes a group of the user's name by itself"
    assert given.gid is None or given.gid in noted("groups"), f"nobody made the group {given.gid}"
    assert {given.home_dir} == {str(_root()) + folder for folder in FOLDER_OF_STATE}
    assert given.no_create_home
    assert "/usr/sbin/nologin" == given.shell
    note("users", given.rest[0])


def runuser(words: Sequence[str]) -> None:
    """A command as a user whom the page has made."""
    assert ["-u", "--"] == [words[0], words[2]], words
    assert words[1] in noted("users"), f"nobody made the user {words[1]}"
    _run(words[3:])


def install(words: Sequence[str]) -> None:
    """What it really does, for owners whom the page has made."""
    owners = [word.partition("=")[2] for word in words if word.startswith(("--owner=", "--group="))]
    assert {*owners} <= {*noted("users")}, f"nobody made {owners}"
    program = shutil.which("install", path=os.defpath + ":/usr/bin:/bin")
    assert program is not None
    _run([program, *(word for word in words if not word.startswith(("--owner=", "--group=")))])


def chown(words: Sequence[str]) -> None:
    """For users whom the page has made, of files that are there."""
    owner, *paths = (word for word in words if word != "-R")
    assert owner.removesuffix(":") in noted("users"), f"nobody made the user {owner}"
    assert paths
    assert [] == [path for path in paths if not Path(path).exists()]


def rsync(words: Sequence[str]) -> None:
    """From the root of another machine, which the test gives this one by its name."""
    given = _options(words, "--chown", flags=("--archive",))
    source, target = given.rest
    host, _, path = source.partition(":")
    assert given.archive, "modes have to be kept"
    assert {*given.chown.split(":")} <= {*noted("users")}, f"nobody made {given.chown}"
    assert target.endswith("/"), target
    other = Path(os.environ["MACHINE_" + host.partition(".")[0].upper()])
    shutil.copytree(other / path.removeprefix("/"), Path(target) / Path(path).name)


def systemctl(words: Sequence[str]) -> None:
    """Units that are installed and read, as the project has them; what they start is started."""
    installed = _root() / "etc/systemd/system"
    if ["daemon-reload"] == words:
        note("loaded", "\n".join(file.stem for file in installed.glob("*.service")))
        return
    given = _options(words, flags=("--now",))
    verb, name = given.rest
    assert name in noted("loaded"), f"systemd has read no unit {name}"
    assert verb == "start" or (verb == "enable" and given.now), words
    text = (installed / f"{name}.service").read_text(encoding="utf-8")
    assert (SERVICE / f"{name}.service").read_text(encoding="utf-8") == text
    assert verb == "start" or "[Install]" in text, f"{name} is for no boot"
    drop_in = installed / f"{name}.service.d" / "one-host.conf"
    _run_unit((ONE_HOST_UNITS if drop_in.is_file() else UNITS)[name])


def _run_unit(unit: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Its very command and variables; a dispatcher ends when nothing is left to do."""
    root = _root()
    assert {*values_of(unit, "User")} <= {*noted("users")}, "the unit's user is missing"
    credentials = root / "credentials"
    credentials.mkdir(exist_ok=True)
    for value in values_of(unit, "LoadCredential"):
        name, _, path = value.partition(":")
        file = root / path.removeprefix("/")
        assert 0o600 == file.stat().st_mode & 0o777, f"{path} is open to others"
        shutil.copy(file, credentials / name)
    given: dict[str, str] = {}
    for settings in values_of(unit, "EnvironmentFile"):
        given |= env_file((root / settings.removeprefix("/")).read_text(encoding="utf-8"))
    environ = unit_environ(unit, settings=given, state=root / "var/lib", credentials=credentials)
    [command] = values_of(unit, "ExecStart")
    program, *arguments = command.split()
    [folder] = values_of(unit, "WorkingDirectory")
    words = [str(root / program.removeprefix("/")), *_ending(arguments)]
    _run(words, _only(environ), Path(folder.replace("%S", str(root / "var/lib"))))


def _only(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of a service, which has none of the shell's, and all else that a program of the tests needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")}
    return kept | {name: value for name, value in settings.items() if name.startswith("TIPLINE_")}


def _ending(words: Sequence[str]) -> list[str]:
    """The command line; a dispatcher ends when nothing is left to do."""
    return [*words, "--drain"] if "dispatch" in words else [*words]


def pip(words: Sequence[str]) -> None:
    """A line that has this package in it; the test lets the real `pip` look at what was noted."""
    verb, *requirements = words
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [re.fullmatch(r"([\w-]+)(?:\[(.+)\])?", requirement) for requirement in requirements]
    extras = [found[2] or "" for found in named if found and found[1] == project["name"]]
    assert ("install", True, 1) == (verb, all(named), len(extras)), words
    assert {*extras[0].split(",")} - {""} <= {*project["optional-dependencies"]}, f"there is no extra of {extras}"
    note("requirements", "\n".join(requirements))


def python(words: Sequence[str]) -> None:
    """The Python of the tests; an environment that it makes has a `pip` that stands in, and the command."""
    if list(words[:2]) != ["-m", "venv"]:
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - it is what was asked for
    [folder] = words[2:]
    venv.create(folder, with_pip=False, symlinks=True)
    # What the `pip` that stands in does not install is found where it is.
    [packages] = Path(folder).glob("lib/python3*/site-packages")
    (packages / "of_the_tests.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    for name in ("pip", "tipline"):
        program = shutil.which(name)
        assert program is not None
        shutil.copy(program, Path(folder) / "bin" / name)


def npm(words: Sequence[str]) -> None:
    """The tests of somebody's own, in another language: they find the mock endpoint ready."""
    assert ["test"] == words
    with urllib.request.urlopen(f"{os.environ['MOCK_ADDRESS']}/_mock/ready", timeout=60) as answer:  # noqa: S310
        assert 200 == answer.status
    note("tests", "passed")


def docker(words: Sequence[str]) -> None:
    """Images of files that are there, and services of the compose file, whose process is run on these files."""
    verb, *others = words
    if verb == "build":
        given = _options(others, "--file", "--tag")
        assert ["."] == given.rest
        assert Path(given.file).read_bytes() == (ROOT / given.file).read_bytes()
        note("images", given.tag)
    elif verb == "run":
        built = [word for word in others if word in noted("images")]
        assert built, f"nobody built what {words} is to run"
        image = built[0]
        options, arguments = others[: others.index(image)], others[others.index(image) + 1 :]
        given = _options(options, "--publish", flags=("--detach", "--init"))
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", given.publish)
        note("published", given.publish.rpartition(":")[2])
        note("arguments", json.dumps(arguments))
    else:
        assert "compose" == verb, words
        _compose(others)


def _compose(words: Sequence[str]) -> None:
    file, (verb, *others) = (words[1], words[2:]) if words[0] == "--file" else ("compose.yaml", words)
    assert Path(file).read_bytes() == (SERVICE / file).read_bytes()
    compose = ONE_HOST if file == "one-host.yaml" else COMPOSE
    if verb == "build":
        assert [] == others
        for service in compose["services"].values():
            if "build" in service:
                context = Path(service["build"]["context"])
                assert (context / service["build"]["dockerfile"]).is_file()
                note("images", service["image"])
        return
    assert [verb, others[0]] in (["run", "--rm"], ["up", "--detach"]), words
    [name] = others[1:]
    service = compose["services"][name]
    assert service["image"] in noted("images"), f"nobody built {service['image']}"
    assert ("setup" in service.get("profiles", ())) == (verb == "run"), f"{name} is not started by {verb}"
    _run_service(service, compose["secrets"])


def _run_service(service: Mapping[str, Any], declared: Mapping[str, Mapping[str, str]]) -> None:
    """Its process with its variables, secrets and volumes; a dispatcher ends when nothing is left to do."""
    own = dict(word.partition("=")[::2] for value in of_container("ENV") for word in value.split())
    for file in service.get("env_file", []):
        own |= env_file(Path(file).read_text(encoding="utf-8"))
    own |= service.get("environment", {})
    places = {f"/run/secrets/{name}": Path(declared[name]["file"]).absolute() for name in service.get("secrets", [])}
    for volume in service.get("volumes", []):
        name, _, place = volume.partition(":")
        places[place] = _root() / "volumes" / name
        places[place].mkdir(mode=0o700, parents=True, exist_ok=True)
    for place, there in places.items():
        own = {name: value.replace(place, str(there)) for name, value in own.items()}
    entry = json.loads(of_container("ENTRYPOINT")[-1])
    _run([*entry, *_ending(service["command"])], _only(own), _root())


def curl(words: Sequence[str]) -> None:
    """As much of it as the pages use."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-i", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("--data-binary")
    parser.add_argument("url")
    given = parser.parse_args(words)
    data = Path(given.data_binary.removeprefix("@")).read_bytes() if given.data_binary else None
    headers = dict(header.split(": ", 1) for header in given.H)
    request = urllib.request.Request(given.url, data=data, headers=headers)  # noqa: S310 - an address of the page
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        if given.i:
            sys.stdout.write(f"HTTP/1.1 {answer.status} {answer.reason}\r\n{answer.headers}")
        sys.stdout.write(answer.read().decode())


def jq(words: Sequence[str]) -> None:
    """One member of an object."""
    [member] = words
    sys.stdout.write(json.dumps(json.load(sys.stdin)[member.removeprefix(".")]) + "\n")


_OF_THE_SYSTEM = "would change this system"
_NO_DAEMON = "needs a daemon that tests cannot have"

STAND_INS: Mapping[str, tuple[Callable[[Sequence[str]], None], str]] = {
    "chown": (chown, _OF_THE_SYSTEM),
    "docker": (docker, _NO_DAEMON),
    "groupadd": (groupadd, _OF_THE_SYSTEM),
    "install": (install, "needs the owner, whom nobody really made"),
    "npm": (npm, "is for tests of the reader's own"),
    "pip": (pip, "would change the environment of the tests; it is asked without being let do it"),
    "python": (python, "makes environments without the packages of an index, and is else the Python of the tests"),
    "python3": (python, "the same"),
    "rsync": (rsync, "needs another host"),
    "runuser": (runuser, "needs the user, whom nobody really made"),
    "systemctl": (systemctl, _NO_DAEMON),
    "useradd": (useradd, _OF_THE_SYSTEM),
}
"""Program to what stands in for it, and why."""

WHERE_MISSING: Mapping[str, Callable[[Sequence[str]], None]] = {"curl": curl, "jq": jq}
"""Programs that are taken where they are, and have a small one in their place elsewhere."""


def main() -> None:
    """Be the program that the first argument names."""
    name, *words = sys.argv[1:]
    run = WHERE_MISSING[name] if name in WHERE_MISSING else STAND_INS[name][0]
    run(words)
