"""Calls that are under way while the endpoint is told to forget everything."""

import base64
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.types import Message

from tests.unit.mock.samples import MINIMAL_REPORT, XML_TYPE, file_details
from tipline_client.mock import faults
from tipline_client.mock.app import MockApplication
from tipline_client.mock.delivery import ConnectionDroppedError
from tipline_client.mock.fault_kinds import Fault
from tipline_client.mock.script import FaultBook, Step
from tipline_client.mock.state import Hotline

pytestmark = pytest.mark.anyio

FIRST_ID = 400_000_001
NEXT_ID = FIRST_ID + 1


class Caller:
    def __init__(self) -> None:
        self.application = MockApplication(first_report_id=FIRST_ID)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application.asgi),
            base_url="http://127.0.0.1",
            auth=("tester", "mock-password"),
        )

    async def submit(self) -> httpx.Response:
        return await self.http.post("/ispws/submit", content=MINIMAL_REPORT, headers={"content-type": XML_TYPE})

    async def call_across_reset(self, step: str, content_type: str, body: Callable[[str], bytes]) -> None:
        """A call that names, after the reset, what was made meanwhile; `body` is told the file's id."""

        async def chunks() -> AsyncIterator[bytes]:
            self.application.control.reset()
            await self.submit()
            yield body(self.application.hotline.attach(NEXT_ID, name="mug.png", size=1, md5="", sha256="").file_id)

        await self.http.post(f"/ispws/{step}", content=chunks(), headers={"content-type": content_type})


_FORM = "application/x-www-form-urlencoded"
_UPLOAD = (
    f'--cut\r\nContent-Disposition: form-data; name="id"\r\n\r\n{NEXT_ID}\r\n'
    '--cut\r\nContent-Disposition: form-data; name="file"; filename="mug.jpg"\r\n\r\nmug\r\n--cut--\r\n'
).encode()


@pytest.mark.parametrize(
    ("step", "content_type", "body"),
    [
        ("submit", XML_TYPE, lambda _: MINIMAL_REPORT),
        ("upload", "multipart/form-data; boundary=cut", lambda _: _UPLOAD),
        ("fileinfo", XML_TYPE, lambda file_id: file_details(NEXT_ID, file_id)),
        ("finish", _FORM, lambda _: f"id={NEXT_ID}".encode()),
        ("retract", _FORM, lambda _: f"id={NEXT_ID}".encode()),
        ("retract", _FORM, lambda _: b"id=1"),
        ("nonsense", _FORM, lambda _: b"whatever it is"),
    ],
)
async def test_call_under_way(step: str, content_type: str, body: Callable[[str], bytes]) -> None:
    """It leaves no trace in what begins with the reset, and is not answered."""
    caller = Caller()
    await caller.submit()

    with pytest.raises(ConnectionDroppedError):
        await caller.call_across_reset(step, content_type, body)

    [report] = caller.application.control.reports()
    seen = [record.step for record in caller.application.service.requests]
    assert (["submit"], 1) == (seen, caller.application.control.summary()["requests"])
    assert ("open", [False]) == (report["state"], [file["details"] for file in report["files"]])
    assert [] == caller.application.service.unexpected


@pytest.mark.parametrize("resets", [False, True])
async def test_client_that_left(*, resets: bool) -> None:
    """A slow call whose client left is recorded with its fault, unless a reset came while it waited."""

    async def wait(_seconds: float) -> None:
        if resets:
            application.control.reset()

    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def answer(_message: Message) -> None:
        raise AssertionError("there is nobody to answer")

    application = MockApplication(sleep=wait)
    application.faults.script("finish", faults.slow(seconds=5))
    headers = [(b"authorization", b"Basic " + base64.b64encode(b"tester:mock-password"))]
    await application.service({"method": "POST", "path": "/finish", "headers": headers}, leave, answer)

    expected = [] if resets else [("finish", None, "slow")]
    assert expected == [(record.step, record.status, record.fault) for record in application.service.requests]


def is_free(hotline: Hotline) -> bool:
    """Whether another thread could reset the endpoint now."""

    def attempt() -> bool:
        is_taken = hotline.lock.acquire(blocking=False)
        if is_taken:
            hotline.lock.release()
        return is_taken

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(attempt).result()


class AtThisInstant:
    """An endpoint that another thread resets, and scripts a fault for, at an instant of a call that is under way."""

    def __init__(self) -> None:
        self.application = MockApplication()
        self.sent: list[Message] = []

    def reset(self) -> None:
        self.application.control.reset()
        self.application.faults.script("status", faults.status(503))

    async def call(self, headers: Iterator[tuple[bytes, bytes]]) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            self.sent.append(message)

        await self.application.service({"method": "GET", "path": "/status", "headers": headers}, receive, send)

    @property
    def seen(self) -> tuple[int, list[str | None], list[str]]:
        """How many calls were counted, the fault that each one met, and the faults that are still to come."""
        service = self.application.service
        left = [name for _, name in self.application.faults.scripted()]
        return service.request_count, [record.fault for record in service.requests], left


_AUTHORIZED = (b"authorization", b"Basic " + base64.b64encode(b"tester:mock-password"))


async def test_reset_before_it_is_counted() -> None:
    """A call of which nothing was noted is one of the calls after the reset: counted, recorded and answered."""
    endpoint = AtThisInstant()

    def headers() -> Iterator[tuple[bytes, bytes]]:
        endpoint.reset()
        yield _AUTHORIZED

    await endpoint.call(headers())

    assert (1, ["status"], []) == endpoint.seen
    assert 503 == endpoint.sent[0]["status"]


async def test_reset_before_it_meets_its_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that was counted before the reset leaves the fault to those after it."""
    endpoint = AtThisInstant()
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        endpoint.reset()
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    with pytest.raises(ConnectionDroppedError):
        await endpoint.call(iter([_AUTHORIZED]))

    assert (0, [], ["status"]) == endpoint.seen


async def test_no_reset_while_a_fault_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset waits for a call that is about to take its fault, so what is scripted after it is not taken."""
    endpoint = AtThisInstant()
    found: list[bool] = []

    def take(book: FaultBook, step: Step) -> Fault | None:
        found.append(is_free(endpoint.application.hotline))
        return real(book, step)

    real = FaultBook.take
    monkeypatch.setattr(FaultBook, "take", take)

    await endpoint.call(iter([_AUTHORIZED]))

    assert [False] == found
