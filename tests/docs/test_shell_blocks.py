"""Every block for a person's shell is run by `sh`, in the order of its page, as far as this machine is left as it was.

Which programs have a stand-in is said, with the reason, in `stand_ins.py`, and so is what each of them checks.
"""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.acceptance.hosts import eventually
from tests.docs.machine import Machine, address_of, free_port, shell_block
from tests.docs.pages import PAGES, ROOT, blocks, name_of
from tests.docs.stand_ins import STAND_INS
from tipline_client.mock import MockEndpoint

pytestmark = pytest.mark.slow

HERE = "tests/docs/test_shell_blocks.py"
OF_THE_SERVICE = "tests/docs/test_service_blocks.py"
SERVICE_PAGE = "docs/operations/service.md"
ONE_HOST_PAGE = "docs/hosts/service.md"
FASTAPI_PAGE = "docs/hosts/fastapi.md"
DJANGO_PAGE = "docs/hosts/django.md"
BACKUPS = "docs/operations/backups.md"
GOING_LIVE = "docs/operations/going-live.md"
GOING_LIVE_TEST = "tests/docs/test_going_live.py::test_first_report_and_the_service_in_one_home"
INSTALLING = (
    ("README.md", "pip install tipline-client "),
    ("docs/hosts/celery.md", "pip install"),
    ("docs/hosts/django.md", "pip install"),
    ("docs/hosts/fastapi.md", "pip install"),
    ("docs/hosts/script.md", "pip install"),
    ("docs/postgresql.md", "pip install"),
    ("docs/quickstart.md", "pip install"),
    ("docs/transactions.md", "pip install"),
)

RUN_BY = {
    **dict.fromkeys(INSTALLING, f"{HERE}::test_lines_that_install"),
    ("docs/cli.md", "tipline map check"): f"{HERE}::test_check_of_a_mapping",
    (
        "docs/hosts/celery.md",
        "python examples/celery_worker/run.py",
    ): "tests/hosts/test_celery_worker.py::test_one_command",
    (DJANGO_PAGE, "python manage.py tipline init"): f"{HERE}::test_commands_of_a_django_project",
    (DJANGO_PAGE, "python manage.py tipline dispatch"): f"{HERE}::test_commands_of_a_django_project",
    (DJANGO_PAGE, "python examples/django_project/serve.py"): "tests/hosts/test_django_project.py::test_one_command",
    (FASTAPI_PAGE, "python -m examples.fastapi_app --mock"): f"{HERE}::test_application_that_is_tried",
    (FASTAPI_PAGE, "curl"): f"{HERE}::test_application_that_is_tried",
    (FASTAPI_PAGE, "uvicorn"): f"{HERE}::test_application_for_real",
    ("docs/hosts/script.md", "python examples/script/file_decisions.py"): f"{HERE}::test_script_that_is_tried",
    (ONE_HOST_PAGE, "useradd"): f"{OF_THE_SERVICE}::test_service_on_one_host",
    (ONE_HOST_PAGE, "cp -pR /mnt/signing-1/keys"): GOING_LIVE_TEST,
    (ONE_HOST_PAGE, "cd /var/lib/tipline"): f"{OF_THE_SERVICE}::test_service_on_one_host",
    (ONE_HOST_PAGE, "systemctl enable"): f"{OF_THE_SERVICE}::test_service_on_one_host",
    (ONE_HOST_PAGE, "cd examples/service"): f"{OF_THE_SERVICE}::test_containers_of_one_host",
    (GOING_LIVE, "export TIPLINE_HOME"): GOING_LIVE_TEST,
    (GOING_LIVE, "systemctl start tipline-doctor"): GOING_LIVE_TEST,
    (GOING_LIVE, "cd /srv/cases"): GOING_LIVE_TEST,
    (GOING_LIVE, "systemctl start tipline-dispatch"): GOING_LIVE_TEST,
    (GOING_LIVE, "cd /var/lib/tipline"): GOING_LIVE_TEST,
    (BACKUPS, "install --mode=0644"): "tests/docs/test_backups_page.py::test_copy_of_the_page",
    (BACKUPS, "cd /var/lib/tipline"): "tests/docs/test_backups_page.py::test_copy_of_the_page",
    (BACKUPS, "mkdir -m 0700 /var/lib/trial"): "tests/docs/test_backups_page.py::test_copy_of_the_page",
    (BACKUPS, "install --directory --owner=tipline"): "tests/docs/test_backups_page.py::test_copy_of_the_page",
    (SERVICE_PAGE, "groupadd"): f"{OF_THE_SERVICE}::test_service_on_two_hosts",
    (SERVICE_PAGE, "/opt/tipline/bin/tipline migrate"): f"{OF_THE_SERVICE}::test_service_on_two_hosts",
    (SERVICE_PAGE, "cd /var/lib/tipline"): f"{OF_THE_SERVICE}::test_service_on_two_hosts",
    (SERVICE_PAGE, "systemctl daemon-reload"): f"{OF_THE_SERVICE}::test_service_on_two_hosts",
    (SERVICE_PAGE, "install --directory"): f"{OF_THE_SERVICE}::test_service_on_two_hosts",
    (SERVICE_PAGE, "docker build"): f"{OF_THE_SERVICE}::test_containers_of_several_hosts",
    ("docs/testing.md", "started=$(tipline mock"): f"{HERE}::test_mock_for_other_languages",
    ("docs/testing.md", "docker build"): "tests/docs/test_mock_container.py::test_calls_from_outside",
}
"""Page and beginning of each block to the test that runs it. None is excused."""


