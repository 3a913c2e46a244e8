"""The protocol, called in process: answers, refusals, faults."""

import hashlib
from collections.abc import AsyncIterator
from typing import Literal

import httpx
import pytest
from lxml import etree

from tests.unit.mock.samples import MINIMAL_REPORT, XML_TYPE, file_details
from tipline_client.mock import faults
from tipline_client.mock.app import MockApplication
from tipline_client.mock.delivery import ConnectionDroppedError
from tipline_client.mock.fault_kinds import Fault

pytestmark = pytest.mark.anyio

MUG = b"synthetic mug"
TRUNCATED = (
    b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n%d\r\n--b\r\n'
    b'Content-Disposition: form-data; name="file"; filename="mug.jpg"\r\n\r\nhalf a mu'
)


class Caller:
    """Calls one application in process."""

    def __init__(self, application: MockApplication) -> None:
        self.application = application
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(application.asgi),
            base_url="http://127.0.0.1",
            auth=("tester", "mock-password"),
        )

    async def submit(self, document: bytes = MINIMAL_REPORT, *, content_type: str = XML_TYPE) -> httpx.Response:
        return await self.http.post("/ispws/submit", content=document, headers={"content-type": content_type})

    async def upload(self, report_id: int) -> httpx.Response:
        return await self.http.post("/ispws/upload", data={"id": str(report_id)}, files={"file": ("mug.jpg", MUG)})

    async def fileinfo(self, document: bytes) -> httpx.Response:
        return await self.http.post("/ispws/fileinfo", content=document, headers={"content-type": XML_TYPE})

    async def form(self, step: str, report_id: int) -> httpx.Response:
        return await self.http.post(f"/ispws/{step}", data={"id": str(report_id)})

    async def open(self) -> int:
        return int(value(await self.submit(), "reportId"))


def value(response: httpx.Response, name: str) -> str:
    return etree.fromstring(response.content).findtext(name) or ""


def make(era: Literal["2026", "2016"] = "2026") -> Caller:
    return Caller(MockApplication(era=era, first_report_id=400_000_001))


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    made = make()
    async with made.http:
        yield made


async def test_whole_protocol(caller: Caller) -> None:
    """A report with one file is opened, described and finished, and each answer says so."""
    report_id = await caller.open()
    uploaded = await caller.upload(report_id)
    file_id = value(uploaded, "fileId")
    described = await caller.fileinfo(file_details(report_id, file_id))

    finished = await caller.form("finish", report_id)

    assert hashlib.md5(MUG, usedforsecurity=False).hexdigest() == value(uploaded, "hash")
    assert value(described, "fileId") == file_id
    root = etree.fromstring(finished.content)
    assert (root.tag, root.findtext("responseCode")) == ("reportDoneResponse", "0")
    assert [file_id] == [node.text for node in root.iterfind("files/fileId")]
    assert caller.application.control.summary() == {
        "open": 0,
        "finished": 1,
        "retracted": 0,
        "lapsed": 0,
        "orphans": 0,
        "duplicates": 0,
        "stray_files": 0,
        "requests": 4,
    }


async def test_headers_as_recorded(caller: Caller) -> None:
    """The charset of the header contradicts the document, and a request id is there."""
    response = await caller.http.get("/ispws/status")

    assert response.headers["content-type"] == "application/xml;charset=ISO-8859-1"
    assert response.headers["request-id"] == "mock-00000001"
    assert b'encoding="UTF-8"' in response.content


@pytest.mark.parametrize(("era", "body"), [("2026", False), ("2016", True)])
async def test_wrong_password(era: Literal["2026", "2016"], body: bool) -> None:
    """401 with a challenge, and with a document only in the older style; no fault is used up."""
    caller = make(era)
    caller.application.faults.script("status", faults.status(503))

    response = await caller.http.get("/ispws/status", auth=("tester", "wrong"))

    assert (response.status_code, bool(response.content)) == (401, body)
    assert response.headers["www-authenticate"] == 'Basic realm="ESP Web Services"'
    assert len(caller.application.faults.to_json()["faults"]) == 1  # type: ignore[arg-type]  # JSON is an object


