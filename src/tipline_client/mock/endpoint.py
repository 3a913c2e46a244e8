"""A mock endpoint to hold in a test, and the same one in the foreground for `tipline mock`.

    with MockEndpoint() as endpoint:
        endpoint.faults.script("finish", faults.lost_reply())

It is the door: everything behind it is done by the application, the server and the parts that they hold.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self

import anyio.to_thread
from starlette.types import ASGIApp

from tipline_client._undivided import wholly
from tipline_client.errors import ConfigurationError
from tipline_client.mock.app import DEFAULT_PASSWORD, DEFAULT_USERNAME, MockApplication
from tipline_client.mock.clock import MockClock
from tipline_client.mock.control import ReportView
from tipline_client.mock.counts import Summary
from tipline_client.mock.routes import Era, RequestRecord
from tipline_client.mock.script import Dice, FaultBook, FaultPlan, ScriptedFault
from tipline_client.mock.server import LoopbackServer
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles import mock as mock_profile

__all__ = ["NOTICE", "MockEndpoint", "serve"]

NOTICE = "This is a mock endpoint, no hotline: nothing sent here is filed, and nobody reads it."
"""What the mock says of itself wherever it is started or looked at."""

_LARGEST_PORT = 65535


class MockEndpoint:
    """A stateful, strict, faultable endpoint on loopback, for as long as the `with` block lasts.

    Args:
        port: 0 lets the system choose.
        host: A loopback address; any other is refused.
        username: The one user that is let in.
        password: That user's password.
        era: "2026" (errors with HTTP 400, empty 401) or "2016" (HTTP 200 with code 1001, 401 with code 1000).
        newer_elements: Whether the grammar has the elements that newer documentation adds.
        clock: A clock to turn, or a function giving the time; a running clock by default.
        first_report_id: The id of the first report; may lie beyond 32 bits. By default one that no endpoint gave
            before, since a home remembers what it was told.

    Raises:
        ConfigurationError: There is no such port or era. On entering: the host is not loopback, or the port is taken.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        username: str = DEFAULT_USERNAME,
        password: str = DEFAULT_PASSWORD,
        era: Era = "2026",
        newer_elements: bool = False,
        clock: MockClock | Callable[[], datetime] | None = None,
        first_report_id: int | None = None,
    ) -> None:
        _check_port(port)
        self.username = username
        self.password = password
        self._host = host
        self._port = port
        self._application = MockApplication(
            username=username,
            password=password,
            era=era,
            newer_elements=newer_elements,
            clock=clock if clock is None or isinstance(clock, MockClock) else MockClock(clock),
            first_report_id=first_report_id,
        )
        self._server: LoopbackServer | None = None

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/ispws`; the control API stands beside it, under `/_mock`.

        Raises:
            ConfigurationError: The endpoint is not running.
        """
        if self._server is None:
            raise ConfigurationError("the mock endpoint is not running", hint="Use it inside its `with` block.")
        return f"{self._server.origin}/ispws"

    @property
    def asgi(self) -> ASGIApp:
        """The application itself, to be called in process."""
        return self._application.asgi

    @property
    def profile(self) -> EndpointProfile:
        """The profile that leads a client here, credentials included."""
        return mock_profile(self.base_url, username=self.username, password=self.password)

    @property
    def faults(self) -> FaultBook:
        """What shall go wrong: `.script(step, *faults)`, `.dice(seed, chances=...)`, `.clear()`."""
        return self._application.faults

    @property
    def clock(self) -> MockClock:
        """The endpoint's clock: `.now()`, `.set(instant)`, `.advance(step)`."""
        return self._application.clock

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The latest calls, oldest first; without bodies."""
        return tuple(self._application.service.requests)

    @property
    def unexpected(self) -> tuple[RequestRecord, ...]:
        """The first calls that no client that works can have sent; later ones push none out, `reset` forgets them."""
        return tuple(self._application.service.unexpected)

    def summary(self) -> Summary:
        """The counts that show whether everything was filed exactly once."""
        return self._application.control.summary()

    def reports(self) -> list[ReportView]:
        """Every report with its files' names, sizes and digests, in the order of opening."""
        return self._application.control.reports()

    def report_xml(self, report_id: int | str) -> bytes:
        """The report's document as it arrived.

        Raises:
            KeyError: No report has this id.
        """
        report = self._application.hotline.find(int(report_id))
        if report is None:
            raise KeyError(report_id)
        return report.xml

    def file_details_xml(self, report_id: int | str, file_id: str) -> bytes:
        """What was said of a file, as it arrived: the `fileDetails` document, the latest where there are several.

        Raises:
            KeyError: No report has this id, or no file of it, or nothing was said of the file.
        """
        report = self._application.hotline.find(int(report_id))
        if report is None:
            raise KeyError(report_id)
        return report.details_xml[file_id]

    def reset(self) -> None:
        """Forget reports, requests, scripts and the turns of the clock; ids that were given are not given again.

        A call that is under way is forgotten too: it changes nothing afterwards, and its connection is dropped.
        """
        self._application.control.reset()

    def start(self) -> None:
        """Open the port and serve; the `with` block does this."""
        if self._server is None:
            server = LoopbackServer(self._application.asgi, host=self._host, port=self._port)
            server.start()
            self._server = server

    def stop(self) -> None:
        """Close the port and every connection. What arrived can still be asked for."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await wholly(anyio.to_thread.run_sync(self.stop))


def _check_port(port: object) -> None:
    if not isinstance(port, int) or not 0 <= port <= _LARGEST_PORT:
        raise ConfigurationError(f"there is no port {port!r}", hint=f"Give 0 for any, or one up to {_LARGEST_PORT}.")


def serve(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    username: str = DEFAULT_USERNAME,
    password: str = DEFAULT_PASSWORD,
    era: Era = "2026",
    newer_elements: bool = False,
    first_report_id: int | None = None,
    faults: Iterable[ScriptedFault] = (),
    dice: Dice | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; call it from the main thread.

    Args:
        port: 0 lets the system choose.
        host: A loopback address; any other is refused.
        username: The one user that is let in.
        password: That user's password.
        era: As for `MockEndpoint`.
        newer_elements: As for `MockEndpoint`.
        first_report_id: As for `MockEndpoint`.
        faults: Scripts to begin with, as `read_plan` makes them from JSON.
        dice: Dice to begin with; their seed is announced.
        announce: Receives the notice at once and, when calls are answered, the base URL as a line of its own.

    Raises:
        ConfigurationError: The host is not loopback, or the port is taken.
    """
    application = MockApplication(
        username=username,
        password=password,
        era=era,
        newer_elements=newer_elements,
        first_report_id=first_report_id,
    )
    announce(NOTICE)
    application.faults.replace(FaultPlan(faults=tuple(faults), dice=dice))
    if dice is not None:
        announce(f"Dice are thrown with seed {dice.seed}.")
    server = LoopbackServer(application.asgi, host=host, port=port)
    server.run(on_ready=lambda: announce(f"{server.origin}/ispws"))
