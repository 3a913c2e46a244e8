"""The fixtures and markers of the plug-in, in a suite that was written elsewhere."""

import pytest

from tests.support.elsewhere import Elsewhere

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


BOTH_WAYS = """
import pytest
from tipline_client.testing import factories

pytestmark = pytest.mark.tipline_endpoint(in_process={in_process})

def file(client, key, evidence=()):
    entry = client.enqueue(factories.report(), evidence=evidence, idempotency_key=key)
    client.deliver(entry.id)

def test_with_evidence(tipline_client, tipline_endpoint):
    file(tipline_client, "case-1", [factories.evidence(), factories.evidence(size=200_000)])
    filed = tipline_endpoint.assert_filed_once("case-1")
    assert 2 == len(filed["files"])
    assert {in_process} == tipline_endpoint.base_url.endswith(":1/ispws")

@pytest.mark.tipline_faults("finish", "lost_reply", {{"fault": "status", "status": 502}})
@pytest.mark.tipline_faults("upload", "truncate")
def test_marked(tipline_client, tipline_endpoint):
    file(tipline_client, "case-2", [factories.evidence()])
    tipline_endpoint.assert_filed_once("case-2")
    assert ["truncate"] == [call.fault for call in tipline_endpoint.requests if call.step == "upload" and call.fault]

def test_scripted(tipline_faults, tipline_client, tipline_endpoint):
    from tipline_client.mock import lost_request, ok
    tipline_faults.script("submit", ok(), lost_request())
    file(tipline_client, "case-3")
    file(tipline_client, "case-4")
    tipline_endpoint.assert_filed_once("case-3")
    tipline_endpoint.assert_filed_once("case-4")

def test_disturbed(tipline_disturbance, tipline_client, tipline_endpoint):
    file(tipline_client, "case-5")
    tipline_endpoint.assert_filed_once("case-5")
"""


@pytest.mark.parametrize("in_process", [True, False])
def test_endpoint_both_ways(in_process: bool, elsewhere: Elsewhere) -> None:
    """In process and over loopback a report is filed once, through every fault at every step."""
    ran = elsewhere.run(BOTH_WAYS.format(in_process=in_process))

    ran.assert_outcomes(passed=23)


OWN_CLIENTS = """
import pytest
from tipline_client import TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.testing import factories

def application(home, profile, options=None):
    with TiplineClient.open(home, profile=profile, options=options) as client:
        client.deliver(client.enqueue(factories.report(), idempotency_key="case-1").id)

def test_home_that_is_watched(tmp_path, tipline_endpoint):
    tipline_endpoint.watch(tmp_path / "own")
    with pytest.raises(ConfigurationError, match="own is watched, and is no home"):
        tipline_endpoint.assert_not_filed("case-1")
    assert not (tmp_path / "own").exists()
    application(tmp_path / "own", tipline_endpoint.profile)
    tipline_endpoint.assert_filed_once("case-1")

@pytest.mark.tipline_endpoint(in_process=True)
def test_options_of_the_test(tipline_home, tipline_endpoint, tipline_options):
    tipline_endpoint.watch(tipline_home)
    application(tipline_home, tipline_endpoint.profile, tipline_options)
    tipline_endpoint.assert_filed_once("case-1")

def test_client_that_was_closed(tipline_client, tipline_endpoint):
    with tipline_client:
        tipline_client.deliver(tipline_client.enqueue(factories.report(), idempotency_key="case-1").id)
    tipline_endpoint.assert_filed_once("case-1")

@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_asynchronous(tipline_async_client, tipline_endpoint, anyio_backend):
    entry = await tipline_async_client.enqueue(factories.user_report(), idempotency_key="case-1")
    tipline_endpoint.assert_not_filed("case-1")
    await tipline_async_client.deliver(entry.id)
    tipline_endpoint.assert_filed_once("case-1")

def test_no_plugin_for_loops(tipline_async_client, tipline_endpoint):
    import asyncio
    async def go():
        entry = await tipline_async_client.enqueue(factories.report(), idempotency_key="case-1")
        await tipline_async_client.deliver(entry.id)
    asyncio.run(go())
    tipline_endpoint.assert_filed_once("case-1")

def test_report_itself(tipline_client, tipline_endpoint):
    report, other = factories.report(), factories.report()
    tipline_client.deliver(tipline_client.enqueue(report).id)
    tipline_endpoint.assert_filed_once(report)
    tipline_endpoint.assert_not_filed(other)

def test_twins(tipline_client, tipline_endpoint, request):
    request.applymarker(pytest.mark.tipline_relaxed)
    report = factories.report()
    for key in ("one", "two"):
        tipline_client.deliver(tipline_client.enqueue(report, idempotency_key=key).id)
    tipline_endpoint.assert_filed_once("one")
    tipline_endpoint.assert_filed_once("two")
"""