def test_every_block_for_a_shell() -> None:
    """Each is run by the test that is named for it, which asks for it by its beginning, and nothing else is named."""
    shown = [(name_of(page), block) for page in PAGES for block in blocks(page.read_text(encoding="utf-8"))]
    shell = [(page, block.code) for page, block in shown if block.language == "sh"]

    named = [[key for key in RUN_BY if key[0] == page and code.startswith(key[1])] for page, code in shell]

    assert [] == [block for block, keys in zip(shell, named, strict=True) if len(keys) != 1]
    assert {*RUN_BY} == {key for keys in named for key in keys}
    for (page, begins), place in RUN_BY.items():
        file, _, name = place.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert {page, begins} <= constants


def test_programs_of_the_blocks() -> None:
    """There is no stand-in for a program that no page calls."""
    shell = [
        block.code for page in PAGES for block in blocks(page.read_text(encoding="utf-8")) if block.language == "sh"
    ]
    words = {Path(word).name for code in shell for word in re.findall(r"[\w./-]+", code)}

    assert {*STAND_INS} == {*STAND_INS} & words


@pytest.mark.parametrize(
    "line",
    [
        "tipline dispatch --drian",
        "tipline enqueu a.json",
        "wget http://127.0.0.1/",
        "pip install mugs",
        "pip install 'tipline-client[mugs]'",
        "docker build --file examples/mugs/Containerfile --tag mugs .",
        "docker run --detach --init --publish 127.0.0.1:8765:8765 mugs",
        "cd examples/service && docker compose --file one-host.yaml run --rm init",
        "cd examples/service && docker compose --file mugs.yaml build",
        "python examples/mugs.py",
        "useradd --system --user-group --no-create-home --home-dir /var/lib/tipline --shell /usr/sbin/nologin mugs",
        "chown tipline: /var",
        "runuser -u tipline -- tipline --version",
        "install --directory --owner=tipline --mode=0700 /var/lib/tipline",
        "systemctl daemon-reload && systemctl start tipline-doctor",
        "echo a; false; echo b",
    ],
)
def test_line_that_is_wrong(line: str, machine: Machine) -> None:
    """A wrong option, verb, program, package, file, image, user or unit ends the block, and so does any failure."""
    with machine.running(line) as process:
        process.communicate(timeout=60)

    assert 0 != process.returncode


def test_lines_that_install(machine: Machine) -> None:
    """The real `pip` finds each of them fulfilled here: name and extras are the package's and can be had together."""
    for page, begins in INSTALLING:
        machine.run(shell_block(page, begins).code)
    asked = machine.noted("requirements")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--dry-run", "--quiet"]

    ran = subprocess.run([*pip, *asked], capture_output=True, text=True, timeout=120, check=False)

    assert (0, "", "") == (ran.returncode, ran.stdout, ran.stderr)
    assert {"celery", "fastapi", "tipline-client", "tipline-client[django,postgres]"} <= {*asked}


