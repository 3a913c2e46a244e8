"""The control API and the scripts: JSON in and out, wrong input, the description, the missing extra."""

import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.unit.mock.samples import MINIMAL_REPORT, XML_TYPE
from tipline_client.mock import faults
from tipline_client.mock.app import MockApplication
from tipline_client.mock.clock import MockClock
from tipline_client.mock.fault_kinds import Fault
from tipline_client.mock.script import FaultBook, read_fault, read_plan

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def application() -> MockApplication:
    return MockApplication(clock=MockClock(lambda: NOON), first_report_id=2**40)


@pytest.fixture
async def http(application: MockApplication) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def submit(http: httpx.AsyncClient) -> None:
    auth = ("tester", "mock-password")
    await http.post("/ispws/submit", content=MINIMAL_REPORT, headers={"content-type": XML_TYPE}, auth=auth)


@pytest.mark.anyio
async def test_summary_has_exactly_the_promised_counts(http: httpx.AsyncClient) -> None:
    """Eight counts, all zero at the beginning."""
    response = await http.get("/_mock/summary")

    names = ("open", "finished", "retracted", "lapsed", "orphans", "duplicates", "stray_files", "requests")
    assert dict.fromkeys(names, 0) == response.json()


@pytest.mark.anyio
async def test_report_that_arrived(http: httpx.AsyncClient) -> None:
    """A report is listed with its state and times, and its document is given back unchanged."""
    await submit(http)

    listed = (await http.get("/_mock/reports")).json()
    xml = await http.get(f"/_mock/reports/{2**40}/xml")

    assert listed == [
        {
            "report_id": str(2**40),
            "state": "open",
            "opened_at": "2026-02-01T12:00:00+00:00",
            "last_change_at": "2026-02-01T12:00:00+00:00",
            "lapses_at": "2026-02-02T12:00:00+00:00",
            "files": [],
        }
    ]
    assert xml.content == MINIMAL_REPORT


@pytest.mark.anyio
@pytest.mark.parametrize("report_id", ["1", "abc", "9" * 30, "%C2%B2"])
async def test_unknown_report(http: httpx.AsyncClient, report_id: str) -> None:
    """An id that is unknown or none at all is 404."""
    response = await http.get(f"/_mock/reports/{report_id}/xml")

    assert response.status_code == 404


@pytest.mark.anyio
async def test_requests_without_bodies(http: httpx.AsyncClient) -> None:
    """A call is remembered by step, status, request id and time."""
    await submit(http)

    listed = (await http.get("/_mock/requests")).json()

    assert listed == [
        {
            "step": "submit",
            "status": 200,
            "request_id": "mock-00000001",
            "time": "2026-02-01T12:00:00+00:00",
            "fault": None,
            "unexpected": None,
        }
    ]


