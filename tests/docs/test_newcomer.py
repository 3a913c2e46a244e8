"""The first ten minutes of somebody new: what is printed passes their type checker, and runs in one folder in order."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.running import run_page
from tests.docs.test_examples import EXAMPLES
from tests.docs.test_examples import run as run_example
from tipline_client.mock import MockEndpoint

pytestmark = pytest.mark.slow

FIRST_PAGES = (ROOT / "README.md", ROOT / "docs" / "quickstart.md")
SECONDS = 180

JSON_FORMS = """
from tipline_client import Person, Reporter

Reporter(reporting_person=Person(first_name="Zoë", email=["safety@example.com"]))
Reporter(reporting_person=Person(first_name="Zoë", email=[{"value": "safety@example.com", "type": "Work"}]))
"""


def python_of(page: Path) -> str:
    """The Python of a page as one program."""
    return "\n".join(block.code for block in blocks(page.read_text(encoding="utf-8")) if block.language == "python")


def checked(folder: Path, *, settings: str = "") -> subprocess.CompletedProcess[str]:
    """Check all programs of a folder as their author would: with this package installed, and without our settings.

    What the checker learnt of this package and of those that it uses is kept from call to call.
    """
    (folder / "mypy.ini").write_text(f"[mypy]\nstrict = True\n{settings}", encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MYPY", "PYTHONPATH"))}
    learnt = ROOT / ".mypy_cache" / ("programs-with-plugin" if settings else "programs")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(learnt)]
    command += sorted(path.name for path in folder.glob("*.py"))
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_programs_of_the_first_pages_type_checked(tmp_path: Path) -> None:
    """What README, quick start and examples print passes `mypy --strict` without any setting or plugin."""
    programs = {f"{page.stem.lower()}_page.py": python_of(page) for page in FIRST_PAGES}
    programs |= {example.name: example.read_text(encoding="utf-8") for example in EXAMPLES.glob("*.py")}
    for name, program in programs.items():
        (tmp_path / name).write_text(program, encoding="utf-8")

    ended = checked(tmp_path)

    assert f"Success: no issues found in {len(programs)} source files\n" == ended.stdout


def test_wrong_program_type_checked(tmp_path: Path) -> None:
    """The type checker sees the types of the installed package: a wrong value, a wrong name and a missing one."""
    program = "from tipline_client import Reporter, TiplineClient\n\n"
    program += 'Reporter(reporting_person="Zoë")\nTiplineClient.open("home")\nTiplineClient.file\n'
    (tmp_path / "program.py").write_text(program, encoding="utf-8")

    ended = checked(tmp_path)

    assert ["[arg-type]", "[call-arg]", "[attr-defined]"] == [
        line.rpartition(" ")[2] for line in ended.stdout.splitlines() if " error: " in line
    ]


@pytest.mark.parametrize(("settings", "code"), [("", 1), ("plugins = pydantic.mypy\n", 0)])
def test_json_forms_type_checked(tmp_path: Path, settings: str, code: int) -> None:
    """JSON forms in Python pass with the plugin that the README names, which is what it is needed for."""
    (tmp_path / "program.py").write_text(JSON_FORMS, encoding="utf-8")

    ended = checked(tmp_path, settings=settings)

    assert code == ended.returncode, ended.stdout


def test_quick_start_of_the_readme_as_a_program(tmp_path: Path) -> None:
    """It runs as printed in a folder that holds nothing but the picture; run again it shows the same receipt."""
    (tmp_path / "program.py").write_text(python_of(ROOT / "README.md"), encoding="utf-8")
    (tmp_path / "mug.jpg").write_bytes((EXAMPLES / "mug.png").read_bytes())
    command = [sys.executable, "-W", "error", "program.py"]

    first, second = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
        for _ in range(2)
    )

    assert 1 == len(first.splitlines())
    assert first == second


def test_examples_and_readme_in_one_folder(tmp_path: Path) -> None:
    """Started one after another, each files its own reports, complains of nothing, and is told new numbers."""
    (tmp_path / "program.py").write_text(python_of(ROOT / "README.md"), encoding="utf-8")
    (tmp_path / "mug.jpg").write_bytes((EXAMPLES / "mug.png").read_bytes())

    printed = [run_example("quickstart.py", tmp_path), run_example("quickstart_async.py", tmp_path)]
    printed += [run_example(str(tmp_path / "program.py"), tmp_path), run_example("quickstart.py", tmp_path)]

    numbers = [re.findall(r"\d{9,}", text) for text in printed]
    assert [1, 5, 1, 1] == [len(found) for found in numbers]
    assert 7 == len({number for found in numbers for number in found})
    assert numbers[0] == numbers[-1]


def test_first_pages_one_after_another(workplace: Path, endpoint: MockEndpoint) -> None:
    """README, quick start and examples do not get in each other's way in one folder; README and examples again too."""
    address = urlsplit(endpoint.base_url).netloc
    readme, _ = FIRST_PAGES

    for page in (*FIRST_PAGES, readme):
        run_page(blocks(page.read_text(encoding="utf-8")), page=page, address=address)
        run_example("quickstart.py", workplace)
        run_example("quickstart_async.py", workplace)

    assert {"desk", "tipline-home", "second-home", "third-home"} <= {path.name for path in workplace.iterdir()}
    assert 2 == endpoint.summary()["finished"]
