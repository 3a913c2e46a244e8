"""One call over httpx: every failure translated, credentials always ours, nothing taken from the environment."""

import inspect
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.errors import ConfigurationError, EvidenceError
from tipline_client.profiles import mock
from tipline_client.profiles.exchange import Call, NoReply, Reply, StreamedBody
from tipline_client.profiles.requests import finish_call, status_call, submit_call
from tipline_client.transport import HttpTransport
from tipline_client.transport.http import no_reply_for

PROFILE = mock("http://127.0.0.1:9/ispws", username="sample", password="mug")
UNSENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError", "InvalidURL"}


def _exceptions() -> list[type[Exception]]:
    # A conflict of cookies is raised only to whoever asks a jar for one by name, which nobody does here.
    return [
        thing
        for _, thing in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(thing, Exception) and thing is not httpx.CookieConflict
    ]


def _made(kind: type[Exception]) -> Exception:
    match kind.__name__:
        case "HTTPStatusError":
            request = httpx.Request("GET", "http://127.0.0.1:9")
            return httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
        case "StreamConsumed" | "StreamClosed" | "ResponseNotRead" | "RequestNotRead":
            return kind()
    return kind("secret text")


async def _send(handler: Callable[[httpx.Request], httpx.Response], **client: Any) -> Reply | NoReply:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), **client) as borrowed:
        return await _send_by(borrowed, finish_call(7))


async def _send_by(client: httpx.AsyncClient, call: Call) -> Reply | NoReply:
    async with HttpTransport.open(PROFILE, client=client) as transport:
        return await transport.send(call)


@pytest.mark.parametrize("kind", _exceptions(), ids=lambda kind: kind.__name__)
async def test_every_exception_of_the_library(kind: type[Exception]) -> None:
    """Whatever httpx raises becomes "no reply", and "unsent" only where no byte can have left."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise _made(kind)

    reply = await _send(fail)

    expected = AnswerKind.UNSENT if kind.__name__ in UNSENT else AnswerKind.UNANSWERED
    assert isinstance(reply, NoReply)
    assert (expected, False) == (reply.kind, "secret" in reply.reason)


def test_names_of_what_is_certainly_unsent() -> None:
    """The list of exceptions before the first byte is complete and has no other name in it."""
    unsent = {kind.__name__ for kind in _exceptions() if no_reply_for(_made(kind)).kind is AnswerKind.UNSENT}

    assert UNSENT == unsent


async def test_client_passed_in_with_settings_of_its_own() -> None:
    """A client with other credentials, address, headers and redirects still sends our credentials to our address."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(307, headers={"location": "http://127.0.0.1:10/elsewhere"})

    reply = await _send(
        answer,
        auth=("stranger", "password"),
        follow_redirects=True,
        base_url="http://127.0.0.1:11/other",
        headers={"Authorization": "Bearer stranger", "User-Agent": "stranger"},
        timeout=None,
    )

    [request] = seen
    assert isinstance(reply, Reply)
    assert 307 == reply.status
    assert PROFILE.authorization == request.headers["authorization"]
    assert ("http://127.0.0.1:9/ispws/finish", "tipline-client") == (str(request.url), request.headers["user-agent"])
    assert 60.0 == request.extensions["timeout"]["read"]


@pytest.mark.parametrize("event", ["request", "response"])
async def test_client_passed_in_with_event_hooks(event: str) -> None:
    """A client whose hooks could change a call or raise for a refusal is not accepted."""

    async def hook(_: object) -> None:
        raise AssertionError

    client = httpx.AsyncClient(event_hooks={event: [hook]})

    with pytest.raises(ConfigurationError):
        await HttpTransport.open(PROFILE, client=client).__aenter__()

    await client.aclose()


async def test_client_passed_in_stays_open() -> None:
    """A borrowed client is given back as it was, open."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))

    async with HttpTransport.open(PROFILE, client=client) as transport:
        await transport.send(status_call())

    assert not client.is_closed
    await client.aclose()


async def test_proxy_and_certificates_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment routes a call through a proxy or swaps the certificates."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/authorities.pem")
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")

    async with HttpTransport.open(PROFILE) as transport:
        client = transport._client

    assert (False, {}) == (client.trust_env, client._mounts)


async def test_reply_at_the_cap_and_beyond() -> None:
    """A reply is read up to the cap; one byte more is noticed and not kept."""
    cap = PROFILE.max_reply_bytes

    whole = await _send(lambda _: httpx.Response(200, content=b"x" * cap))
    over = await _send(lambda _: httpx.Response(200, content=b"x" * (cap + 1)))

    assert isinstance(whole, Reply)
    assert isinstance(over, Reply)
    assert [(cap, False), (cap, True)] == [(len(reply.body), reply.is_oversized) for reply in (whole, over)]


@pytest.mark.parametrize("name", ["Request-ID", "request-id", "REQUEST-ID"])
async def test_request_id_in_any_case(name: str) -> None:
    """The endpoint's request id is found however its header is spelled."""
    reply = await _send(lambda _: httpx.Response(200, headers={name: "r-17"}))

    assert isinstance(reply, Reply)
    assert "r-17" == reply.request_id


async def test_xml_call_says_its_charset() -> None:
    """A document goes out as it is, with the content type that the documentation insists on."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await _send_by(client, submit_call("<report>Zoë</report>".encode()))

    [request] = seen
    assert ("text/xml; charset=utf-8", "identity") == (
        request.headers["content-type"],
        request.headers["accept-encoding"],
    )
    assert "<report>Zoë</report>" == request.content.decode()


async def test_evidence_that_fails_while_it_streams() -> None:
    """A file that changes under way raises to the caller, who knows what to do, and its source is closed."""
    is_closed = False

    async def chunks() -> AsyncGenerator[bytes, None]:
        nonlocal is_closed
        try:
            yield b"half"
            raise EvidenceError("evidence[0] is not what was sealed")
        finally:
            is_closed = True

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200)

    streamed = Call(Step.UPLOAD, "POST", "/upload", "text/plain", StreamedBody(8, chunks))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(EvidenceError):
            await _send_by(client, streamed)

    assert is_closed


def test_wait_for_progress_is_finite() -> None:
    """Every profile waits for progress for a finite time."""
    assert timedelta(0) < PROFILE.progress_timeout < timedelta(hours=1)
