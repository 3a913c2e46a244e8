"""Whatever is printed in a fence is run, or read by what reads it, or is one of a few kinds that are named here.

A block that nobody runs fails by its place. Those for a person's shell are for `test_shell_blocks.py`.
"""

import json
import re
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks, name_of
from tests.docs.running import run_python
from tipline_client import errors, profiles
from tipline_client.cli.settings import resolve
from tipline_client.cli.variables import VARIABLE_NAMES
from tipline_client.mock import MockEndpoint, read_plan
from tipline_client.validation import read_submission

BLOCKS = [(page, block) for page in PAGES for block in blocks(page.read_text(encoding="utf-8"))]
RUN_WITH_THE_PAGE = {"console", "python"}
"""By `test_pages.py`, in the order of the page, unless the page says which other test runs them."""


def of(language: str) -> list[object]:
    """The blocks of a language, as parameters of a test."""
    found = [(page, block) for page, block in BLOCKS if block.language == language]
    return [pytest.param(page, block, id=f"{name_of(page)}:{block.line}") for page, block in found]


@pytest.mark.parametrize(("page", "block"), [each for each in BLOCKS if each[1].not_run])
def test_block_that_is_not_run_with_its_page(page: Path, block: Block) -> None:
    """It says which test runs it, and that test reads the page; or of which example it is a part, which is run."""
    if block.part_of is not None:
        whole = block.part_of.read_text(encoding="utf-8")
        assert any(textwrap.indent(block.code, " " * depth) in whole for depth in (0, 4, 8))
    else:
        [file] = re.findall(r"^(tests/\S+\.py) runs it", block.not_run)
        assert page.name in (ROOT / file).read_text(encoding="utf-8")


def _toml_settings(block: Block, folder: Path) -> None:
    (folder / "tipline.toml").write_text(block.code, encoding="utf-8")
    for path in re.findall(r'password_file = "(.+)"', block.code):
        (folder / Path(path).name).write_text("example-password\n", encoding="utf-8")
    text = block.code.replace("/run/secrets", str(folder))
    (folder / "tipline.toml").write_text(text, encoding="utf-8")

    elsewhere = {} if "password_file" in block.code else {"TIPLINE_PASSWORD": "example-password"}
    settings = resolve(config=str(folder / "tipline.toml"), environ=elsewhere)

    written = tomllib.loads(text)
    assert Path(written.get("home", "tipline-home")).name == settings.home.name
    assert written["endpoint"] == settings.profile().environment
    assert "example-password" == settings.password


@pytest.mark.parametrize(("page", "block"), of("toml"))
def test_toml_of_a_page(page: Path, block: Block, tmp_path: Path) -> None:
    """It is a configuration file that the command takes, for the endpoint that it names."""
    _toml_settings(block, tmp_path)


def _submission(text: str) -> None:
    result = read_submission(text.encode(), profile=profiles.mock("http://127.0.0.1:8765/ispws"))
    assert result.submission is not None
    assert not [issue for issue in result.issues if issue.severity is errors.Severity.ERROR]


JSON_OF: Mapping[str, Callable[[str], object]] = {
    "docs/files.md": _submission,
    "docs/testing.md": lambda text: read_plan(json.loads(text)),
}
"""Page to what reads its JSON."""


@pytest.mark.parametrize(("page", "block"), of("json"))
def test_json_of_a_page(page: Path, block: Block) -> None:
    """What it is written for reads it."""
    JSON_OF[name_of(page)](block.code)


def test_table_of_a_conversation(workplace: Path, endpoint: MockEndpoint) -> None:
    """The table on the page on the usual cases is what the program above it makes, byte for byte."""
    [(page, shown)] = [(page, block) for page, block in BLOCKS if block.language == "csv"]
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "python" and block.line < shown.line:
            run_python(block, namespace, page=page, address="127.0.0.1:1")

    draft: object = namespace["draft"]
    with draft.evidence[0].open() as file:  # type: ignore[attr-defined]
        made = file.read().decode()

    namespace["client"].close()  # type: ignore[attr-defined]
    namespace["endpoint"].stop()  # type: ignore[attr-defined]
    assert shown.code == made.replace("\r\n", "\n")


