"""The whole mock endpoint as one ASGI application: the protocol under /ispws, the control API beside it.

It puts the parts together and holds them for whoever runs them; it opens no socket.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp

from tipline_client.errors import ConfigurationError
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
        if era not in get_args(Era):
            raise ConfigurationError(f"there is no era {era!r}", hint=f"There are: {', '.join(get_args(Era))}.")
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
        self.asgi: ASGIApp = Starlette(
            routes=[Mount("/ispws", app=self.service), *self.control.routes()],
            exception_handlers={HTTPException: _refused},
        )


async def _refused(_request: Request, error: Exception) -> Response:
    """An unknown path or method, as every other error of the control API."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail.lower()}, status_code=error.status_code, headers=error.headers)
