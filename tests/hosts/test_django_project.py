"""The example with Django: started by one command, and killed where it hurts. Nothing is lost, nothing filed twice."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.hosts import eventually
from tests.docs.machine import Machine, shell_block
from tests.hosts.desks import Desk
from tipline_client.mock import MockEndpoint
from tipline_client.mock.faults import lost_reply, slow

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def new_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home and tables of a desk at which nobody has decided yet."""
    folder = tmp_path_factory.mktemp("desk")
    with MockEndpoint() as endpoint:
        Desk(folder, endpoint).prepare()
    return folder


@pytest.fixture
def desk(tmp_path: Path, new_data: Path) -> Iterator[Desk]:
    shutil.copytree(new_data, tmp_path / "desk")
    with MockEndpoint() as endpoint:
        yield Desk(tmp_path / "desk", endpoint)


def test_one_command(tmp_path: Path) -> None:
    """It starts everything, decides a case, and ends when the desk knows the report's number."""
    command = shell_block("docs/hosts/django.md", "python examples/django_project/serve.py").code.rstrip()
    machine = Machine(tmp_path)
    machine.environ["PYTHONWARNINGS"] = "error"

    said = machine.run(f"{command} --once --port 0")

    assert 1 == said.count("filed as report ")
    assert {"django-desk-data", "examples"} == {path.name for path in machine.checkout.iterdir()}


def test_site_killed_around_the_commit(desk: Desk) -> None:
    """Killed before it, neither decision nor report is there; killed after it and unanswered, both are, and once."""
    with desk.site() as browser, pytest.raises(httpx.TransportError):
        desk.decide(browser, "case-1", dies="before the commit")
    left = desk.rows("SELECT count(*) FROM moderation_decision") + desk.rows("SELECT count(*) FROM entries")
    assert [0, 0] == left

    with desk.site() as browser, pytest.raises(httpx.TransportError):
        desk.decide(browser, "case-1", dies="before the answer")
    assert ["case-1"] == desk.rows('SELECT "case" FROM moderation_decision')
    with desk.site() as browser:
        # The moderator saw no answer, and sends the form once more.
        again = desk.decide(browser, "case-1")
    desk.drain()

    assert 400 == again.status_code
    assert (1, 0) == desk.filed()
    assert desk.rows("SELECT id FROM entries") == desk.rows("SELECT entry_id FROM moderation_decision")


def test_dispatcher_killed_at_the_finish(desk: Desk) -> None:
    """Killed while the endpoint holds the answer back: the next one asks, files nothing twice, and tells the desk."""
    with desk.site() as browser:
        assert 202 == desk.decide(browser, "case-1").status_code
    # The first finish is carried out and not answered, so the dispatcher asks again; that answer is held back.
    desk.endpoint.faults.script("finish", lost_reply(), slow(300))
    with desk.running("tipline", "dispatch") as dispatcher:
        eventually(lambda: not desk.endpoint.faults.scripted())
        dispatcher.kill()
        dispatcher.wait()
    assert (1, 0) == desk.filed()
    assert [None] == desk.rows("SELECT report_id FROM moderation_decision")

    desk.drain()

    assert (1, 0) == desk.filed()
    assert [True] == [number is not None for number in desk.rows("SELECT report_id FROM moderation_decision")]
