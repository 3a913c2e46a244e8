"""One call over httpx: credentials sent at once and to one host, no redirects, finite waits, a bounded read.

A refusal that comes before the whole request was sent is a reply like any other; a success then is none, because the
endpoint cannot mean what it has not had. httpx's exceptions end here; a test walks all of them.
"""

import functools
import math
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import anyio
import httpcore
import httpx

from tipline_client.delivery.answers import AnswerKind
from tipline_client.errors import ConfigurationError
from tipline_client.evidence.digests import Sha256Pass
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply, StreamedBody
from tipline_client.transport.below_tests import check_may_address
from tipline_client.transport.listening import ListeningBackend
from tipline_client.transport.pool import PoolTransport

__all__ = ["HttpTransport", "no_reply_for"]

_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
    httpx.InvalidURL,
)
"""Raised before a byte of the request can have left."""

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectTimeout, "the connection could not be opened in time"),
    (httpx.ConnectError, "the connection was refused or failed while opening"),
    (httpx.PoolTimeout, "no connection was free in time"),
    (httpx.TimeoutException, "the other side made no progress in time"),
    (httpx.RemoteProtocolError, "the connection ended before a whole reply"),
    (httpx.NetworkError, "the connection broke"),
)


def no_reply_for(error: Exception) -> NoReply:
    """Translate a failure of httpx. What is not certain to be unsent counts as sent."""
    kind = AnswerKind.UNSENT if isinstance(error, _UNSENT) else AnswerKind.UNANSWERED
    reason = next((reason for known, reason in _REASONS if isinstance(error, known)), "the request failed")
    return NoReply(kind, f"{reason} ({type(error).__name__})")


class HttpTransport:
    """A `Transport` over one httpx client.

    A delivery slot has one of its own, with one connection: httpx loses throughput when many tasks share a pool, and a
    slot never has two calls in flight.
    """

    def __init__(self, profile: EndpointProfile, client: httpx.AsyncClient) -> None:
        self._profile = profile
        # Refuses a profile without credentials, before anything is connected.
        self._authorization = profile.authorization
        self._client = client

    @classmethod
    @asynccontextmanager
    async def open(
        cls, profile: EndpointProfile, *, client: httpx.AsyncClient | None = None
    ) -> AsyncIterator["HttpTransport"]:
        """A transport for `profile`, closed at the end of the block.

        Args:
            profile: Where to, and with which credentials.
            client: A client of the caller's, which stays open. Credentials, timeouts and the refusal of redirects are
                set on each request, whatever the client's own are. Whether a refusal in mid-upload is heard when the
                connection breaks after it depends on the client's transport; httpx's own often loses it.

        Raises:
            ConfigurationError: The client has event hooks: they could change a request, turn a refusal that must be
                read into an exception, or write content into a log. Or a test has started this process, and the
                endpoint is not on loopback. Or the profile has no credentials.
        """
        check_may_address(profile)
        if client is not None and any(client.event_hooks.values()):
            raise ConfigurationError(
                "a client with event hooks cannot carry reports", hint="Pass a client without event_hooks."
            )
        if client is not None:
            yield cls(profile, client)
            return
        # The environment is not trusted: a variable must not route evidence through a proxy or swap the CA bundle.
        pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls_context(),
            max_connections=1,
            max_keepalive_connections=0,
            http2=False,
            network_backend=ListeningBackend(),
        )
        async with httpx.AsyncClient(transport=PoolTransport(pool), trust_env=False) as own:
            yield cls(profile, own)

    async def send(self, call: Call) -> Reply | NoReply:
        """Send `call` once; see `Transport.send`."""
        headers = {
            "Authorization": self._authorization,
            "User-Agent": self._profile.user_agent,
            "Accept": "application/xml, text/xml",
            # A compressed reply could be far larger than the cap on what is read.
            "Accept-Encoding": "identity",
            # What arrives on a connection of its own can be the answer to no other call.
            "Connection": "close",
        }
        if call.content_type:
            headers["Content-Type"] = call.content_type
        body = call.body
        if not isinstance(body, StreamedBody):
            body = StreamedBody(len(body), functools.partial(_once, body))
        sending = _Sending(body)
        try:
            if call.method != "POST":
                return await self._exchange(call, headers, sending, None)
            headers["Content-Length"] = str(body.length)
            # Closed here and not by chance: an upload that broke off must let go of its file.
            async with aclosing(sending.chunks()) as content:
                return await self._exchange(call, headers, sending, content)
        finally:
            sending.close()

    async def _exchange(
        self, call: Call, headers: dict[str, str], sending: "_Sending", content: AsyncGenerator[bytes, None] | None
    ) -> Reply | NoReply:
        profile = self._profile
        wait = profile.progress_timeout.total_seconds()
        try:
            request = self._client.build_request(
                call.method,
                profile.base_url + call.path,
                headers=headers,
                content=content,
                timeout=httpx.Timeout(wait, connect=profile.connect_timeout.total_seconds()),
            )
            # So must a head that trickles, or an interim reply after the other: each byte renews httpx's own wait.
            with anyio.fail_after(None) as waiting:
                sending.bound(waiting, to_open=profile.connect_timeout.total_seconds(), wait=wait)
                response = await self._client.send(request, stream=True, auth=_send_as_built, follow_redirects=False)
            try:
                # A reply is small: one that trickles for ever must not hold its slot.
                with anyio.fail_after(wait):
                    body, is_oversized = await _read(response, profile.max_reply_bytes)
            finally:
                await response.aclose()
        except TimeoutError:
            return NoReply(AnswerKind.UNANSWERED, "the reply did not end in time")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return no_reply_for(error)
        if response.is_success and content is not None and not sending.is_whole:
            return NoReply(AnswerKind.UNANSWERED, "a success came before the whole request was sent")
        return Reply(
            status=response.status_code,
            body=body,
            is_oversized=is_oversized,
            request_id=response.headers.get("Request-ID"),
            request_sha256=sending.finish() if content is None or sending.is_whole else None,
        )


