"""Calls over real connections to a server that keeps every byte it got: framing, closings, slowness, redirects."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import anyio
import httpx
import pytest

from tests.support.serving import Serve, serving
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.errors import EvidenceError
from tipline_client.mock import faults
from tipline_client.profiles import EndpointProfile, mock
from tipline_client.profiles.exchange import Call, NoReply, Reply, StreamedBody
from tipline_client.profiles.requests import finish_call, status_call
from tipline_client.transport import HttpTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nreQuest-iD: r-1\r\nSet-Cookie: node=a\r\n\r\nok"


@asynccontextmanager
async def _serving(serve: Serve) -> AsyncIterator[EndpointProfile]:
    async with serving(serve) as port:
        yield mock(f"http://127.0.0.1:{port}/ispws", progress_timeout=timedelta(seconds=0.3))


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
    return head, await reader.readexactly(int(lengths[0])) if lengths else b""


async def _pause(reader: asyncio.StreamReader) -> None:
    """Part of the time after which no progress counts as none; over at once when the other side goes away."""
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)


def _streamed(*chunks: bytes, length: int | None = None, failure: Exception | None = None) -> Call:
    async def produce() -> AsyncGenerator[bytes, None]:
        for chunk in chunks:
            yield chunk
        if failure is not None:
            raise failure

    size = sum(map(len, chunks)) if length is None else length
    return Call(Step.UPLOAD, "POST", "/upload", "text/plain", StreamedBody(size, produce))


async def test_upload_states_its_exact_length() -> None:
    """A streamed body goes out with its exact length and unchunked, under credentials that nobody asked for first."""
    heads: list[str] = []
    bodies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await _request(reader)
        heads.append(head)
        bodies.append(body)
        writer.write(OK)
        await writer.drain()

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(_streamed(b"coffee ", b"mug"))

    assert isinstance(reply, Reply)
    assert ("r-1", [b"coffee mug"]) == (reply.request_id, bodies)
    assert "content-length: 10\r\n" in heads[0].lower()
    assert "transfer-encoding" not in heads[0].lower()
    assert f"authorization: {profile.authorization}".lower() in heads[0].lower()


async def test_file_that_changes_between_digest_and_send() -> None:
    """Evidence that fails before its last byte leaves the request incomplete: the server never has a whole one."""
    arrived: list[bytes] = []
    has_ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.read())
        has_ended.set()

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        with pytest.raises(EvidenceError):
            await transport.send(_streamed(b"coffee ", length=10, failure=EvidenceError("evidence[0] changed")))
        await has_ended.wait()

    [request] = arrived
    assert len(request.partition(b"\r\n\r\n")[2]) < 10


async def test_redirect_with_credentials_at_stake() -> None:
    """A redirect is an answer like any other; nobody else is ever addressed."""
    elsewhere: list[str] = []

    async def serve_elsewhere(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        elsewhere.append((await _request(reader))[0])

    async with _serving(serve_elsewhere) as other:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _request(reader)
            writer.write(f"HTTP/1.1 307 x\r\nLocation: {other.base_url}/finish\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()

        async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
            reply = await transport.send(finish_call(7))

    assert isinstance(reply, Reply)
    assert (307, []) == (reply.status, elsewhere)


async def test_two_steps_one_after_the_other() -> None:
    """Each step has a connection of its own, also where the server would keep it, and takes the cookies along."""
    heads: list[str] = []
    is_over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await _request(reader))[0])
        writer.write(OK)
        await writer.drain()
        await is_over.wait()

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        replies = [await transport.send(status_call()) for _ in range(2)]
        is_over.set()

    assert [200, 200] == [reply.status for reply in replies if isinstance(reply, Reply)]
    assert ["connection: close"] * 2 == [
        line for head in heads for line in head.lower().split("\r\n") if line.startswith("connection:")
    ]
    assert "cookie: node=a" in heads[1].lower()


@pytest.mark.parametrize("answer", [b"", OK[:40], OK[:-1]])
async def test_no_progress(answer: bytes) -> None:
    """A server that stops in the middle of its answer is given up in time: unanswered, not unsent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(answer)
        await writer.drain()
        await reader.read()

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(finish_call(7))

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED == reply.kind