@pytest.mark.parametrize(("era", "status", "code"), [("2026", 400, "4100"), ("2016", 200, "1001")])
async def test_invalid_report(era: Literal["2026", "2016"], status: int, code: str) -> None:
    """Schema errors travel as they did in each era."""
    response = await make(era).submit(MINIMAL_REPORT.replace(b"lastName", b"surname"))

    assert (response.status_code, value(response, "responseCode")) == (status, code)
    assert "cvc-complex-type.2.4.a" in value(response, "responseDescription")


async def test_text_of_a_validation_error(caller: Caller) -> None:
    """The description is a headline and a line for each problem."""
    response = await caller.submit(MINIMAL_REPORT.replace(b"Misleading Domain Name", b"Other"))

    lines = value(response, "responseDescription").splitlines()
    assert lines[0] == "Validation failed"
    assert [line.partition(" - ")[0] for line in lines[1:]] == ["[4,39]", "[4,39]"]


@pytest.mark.parametrize("content_type", ["text/xml", "application/json", "text/xml; charset=latin-1", ""])
async def test_content_type_without_the_charset(caller: Caller, content_type: str) -> None:
    """The documented content type is insisted on."""
    response = await caller.submit(content_type=content_type)

    assert value(response, "responseCode") == "4000"


async def test_urlencoded_and_multipart_finish(caller: Caller) -> None:
    """Both encodings of the form calls are taken; the second finish is 5102."""
    report_id = await caller.open()
    first = await caller.form("finish", report_id)

    second = await caller.http.post("/ispws/finish", files={"id": (None, str(report_id))})

    assert (value(first, "responseCode"), value(second, "responseCode")) == ("0", "5102")
    assert second.status_code == 400


async def test_upload_cut_in_the_middle(caller: Caller) -> None:
    """A form without its end is 4200, and nothing is stored."""
    report_id = await caller.open()
    headers = {"content-type": "multipart/form-data; boundary=b"}

    response = await caller.http.post("/ispws/upload", content=TRUNCATED % report_id, headers=headers)

    assert value(response, "responseCode") == "4200"
    assert caller.application.control.reports()[0]["files"] == []


async def test_file_before_id(caller: Caller) -> None:
    """The id must stand before the file."""
    report_id = await caller.open()
    fields = [("file", ("mug.jpg", MUG)), ("id", (None, str(report_id).encode()))]

    response = await caller.http.post("/ispws/upload", files=fields)

    assert value(response, "responseCode") == "4200"


@pytest.mark.parametrize("text", ["", "abc", "-1", "1" * 20])
async def test_id_that_is_none(caller: Caller, text: str) -> None:
    """What is no report id is an invalid request, not an unknown report."""
    response = await caller.http.post("/ispws/finish", data={"id": text})

    assert value(response, "responseCode") == "4000"


async def test_wrong_method_and_path(caller: Caller) -> None:
    """Another method is 405, another path 404; both are documents."""
    method = await caller.http.get("/ispws/submit")
    path = await caller.http.post("/ispws/nowhere")

    assert (method.status_code, value(method, "responseCode")) == (405, "4000")
    assert (path.status_code, value(path, "responseCode")) == (404, "1210")


async def test_schema_is_served(caller: Caller) -> None:
    """The grammar in force is what the endpoint serves."""
    response = await caller.http.get("/ispws/xsd")

    etree.XMLSchema(etree.fromstring(response.content)).assertValid(etree.fromstring(MINIMAL_REPORT))
    assert response.status_code == 200


async def test_lost_reply_to_submit(caller: Caller) -> None:
    """The work is done, the connection drops, and the report is an orphan."""
    caller.application.faults.script("submit", faults.lost_reply())

    with pytest.raises(ConnectionDroppedError):
        await caller.submit()

    assert caller.application.control.summary()["orphans"] == 1


