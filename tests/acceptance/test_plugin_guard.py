"""No test of a suite that was written elsewhere addresses a real hotline, whatever it is made with.

Whatever gets past the plug-in's guard meets this project's own, and fails these tests.
"""

import pytest

from tests.support.elsewhere import Elsewhere

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


TRIES = """
import asyncio, socket, threading, urllib.request
import httpx, pytest
from tipline_client import TiplineClient, profiles
from tipline_client.testing import RealHotlineError, factories

def test_client_of_ours(tmp_path):
    profile = profiles.cybertipline_production(username="a", password="b", registered_esp=True)
    with TiplineClient.open(tmp_path / "home", profile=profile) as client:
        client.deliver(client.enqueue(factories.report()).id)

def test_httpx():
    httpx.get("https://exttest.cybertip.org/ispws/status", trust_env=False)

def test_urllib():
    urllib.request.urlopen("https://report.cybertip.org/ispws/status")

@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_socket(method):
    with socket.socket() as one:
        getattr(one, method)(("hashsharing.ncmec.org", 443))

def test_datagram():
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"anything", 0, ("hashsharing.ncmec.org", 443))

def test_message():
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendmsg([b"anything"], [], 0, ("hashsharing.ncmec.org", 443))

@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_async", [False, True])
def test_behind_a_proxy(scheme, is_async):
    async def ask(proxy):
        async with httpx.AsyncClient(proxy=proxy, trust_env=False) as client:
            await client.get(f"{scheme}://report.cybertip.org/ispws/status")
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = "http://127.0.0.1:%d" % server.getsockname()[1]
        if is_async:
            asyncio.run(ask(proxy))
        else:
            httpx.get(f"{scheme}://report.cybertip.org/ispws/status", proxy=proxy, trust_env=False)

def test_asyncio():
    asyncio.run(asyncio.open_connection("REPORT.cybertip.org.", 443))

def test_swallowed():
    with pytest.raises(RealHotlineError):
        socket.getaddrinfo("report.cybertip.org", 443)

def test_turned_into_another_error():
    try:
        socket.getaddrinfo("report.cybertip.org", 443)
    except RealHotlineError:
        raise OSError("no network") from None

def test_in_a_thread():
    def look():
        try:
            socket.gethostbyname("report.cybertip.org")
        except RealHotlineError:
            pass
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

@pytest.fixture
def addressing():
    yield
    socket.getaddrinfo("missingkids.org", 443)

def test_at_its_end(addressing): pass

def test_domain_of_the_suite():
    socket.getaddrinfo("gateway.hotline.example", 443)

@pytest.mark.tipline_testing_host
def test_marked_for_the_testing_host():
    socket.getaddrinfo("report.cybertip.org", 443)

@pytest.mark.xfail
def test_expected_to_fail():
    socket.getaddrinfo("report.cybertip.org", 443)

def test_skipped_in_its_middle():
    try:
        socket.getaddrinfo("report.cybertip.org", 443)
    except AssertionError:
        pytest.skip("no network here")
"""


def test_tries_of_every_kind(elsewhere: Elsewhere) -> None:
    """Each is refused before anything is sent, fails its test even if swallowed, and names address and way out."""
    ran = elsewhere.run(TRIES, ini="tipline_hotlines = hotline.example")

    ran.assert_outcomes(failed=19, passed=1, errors=1)
    ran.stdout.fnmatch_lines_random(
        [
            "*would address a real hotline: report.cybertip.org. Give the code under test the profile of the fixture*",
            "*would address a real hotline: gateway.hotline.example.*",
            "*would address a real hotline: hashsharing.ncmec.org.*",
            "*ERROR*test_at_its_end*",
            "*OSError: no network*",
        ]
    )
    assert "test_elsewhere.py::test_at_its_end PASSED" in ran.stdout.str()