async def test_reply_whose_body_trickles() -> None:
    """A body that comes byte by byte is progress, and yet no reply: it holds its slot no longer than one silence."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
            writer.write(b"m")
            await writer.drain()
            await _pause(reader)

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(finish_call(7))

    assert isinstance(reply, NoReply)
    assert (AnswerKind.UNANSWERED, "the reply did not end in time") == (reply.kind, reply.reason)


@pytest.mark.parametrize("call", [finish_call(7), status_call()], ids=["with a body", "without"])
@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Pad: ", b"a"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a"),
    ],
    ids=["head", "interim replies", "body"],
)
@pytest.mark.parametrize("is_borrowed", [False, True], ids=["own client", "client of the caller's"])
async def test_answer_that_trickles_for_ever(begin: bytes, drip: bytes, call: Call, is_borrowed: bool) -> None:
    """Bytes that lead to no answer do not hold the slot: given up in time, as unanswered."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(begin)
        while True:
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(0.05)

    async with AsyncExitStack() as opened:
        profile = replace(await opened.enter_async_context(_serving(serve)), connect_timeout=timedelta(seconds=0.3))
        client = await opened.enter_async_context(httpx.AsyncClient()) if is_borrowed else None
        transport = await opened.enter_async_context(HttpTransport.open(profile, client=client))
        with anyio.fail_after(10):
            reply = await transport.send(call)

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED == reply.kind


async def test_refusal_in_mid_upload_whose_head_trickles() -> None:
    """Whoever refuses in the middle of an upload, and then says no whole sentence, is given up in time too."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nX-Pad: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        with anyio.fail_after(10):
            reply = await transport.send(_streamed(*[b"coffee mug " * 100_000] * 40))

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED == reply.kind


async def test_slow_but_steady_upload() -> None:
    """An upload longer than every timeout goes through as long as it progresses."""
    loop = asyncio.get_running_loop()

    async def produce() -> AsyncGenerator[bytes, None]:
        for _ in range(5):
            # A disk that takes its time; the wait is what is tried here.
            is_read = asyncio.Event()
            loop.call_later(0.1, is_read.set)
            await is_read.wait()
            yield b"mug "

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(OK)
        await writer.drain()

    call = Call(Step.UPLOAD, "POST", "/upload", "text/plain", StreamedBody(20, produce))
    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(call)

    assert isinstance(reply, Reply)


async def test_nobody_listens() -> None:
    """A refused connection is certain: unsent."""
    async with _serving(lambda *_: asyncio.sleep(0)) as profile:
        pass

    async with HttpTransport.open(profile) as transport:
        reply = await transport.send(finish_call(7))

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNSENT == reply.kind


async def test_endless_reply() -> None:
    """A reply of a hundred megabytes is read up to the cap and no further."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(100):
            writer.write(b" " * 1_000_000)
            await writer.drain()

    async with _serving(serve) as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(finish_call(7))

    assert isinstance(reply, Reply)
    assert (True, profile.max_reply_bytes) == (reply.is_oversized, len(reply.body))


async def test_evidence_altered_after_it_was_queued(stage: Stage) -> None:
    """A copy that was altered after sealing is never filed: given up with an alarm, and nothing stays open."""
    entry = await stage.enqueue()
    copies = sorted(path for path in (stage.folder / "evidence").rglob("*") if path.is_file())
    copies[0].chmod(0o600)
    copies[0].write_bytes(copies[0].read_bytes()[:-1] + b"?")

    await stage.conductor().drain(patience=DAYS)

    dead, summary = await stage.outbox.get(entry.id), stage.endpoint.summary()
    assert (State.DEAD_LETTER, 0, 0) == (dead.state, summary["finished"], summary["open"])
    [alarm] = await stage.outbox.alarms(is_open=True)
    assert AlarmKind.EVIDENCE_CHANGED == alarm.kind


async def test_credentials_refused_and_then_put_right(stage: Stage) -> None:
    """Wrong credentials cost no attempt and give nothing up; with the right ones the same entry is filed."""
    entry = await stage.enqueue()
    right, stage.profile = stage.profile, replace(stage.profile, password="another mug")

    summary = await stage.conductor().drain(patience=DAYS)

    waiting = await stage.outbox.get(entry.id)
    assert summary.incident is not None
    assert (True, State.QUEUED, 0) == (summary.incident.is_denial, waiting.state, waiting.attempts)
    # No fault of the entry's: it is due at once when the lane goes on.
    assert 0 == waiting.checkpoint.setbacks
    assert waiting.available_at <= stage.clock.now()
    stage.profile = right
    await stage.conductor().drain(patience=DAYS)
    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state


async def test_connection_closed_after_every_step(stage: Stage) -> None:
    """A server that closes after each answer costs nothing but connections."""
    entry = await stage.enqueue()
    for step in ("submit", "upload", "fileinfo", "finish"):
        stage.endpoint.faults.script(step, faults.close(), faults.close())

    await stage.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state
    assert 1 == stage.endpoint.summary()["finished"]
