"""The mock endpoint as a server on loopback: connections that really drop, start and stop, the foreground process."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint, close, huge, lost_reply, lost_request, truncate
from tipline_client.mock.fault_kinds import Fault

REPORT = (
    b"<report><incidentSummary><incidentType>Misleading Domain Name</incidentType>"
    b"<incidentDateTime>2026-01-15T09:30:00Z</incidentDateTime></incidentSummary>"
    b"<reporter><reportingPerson/></reporter></report>"
)
XML = {"content-type": "text/xml; charset=utf-8"}
AUTH = ("tester", "mock-password")


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as running:
        yield running


@pytest.fixture
def http(endpoint: MockEndpoint) -> Iterator[httpx.Client]:
    with httpx.Client(auth=AUTH) as client:
        yield client


def test_report_over_http(endpoint: MockEndpoint, http: httpx.Client) -> None:
    """Python and HTTP show the same report."""
    http.post(f"{endpoint.base_url}/submit", content=REPORT, headers=XML)
    endpoint.clock.advance(timedelta(hours=25))

    shown = http.get(endpoint.base_url.replace("/ispws", "/_mock/reports")).json()

    assert shown == endpoint.reports()
    assert endpoint.summary()["lapsed"] == 1
    assert endpoint.report_xml(shown[0]["report_id"]) == REPORT
    assert [record.step for record in endpoint.requests] == ["submit"]


@pytest.mark.parametrize(
    ("fault", "opened"), [(lost_request(), 0), (lost_reply(), 1), (truncate(20), 1)], ids=lambda case: str(case)[:20]
)
def test_connection_dropped(endpoint: MockEndpoint, http: httpx.Client, fault: Fault, opened: int) -> None:
    """The client sees the connection end, and only a fault after the work leaves a report behind."""
    endpoint.faults.script("submit", fault)

    with pytest.raises(httpx.RemoteProtocolError):
        http.post(f"{endpoint.base_url}/submit", content=REPORT, headers=XML)

    assert endpoint.summary()["open"] == opened


def test_connection_closed_after_the_answer(endpoint: MockEndpoint) -> None:
    """The answer is whole and announces nothing, and then the connection is at its end."""
    endpoint.faults.script("status", close())
    port = int(endpoint.base_url.split(":")[2].split("/")[0])
    request = (
        b"GET /ispws/status HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic dGVzdGVyOm1vY2stcGFzc3dvcmQ=\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert b"</reportResponse>" in received
    assert b"connection: close" not in received.lower()


def test_huge_answer(endpoint: MockEndpoint, http: httpx.Client) -> None:
    """The bytes keep coming, and a client that leaves early does no harm."""
    endpoint.faults.script("status", huge(50_000_000))

    with http.stream("GET", f"{endpoint.base_url}/status") as response:
        first = next(response.iter_bytes(1024))

    assert len(first) == 1024
    assert http.get(f"{endpoint.base_url}/status").status_code == 200


def test_upload_of_several_chunks(endpoint: MockEndpoint, http: httpx.Client) -> None:
    """Size and digest of a larger file are right, and its bytes are nowhere."""
    http.post(f"{endpoint.base_url}/submit", content=REPORT, headers=XML)
    report_id = endpoint.reports()[0]["report_id"]

    response = http.post(
        f"{endpoint.base_url}/upload", data={"id": report_id}, files={"file": ("mug.jpg", bytes(3_000_000))}
    )

    stored = endpoint.reports()[0]["files"][0]
    assert (stored["size"], stored["name"]) == (3_000_000, "mug.jpg")
    assert f"<hash>{stored['md5']}</hash>" in response.text


def test_stop_with_an_idle_connection() -> None:
    """A kept-alive connection is cut, and the port is free again."""
    with httpx.Client(auth=AUTH) as http:
        with MockEndpoint() as endpoint:
            url = f"{endpoint.base_url}/status"
            http.get(url)

        with pytest.raises(httpx.TransportError):
            http.get(url)


@pytest.mark.anyio
async def test_async_door() -> None:
    """`async with` runs the same endpoint."""
    async with MockEndpoint(era="2016") as endpoint, httpx.AsyncClient() as http:
        response = await http.get(f"{endpoint.base_url}/status")

    assert (response.status_code, b"<responseCode>1000</responseCode>" in response.content) == (401, True)


@pytest.mark.parametrize("host", ["198.51.100.7", "192.0.2.1", "example.com", ""])
def test_host_that_is_not_loopback(host: str) -> None:
    """Any other host is refused before a socket is opened."""
    with pytest.raises(ConfigurationError, match="loopback"):
        MockEndpoint(host=host).start()


def test_profile_leads_here(endpoint: MockEndpoint) -> None:
    """The profile carries the address and the credentials."""
    profile = endpoint.profile

    assert (profile.base_url, profile.username) == (endpoint.base_url, "tester")


def test_address_of_a_stopped_endpoint() -> None:
    """A stopped endpoint has no address, and says how to get one."""
    with pytest.raises(ConfigurationError, match="not running"):
        _ = MockEndpoint().base_url


def test_logging_of_the_host_is_left_alone(endpoint: MockEndpoint, http: httpx.Client) -> None:
    """The server configures no logger and logs no request."""
    access = logging.getLogger("uvicorn.access")

    http.get(f"{endpoint.base_url}/status")

    assert (access.handlers, access.propagate, logging.getLogger("uvicorn").handlers) == ([], True, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground_until_a_signal(number: signal.Signals) -> None:
    """The process says that it is no hotline, then where it is, and ends cleanly on a signal."""
    program = "from tipline_client.mock import serve; serve(port=0, announce=lambda line: print(line, flush=True))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        notice, url = process.stdout.readline(), process.stdout.readline().strip()
        answered = httpx.get(url.replace("/ispws", "/_mock/ready")).json()

        os.kill(process.pid, number)
        code = process.wait(timeout=10)

    assert "no hotline" in notice
    assert (answered, code) == ({"ready": True}, 0)