def test_check_of_a_mapping(machine: Machine) -> None:
    """It shows the rows of a table as the mapping beside it would file them."""
    (machine.checkout / "cases.csv").write_text("Case,Seen at\ncase-1,2026-01-05T08:30:00Z\n", encoding="utf-8")
    mapping = {
        "columns": {"Case": "idempotencyKey", "Seen at": "report.incidentSummary.incidentDateTime"},
        "constants": {
            "report.incidentSummary.incidentType": "Misleading Domain Name",
            "report.internetDetails[0].webPageIncident.url": "https://www.example.com/page",
            "report.reporter.reportingPerson.firstName": "Zoë",
            "report.reporter.reportingPerson.email[0]": "safety@example.com",
        },
    }
    lines = [
        f"[{name}]\n" + "".join(f'"{key}" = "{value}"\n' for key, value in table.items())
        for name, table in mapping.items()
    ]
    (machine.checkout / "cases.toml").write_text("line_breaks = []\n" + "".join(lines), encoding="utf-8")
    with MockEndpoint() as endpoint:
        machine.environ |= address_of(endpoint)

        said = machine.run(shell_block("docs/cli.md", "tipline map check").code)

    assert "cases.csv:2: acceptable" in said


def test_commands_of_a_django_project(machine: Machine) -> None:
    """They make home and tables, dispatch until stopped and until nothing is left, and look."""
    folder = machine.checkout / "examples" / "django_project"
    service, _, rest = shell_block(DJANGO_PAGE, "python manage.py tipline dispatch").code.partition("\n")
    with MockEndpoint() as endpoint:
        machine.environ |= address_of(endpoint) | {"DESK_SECRET_KEY": "a key of nobody"}

        machine.run(shell_block(DJANGO_PAGE, "python manage.py tipline init").code, folder=folder)
        # As the page asks for it.
        (folder / "django-desk-data" / "desk.sqlite3").chmod(0o600)
        with machine.running(f"exec {service}", folder=folder) as process:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert 0 == stop(process)
        said = machine.run(rest, folder=folder)

    assert "dispatch" in line
    assert "queued" in said


def stop(process: "subprocess.Popen[str]") -> int:
    """Ask a program to end, as a service manager does, and wait for it; how it ended."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode


def answers(address: str) -> bool:
    """Whether somebody answers there."""
    with suppress(httpx.TransportError):
        return httpx.get(address, trust_env=False).is_success
    return False


def test_application_that_is_tried(machine: Machine) -> None:
    """It takes the decision that the page sends, and says of it what the page asks for."""
    port = free_port()
    start = shell_block(FASTAPI_PAGE, "python -m examples.fastapi_app --mock").code.rstrip()
    ask = shell_block(FASTAPI_PAGE, "curl").code.replace(":8000/", f":{port}/")
    first, second = ask.splitlines()
    with machine.running(f"exec {start} --port {port}") as process:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/health"))

        said = machine.run(first)
        [entry] = re.findall(r"^location: /decisions/(\w+)", said, re.MULTILINE | re.IGNORECASE)
        eventually(lambda: json.loads(machine.run(second.replace("ID", entry)))["state"] == "acknowledged")
        code = stop(process)

    assert said.startswith("HTTP/1.1 202")
    assert -signal.SIGTERM == code


def test_application_for_real(machine: Machine) -> None:
    """With the variables of the page's table it serves, and is fit to dispatch."""
    port = free_port()
    with MockEndpoint() as endpoint:
        machine.environ |= address_of(endpoint)
        start = shell_block(FASTAPI_PAGE, "uvicorn").code.rstrip()
        with machine.running(f"exec {start} --port {port}") as process:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/health"))
            code = stop(process)

    assert -signal.SIGTERM == code


def test_script_that_is_tried(machine: Machine) -> None:
    """It files every decision of the example, and ends well."""
    said = machine.run(shell_block("docs/hosts/script.md", "python examples/script/file_decisions.py").code)

    lines = (ROOT / "examples" / "script" / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(re.findall(r"^case-\S+", said, re.MULTILINE))


def test_mock_for_other_languages(machine: Machine) -> None:
    """It answers when the tests begin, and is gone after the block."""
    port = free_port()
    machine.environ["MOCK_ADDRESS"] = f"http://127.0.0.1:{port}"
    block = shell_block("docs/testing.md", "started=$(tipline mock").code.replace("8765", str(port))
    # So that it can be ended also where the block fails.
    noting = "trap 'printf %s \"${started:-}\" > started.json' EXIT\n"

    try:
        machine.run(noting + block)
        eventually(lambda: not answers(f"http://127.0.0.1:{port}/_mock/ready"))
    finally:
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            pid = json.loads((machine.checkout / "started.json").read_text(encoding="utf-8"))["pid"]
            os.kill(pid, signal.SIGKILL)

    assert ["passed"] == machine.noted("tests")
