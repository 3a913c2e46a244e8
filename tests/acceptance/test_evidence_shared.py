"""Two outboxes that keep their evidence in one place by mistake: neither removes what only the other one names."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tests.support.stage import sample_report
from tipline_client import Options, TiplineClient
from tipline_client.evidence import Evidence


@pytest.fixture
def shared(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with its outbox in a database, and a second one with the same keys, built without that name."""
    place = bare_world.folder / "shared"
    monkeypatch.setenv("TIPLINE_EVIDENCE", str(place))
    assert 0 == bare_world.run("init", "--outbox", _outbox(bare_world)).code
    second = bare_world.folder / "second"
    shutil.copytree(bare_world.home / "keys", second / "keys", copy_function=shutil.copy2)
    return second


def _outbox(world: World) -> str:
    return f"sqlite://{world.folder / 'app.sqlite3'}"


def _age(place: Path, outbox: Path) -> None:
    """As if the evidence had been there for two days, and the outbox in use for three."""
    long_ago = time.time() - 2 * 86400
    for path in place.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    with closing(sqlite3.connect(outbox)) as opened, opened:
        opened.execute("UPDATE entries SET enqueued_at = enqueued_at - 3 * 86400 * 1000000")


def test_host_built_without_the_name(bare_world: World, shared: Path) -> None:
    """It queues in an outbox of its own, and may not take for nobody's what the right one has waiting."""
    assert 0 == bare_world.run("enqueue", str(bare_world.submission("own")), "--home", str(shared)).code
    assert 0 == bare_world.run("enqueue", str(bare_world.submission("case-1")), "--outbox", _outbox(bare_world)).code
    _age(bare_world.folder / "shared", shared / "outbox.sqlite")

    looked = bare_world.run("evidence", "collect", "--home", str(shared), "--json")
    ran = bare_world.run("evidence", "collect", "--yes", "--home", str(shared))

    assert (0, 1) == (looked.code, looked.document["count"])
    assert (5, True) == (ran.code, "another outbox keeps its evidence there too" in ran.err)
    assert 0 == bare_world.run("dispatch", "--drain", "--outbox", _outbox(bare_world)).code
    assert 1 == len(bare_world.endpoint.reports())


def test_mark_of_one_that_is_out_of_use(bare_world: World, shared: Path) -> None:
    """A person who knows that nothing of it is needed removes its mark, as is said, and evidence is collected again."""
    assert 0 == bare_world.run("enqueue", str(bare_world.submission("case-1")), "--outbox", _outbox(bare_world)).code
    assert 0 == bare_world.run("enqueue", str(bare_world.submission("own")), "--home", str(shared)).code
    _age(bare_world.folder / "shared", shared / "outbox.sqlite")
    [other] = bare_world.run("list", "--json", "--outbox", _outbox(bare_world)).document
    refused = bare_world.run("evidence", "collect", "--yes", "--home", str(shared))
    assert f".outboxes/{other['id']}" in refused.err

    (bare_world.folder / "shared" / ".outboxes" / other["id"]).unlink()

    ran = bare_world.run("evidence", "collect", "--yes", "--home", str(shared), "--json")
    assert (0, 1) == (ran.code, ran.document["count"])


def test_marks_of_a_dispatcher_and_of_tests(bare_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who delivers leaves the mark too, for reports that came with the caller's transaction; a test leaves none."""
    file, place = bare_world.folder / "app.sqlite3", tmp_path / "evidence"
    monkeypatch.setenv("TIPLINE_EVIDENCE", str(place))
    mug = [Evidence.from_bytes(b"a coffee mug", name="mug.txt")]

    def opened(options: Options | None = None) -> TiplineClient:
        return TiplineClient.open(
            bare_world.home,
            profile=bare_world.endpoint.profile,
            outbox=f"sqlite://{file}",
            evidence=place,
            options=options,
        )

    with opened(Options(remembers_outbox=False)) as client:
        client.enqueue(sample_report("test"), evidence=mug, idempotency_key="test")
    assert not (place / ".outboxes").exists()
    with opened() as client, closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("BEGIN IMMEDIATE")
        client.enqueue(sample_report("one"), evidence=mug, idempotency_key="one", connection=connection)
        connection.execute("COMMIT")
        first = client.find("test")
    assert first is not None
    mark = place / ".outboxes" / first.id
    mark.unlink()

    assert 0 == bare_world.run("dispatch", "--drain", "--outbox", f"sqlite://{file}").code

    assert [mark] == list(mark.parent.iterdir())
