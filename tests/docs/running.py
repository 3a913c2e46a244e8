"""How the blocks of a page are run: Python in one namespace, `$ tipline ...` lines through the command's own entry.

A few commands that move files are run as they stand, and what a page shows below a command has to be printed by it. A
mock endpoint of the test stands in for the one that a page starts in the background at port 8765.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import Block
from tipline_client.cli import main

SHOWN_ADDRESS = "127.0.0.1:8765"
FILE_TOOLS = frozenset({"cp", "diff", "mkdir", "mv", "rm"})

_BY_CHANCE = (
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\breport \d{6,}\b"), "report NUMBER"),
)
_EXPECTED = re.compile(r"\s+# exits (?P<code>\d+)$")


@dataclass(frozen=True)
class Command:
    """One line of a console block.

    Attributes:
        line: As printed, without the prompt.
        arguments: Its words.
        exit_code: In which the page says it ends.
        output: File that its output goes to.
        shown: Lines that the page says it prints, among others.
    """

    line: str
    arguments: tuple[str, ...]
    exit_code: int = 0
    output: str | None = None
    shown: tuple[str, ...] = ()


def commands(block: Block) -> list[Command]:
    """The commands of a console block; lines without a prompt show output."""
    before, *parts = re.split(r"^\$ ", block.code, flags=re.MULTILINE)
    assert "" == before.strip(), f"line {block.line}: output of no command"
    return [_command(line, tuple(shown)) for line, *shown in (part.splitlines() for part in parts)]


def _command(line: str, shown: tuple[str, ...]) -> Command:
    expected = _EXPECTED.search(line)
    words = shlex.split(line[: expected.start()] if expected else line)
    output = None
    if ">" in words:
        output = words[words.index(">") + 1]
        words = words[: words.index(">")]
    return Command(line, tuple(words), int(expected["code"]) if expected else 0, output, shown)


def run_page(blocks: Sequence[Block], *, page: Path, address: str) -> None:
    """Run everything of a page that is not only shown, in its order."""
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks:
        if block.not_run:
            continue
        if block.language == "python":
            run_python(block, namespace, page=page, address=address)
        elif block.language == "console":
            for command in commands(block):
                run_command(command, address=address)


def run_python(block: Block, namespace: dict[str, object], *, page: Path, address: str) -> None:
    """Run a block in the namespace of its page; an error points at the page's own line."""
    code = "\n" * (block.line - 1) + block.code.replace(SHOWN_ADDRESS, address)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, str(page), "exec"), namespace)  # noqa: S102 - running the pages is what this is for


def run_command(command: Command, *, address: str) -> str:
    """Run one line and return what it printed; an `AssertionError` says how it ended otherwise than the page says."""
    words = [word.replace(SHOWN_ADDRESS, address) for word in command.arguments]
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        os.environ[name] = value
        return ""
    if words[:2] == ["tipline", "mock"] and words[-1] == "&":
        return ""
    if words[0] in FILE_TOOLS:
        ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert command.exit_code == ran.returncode, f"{command.line!r} printed {ran.stdout!r} and {ran.stderr!r}"
        return ran.stdout
    assert "tipline" == words[0], f"a console block runs only tipline and a few file tools, not {command.line!r}"
    printed, complaints = _capture(), _capture()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complaints):
        code = main(words[1:])
    output = _text(printed)
    assert command.exit_code == code, f"{command.line!r} printed {output!r} and {_text(complaints)!r}"
    if command.output is not None:
        Path(command.output).write_text(output, encoding="utf-8")
    _check_shown(command, output + _text(complaints), address=address)
    return output


def _check_shown(command: Command, printed: str, *, address: str) -> None:
    """Every line that the page shows was printed, in that order; ids and times are those of the run."""
    lines = iter(_without_chance(printed, address).splitlines())
    for shown in command.shown:
        wanted = _without_chance(shown, address)
        assert any(wanted == line for line in lines), f"{command.line!r} did not print {shown!r}, but {printed!r}"


def _without_chance(text: str, address: str) -> str:
    text = text.replace(address, SHOWN_ADDRESS)
    for pattern, word in _BY_CHANCE:
        text = pattern.sub(word, text)
    return text


def _capture() -> io.TextIOWrapper:
    # With bytes below it, as a real stream has: documents are written as bytes.
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
