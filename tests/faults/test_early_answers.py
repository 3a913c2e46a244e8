"""Endpoints that answer while the request is still being sent, and then close, reset, or just stop reading."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.serving import serving
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.profiles import EndpointProfile, mock
from tipline_client.profiles.exchange import Call, NoReply, Reply, StreamedBody
from tipline_client.transport import HttpTransport
from tipline_client.transport.listening import ListeningBackend
from tipline_client.transport.pool import PoolTransport

SMALL, LARGE = 2_000, 50_000_000
CHUNK = 512 * 1024
ENDINGS = ["reset", "close", "read on", "stop reading"]


class Refuser:
    """Answers as soon as it has the headers, then ends in one of several ways.

    Args:
        answer: What it says, byte for byte.
        ending: One of `ENDINGS`.
        listens_to: How many bytes of the body it takes before it answers.
    """

    def __init__(self, answer: bytes, ending: str, *, listens_to: int = 100) -> None:
        self.connections = 0
        self._answer = answer
        self._ending = ending
        self._listens_to = listens_to

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(self._listens_to)
        writer.write(self._answer)
        await writer.drain()
        match self._ending:
            case "reset":
                # Lingering for no time at all makes the system send a reset instead of a farewell.
                lingering = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
                writer.transport.abort()
            case "close":
                writer.close()
            case "read on":
                while await reader.read(CHUNK):
                    pass
                writer.close()
            case "stop reading":
                await asyncio.Event().wait()

    @asynccontextmanager
    async def running(self, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[EndpointProfile]:
        async with serving(self.serve, tls=tls) as port:
            profile = mock(f"http://127.0.0.1:{port}/ispws", progress_timeout=timedelta(seconds=0.3))
            yield profile if tls is None else replace(profile, base_url=f"https://127.0.0.1:{port}/ispws")


def _answer(status: int, body: bytes = b"not now") -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nRequest-ID: r-1\r\n\r\n%s" % (status, len(body), body)


class Upload:
    """A generated body that counts what is taken of it.

    Args:
        size: In bytes.
    """

    def __init__(self, size: int) -> None:
        self.taken = 0
        self.is_closed = False
        self.call = Call(Step.UPLOAD, "POST", "/upload", "text/plain", StreamedBody(size, self._chunks))
        self._size = size

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            while self.taken < self._size:
                count = min(CHUNK if self._size > CHUNK else self._size // 4, self._size - self.taken)
                self.taken += count
                yield bytes(count)
                # What takes time with a real file; the answer may come meanwhile.
                await asyncio.sleep(0)
        finally:
            self.is_closed = True


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("status", [401, 413, 503])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_refused_in_mid_upload(ending: str, status: int, size: int) -> None:
    """A refusal that reached us is the answer, however the connection ends after it; the file is let go."""
    refuser, upload = Refuser(_answer(status), ending), Upload(size)

    async with refuser.running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(upload.call)

    assert isinstance(reply, Reply)
    assert (status, b"not now", "r-1") == (reply.status, reply.body, reply.request_id)
    assert upload.is_closed


async def test_refused_by_an_endpoint_that_reads_on() -> None:
    """What was refused is not sent to its end: the rest of a large file stays here, and its digest is not claimed."""
    upload = Upload(LARGE)

    async with Refuser(_answer(413), "read on").running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(upload.call)

    assert isinstance(reply, Reply)
    assert (True, None) == (upload.taken < LARGE, reply.request_sha256)


async def test_next_call_after_a_refusal() -> None:
    """A connection on which a request was broken off is not used again."""
    refuser = Refuser(_answer(503), "read on")

    async with refuser.running() as profile, HttpTransport.open(profile) as transport:
        replies = [await transport.send(Upload(LARGE).call) for _ in range(2)]

    assert [503, 503] == [reply.status for reply in replies if isinstance(reply, Reply)]
    assert 2 == refuser.connections


@pytest.mark.parametrize("ending", ["reset", "close"])
async def test_refusal_cut_in_the_middle(ending: str) -> None:
    """A reply of which a part is missing stays no reply, whatever its first line says."""
    cut = _answer(401, b"not now, and for a long reason")[:-9]

    async with Refuser(cut, ending).running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(Upload(LARGE).call)

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED == reply.kind


@pytest.mark.parametrize("ending", ["reset", "close"])
async def test_reply_of_unknown_length_before_a_reset(ending: str) -> None:
    """A reply that only the end of the connection would end is not taken for whole when a reset ends it."""
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<reportResponse>"

    async with Refuser(endless, ending).running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(Upload(LARGE).call)

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED == reply.kind


@pytest.mark.parametrize("ending", ["reset", "close", "stop reading"])
async def test_success_before_the_whole_request_was_sent(ending: str) -> None:
    """A success for what the endpoint cannot have had is not believed: unanswered."""
    upload = Upload(LARGE)

    async with Refuser(_answer(200), ending).running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(upload.call)

    assert isinstance(reply, NoReply)
    assert (AnswerKind.UNANSWERED, True) == (reply.kind, upload.taken < LARGE)


async def test_success_from_an_endpoint_that_reads_on() -> None:
    """An endpoint that answers first and reads the rest gets all of it, and its success is believed."""
    upload = Upload(LARGE)

    async with Refuser(_answer(200), "read on").running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(upload.call)

    assert isinstance(reply, Reply)
    assert (200, LARGE) == (reply.status, upload.taken)
    assert reply.request_sha256 is not None


@pytest.mark.parametrize("ending", ["reset", "close"])
async def test_no_answer_at_all_in_mid_upload(ending: str) -> None:
    """A connection that breaks without a word is unanswered, never unsent."""
    async with Refuser(b"", ending).running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(Upload(LARGE).call)

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED == reply.kind


async def test_endpoint_that_stops_reading_without_a_word() -> None:
    """An upload that makes no progress is given up in time: unanswered."""
    async with Refuser(b"", "stop reading").running() as profile, HttpTransport.open(profile) as transport:
        reply = await transport.send(Upload(LARGE).call)

    assert isinstance(reply, NoReply)
    assert (AnswerKind.UNANSWERED, True) == (reply.kind, "progress" in reply.reason)


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context and that of a client which trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + pem)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


@asynccontextmanager
async def _trusting(profile: EndpointProfile, tls: ssl.SSLContext) -> AsyncIterator[HttpTransport]:
    pool = httpcore.AsyncConnectionPool(ssl_context=tls, max_connections=1, network_backend=ListeningBackend())
    async with (
        httpx.AsyncClient(transport=PoolTransport(pool), trust_env=False) as client,
        HttpTransport.open(profile, client=client) as transport,
    ):
        yield transport


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_refused_in_mid_upload_under_tls(tmp_path: Path, ending: str, size: int) -> None:
    """Encrypted connections deliver an early refusal too, past the tickets that TLS sends of its own."""
    server_tls, client_tls = _certificate(tmp_path)
    refuser = Refuser(_answer(401), ending)

    async with refuser.running(tls=server_tls) as profile, _trusting(profile, client_tls) as transport:
        reply = await transport.send(Upload(size).call)

    assert isinstance(reply, Reply)
    assert (401, b"not now") == (reply.status, reply.body)


async def test_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    """A connection that TLS refuses is certain: unsent."""
    server_tls, _ = _certificate(tmp_path)

    async with (
        Refuser(_answer(200), "close").running(tls=server_tls) as profile,
        HttpTransport.open(profile) as transport,
    ):
        reply = await transport.send(Upload(SMALL).call)

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNSENT == reply.kind


async def test_credentials_refused_in_mid_upload(stage: Stage) -> None:
    """An entry whose upload meets refused credentials waits, no attempt burned; then its report is replaced."""
    entry = await stage.enqueue()
    is_first = True

    class Detour(HttpTransport):
        """Sends the first upload to somebody who refuses it."""

        async def send(self, call: Call) -> Reply | NoReply:
            nonlocal is_first
            if call.step is not Step.UPLOAD or not is_first:
                return await super().send(call)
            is_first = False
            async with Refuser(_answer(401, b""), "reset").running() as profile, HttpTransport.open(profile) as other:
                return await other.send(call)

    @asynccontextmanager
    async def open_detour(profile: EndpointProfile) -> AsyncIterator[HttpTransport]:
        async with httpx.AsyncClient() as client:
            yield Detour(profile, client)

    await stage.conductor(open_transport=open_detour).drain(patience=DAYS)

    filed, summary = await stage.outbox.get(entry.id), stage.endpoint.summary()
    assert (State.ACKNOWLEDGED, 1) == (filed.state, filed.attempts)
    assert (1, 1, 0) == (summary["finished"], summary["retracted"], summary["stray_files"])