@pytest.mark.anyio
async def test_faults_set_over_http(http: httpx.AsyncClient, application: MockApplication) -> None:
    """What is put is what is then to come, with its arguments, and it can be put again."""
    plan = [
        {"step": "finish", "fault": "lost_reply"},
        {"step": "submit", "fault": "status", "status": 502, "body": "x"},
    ]

    shown = (await http.put("/_mock/faults", json=plan)).json()
    again = (await http.put("/_mock/faults", json=shown)).json()

    assert shown == again
    assert application.faults.take("submit") == faults.status(502, body="x")
    assert application.faults.take("finish") == faults.lost_reply()


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/_mock/faults", "/_mock/clock"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
async def test_body_that_is_not_json(http: httpx.AsyncClient, path: str, body: bytes) -> None:
    """No JSON is 400, with a sentence."""
    response = await http.put(path, content=body)

    assert (response.status_code, response.json()) == (400, {"error": "the body is not JSON"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    "value",
    [
        7,
        {"faults": 1},
        {"extra": []},
        [1],
        [{"step": "nowhere", "fault": "ok"}],
        [{"step": "finish", "fault": "unknown"}],
        [{"step": "finish", "fault": "status", "status": 999}],
        [{"step": "finish", "fault": "ok", "surplus": 1}],
        [{"step": "finish", "fault": "garbage", "body": {"base64": "?"}}],
        [{"step": "finish", "fault": "garbage", "body": {"base64": {}}}],
        {"dice": {"seed": 1, "chances": {"nothing": 0.5}}},
        [{"step": "finish", "fault": "status", "status": "503"}],
        {"dice": {"seed": True, "chances": {}}},
    ],
)
async def test_plan_of_the_wrong_form(http: httpx.AsyncClient, value: object) -> None:
    """JSON of the wrong form is 422 with a reason, and the script stays as it was."""
    await http.put("/_mock/faults", json=[{"step": "finish", "fault": "close"}])

    response = await http.put("/_mock/faults", json=value)

    assert (response.status_code, bool(response.json()["error"])) == (422, True)
    assert len((await http.get("/_mock/faults")).json()["faults"]) == 1


@pytest.mark.anyio
async def test_clock_turned_over_http(http: httpx.AsyncClient) -> None:
    """The clock is set and advanced, and a reset lets it go."""
    put = (await http.put("/_mock/clock", json={"now": "2026-02-01T13:00:00Z"})).json()
    advanced = (await http.put("/_mock/clock", json={"advance_seconds": 90})).json()
    await http.post("/_mock/reset")
    after = (await http.get("/_mock/clock")).json()

    assert put == {"now": "2026-02-01T13:00:00+00:00", "offset_seconds": 3600.0}
    assert advanced["offset_seconds"] == 3690.0
    assert after["offset_seconds"] == 0.0


@pytest.mark.anyio
@pytest.mark.parametrize(
    "value",
    [
        {},
        {"now": "soon"},
        {"now": "2026-02-01T13:00:00"},
        {"advance_seconds": True},
        {"now": "2026-02-01T13:00:00Z", "advance_seconds": 1},
        [],
    ],
)
async def test_clock_of_the_wrong_form(http: httpx.AsyncClient, value: object) -> None:
    """A time that is none, or has no zone, is 422 and turns nothing."""
    response = await http.put("/_mock/clock", json=value)

    assert response.status_code == 422
    assert (await http.get("/_mock/clock")).json()["offset_seconds"] == 0.0


@pytest.mark.anyio
@pytest.mark.parametrize(
    "value",
    [
        {"advance_seconds": 1e300},
        {"advance_seconds": 1e12},
        {"now": "9999-12-31T23:59:59Z"},
        {"now": "0001-01-01T00:00:00+10:00"},
        {"now": "2016-12-31T23:59:60Z"},
    ],
)
async def test_time_that_no_clock_shows(http: httpx.AsyncClient, value: object) -> None:
    """A time of the right form beyond the clock's years, or a leap second, is 409 and turns nothing."""
    response = await http.put("/_mock/clock", json=value)

    assert response.status_code == 409
    assert (await http.get("/_mock/clock")).json()["offset_seconds"] == 0.0


@pytest.mark.anyio
async def test_chances_beyond_certainty(http: httpx.AsyncClient) -> None:
    """Chances that are each in order and together more than 1 are 409, and no dice are thrown."""
    response = await http.put("/_mock/faults", json={"dice": {"seed": 1, "chances": {"lost_reply": 0.6, "close": 0.6}}})

    assert response.status_code == 409
    assert (await http.get("/_mock/faults")).json()["dice"] is None


@pytest.mark.anyio
async def test_reset(http: httpx.AsyncClient, application: MockApplication) -> None:
    """Everything that arrived or was scripted is forgotten, and no id is given again."""
    await submit(http)
    application.faults.script("finish", faults.close())

    summary = (await http.post("/_mock/reset")).json()
    await submit(http)

    assert set(summary.values()) == {0}
    assert application.faults.take("finish") is None
    assert application.control.reports()[0]["report_id"] == str(2**40 + 1)


@pytest.mark.anyio
async def test_description_names_every_path_and_method(http: httpx.AsyncClient, application: MockApplication) -> None:
    """The OpenAPI document and the routes agree, and every reference in it resolves."""
    document = (await http.get("/_mock/openapi.json")).json()

    described = {(path, method.upper()) for path, calls in document["paths"].items() for method in calls}
    served = {
        (route.path, method) for route in application.control.routes() for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == described
    names = {part.partition('"')[0] for part in str(document).replace("'", '"').split("#/components/schemas/")[1:]}
    assert names <= set(document["components"]["schemas"])
    assert document["openapi"] == "3.1.0"


ALL_FAULTS: tuple[Fault, ...] = (
    faults.ok(),
    faults.status(502, body=b"\xff", headers={"retry-after": "1"}),
    faults.code(4100, http_status=200, root="reportDoneResponse"),
    faults.lost_request(),
    faults.lost_reply(),
    faults.slow(2),
    faults.truncate(3),
    faults.garbage(body="x", worked=True),
    faults.close(),
    faults.reply("x", headers={"a": "b"}),
    faults.redirect("https://example.com/"),
    faults.huge(5),
    faults.unauthorized("x"),
    faults.wrong_hash(),
    faults.upper_hash(),
    faults.no_hash(),
    faults.wrong_report_id(),
    faults.no_report_id(),
    faults.fewer_files(),
    faults.more_files(),
    faults.other_files(),
)


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.fault)
def test_fault_through_json(fault: Fault) -> None:
    """Every fault survives the way through JSON."""
    scripted = read_fault({"step": "finish", **fault.model_dump(mode="json")})

    assert fault == scripted.fault


def test_every_constructor_is_tried() -> None:
    """The table above holds every fault there is."""
    names = {str(fault.model_dump()["fault"]) for fault in ALL_FAULTS}

    assert set(faults.__all__) == names


def test_dice_with_one_seed(caplog: pytest.LogCaptureFixture) -> None:
    """The same seed throws the same faults, and it is written to the log."""
    throws = []
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            book = FaultBook()
            book.dice(7, chances={"lost_reply": 0.3, "close": 0.3})
            throws.append([book.take("finish") for _ in range(50)])

    assert throws[0] == throws[1]
    assert {None, faults.lost_reply(), faults.close()} == set(throws[0])
    assert "seed 7" in caplog.text


def test_script_before_dice() -> None:
    """A script comes first; dice are thrown only for calls that it does not cover, at their steps."""
    book = FaultBook()
    book.replace(
        read_plan({"faults": [{"step": "finish", "fault": "ok"}], "dice": {"seed": 1, "chances": {"close": 1.0}}})
    )

    taken = [book.take("finish"), book.take("finish"), book.take("status")]

    assert taken == [faults.ok(), faults.close(), None]


def test_script_for_an_unknown_step() -> None:
    """A step that does not exist is refused."""
    with pytest.raises(ValueError, match="no step named"):
        FaultBook().script("nowhere", faults.ok())  # type: ignore[arg-type]  # the wrong name is the case


def test_advance_beyond_the_calendar() -> None:
    """A clock that cannot show the result is left as it was."""
    clock = MockClock(lambda: NOON)

    with pytest.raises(OverflowError):
        clock.advance(timedelta(days=9_000_000))

    assert clock.now() == NOON


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "python_multipart"])
def test_extra_is_not_installed(missing: str) -> None:
    """The import says what to install."""
    program = f"import sys; sys.modules[{missing!r}] = None; import tipline_client.mock"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert 'pip install "tipline-client[mock]"' in done.stderr