@functools.cache
def _tls_context() -> ssl.SSLContext:
    # Reading the certificate authorities takes longer than several calls, and there is a client for each slot.
    return httpx.create_ssl_context(trust_env=False)


def _send_as_built(request: httpx.Request) -> httpx.Request:
    # Given as `auth`, this keeps a client of the caller's from replacing the credentials by its own.
    return request


class _Sending:
    """A body on its way to the connection, and how long may pass before the head of the reply is there."""

    def __init__(self, body: StreamedBody) -> None:
        self.is_whole = False
        self._body = body
        # In a thread, for a large body: the connection takes a chunk while it is digested.
        self._digest_pass = Sha256Pass(expected_size=body.length)
        self._waiting = anyio.CancelScope()
        self._wait = math.inf

    def bound(self, waiting: anyio.CancelScope, *, to_open: float, wait: float) -> None:
        """Let `waiting` end when nothing of the body moves and no head comes; as long as chunks are taken it goes on.

        Args:
            waiting: Ends at its deadline, which is moved.
            to_open: Seconds for opening a connection.
            wait: Seconds without progress.
        """
        self._waiting, self._wait = waiting, wait
        # For a connection to be free, and for the head when there is no body.
        waiting.deadline = anyio.current_time() + to_open + 2 * wait

    def finish(self) -> str:
        """The SHA-256 of all that was sent."""
        return self._digest_pass.finish()

    def close(self) -> None:
        self._digest_pass.close()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._body.chunks()) as chunks:
            async for chunk in chunks:
                self._digest_pass.update(chunk)
                # For the chunk to be taken; and for the head, if the other side refuses in the middle of it.
                self._waiting.deadline = anyio.current_time() + 2 * self._wait
                yield chunk
                # Where the bytes come from may take its time.
                self._waiting.deadline = math.inf
        self._waiting.deadline = anyio.current_time() + self._wait
        # The connection asks for more only when it has taken what it was given.
        self.is_whole = True


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _read(response: httpx.Response, cap: int) -> tuple[bytes, bool]:
    if response.is_stream_consumed:
        # A transport of the caller's own may hand over what it has read already.
        return response.content[:cap], len(response.content) > cap
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > cap:
            return bytes(body[:cap]), True
    return bytes(body), False
