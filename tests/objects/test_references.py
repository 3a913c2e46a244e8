"""Objects that are only referred to: filed from the store, given up when they changed, waited for when it is down."""

import os

import pytest

from tests.acceptance.world import World
from tests.objects.test_submission_file import world as world  # noqa: PLC0414 - the fixture
from tests.support.at_rest import key_of
from tests.support.object_server import ObjectServer
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.evidence import CHUNK, Evidence, EvidenceByMode, EvidenceFolder

SIZE = 9 * 1024 * 1024


def refer(world: World, url: str) -> None:
    path = world.submission(evidence=[{"url": url, "mode": "reference"}])
    assert 0 == world.run("enqueue", str(path)).code
    assert [] == list((world.home / "evidence").rglob("*"))


def test_object_that_stays_where_it_is(world: World, server: ObjectServer) -> None:
    """It is filed from the store, and nothing of it ever lay in the home."""
    refer(world, server.put("mug.jpg", os.urandom(SIZE)))

    assert 0 == world.run("verify", "--all", "--evidence").code
    assert 0 == world.run("dispatch", "--drain").code

    assert 1 == len(world.listed("acknowledged"))
    assert [] == list((world.home / "evidence").rglob("*"))


@pytest.mark.parametrize("change", ["missing", "same size", "longer"])
def test_object_that_changed(world: World, server: ObjectServer, change: str) -> None:
    """A missing or changed object is a dead letter that names it, and nothing is filed."""
    refer(world, server.put("mug.jpg", os.urandom(SIZE)))
    if change == "missing":
        server.delete("mug.jpg")
    else:
        server.put("mug.jpg", os.urandom(SIZE + (change == "longer")))

    ran = world.run("dispatch", "--drain", "--json")

    [entry] = world.listed("dead_letter")
    assert (4, "evidence_changed") == (ran.code, entry["lastError"]["class"])
    assert "s3://desk/mug.jpg" in entry["lastError"]["text"]


def test_store_that_is_down(world: World, server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store cannot be asked the entry waits, with that reason, and is not taken for changed."""
    refer(world, server.put("mug.jpg", os.urandom(SIZE)))
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")

    ran = world.run("dispatch", "--drain", "--patience", "0")

    assert 3 == ran.code
    [entry] = world.listed("queued")
    assert "evidence_unavailable" == entry["lastError"]["class"]


async def test_large_reference(server: ObjectServer, store: EvidenceFolder) -> None:
    """Its bytes come back whole, in chunks of at most 512 KiB."""
    data = os.urandom(SIZE)
    by_mode = EvidenceByMode(store)
    source = Evidence.from_url(server.put("large.bin", data), mode="reference")
    stored = await by_mode.add(source, key=key_of("e1"), index=0)
    item = ManifestItem(0, "x", SIZE, stored.md5, stored.sha1, stored.sha256, stored.locator, {}, stored.reference)

    given = [chunk async for chunk in by_mode.open_verified(item, key=key_of("e1"))]

    assert "s3://desk/large.bin" == item.reference
    assert data == b"".join(given)
    assert max(map(len, given)) <= CHUNK