@pytest.mark.parametrize(("page", "block"), of("sql"))
def test_sql_of_a_page(page: Path, block: Block) -> None:
    """There is a test that runs it on a server."""
    run_by = {"docs/postgresql.md": "test_postgresql_page.py", "docs/operations/service.md": "test_service_blocks.py"}

    assert '"sql"' in (ROOT / "tests" / "docs" / run_by[name_of(page)]).read_text(encoding="utf-8")


def _error_tree(code: str) -> None:
    above: list[str] = []
    for line in code.splitlines():
        depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
        name = line.lstrip("│├└─ ").split()[0]
        above = [*above[:depth], name]
        bases = [base.__name__ for base in getattr(errors, name).__bases__]
        assert [above[-2]] if depth else ["Exception"] == bases
    named = re.findall(r"\w+Error", code)
    assert sorted(named) == sorted(name for name in errors.__all__ if name.endswith("Error"))


def _home(code: str) -> None:
    shown = {line.split()[0].rstrip("/") for line in code.splitlines()[1:]}
    configuration = (ROOT / "src" / "tipline_client" / "home.py").read_text(encoding="utf-8")
    assert {"outbox.sqlite", "keys", "evidence/ID/N.bin", "schemas/NAME.xsd", "accepted.json", "outboxes.txt"} == shown
    assert {"outbox.sqlite", "keys", "evidence", "schemas"} <= set(re.findall(r'"([\w.]+)"', configuration))


def _cron(code: str) -> None:
    assert set(re.findall(r"TIPLINE_[A-Z_]+", code)) <= set(VARIABLE_NAMES)
    assert 5 == len(re.findall(r"(?:^|(?<= ))[\d*]+(?= )", code))
    assert [*(ROOT / "examples").rglob(re.findall(r"/(\w+\.py)", code)[0])]


def _refusal(code: str) -> None:
    labels = {line.split("  ")[0] for line in code.splitlines()}
    tested = (ROOT / "tests" / "acceptance" / "test_cli_refused_fields.py").read_text(encoding="utf-8")
    assert {"last error", "refused"} == labels
    printed = (ROOT / "src" / "tipline_client" / "cli" / "history.py").read_text(encoding="utf-8")
    assert [] == [label for label in labels if f'f"{label:<14}' not in printed]
    assert re.findall(r"report\.\S+", code)[0] in tested


TEXT: Mapping[tuple[str, str], Callable[[str], object] | str] = {
    ("docs/errors.md", "TiplineError"): _error_tree,
    ("docs/configuration.md", "HOME/"): _home,
    ("docs/testing.md", "AssertionError:"): "tests/docs/test_testing_page.py",
    ("docs/hosts/script.md", "17 * * * *"): _cron,
    ("docs/hosts/service.md", "your application"): "a drawing",
    ("docs/operations/dead-letters.md", "last error"): _refusal,
    ("docs/index.md", "Report ->"): "a drawing",
    ("docs/transactions.md", "your transaction:"): "a drawing",
}
"""Page and beginning of a block that is no program, to what checks it; a drawing in letters says nothing to check."""


@pytest.mark.parametrize(("page", "block"), of("text"))
def test_text_of_a_page(page: Path, block: Block) -> None:
    """It is one of those that are known, and says what the code says."""
    [check] = [check for (name, begin), check in TEXT.items() if name == name_of(page) and block.code.startswith(begin)]

    if callable(check):
        check(block.code)
    else:
        assert check == "a drawing" or page.name in (ROOT / check).read_text(encoding="utf-8")


def test_every_block_of_the_pages() -> None:
    """Each is of a language that a test here or the run of its page knows, and no list here has one too many."""
    checked = {"csv", "json", "sh", "sql", "text", "toml"}
    languages = {block.language for _, block in BLOCKS}
    text = [(name_of(page), block.code) for page, block in BLOCKS if block.language == "text"]

    assert RUN_WITH_THE_PAGE | checked == languages
    assert len(TEXT) == len(text)
    assert set(JSON_OF) == {name_of(page) for page, block in BLOCKS if block.language == "json"}