def test_clients_of_the_code_under_test(elsewhere: Elsewhere) -> None:
    """Keys are found in clients that the test opened, that its code opened, and that are asynchronous or closed."""
    ran = elsewhere.run(OWN_CLIENTS)

    ran.assert_outcomes(passed=7)


CLOCKS = """
from datetime import UTC, datetime, timedelta
import pytest
from tipline_client.testing import factories

@pytest.mark.tipline_clock("2026-03-01T10:00:00+01:00")
def test_standing(tipline_clock, tipline_client, tipline_endpoint):
    entry = tipline_client.enqueue(factories.report())
    tipline_clock.advance(timedelta(days=2))
    assert datetime(2026, 3, 3, 9, tzinfo=UTC) == tipline_client.deliver(entry.id).acknowledged_at
    assert tipline_endpoint.clock.now() == tipline_clock.now()

def test_running(tipline_client, tipline_endpoint):
    now = datetime.now(UTC)
    tipline_client.deliver(tipline_client.enqueue(factories.report(incident_date_time=now), idempotency_key="k").id)
    tipline_endpoint.assert_filed_once("k")

@pytest.mark.tipline_endpoint(era="2016")
@pytest.mark.tipline_faults("finish", *["status"] * 12)
def test_outage(tipline_client, tipline_endpoint, tipline_clock):
    from tipline_client import Dispatcher
    tipline_client.enqueue(factories.report(), idempotency_key="k")
    before = tipline_clock.now()
    Dispatcher(tipline_client).drain(patience=timedelta(days=1))
    tipline_endpoint.assert_filed_once("k")
    assert timedelta(seconds=30) < tipline_clock.now() - before
"""


def test_time_of_a_test(elsewhere: Elsewhere) -> None:
    """The clock runs until a test lets it stand; client and endpoint go by it, and waiting takes no time."""
    ran = elsewhere.run(CLOCKS)

    ran.assert_outcomes(passed=3)


SPREAD = """
import pytest
from tipline_client.testing import factories

@pytest.mark.parametrize("number", range(12))
def test_filing(number, tipline_client, tipline_endpoint):
    tipline_client.deliver(tipline_client.enqueue(factories.report(), idempotency_key="case").id)
    tipline_endpoint.assert_filed_once("case")
    assert 1 == tipline_endpoint.summary()["finished"]

def test_disturbed(tipline_disturbance, tipline_client, tipline_endpoint):
    tipline_client.deliver(tipline_client.enqueue(factories.report(), idempotency_key="case").id)
    tipline_endpoint.assert_filed_once("case")

@pytest.mark.tipline_faults("finish", "close")
def test_that_should_fail(tipline_endpoint):
    pass

def test_that_should_fail_too():
    import sys
    try:
        sys.audit("socket.getaddrinfo", "report.cybertip.org", 443, 0, 0, 0)
    except Exception:
        pass
"""


def test_spread_over_processes(elsewhere: Elsewhere) -> None:
    """With pytest-xdist each test has its own endpoint, and what fails says so in the main process."""
    ran = elsewhere.run(SPREAD, "-n", "2", ini="tipline_endpoint = in_process")

    ran.assert_outcomes(passed=32, failed=2)
    ran.stdout.fnmatch_lines(["*the fault close for finish met no call*", "*would address a real hotline: report*"])


