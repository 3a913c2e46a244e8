"""The page on Django names every check and setting, and no command that there is not."""

import re
import shlex

import pytest

from tests.docs.pages import ROOT
from tipline_client.cli.app import build
from tipline_client.cli.arguments import in_order
from tipline_client.cli.variables import VARIABLES
from tipline_client.django.project import NAMES

PAGE = (ROOT / "docs" / "hosts" / "django.md").read_text(encoding="utf-8")
CHECKS = (ROOT / "src" / "tipline_client" / "django" / "checks.py").read_text(encoding="utf-8")

COMMANDS = sorted({line.strip() for line in re.findall(r"^python manage\.py tipline ([^#\n]*)", PAGE, re.MULTILINE)})


@pytest.mark.parametrize("line", COMMANDS)
def test_command_of_the_page(line: str) -> None:
    """The real command takes it: there are such a verb and such options."""
    tokens = in_order(shlex.split(line))

    verb, _, unused = build(tokens).parse_args(tokens, exit_on_error=False, print_error=False)[:3]

    assert callable(verb)
    assert not unused


def test_checks_of_the_page() -> None:
    """The table has every check that there is, and no other."""
    numbers = {f"E{int(number):03}" for number in re.findall(r"_error\((\d+),", CHECKS)}
    there = numbers | set(re.findall(r'"tipline\.([A-Z]\d{3})"', CHECKS))

    shown = set(re.findall(r"^\| `tipline\.([A-Z]\d{3})` \|", PAGE, re.MULTILINE))

    assert there == shown
    assert 16 == len(shown)


def test_settings_of_the_page() -> None:
    """The names are those of the variables, and three more."""
    more = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))

    assert {"DATABASE", "HOOKS", "REPORTER"} == more
    assert {variable.removeprefix("TIPLINE_") for variable in VARIABLES.values()} | more == set(NAMES)
