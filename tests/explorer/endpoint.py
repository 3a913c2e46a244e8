"""The mock of the simulation: its request handling called in process, without a socket.

It reads documents and forms as strictly as over HTTP, and holds back what is scripted to arrive late. Who sends what,
and when, is decided elsewhere.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from tests.explorer.answers import MADE_TRUE, SCRIPTED
from tests.explorer.process import Process
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.mock.clock import MockClock
from tipline_client.mock.delivery import ConnectionDroppedError
from tipline_client.mock.grammar import compiled
from tipline_client.mock.routes import ServiceRoutes
from tipline_client.mock.script import FaultBook
from tipline_client.mock.state import Hotline
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply

__all__ = ["CUT", "Endpoint", "Request"]

CUT = "the connection ended before a whole reply"
_LONG_AGO = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class Request:
    """One call, wholly read, so that it can be delivered at another time.

    Attributes:
        report_id: The report that it is about, if any.
    """

    call: Call
    body: bytes
    report_id: int | None


class Endpoint:
    """The mock, called in process.

    Args:
        clock: Its clock.
        profile: Whose credentials it lets in.

    Attributes:
        hotline: Its state.
        held_up: Requests on their way whose sender has stopped waiting.
        requests: How many calls arrived.
        told: Report id to the process that was told it.
    """

    def __init__(self, clock: MockClock, profile: EndpointProfile) -> None:
        numbers = count(1)
        self.hotline = Hotline(clock, first_report_id=400_000_001, new_file_id=lambda: f"{next(numbers):032x}")
        self.held_up: list[Request] = []
        self.requests = 0
        self.told: dict[int, Process] = {}
        self._faults = FaultBook()
        self._profile = profile
        self._service = ServiceRoutes(
            hotline=self.hotline,
            faults=self._faults,
            grammar=compiled(newer_elements=False),
            username=profile.username,
            password=profile.password,
        )

    async def receive(self, request: Request, fault: str | None = None) -> Reply | NoReply:
        """Let a request arrive, and meet `fault`."""
        self.requests += 1
        if fault is not None:
            self._faults.script(request.call.step.value, SCRIPTED[fault]())
        headers = {"authorization": self._profile.authorization, "content-type": request.call.content_type or ""}
        scope = {
            "type": "http",
            "method": request.call.method,
            "path": "/ispws" + request.call.path,
            "root_path": "/ispws",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
        }
        sent: list[dict[str, Any]] = []

        async def read() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def write(message: Any) -> None:
            sent.append(dict(message))

        try:
            await self._service(scope, read, write)
        except ConnectionDroppedError:
            return NoReply(AnswerKind.UNANSWERED, CUT)
        found = {name.lower(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(
            status=sent[0]["status"],
            body=b"".join(message.get("body", b"") for message in sent[1:]),
            request_id=found.get(b"request-id"),
            request_sha256=hashlib.sha256(request.body).hexdigest(),
        )

    async def catch_up(self) -> list[str]:
        """Let everything arrive that was held up. Returns the steps of it."""
        arrived, self.held_up = self.held_up, []
        for request in arrived:
            await self.receive(request)
        return [request.call.step.value for request in arrived]

    def make_true(self, answer: str, request: Request) -> str | None:
        """Bring the report into the state of which the answer speaks; the fault to script if there is none."""
        report = self.hotline.find(request.report_id) if request.report_id is not None else None
        if answer not in MADE_TRUE or report is None:
            return answer
        if answer == "code_5002":
            # Of a file only file details speak; elsewhere the code is as good as any that is out of place.
            if request.call.step is not Step.FILEINFO or not report.files:
                return answer
            report.files.popitem()
        elif report.state == "open":
            if answer == "code_5001":
                report.opened_at -= _LONG_AGO
                report.last_change_at -= _LONG_AGO
            else:
                report.state = "retracted" if answer == "code_5101" else "finished"
        return None
