"""What is built and handed on: the wheel and the source distribution hold what they should, and work by themselves."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement

from tests.docs.pages import ROOT, blocks, links

NAME = "tipline-client"
SUFFIXES = {".html", ".py", ".typed", ".xsd"}
QUEUE = """
import sys
from pathlib import Path
from tipline_client import Evidence, Submission, TiplineClient, profiles

with TiplineClient.open(sys.argv[1], profile=profiles.mock("http://127.0.0.1:9/ispws")) as client:
    report = Submission.model_validate_json(Path(sys.argv[2]).read_bytes()).report
    entry = client.enqueue(report, evidence=[Evidence.from_bytes(b"mug", name="mug.bin")], idempotency_key="case-1")
    print(entry.state)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the source distribution, made from this tree."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def wheel_alone(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an installation of the wheel without extras brings along, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(built[0]) as archive:
        archive.extractall(folder)  # noqa: S202 - built a moment ago from this tree
    for distribution in _needed(NAME):
        for file in distribution.files or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder


def _needed(name: str) -> list[importlib.metadata.Distribution]:
    """The distributions that one needs without any extra, as they are installed here."""
    found: dict[str, importlib.metadata.Distribution] = {}
    open_names = [name]
    while open_names:
        distribution = importlib.metadata.distribution(open_names.pop())
        for text in distribution.requires or ():
            required = Requirement(text)
            if (required.marker is None or required.marker.evaluate({"extra": ""})) and required.name not in found:
                found[required.name] = importlib.metadata.distribution(required.name)
                open_names.append(required.name)
    return list(found.values())


def _run(folder: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path[:] = [{str(folder)!r}, *sys.path]; " + words[0]
    # Neither this environment's packages nor its variables: only the standard library and the folder.
    command = [sys.executable, "-I", "-S", "-c", code, *words[1:]]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=120)


def test_files_of_the_wheel(built: tuple[Path, Path]) -> None:
    """Every module of the tree is in it, with the type marker, the mock's grammar, Django's page, and nothing else."""
    with zipfile.ZipFile(built[0]) as archive:
        names = set(archive.namelist())
    tree = ROOT / "src"

    package = {name for name in names if ".dist-info/" not in name}

    there = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.suffix in SUFFIXES}
    assert there == package
    assert [] == [name for name in names if name.partition("/")[0] in {"docs", "examples", "tests"}]
    assert {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "LICENSE"} == {
        name.rpartition("/")[2] for name in names - package
    }


def test_files_of_the_source_distribution(built: tuple[Path, Path]) -> None:
    """It holds what it takes to build and to test, and nothing that a run leaves behind."""
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    tops = {name.partition("/")[0] for name in names}

    assert {"src", "tests", "docs", "examples", "benchmarks", "requirements", "README.md", "LICENSE"} <= tops
    assert {"PKG-INFO", "pyproject.toml", "Makefile"} <= tops
    documentation = {file.relative_to(ROOT).as_posix() for file in (ROOT / "docs").rglob("*.*")}
    assert {name for name in documentation if "__pycache__" not in name} <= names
    left_behind = re.compile(r"(^|/)(\.venv|\.git|__pycache__|\.hypothesis|shared|build|doctrees)(/|$)")
    assert [] == list(filter(left_behind.search, names))
    assert [] == [name for name in names if name.endswith((".sqlite", ".pem", ".pyc")) and "golden" not in name]


def test_what_the_metadata_says(built: tuple[Path, Path]) -> None:
    """Name, licence, Python and extras, and the page that an index shows."""
    with zipfile.ZipFile(built[0]) as archive:
        [path] = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = message_from_bytes(archive.read(path))

    assert (NAME, "Apache-2.0") == (metadata["Name"], metadata["License-Expression"])
    assert ">=3.11" == metadata["Requires-Python"]
    assert {"cli", "django", "mock", "objects", "postgres"} <= set(metadata.get_all("Provides-Extra", []))
    assert "text/markdown" in metadata["Description-Content-Type"]
    assert "tipline-client" in str(metadata.get_payload())


def test_readme_on_an_index(built: tuple[Path, Path]) -> None:
    """An index has nothing that a link from file to file could lead to: such a file is named, and can be had."""
    with zipfile.ZipFile(built[0]) as archive:
        [path] = [name for name in archive.namelist() if name.endswith("METADATA")]
        shown = message_from_bytes(archive.read(path)).get_payload(decode=True).decode()  # type: ignore[union-attr]
    with tarfile.open(built[1]) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = {link.partition("#")[0] for link in links(readme) if not urlsplit(link).scheme}

    named = set(re.findall(r"\(`([\w./-]+)`\)", shown))

    assert [] == [link for link in links(shown) if not urlsplit(link).scheme]
    assert [block.code for block in blocks(readme)] == [block.code for block in blocks(shown)]
    assert targets
    assert targets == named
    assert set() == named - there
    assert "source distribution" in shown.splitlines()[-1]


def test_addresses_in_the_metadata(built: tuple[Path, Path]) -> None:
    """None is made up: until there is a public one, no address of a project is named."""
    with zipfile.ZipFile(built[0]) as archive:
        [path] = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = message_from_bytes(archive.read(path))

    assert [] == [*metadata.get_all("Project-URL", []), *metadata.get_all("Home-page", [])]
    assert "[project.urls]" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_wheel_without_extras(wheel_alone: Path, tmp_path: Path) -> None:
    """A report is queued with the core requirements alone."""
    shutil.copy(ROOT / "examples" / "submission.json", tmp_path)
    queue = tmp_path / "queue.py"
    queue.write_text(QUEUE)

    ran = _run(wheel_alone, "exec(open(sys.argv.pop(1)).read())", str(queue), "home", "submission.json", cwd=tmp_path)

    assert ("", 0) == (ran.stderr, ran.returncode)
    assert "queued" == ran.stdout.strip()


USES = {
    "mock": "from tipline_client.mock import MockEndpoint",
    "postgres": "TiplineClient.open('home', profile=endpoint, outbox='postgresql://127.0.0.1/mugs')",
    "objects": "TiplineClient.open('home', profile=endpoint, evidence='s3://mugs/copies')",
}
USE = """
from tipline_client import TiplineClient, errors, profiles

endpoint = profiles.mock("http://127.0.0.1:9/ispws")
try:
    exec(sys.argv[1])
except (errors.ConfigurationError, ImportError) as error:
    print(error, getattr(error, "hint", ""))
"""


@pytest.mark.parametrize("extra", USES)
def test_part_without_its_extra(wheel_alone: Path, tmp_path: Path, extra: str) -> None:
    """Whoever uses it is told which extra to install."""
    ran = _run(wheel_alone, USE, USES[extra], cwd=tmp_path)

    assert ("", 0) == (ran.stderr, ran.returncode)
    assert f"tipline-client[{extra}]" in ran.stdout


def test_command_without_its_extra(wheel_alone: Path, tmp_path: Path) -> None:
    """The command says in one sentence what to install, without a traceback."""
    run = "import runpy; sys.argv[1:] = ['--help']; runpy.run_module('tipline_client', run_name='__main__')"

    ran = _run(wheel_alone, run, cwd=tmp_path)

    assert 0 != ran.returncode
    assert "tipline-client[cli]" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_floor_of_the_command_line_parser() -> None:
    """What of it is used came with 4.1: with 4.0 the command cannot even be built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(text) for text in project["optional-dependencies"]["cli"]]
    [parser] = [requirement for requirement in wanted if requirement.name == "cyclopts"]

    assert [parser.specifier.contains(version) for version in ("4.0.0", "4.0.1", "4.1.0")] == [False, False, True]
