"""Copies of evidence in a real S3-compatible store: what befalls them under way, and stores that do not serve."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import anyio
import obstore
import pytest
from obstore.store import S3Store

from tests.acceptance.world import World
from tests.objects.test_submission_file import world as world  # noqa: PLC0414 - the fixture
from tests.support.at_rest import key_of
from tests.support.object_server import BUCKET, ObjectServer
from tests.support.shelves import BucketShelf, held, item_for, pieces, read
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import (
    ConfigurationError,
    EvidenceError,
    EvidenceUnavailableError,
    OutboxUnavailableError,
)
from tipline_client.evidence import Evidence, EvidenceBucket
from tipline_client.evidence.uploading import PART

MUG = Evidence.from_bytes(b"a coffee mug", name="mug.txt")
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def shelf(server: ObjectServer) -> BucketShelf:
    return BucketShelf(server.store())


def url_of(shelf: BucketShelf) -> str:
    return f"s3://{BUCKET}/{shelf.prefix}"


class Between(BaseHTTPRequestHandler):
    """Hands requests on to the real store; large bodies arrive with their last byte changed, or are answered by 503."""

    real = ""
    fault = ""
    heads: list[dict[str, str]]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heads.append({name.lower(): value for name, value in self.headers.items()})
        is_large = len(body) > 64
        if is_large and self.fault == "503":
            self._answer(503, [], b"")
        else:
            self._hand_on(body[:-1] + bytes([body[-1] ^ 1]) if is_large else body)

    def do_POST(self) -> None:
        self._hand_on(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def do_HEAD(self) -> None:
        self._hand_on(b"")

    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_DELETE(self) -> None:
        self._hand_on(b"")

    def _hand_on(self, body: bytes) -> None:
        with closing(HTTPConnection(self.real)) as connection:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            reply = connection.getresponse()
            self._answer(reply.status, reply.getheaders(), reply.read())

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        # Whoever was refused one part does not wait for the answers about the others.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def between(server: ObjectServer, fault: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    heads: list[dict[str, str]] = []
    facts = {"real": urlsplit(server.endpoint).netloc, "heads": heads, "fault": fault}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Between,), facts)) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}", heads
        finally:
            proxy.shutdown()


async def test_place_that_a_url_names(shelf: BucketShelf) -> None:
    """Copies lie under the prefix of the URL, and are shown by it."""
    store = EvidenceBucket.from_url(f"{url_of(shelf)}/")

    stored = await store.add(MUG, key=key_of("e1"), index=0)

    assert ["e1/0.bin"] == shelf.names()
    assert b"a coffee mug" == await read(store, item_for(stored))
    assert url_of(shelf) == store.shown


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://", "names no place"),
        ("s3://user:planted@desk/x", "holds credentials"),
        ("s3://desk/x?versionId=planted", "holds a query"),
        ("s3://desk/../x", "as one"),
        ("s3://desk//x", "empty part"),
        ("file:///var/evidence", "is a folder"),
        ("ftp://desk/x", "of no scheme"),
    ],
)
def test_url_that_names_no_place(url: str, words: str) -> None:
    """What evidence cannot be kept in is refused when it is set, and no message shows credentials or a query."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        EvidenceBucket.from_url(url)

    assert "planted" not in str(refused.value)


