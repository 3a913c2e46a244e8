"""The whole mock endpoint as one ASGI application: the protocol under /ispws, the control API beside it.

It puts the parts together and holds them for whoever runs them; it opens no socket.
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from tipline_client.mock.clock import MockClock
from tipline_client.mock.control import ControlRoutes
from tipline_client.mock.grammar import compiled
from tipline_client.mock.routes import Era, ServiceRoutes
from tipline_client.mock.script import FaultBook
from tipline_client.mock.state import Hotline, id_of_now
from tipline_client.profiles import MOCK_PASSWORD, MOCK_USERNAME

__all__ = ["DEFAULT_PASSWORD", "DEFAULT_USERNAME", "MockApplication"]

DEFAULT_USERNAME = MOCK_USERNAME
DEFAULT_PASSWORD = MOCK_PASSWORD


class MockApplication:
    """The parts of one mock endpoint.

    Attributes:
        asgi: The application to serve, or to call in process.
    """

    def __init__(
        self,
        *,
        username: str = DEFAULT_USERNAME,
        password: str = DEFAULT_PASSWORD,
        era: Era = "2026",
        newer_elements: bool = False,
        clock: MockClock | None = None,
        first_report_id: int | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.clock = clock if clock is not None else MockClock()
        self.faults = FaultBook()
        first_report_id = id_of_now() if first_report_id is None else first_report_id
        self.hotline = Hotline(self.clock, first_report_id=first_report_id)
        self.service = ServiceRoutes(
            hotline=self.hotline,
            faults=self.faults,
            grammar=compiled(newer_elements=newer_elements),
            username=username,
            password=password,
            era=era,
            sleep=sleep,
        )
        self.control = ControlRoutes(hotline=self.hotline, faults=self.faults, service=self.service)
        self.asgi: ASGIApp = Starlette(routes=[Mount("/ispws", app=self.service), *self.control.routes()])