def test_markers_described(elsewhere: Elsewhere) -> None:
    """`pytest --markers` says what each is for, and none is unknown to a suite with strict markers."""
    ran = elsewhere.run("", "--markers")

    for marker in ("tipline_endpoint(", "tipline_clock(", "tipline_faults(", "tipline_relaxed", "tipline_testing_host"):
        ran.stdout.fnmatch_lines([f"@pytest.mark.{marker}*"])


WRONG = """
import pytest

@pytest.mark.tipline_faults("finish")
def test_no_fault(tipline_endpoint): pass

@pytest.mark.tipline_faults("finish", "explode")
def test_unknown_fault(tipline_endpoint): pass

@pytest.mark.tipline_faults("arrive", "close")
def test_unknown_step(tipline_endpoint): pass

@pytest.mark.tipline_clock("noon")
def test_no_moment(tipline_clock): pass

@pytest.mark.tipline_clock("2026-01-05T09:00:00")
def test_no_zone(tipline_clock): pass

@pytest.mark.tipline_fault("finish", "lost_reply")
def test_misspelt(tipline_endpoint): pass

@pytest.mark.tipline_relaxt
def test_misspelt_without_the_endpoint(): pass

@pytest.mark.tipline_endpoint(port="x")
def test_no_port(tipline_endpoint): pass

@pytest.mark.parametrize("anyio_backend", ["trio", ("trio", {})])
@pytest.mark.anyio
async def test_trio(tipline_async_client, anyio_backend): pass

@pytest.mark.tipline_relaxed("upload")
def test_relaxed_in_part(): pass

@pytest.mark.tipline_of_this_suite
def test_marker_of_the_suite(): pass

def test_no_model():
    from tipline_client.testing import strategies
    with pytest.raises(TypeError, match="takes a model class such as Report"):
        strategies.instances(int)
"""


def test_markers_misused(elsewhere: Elsewhere) -> None:
    """What a marker cannot mean is said in its own terms before the test runs."""
    # A suite with strict markers never comes so far.
    ran = elsewhere.run(
        WRONG,
        "-o",
        "addopts=",
        "-W",
        "ignore::pytest.PytestUnknownMarkWarning",
        ini="markers =\n    tipline_of_this_suite: its own",
    )

    ran.assert_outcomes(errors=11, passed=2)
    for said in (
        "tipline_relaxed takes nothing in brackets, in test_relaxed_in_part",
        "takes a step and at least one",
        "'explode') is no fault",
        "'arrive'",
        "takes one moment",
        "a zone",
        "no marker tipline_fault in test_misspelt; the nearest is tipline_faults",
        "no marker tipline_relaxt in *; the nearest is tipline_relaxed",
        "tipline_endpoint of test_no_port: there is no port 'x'",
        "tipline_async_client of * needs asyncio",
    ):
        ran.stdout.fnmatch_lines([f"*{said}*"])


def test_way_that_there_is_not(elsewhere: Elsewhere) -> None:
    """A setting that names no way to the endpoint ends the run with a word."""
    ran = elsewhere.run("def test_one(): pass", ini="tipline_endpoint = telepathy")

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    ran.stderr.fnmatch_lines(["*loopback, in_process*"])


@pytest.mark.parametrize(
    "setting", ["https://hotline.example/x", "*.hotline.example", "hotline.example:443", "a.example, b.example", "a b"]
)
def test_domain_that_is_none(setting: str, elsewhere: Elsewhere) -> None:
    """What would guard nothing ends the run, with the form that is asked for."""
    ran = elsewhere.run("def test_one(): pass", ini=f"tipline_hotlines = {setting}")

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    ran.stderr.fnmatch_lines(
        ["*tipline_hotlines takes a domain on each line: * is no domain, such as hotline.example*"]
    )
