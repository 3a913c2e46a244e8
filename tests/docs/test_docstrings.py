"""The examples in docstrings run as printed, and there is none that nobody runs."""

import doctest
import importlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tipline_client
from tests.docs.pages import ROOT

SOURCE = ROOT / "src"
FILES = sorted(file for file in SOURCE.rglob("*.py") if ">>> " in file.read_text(encoding="utf-8"))

PUBLIC = {name: getattr(tipline_client, name) for name in tipline_client.__all__}
PUBLIC |= {"AsyncIterator": AsyncIterator}
"""What a reader of an example has imported."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_examples_in_docstrings(file: Path, workplace: Path) -> None:
    """Each gives what it shows."""
    module = importlib.import_module(".".join(file.relative_to(SOURCE).with_suffix("").parts))

    ended = doctest.testmod(module, extraglobs=PUBLIC)

    assert (0, True) == (ended.failed, ended.attempted > 0)
    assert (workplace / "mug.jpg").is_file()
