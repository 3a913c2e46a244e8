"""Calls that are under way while the endpoint is told to forget everything."""

import base64
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.types import Message

from tests.unit.mock.samples import MINIMAL_REPORT, XML_TYPE, file_details
from tipline_client.mock import faults
from tipline_client.mock.app import MockApplication
from tipline_client.mock.delivery import ConnectionDroppedError

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