async def test_lost_request_to_submit(caller: Caller) -> None:
    """Nothing is done, the connection drops, and the call is counted."""
    caller.application.faults.script("submit", faults.lost_request())

    with pytest.raises(ConnectionDroppedError):
        await caller.submit()

    assert (caller.application.control.summary()["open"], caller.application.control.summary()["requests"]) == (0, 1)


async def test_third_call_fails(caller: Caller) -> None:
    """Scripts are consumed in order, call by call."""
    caller.application.faults.script("status", faults.ok(), faults.ok(), faults.status(502))

    statuses = [(await caller.http.get("/ispws/status")).status_code for _ in range(4)]

    assert statuses == [200, 200, 502, 200]


async def test_slow_call() -> None:
    """The endpoint waits for as long as it is told, and then works."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    caller = Caller(MockApplication(sleep=sleep))
    caller.application.faults.script("submit", faults.slow(30))

    response = await caller.submit()

    assert (waited, value(response, "responseCode")) == ([30.0], "0")


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (faults.code(5102, http_status=200, root="reportDoneResponse"), 200, b"<reportDoneResponse>"),
        (faults.code(4100, description="a < b"), 400, b"a &lt; b"),
        (faults.garbage(body="zzz"), 200, b"zzz"),
        (faults.reply("<x/>", status=418), 418, b"<x/>"),
        (faults.redirect("https://example.com/"), 307, b""),
        (faults.huge(100_000), 200, b" " * 100_000),
        (faults.unauthorized(), 401, b""),
    ],
    ids=lambda case: getattr(case, "fault", ""),
)
async def test_fault_that_replaces_the_work(caller: Caller, fault: Fault, status: int, body: bytes) -> None:
    """The scripted response arrives, and nothing was done."""
    caller.application.faults.script("submit", fault)

    response = await caller.submit()

    assert (response.status_code, body in response.content) == (status, True)
    assert caller.application.control.summary()["open"] == 0


async def test_garbage_after_the_work(caller: Caller) -> None:
    """A fault can be told to let the work happen."""
    caller.application.faults.script("submit", faults.garbage(worked=True))

    await caller.submit()

    assert caller.application.control.summary()["open"] == 1


async def test_lies_about_the_hash(caller: Caller) -> None:
    """The MD5 can be wrong, upper case or missing."""
    report_id = await caller.open()
    caller.application.faults.script("upload", faults.wrong_hash(), faults.upper_hash(), faults.no_hash())

    hashes = [value(await caller.upload(report_id), "hash") for _ in range(3)]

    assert hashes == ["0" * 32, hashlib.md5(MUG, usedforsecurity=False).hexdigest().upper(), ""]


@pytest.mark.parametrize(
    ("fault", "count"), [(faults.fewer_files(), 0), (faults.more_files(), 2), (faults.other_files(), 1)]
)
async def test_lies_about_the_files(caller: Caller, fault: Fault, count: int) -> None:
    """Finish can list too few, too many or other files."""
    report_id = await caller.open()
    file_id = value(await caller.upload(report_id), "fileId")
    caller.application.faults.script("finish", fault)

    response = await caller.form("finish", report_id)

    listed = [node.text for node in etree.fromstring(response.content).iterfind("files/fileId")]
    assert (len(listed), listed == [file_id]) == (count, False)


async def test_lies_about_the_report_id(caller: Caller) -> None:
    """The echoed report id can be wrong or missing."""
    caller.application.faults.script("submit", faults.wrong_report_id(), faults.no_report_id())

    echoed = [value(await caller.submit(), "reportId") for _ in range(2)]

    assert echoed == ["400000002", ""]


@pytest.mark.parametrize("boundary", ["", "b" * 5000])
async def test_boundary_of_an_impossible_length(caller: Caller, boundary: str) -> None:
    """A boundary that no form can have is an invalid request."""
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}

    response = await caller.http.post("/ispws/upload", content=b"x", headers=headers)

    assert value(response, "responseCode") == "4000"
