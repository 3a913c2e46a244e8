"""Runs an ASGI application on a loopback port, in a thread of its own or in the foreground.

uvicorn is kept from touching the host's logging, from logging requests, and from waiting for idle connections at the
end. Which application it serves is not its business.
"""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tipline_client._threads import begin as begin_thread
from tipline_client.errors import ConfigurationError
from tipline_client.mock.delivery import TRANSPORT_KEY

__all__ = ["LoopbackServer"]

_START_SECONDS = 10.0


class _Protocol(H11Protocol):
    """Lets a request reach its own transport, and writes no access log."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn's own
        super().connection_made(transport)
        self.access_log = False
        self.app_state = {**self.app_state, TRANSPORT_KEY: transport}


class _Config(uvicorn.Config):
    """uvicorn's settings without its hand on the process-wide logging."""

    def configure_logging(self) -> None:
        """Leave logging to the host."""


class _Server(uvicorn.Server):
    """A server that says when it is ready and cuts idle connections when it stops."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()
        self.force_exit = True
        await super().shutdown(sockets=sockets)


class LoopbackServer:
    """One application on one loopback port.

    Args:
        host: A loopback address or `localhost`.
        port: 0 lets the system choose.

    Raises:
        ConfigurationError: The host is not loopback, or the port cannot be had.
    """

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        address = _loopback(host)
        self._socket = _bind(address, port=port)
        self.port = int(self._socket.getsockname()[1])
        shown = f"[{address}]" if ":" in address else address
        self.origin = f"http://{shown}:{self.port}"
        self._ready = threading.Event()
        config = _Config(
            _quiet_when_cancelled(app),
            http=_Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
        )
        self._server = _Server(config, on_ready=self._ready.set)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve from a new thread; returns when calls are answered.

        Raises:
            ConfigurationError: The server did not come up.
            OutboxUnavailableError: The system gives no thread.
        """
        self._thread = begin_thread(self._run, name="tipline-mock")
        if not self._ready.wait(_START_SECONDS):
            self.stop()
            raise ConfigurationError("the mock endpoint did not start")

    def stop(self) -> None:
        """Stop serving and end the thread; open connections are cut."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()

    def run(self, *, on_ready: Callable[[], None]) -> None:
        """Serve in the calling thread, which must be the main one, until SIGINT or SIGTERM."""

        def ready() -> None:
            self._ready.set()
            on_ready()

        def leave(_signal: int, _frame: FrameType | None) -> None:
            self._server.should_exit = True

        self._server._on_ready = ready
        previous = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._run()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            self._socket.close()

    def _run(self) -> None:
        # `_serve` is `serve` without uvicorn's signal handlers, which would raise the signal again at the end.
        with asyncio.Runner(loop_factory=_loop_in_real_time) as runner:
            runner.run(self._server._serve([self._socket]))


class _Real:
    # Where a double of the clock does not look: it puts itself in the place of what modules hold.
    monotonic = staticmethod(time.monotonic)


def _loop_in_real_time() -> asyncio.AbstractEventLoop:
    """An event loop that goes on while a test stops the clock; it would sleep until that comes to be real again."""
    loop = asyncio.new_event_loop()
    loop.time = _Real.monotonic  # type: ignore[method-assign]
    return loop


def _quiet_when_cancelled(app: ASGIApp) -> ASGIApp:
    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        # Calls are cancelled only when the server stops; their connections are cut by then, and uvicorn would log each.
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return quiet


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ConfigurationError("the mock endpoint listens on loopback only", hint="Use the host 127.0.0.1.")
    return address


def _bind(address: str, *, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio switches Nagle's delay off only where the protocol is named; without it each answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(512)
    except (OSError, OverflowError):
        listener.close()
        raise ConfigurationError(f"port {port} is not free on loopback", hint="Use port 0 to get a free one.") from None
    listener.setblocking(False)
    return listener
