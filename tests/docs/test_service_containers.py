"""The container and the compose file in `examples/service` fit this source and one another.

Their command lines, variables and times are compared with the code beside those of the units.
"""

import json
import re
import signal
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT
from tests.support.service_files import (
    COMPOSE,
    DISPATCH,
    ONE_HOST,
    SERVICE,
    SERVICES,
    containerfile,
    of_container,
    values_of,
)

MOCK = ROOT / "examples" / "mock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_container_built_from_this_source() -> None:
    """What is copied is there, and what is installed is the package with the extras of the command and the database."""
    copied = [value.split()[:-1] for value in of_container("COPY") if not value.startswith("--from=")]
    extras = {
        name
        for value in of_container("RUN")
        for found in re.findall(r"\"\.\[(.*?)\]\"", value)
        for name in found.split(",")
    }

    missing = [path for paths in copied for path in paths if not (ROOT / path).exists()]

    assert [] == missing
    assert {"README.md", *PROJECT["license-files"], "pyproject.toml", "src"} <= {p for paths in copied for p in paths}
    assert {"cli", "postgres"} == extras
    assert extras <= PROJECT["optional-dependencies"].keys()


def test_what_is_sent_to_the_builder() -> None:
    """Just what the container files copy: no secret that lies beside them, and no history of the source."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = [value for folder in (SERVICE, MOCK) for value in of_container("COPY", folder)]

    assert "*" == next(rule for rule in rules if not rule.startswith("#"))
    assert let_in == {path for value in copied if "--from=" not in value for path in value.split()[:-1]}


def test_python_of_the_container() -> None:
    """Both stages have the same Python, one that the package supports."""
    images = {value.split()[0] for value in of_container("FROM")}

    versions = [found[1] for image in images if (found := re.search(r"python:(\d+\.\d+)-", image))]

    assert 1 == len(images) == len(versions)
    assert f"Programming Language :: Python :: {versions[0]}" in PROJECT["classifiers"]


def test_process_of_the_container() -> None:
    """It is the command itself, not a shell around it that would keep the signals; and its user is not root."""
    user = of_container("USER")

    assert ["tipline"] == json.loads(of_container("ENTRYPOINT")[-1])
    assert "tipline" in PROJECT["scripts"]
    assert 1 == len(user)
    assert 0 not in {int(word) for word in user[0].split(":")}
    assert "USER" == next(name for name, _ in reversed(containerfile()) if name in {"USER", "RUN", "COPY"})


def test_one_stop_signal_everywhere() -> None:
    """Unit, container and compose file stop the dispatcher by the same signal."""
    named = {*values_of(DISPATCH, "KillSignal"), *of_container("STOPSIGNAL")}
    named |= {compose["services"]["dispatcher"]["stop_signal"] for compose in (COMPOSE, ONE_HOST)}

    assert {signal.SIGTERM.name} == named


def test_health_of_the_container() -> None:
    """The image asks as often as the compose file, and the same; whoever starts it otherwise is asked, too."""
    check = SERVICES["dispatcher"]["healthcheck"]
    [named] = of_container("HEALTHCHECK")
    options, _, command = named.partition(" CMD ")
    times = dict(word.removeprefix("--").split("=") for word in options.split())

    assert ["CMD", *json.loads(command)] == check["test"]
    assert {"interval", "timeout", "start-period"} == {*times}
    assert times == {name.replace("_", "-"): value for name, value in check.items() if name != "test"}


@pytest.mark.parametrize(
    ("folder", "page"), [(SERVICE, "hosts/service.md"), (MOCK, "testing.md")], ids=["dispatcher", "mock"]
)
def test_health_check_kept_by_podman(folder: Path, page: str) -> None:
    """Whoever builds with a program whose own format has no health check is told so, in the file and on its page."""
    texts = [folder / "Containerfile", ROOT / "docs" / page]

    assert of_container("HEALTHCHECK", folder)
    assert [] == [path.name for path in texts if "`--format docker`" not in path.read_text(encoding="utf-8")]


def test_dispatcher_of_one_host() -> None:
    """It is confined and stopped as the dispatchers of several hosts are, and needs no database."""
    one, several = ONE_HOST["services"]["dispatcher"], SERVICES["dispatcher"]
    shared = several.keys() - {"deploy", "depends_on", "environment", "secrets", "healthcheck"}

    assert {name: several[name] for name in shared} == {
        name: one[name] for name in one.keys() - {"environment", "secrets"}
    }
    assert {"init", "dispatcher"} == {*ONE_HOST["services"]}
    assert {"true"} == {one["read_only"], one["init"]}
    assert SERVICES["init"]["command"] == ONE_HOST["services"]["init"]["command"]
    assert ["setup"] == ONE_HOST["services"]["init"]["profiles"]
    assert one["volumes"] == ONE_HOST["services"]["init"]["volumes"]
    assert {name for name in several["environment"] if "OUTBOX" not in name} == {*one["environment"]}


@pytest.mark.parametrize("compose", [COMPOSE, ONE_HOST], ids=["several hosts", "one host"])
def test_secrets_of_the_compose_file(compose: dict[str, Any]) -> None:
    """Every secret is declared once as a file, and each service names only files of its own secrets."""
    services: dict[str, dict[str, Any]] = compose["services"]
    used = {secret for service in services.values() for secret in service.get("secrets", [])}
    foreign = [
        (name, variable)
        for name, service in services.items()
        for variable, value in service.get("environment", {}).items()
        if variable.endswith("_FILE") and Path(value).name not in service["secrets"]
    ]

    assert {*compose["secrets"]} == used
    assert {name: {"file": f"./secrets/{name}"} for name in used} == compose["secrets"]
    assert [] == foreign
    assert "secrets/" in (SERVICE / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_dispatchers_of_the_compose_file() -> None:
    """There are two, on one home, started without what was made for the set-up; all files that are named are there."""
    dispatcher = SERVICES["dispatcher"]
    context = (SERVICE / dispatcher["build"]["context"]).resolve()

    assert "2" == dispatcher["deploy"]["replicas"]
    assert SERVICES["init"]["volumes"] == dispatcher["volumes"]
    assert {"init", "migrate"} == {name for name, service in SERVICES.items() if service.get("profiles") == ["setup"]}
    assert dispatcher["volumes"][0].split(":")[1] in of_container("ENV")[-1]
    assert ROOT == context
    assert (context / dispatcher["build"]["dockerfile"]).is_file()
    assert all((SERVICE / name).is_file() for name in dispatcher["env_file"])