OTHERS = """
import socket, threading
import httpx, pytest
from tipline_client import TiplineClient, profiles

def test_own_server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        socket.getaddrinfo("localhost", 80)

def test_names_that_only_look_alike():
    import sys
    for host in ("notcybertip.org", "cybertip.org.example.com", "127.0.0.1", b"localhost", None):
        sys.audit("tipline.test", host)
        from tipline_client.testing.guard import host_in
        assert host_in("socket.getaddrinfo", (host, 80)) is None

def test_production_behind_a_transport_of_the_test(tmp_path):
    # Nothing is addressed where another transport answers.
    answer = b"<reportResponse><responseCode>0</responseCode></reportResponse>"
    from tipline_client import Options
    from tipline_client.transport import HttpTransport
    from contextlib import asynccontextmanager
    @asynccontextmanager
    async def canned(profile):
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=answer))
        async with httpx.AsyncClient(transport=transport) as http, HttpTransport.open(profile, client=http) as own:
            yield own
    profile = profiles.cybertipline_testing(username="a", password="b")
    with TiplineClient.open(tmp_path / "home", profile=profile, options=Options(open_transport=canned)) as client:
        assert "SUCCESS" in client.probe().kind.name

@pytest.mark.tipline_testing_host
def test_testing_host():
    with pytest.raises(PermissionError):  # by the guard behind this one
        socket.getaddrinfo("exttest.cybertip.org", 443)
"""


@pytest.mark.addresses_strangers
def test_everything_else(elsewhere: Elsewhere) -> None:
    """Other addresses, doubles of the network, and the testing host where a test is marked for it are let through."""
    ran = elsewhere.run(OTHERS)

    ran.assert_outcomes(passed=4)


def test_suite_without_the_plugin(elsewhere: Elsewhere) -> None:
    """Who does not want it leaves it out, fixtures and guard together."""
    ran = elsewhere.run("def test_one(tipline_endpoint): pass", "-p", "no:tipline")

    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*fixture 'tipline_endpoint' not found*"])


OUTSIDE = """
import socket
try:
    socket.getaddrinfo("report.cybertip.org", 443)
except AssertionError:
    pass

def test_one(): pass
"""


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["in one process", "spread"])
def test_try_while_collecting(processes: tuple[str, ...], elsewhere: Elsewhere) -> None:
    """What is tried outside of any test fails the run and no test, whether or not it was swallowed."""
    ran = elsewhere.run(OUTSIDE, *processes)

    ran.assert_outcomes(passed=1)
    assert pytest.ExitCode.TESTS_FAILED == ran.ret
    ran.stdout.fnmatch_lines(["*would address a real hotline: report.cybertip.org*"])


SAID = """
import os
import pytest

def test_any():
    assert str(os.getpid()) == os.environ["TIPLINE_TEST_RUN"]

@pytest.mark.tipline_testing_host
def test_marked():
    assert f"{os.getpid()}:testing" == os.environ["TIPLINE_TEST_RUN"]

def test_after_it():
    assert str(os.getpid()) == os.environ["TIPLINE_TEST_RUN"]
"""


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["in one process", "spread"])
def test_what_children_are_told(processes: tuple[str, ...], elsewhere: Elsewhere) -> None:
    """Which process runs the tests, and whether the one that runs may reach the hotline's own test host."""
    ran = elsewhere.run(SAID, *processes)

    ran.assert_outcomes(passed=3)


LIGHT = """
import sys

def test_modules():
    loaded = {name for name in sys.modules if name.startswith("tipline_client")}
    assert {"tipline_client", "tipline_client.testing",
            "tipline_client.delivery", "tipline_client.delivery.run_of_tests", "tipline_client.testing.guard",
            "tipline_client.testing.guarding", "tipline_client.testing.plugin"} == loaded
"""


def test_suite_that_does_not_use_it(elsewhere: Elsewhere) -> None:
    """It pays for a guard and a list of names, and for nothing else of the package."""
    ran = elsewhere.run(LIGHT)

    ran.assert_outcomes(passed=1)
