"""The pages on hosts show what is in the examples, and name the routes, variables and commands that there are."""

import re
from pathlib import Path
from textwrap import indent

import pytest
from examples.fastapi_app import app as fastapi_app
from examples.fastapi_app import settings
from examples.script import file_decisions as script
from fastapi.routing import APIRoute

from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.support.service_files import ONE_HOST, UNITS
from tipline_client.cli.exit_codes import ExitCode

HOSTS = ROOT / "docs" / "hosts"
PARTS = [
    pytest.param(block, id=f"{page.name}-{block.line}")
    for page in PAGES
    for block in blocks(page.read_text(encoding="utf-8"))
    if block.part_of is not None
]


@pytest.mark.parametrize("block", PARTS)
def test_part_of_an_example(block: Block) -> None:
    """What a page shows stands in the file that it names, letter for letter, however far it is indented there."""
    assert block.part_of is not None
    whole = block.part_of.read_text(encoding="utf-8")
    assert any(indent(block.code, " " * depth) in whole for depth in (0, 4))


def test_routes_of_the_application() -> None:
    """The page's table has each of them."""
    page = (HOSTS / "fastapi.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `([A-Z]+ /\S*?)`", page, re.MULTILINE))

    there = {
        f"{method} {route.path.replace('{entry_id}', 'ID')}"
        for route in fastapi_app.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert there == shown


def test_variables_of_the_application() -> None:
    """The page's table has each variable that the settings read."""
    page = (HOSTS / "fastapi.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and " | " in line]
    shown = {name for row in rows for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", row)}

    read = set(re.findall(r'"((?:TIPLINE|MODERATION)_[A-Z_]+)"', Path(settings.__file__).read_text(encoding="utf-8")))

    assert read == shown


@pytest.mark.parametrize("page", sorted(HOSTS.glob("*.md")), ids=lambda page: page.stem)
def test_what_a_host_installs(page: Path) -> None:
    """Each page of a host has the line that installs the package with its extra."""
    shown = [block.code for block in blocks(page.read_text(encoding="utf-8")) if block.language == "sh"]

    assert any(re.search(r"\bpip install\b.*tipline-client\[\w", code) for code in shown)


def test_exit_codes_of_the_script() -> None:
    """The page has each with its name, and those that the command has too mean the same there."""
    page = (HOSTS / "script.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", page, re.MULTILINE)
    same = {"FILED": "OK", "REFUSED": "BAD_INPUT", "OUTBOX": "OUTBOX_UNAVAILABLE"}

    assert [(str(getattr(script, name)), name) for _, name in shown] == shown
    assert 7 == len(shown)
    assert [int(code) for code, name in shown if name != "BUSY"] == [
        int(ExitCode[same.get(name, name)]) for _, name in shown if name != "BUSY"
    ]


def test_cron_line_of_the_page() -> None:
    """It sets only variables that the script reads."""
    page = (HOSTS / "script.md").read_text(encoding="utf-8")

    named = set(re.findall(r"TIPLINE_[A-Z_]+", page))

    assert named == set(re.findall(r"TIPLINE_[A-Z_]+", Path(script.__file__).read_text(encoding="utf-8")))


def test_files_of_the_service() -> None:
    """Every file, unit and service of the compose file that the page names is there."""
    page = (HOSTS / "service.md").read_text(encoding="utf-8")
    files = set(re.findall(r"examples/service/[\w.-]+", page))
    units = set(re.findall(r"systemctl \w+(?: --now)? ([\w-]+)", page)) - {"daemon-reload"}
    started = set(re.findall(r"docker compose --file one-host\.yaml (?:run --rm|up --detach) (\w+)", page))

    assert 3 == len(files)
    assert [] == [name for name in files if not (ROOT / name).is_file()]
    assert units == set(UNITS)
    assert started == set(ONE_HOST["services"])
    assert all(f"/{name}.service.d/one-host.conf" in page for name in UNITS)
