"""A submission file that names an object: queued and filed by the command, or refused before anything is queued."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import World, build
from tests.support.object_server import ObjectServer
from tipline_client.mock import MockEndpoint


@pytest.fixture
def world(
    server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """A folder with a home, an endpoint, and the store's variables in the environment."""
    with MockEndpoint() as endpoint:
        world = build(tmp_path, endpoint, monkeypatch, capsys.readouterr)
        assert 0 == world.run("init").code
        yield world


def test_object_of_a_submission_file(world: World, server: ObjectServer) -> None:
    """The object is copied and filed, and deleting it at once afterwards harms nothing."""
    url = server.put("cases/mug.jpg", b"a coffee mug")
    path = world.submission(evidence=[{"url": url, "details": {"originalFileName": "mug.jpg"}}])

    assert 0 == world.run("validate", str(path)).code
    assert 0 == world.run("enqueue", str(path)).code
    server.delete("cases/mug.jpg")
    assert 0 == world.run("dispatch", "--drain").code

    assert 1 == len(world.listed("acknowledged"))
    assert 0 == world.run("verify", "--all", "--evidence").code


def test_object_that_is_missing(world: World) -> None:
    """A missing object is named by its URL, and nothing is queued."""
    path = world.submission(evidence=[{"url": "s3://desk/gone.jpg"}])

    ran = world.run("enqueue", str(path))

    assert 2 == ran.code
    assert "('s3://desk/gone.jpg') does not exist" in ran.out + ran.err
    assert [] == world.listed()
