"""What stands in the command's help, and what it does not import for it."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cyclopts import App

from tipline_client.cli import main
from tipline_client.cli.app import build, unknown_verb
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.settings import resolve
from tipline_client.cli.variables import VARIABLE_NAMES

HEAVY = ("anyio", "apsw", "cryptography", "httpcore", "httpx", "lxml", "pydantic", "sqlite3", "starlette", "tenacity")


def names_of(app: App) -> list[list[str]]:
    """The words of each verb."""
    verbs = [str(name) for name in app if not str(name).startswith("-")]
    return [[name, *rest] for name in verbs for rest in names_of(app[name]) or [[]]]


class Asked(Mapping[str, str]):
    """An environment in which nothing is set, and which remembers what was asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.names.append(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_every_exit_code_and_variable_in_the_help() -> None:
    """The help ends with all of them, in the words of the code that defines them."""
    said = " ".join((build().help_epilogue or "").split())

    assert [] == [name for name in VARIABLE_NAMES if name not in said]
    assert [] == [code for code in ExitCode if f"{int(code)} {code.name.lower().replace('_', ' ')}" not in said]


def test_every_variable_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are looked for under the names that the help lists, and under no other of ours."""
    monkeypatch.chdir(tmp_path)
    environ = Asked()

    resolve(environ=environ)

    assert sorted(VARIABLE_NAMES) == sorted(environ.names)


@pytest.mark.parametrize("word", ["--help", "help", "--version", "enqeue"])
def test_help_imports_nothing_heavy(word: str) -> None:
    """Neither the models nor the store nor the network are imported for a word about the command, or a mistyped one."""
    # What measures the coverage of this very process imports modules of its own first.
    code = "import sys; before = {*sys.modules}; from tipline_client.cli import main; main([sys.argv[1]]); "
    code += f"print('heavy:', *sorted({{*{HEAVY!r}}} & ({{*sys.modules}} - before)), file=sys.stderr)"

    ended = subprocess.run([sys.executable, "-c", code, word], capture_output=True, timeout=20, check=True)

    assert b"heavy:" == ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["enqeue"], "enqueue"),
        (["lst", "show"], "list"),
        (["recipts"], "receipts"),
        (["receipts", "exprt"], "export"),
        (["dead-letter", "reqeue", "case-1"], "requeue"),
    ],
)
def test_mistyped_verb(words: list[str], nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest verb is offered, the way the parser reads the words."""
    code = main(words)

    assert ExitCode.BAD_INPUT == code
    assert f'Did you mean "{nearest}"?' in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["submit"], ["receipts"], ["receipts", "export"], ["help"]])
def test_help_as_a_verb(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It says what `--help` behind the verb says, in JSON as one document."""
    codes = [main([*words, "--help"])]
    expected = capsys.readouterr().out
    codes.append(main(["help", *words]))
    said = capsys.readouterr().out
    codes.append(main(["help", *words, "--json"]))
    document = json.loads(capsys.readouterr().out)

    assert [0, 0, 0] == codes
    assert expected == said == document["help"]
    assert (" ".join(words) or None) == document["verb"]


@pytest.mark.parametrize("shape", [[], ["--json"]])
def test_help_about_no_verb(shape: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped verb is no success: the nearest one is offered."""
    code = main(["help", "enqeue", *shape])

    said = capsys.readouterr()
    words = json.loads(said.out)["error"]["message"] if shape else said.err
    assert ExitCode.BAD_INPUT == code
    assert 'Did you mean "enqueue"?' in words


def test_verbs_to_choose_from() -> None:
    """A word that is near to none lists what there is: all verbs, or those behind the verb that has some."""
    assert 'Unknown verb "xyzzy". There are alarm, completion, dead-letter, demo, ' in unknown_verb("xyzzy")
    assert 'Unknown verb "xyzzy". There are export, list, render, show.' == unknown_verb("xyzzy", group="receipts")


def test_examples_of_the_help(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line that the help shows can be typed: verb, arguments and options are there."""
    monkeypatch.setenv("COLUMNS", "500")
    verbs = names_of(build())
    for words in ([], *verbs):
        main([*words, "--help"])
    said = capsys.readouterr().out
    lines = {line.strip() for line in re.findall(r"(?<!Usage)(?<!codes): (tipline [^│\n]*)", said)}

    for line in lines:
        build().parse_args(shlex.split(line.partition(" > ")[0])[1:], print_error=False, exit_on_error=False)

    assert [] == [words for words in verbs if not any(line.split()[1:][: len(words)] == words for line in lines)]


def test_argument_that_takes_two_lines_to_tell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal breaks what is said of it, and nothing else does."""
    monkeypatch.setenv("COLUMNS", "500")

    main(["init", "--help"])

    assert (
        "Believe this key no longer, named by its id, for instance since it leaked. What waits with its signature"
        in (capsys.readouterr().out)
    )
