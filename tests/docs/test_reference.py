"""The reference leaves nothing out: every public name, field, verb, option and setting is there, with its meaning."""

import builtins
import importlib
import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from docs.fields import models_in_order
from docs.names import MODULES
from docs.tables import Docstring, signature

from tests.docs.pages import ROOT
from tipline_client import AsyncTiplineClient, Evidence, Options, TiplineClient
from tipline_client.cli.app import build
from tipline_client.cli.settings_file import _KINDS as KEYS
from tipline_client.cli.variables import VARIABLE_NAMES
from tipline_client.models.outline import outline

REFERENCE = ROOT / "docs" / "reference"


def rows_of(page: Path, *, columns: int) -> list[list[str]]:
    """The rows of all tables with so many columns, without their heads."""
    lines = re.findall(r"^\| (.+) \|$", page.read_text(encoding="utf-8").replace(" |  |", " |   |"), re.MULTILINE)
    rows = [[cell.strip() for cell in re.split(r"(?<!\\) \| ", line)] for line in lines]
    return [row for row in rows if len(row) == columns and not row[0].startswith("---") and "`" in row[0]]


def test_public_modules() -> None:
    """Whatever the package says is public is described, and named where the use of the package is explained."""
    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("## ")[0]

    unnamed = [
        name for name in MODULES if name.count(".") == 1 and not re.search(rf"`(tipline_client\.)?{name[15:]}`", api)
    ]

    assert [] == unnamed
    assert 8 <= len(MODULES) == len(set(MODULES))
    assert {"tipline_client", "tipline_client.models", "tipline_client.testing.factories"} < set(MODULES)


def test_verbs_and_options_of_the_client() -> None:
    """The page on Python has every verb of both clients and every option in its tables."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    client = page.partition("## The client")[2].partition("\n## ")[0]
    options = re.findall(r"^\| `(\w+)` \|", page.partition("## Options")[2].partition("\n## ")[0], re.MULTILINE)
    verbs = {name for name in dir(AsyncTiplineClient) if name in dir(TiplineClient) and not name.startswith("_")}

    assert {"open"} == {name for name in verbs if f"`{name}(" not in client}
    assert sorted(field.name for field in fields(Options)) == sorted(options)


@pytest.mark.parametrize("name", MODULES)
def test_names_of_a_module(name: str) -> None:
    """Each has its row with kind and meaning, under the heading of its module."""
    page = (REFERENCE / "python.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]

    rows = re.findall(r"^\| \[?`(\w+)`(?:\]\([^)]+\))? \| (\w+) \| (\S.*) \|$", section, re.MULTILINE)

    assert sorted(importlib.import_module(name).__all__) == sorted(row[0] for row in rows)


def test_class_that_stands_nowhere_else() -> None:
    """Every class that a line of the page names is described in it, or is Python's own, or stands with the fields."""
    page = (REFERENCE / "python.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if not line.startswith("`")]
    named = {name for line in lines for name in re.findall(r"`([A-Z][a-z]\w*)(?:\.\w+)?`", line)}
    described = {*re.findall(r"^### (\w+)$", page, re.MULTILINE), *re.findall(r"^\| \[?`(\w+)`", page, re.MULTILINE)}

    foreign = {"Authorization", "Reported", "Request", "TestCase"}

    assert {"Checkpoint", "Failure", "Rewrapped"} <= described
    assert set() == named - described - {*dir(builtins)} - foreign


def test_default_of_an_argument() -> None:
    """A duration is shown with its value, a moment too, and what is made anew by its class; a long text is not."""

    @dataclass
    class Mug:
        waits: timedelta = timedelta(minutes=1)
        since: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
        handles: list[str] = field(default_factory=list)
        text: str = "a coffee mug with a long description"
        call: object = test_public_modules

    shown = signature(Mug, name="Mug")

    assert "Mug(waits=60 s, since=2026-01-05T09:00Z, handles=list(), text=…, call=…)" == shown


def test_errors_of_a_function() -> None:
    """Each has a line of its own, also one that another package names."""
    said = Docstring.of(Evidence.from_path)

    assert ["EvidenceError", "pydantic.ValidationError", "TypeError"] == list(said.sections["Raises"])


def test_order_of_the_glossary() -> None:
    """Every word stands where it is looked for, once, with a meaning."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    _, *words = re.findall(r"^\| (\w[^|]*) \| \S", page, re.MULTILINE)

    assert sorted(set(words), key=str.lower) == words
    assert {"deadline", "probe", "secret", "vouch"} <= {*words}


def test_fields_with_meaning_and_source() -> None:
    """Every field of every model has a row with both names, form, occurrence, meaning and source."""
    rows = rows_of(REFERENCE / "fields.md", columns=6)

    expected = [{field.wire, field.name} for model in models_in_order() for field in outline(model)]

    assert expected == [set(re.findall(r"`(\w+)`", row[0])) for row in rows]
    assert [] == [row for row in rows if not all((row[1], row[2], row[4], row[5]))]


def test_verbs_with_their_options() -> None:
    """Every verb has a section, also those below another, and no argument or option is without a meaning."""
    page = REFERENCE / "command.md"
    verbs = []
    for name in map(str, build()):
        if not name.startswith("-"):
            below = [str(verb) for verb in build()[name] if not str(verb).startswith("-")]
            verbs += [f"{name} {verb}" for verb in below] or [name]

    sections = re.findall(r"^## tipline (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(verbs) == sorted(sections)
    assert [] == [row for row in rows_of(page, columns=3) if not row[2]]


def test_settings_of_the_command() -> None:
    """Every variable and every key of the file stands in the table of the settings, and none that there is not."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    table = page.partition("## Settings of the command")[2].partition("\n## ")[0]

    _, *cells = [line.split(" | ")[3] for line in table.splitlines() if line.startswith("| ")]
    keys = {key for cell in cells for key in re.findall(r"`\[?(\w+)", cell) if cell != "---"}

    assert set(VARIABLE_NAMES) == set(re.findall(r"TIPLINE_[A-Z_]+", table))
    assert set(KEYS) - {"credentials"} == keys
    assert "[credentials." in page