@pytest.mark.parametrize("size", [100, 2 * PART])
async def test_bytes_altered_on_the_way_to_the_store(
    shelf: BucketShelf, server: ObjectServer, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The store compares what comes with the checksum that goes along, and takes nothing else."""
    with between(server, "altered") as (address, heads):
        monkeypatch.setenv("AWS_ENDPOINT", address)
        store = EvidenceBucket.from_url(url_of(shelf))
        with pytest.raises(OutboxUnavailableError, match="could not be written: the store"):
            await store.add(Evidence.from_bytes(bytes(size), name="x"), key=key_of("e1"), index=0)

    assert [] == shelf.names()
    assert all("x-amz-checksum-sha256" in head for head in heads)


@pytest.mark.parametrize("size", [3, 2 * PART])
async def test_store_without_conditional_writes(shelf: BucketShelf, server: ObjectServer, size: int) -> None:
    """Where a store has none, a copy is looked for before it is written."""
    objects = S3Store(
        BUCKET,
        endpoint=server.endpoint,
        client_options={"allow_http": True},
        conditional_put="disabled",
        retry_config={"max_retries": 0},
    )
    store = EvidenceBucket(objects, prefix=shelf.prefix)
    evidence = Evidence.from_bytes(os.urandom(size), name="x")
    first = await store.add(evidence, key=key_of("e1"), index=0)

    with pytest.raises(EvidenceError, match="is stored already"):
        await store.add(evidence, key=key_of("e1"), index=0)

    assert size == len(await read(store, item_for(first)))
    assert ["e1/0.bin"] == shelf.names()


async def test_store_that_fails_on_the_way(shelf: BucketShelf, server: ObjectServer) -> None:
    """A store that takes no part of a large copy is named as the reason, and nothing is left that passes for a copy."""
    with between(server, "503") as (address, _):
        objects = S3Store(
            BUCKET, endpoint=address, client_options={"allow_http": True}, retry_config={"max_retries": 0}
        )
        store = EvidenceBucket(objects, prefix=shelf.prefix)
        with pytest.raises(OutboxUnavailableError, match=r"gives no usable answer.*nothing was queued"):
            await store.add(Evidence.from_stream(pieces(bytes(4 * PART)), name="x"), key=key_of("e1"), index=0)

    assert [] == shelf.names()


@pytest.mark.parametrize("wrong", ["down", "secret", "user", "bucket"])
async def test_store_that_does_not_serve(
    shelf: BucketShelf, server: ObjectServer, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Of a copy in a store that is down, refuses or has no such bucket, nothing is known: it can be had later."""
    stored = await shelf.store.add(MUG, key=key_of("e1"), index=0)
    url = url_of(shelf) if wrong != "bucket" else f"s3://nowhere/{shelf.prefix}"
    user, secret = ("stranger", None) if wrong == "user" else ("owner", "planted" if wrong == "secret" else None)
    for name, value in server.environment(user=user, secret=secret).items():
        monkeypatch.setenv(name, NOWHERE if wrong == "down" and name == "AWS_ENDPOINT" else value)
    store = EvidenceBucket.from_url(url)

    with pytest.raises(EvidenceUnavailableError, match=r"^evidence\[0\]: the stored copy"):
        await store.check(item_for(stored))
    with pytest.raises(EvidenceUnavailableError, match=r"^evidence\[0\]: the stored copy"):
        await read(store, item_for(stored))
    with pytest.raises(OutboxUnavailableError, match="cannot be looked through"):
        await held(store)


@pytest.mark.parametrize("wrong", ["down", "secret", "user"])
async def test_store_that_takes_nothing(
    shelf: BucketShelf, server: ObjectServer, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """What cannot be written is not queued, and the error says why without a word of the store's."""
    user, secret = ("stranger", None) if wrong == "user" else ("owner", "planted" if wrong == "secret" else None)
    for name, value in server.environment(user=user, secret=secret).items():
        monkeypatch.setenv(name, NOWHERE if wrong == "down" and name == "AWS_ENDPOINT" else value)
    store = EvidenceBucket.from_url(url_of(shelf))
    words = "gives no usable answer" if wrong == "down" else "refuses"

    for size in (3, 2 * PART):
        with pytest.raises(OutboxUnavailableError, match=rf"the store {words}.*nothing was queued") as refused:
            await store.add(Evidence.from_bytes(bytes(size), name="x"), key=key_of("e1"), index=0)
        assert "planted" not in str(refused.value)
    with pytest.raises(OutboxUnavailableError, match="could not be removed"):
        await store.discard("e1")
    with pytest.raises(OutboxUnavailableError, match="cannot be written to"):
        await store.try_out()

    assert [] == shelf.names()


async def test_store_that_is_tried(shelf: BucketShelf) -> None:
    """Trying a store leaves nothing in it."""
    await shelf.store.try_out()

    assert [] == shelf.names()
    assert {} == await held(shelf.store)


KILLED = """
import asyncio, sys
from tipline_client.evidence import Evidence, EvidenceBucket
from tipline_client.vault import DataKey

async def stalling():
    for _ in range(int(sys.argv[2])):
        yield bytes(1024 * 1024)
    print("half", flush=True)
    await asyncio.sleep(600)

evidence = Evidence.from_stream(stalling(), name="x")
store = EvidenceBucket.from_url(sys.argv[1])
asyncio.run(store.add(evidence, key=DataKey(b"e1".ljust(32, b"."), entry_id="e1"), index=0))
"""


@pytest.mark.parametrize("mebibytes", [2, 40])
def test_killed_in_mid_copy(shelf: BucketShelf, mebibytes: int) -> None:
    """A process killed in mid-copy leaves nothing that passes for a copy, and discarding the entry clears the way."""
    child = subprocess.Popen([sys.executable, "-c", KILLED, url_of(shelf), str(mebibytes)], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert b"half\n" == child.stdout.readline()
        child.kill()
    item = ManifestItem(0, "x", mebibytes * 1024 * 1024, "a" * 32, "b" * 40, "c" * 64, "e1/0.bin", {})

    left = shelf.names()

    assert (-signal.SIGKILL, ["e1/0.part"] if mebibytes == 40 else []) == (child.returncode, left)
    assert all(holding.has_draft for holding in anyio.run(held, shelf.store).values())
    with pytest.raises(EvidenceError, match="does not exist"):
        anyio.run(shelf.store.check, item)
    anyio.run(shelf.store.discard, "e1")
    assert [] == shelf.names()


async def test_two_copies_into_one_place_at_once(shelf: BucketShelf) -> None:
    """Of two large copies that are made in one place at the same time, one is made and the other refused."""
    ended: list[str] = []

    async def copy(letter: bytes) -> None:
        try:
            await shelf.store.add(Evidence.from_bytes(letter * (3 * PART), name="x"), key=key_of("e1"), index=0)
        except (EvidenceError, OutboxUnavailableError):
            ended.append("refused")
        else:
            ended.append("made")

    async with anyio.create_task_group() as both:
        both.start_soon(copy, b"a")
        both.start_soon(copy, b"b")

    assert ["made", "refused"] == sorted(ended)
    assert ["e1/0.bin"] == shelf.names()


def test_reports_with_copies_in_a_bucket(world: World, shelf: BucketShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queued and filed by the command, with nothing of the evidence in the home; a store that is down is waited for."""
    monkeypatch.setenv("TIPLINE_EVIDENCE", url_of(shelf))
    for key in ("case-1", "case-2"):
        assert 0 == world.run("enqueue", str(world.submission(key))).code
    real = os.environ["AWS_ENDPOINT"]

    monkeypatch.setenv("AWS_ENDPOINT", NOWHERE)
    waiting = world.run("dispatch", "--drain", "--patience", "0")
    refused = world.run("enqueue", str(world.submission("case-3")))
    ill = world.run("doctor", "--offline", "--json").document
    monkeypatch.setenv("AWS_ENDPOINT", real)

    assert (3, 2) == (waiting.code, len(world.listed("queued")))
    assert refused.code not in {0, 3}
    assert ["problem"] == [check["grade"] for check in ill["checks"] if check["name"] == "evidence"]
    assert 2 == sum(name.endswith(".bin") for name in shelf.names())
    monkeypatch.setenv("TIPLINE_EVIDENCE", f"{url_of(shelf)}/")
    for entry in world.listed("queued"):
        assert "evidence_unavailable" == entry["lastError"]["class"]
    assert [] == list((world.home / "evidence").rglob("*"))


def test_doctor_with_copies_in_a_bucket(world: World, shelf: BucketShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is tried, and evidence that no entry claims is named by where it lies."""
    monkeypatch.setenv("TIPLINE_EVIDENCE", url_of(shelf))

    ran = world.run("doctor", "--offline", "--json")

    checks = {check["name"]: check for check in ran.document["checks"]}
    assert ("ok", "ok") == (checks["evidence"]["grade"], checks["unclaimed evidence"]["grade"])
    assert url_of(shelf) in checks["evidence"]["detail"]
    assert url_of(shelf) in checks["setting evidence"]["detail"]
    assert [] == shelf.names()
    assert obstore.head(shelf.objects, f"{shelf.prefix}-beside/e1/0.bin")
