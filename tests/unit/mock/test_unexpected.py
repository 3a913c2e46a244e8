"""Which calls no client that works can have sent, and which may follow from what went wrong before."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.unit.mock.samples import MINIMAL_REPORT, XML_TYPE, file_details
from tipline_client.mock import faults, routes
from tipline_client.mock.app import MockApplication
from tipline_client.mock.clock import MockClock

pytestmark = pytest.mark.anyio

FIRST_ID = 400_000_001


class Caller:
    def __init__(self) -> None:
        self.application = MockApplication(
            clock=MockClock(lambda: datetime(2026, 2, 1, 12, tzinfo=UTC)), first_report_id=FIRST_ID
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application.asgi, raise_app_exceptions=False),
            base_url="http://127.0.0.1",
            auth=("tester", "mock-password"),
        )

    async def submit(self, document: bytes = MINIMAL_REPORT) -> None:
        await self.http.post("/ispws/submit", content=document, headers={"content-type": XML_TYPE})

    async def form(self, step: str, report_id: int = FIRST_ID) -> None:
        await self.http.post(f"/ispws/{step}", data={"id": str(report_id)})

    @property
    def unexpected(self) -> list[str]:
        return [record.step for record in self.application.service.unexpected]


async def test_questions_after_a_fault() -> None:
    """Asking again after a lost answer, after a retraction, a lapse or a reset is what a client has to do."""
    caller = Caller()
    caller.application.faults.script("finish", faults.lost_reply())
    for _ in range(3):
        await caller.submit()

    for step, report_id in [("finish", 0), ("finish", 0), ("retract", 0), ("retract", 1), ("finish", 1)]:
        await caller.form(step, FIRST_ID + report_id)
    caller.application.clock.advance(timedelta(days=2))
    await caller.form("finish", FIRST_ID + 2)
    caller.application.hotline.reset()
    await caller.form("retract", FIRST_ID + 2)

    assert [] == caller.unexpected


async def test_call_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is remembered however many come after it, until all is forgotten."""
    monkeypatch.setattr(routes, "_KEPT_REQUESTS", 3)
    caller = Caller()
    await caller.http.get("/ispws/nonsense")
    for _ in range(5):
        await caller.http.get("/ispws/status")

    assert ["unknown"] == caller.unexpected
    assert ["status"] * 3 == [record.step for record in caller.application.service.requests]
    caller.application.service.forget_requests()
    assert [] == caller.unexpected


async def test_ids_that_were_never_given() -> None:
    """A report or a file that this endpoint never spoke of can only be a mistake."""
    caller = Caller()
    await caller.submit()

    await caller.form("finish", FIRST_ID + 1)
    await caller.form("retract", FIRST_ID - 1)
    await caller.http.post(
        "/ispws/fileinfo", content=file_details(FIRST_ID, "f" * 32), headers={"content-type": XML_TYPE}
    )

    assert ["finish", "retract", "fileinfo"] == caller.unexpected


async def test_document_under_a_fault() -> None:
    """A document is judged where the endpoint reads it: also if the answer is lost, not if the request is."""
    caller = Caller()
    caller.application.faults.script("submit", faults.lost_request(), faults.lost_reply())

    await caller.submit(b"<report/>")
    await caller.submit(b"<report/>")

    assert [None, "document refused with code 4100: 1 problem(s)"] == [
        record.unexpected for record in caller.application.service.requests
    ]


async def test_faults_that_met_no_call() -> None:
    """What is scripted and still to come is named by step and fault."""
    caller = Caller()
    caller.application.faults.script("submit", faults.ok(), faults.close())
    caller.application.faults.script("finish", faults.status(502))

    await caller.submit()

    assert [("submit", "close"), ("finish", "status")] == caller.application.faults.scripted()
