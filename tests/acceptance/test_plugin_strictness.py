"""What fails a test of a suite that was written elsewhere, and what its failure shows."""

import pytest

from tests.support.elsewhere import Elsewhere

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


UNEXPECTED = """
import httpx
import pytest

def call(endpoint, step, *, method="POST", auth=True, **sent):
    pair = (endpoint.username, endpoint.password) if auth else ("somebody", "else")
    httpx.request(method, f"{endpoint.base_url}/{step}", auth=pair, trust_env=False, **sent)

CALLS = {
    "credentials": lambda endpoint: call(endpoint, "status", method="GET", auth=False),
    "no such call": lambda endpoint: call(endpoint, "nowhere"),
    "is a POST": lambda endpoint: call(endpoint, "submit", method="GET"),
    "code 4110": lambda endpoint: call(
        endpoint, "submit", content=b"<report", headers={"content-type": "text/xml; charset=utf-8"}
    ),
    "never gave": lambda endpoint: call(endpoint, "finish", data={"id": "7"}),
    "takes a form": lambda endpoint: call(endpoint, "finish", content=b"7"),
}

@pytest.mark.parametrize("name", CALLS)
def test_strict(name, tipline_endpoint):
    CALLS[name](tipline_endpoint)

@pytest.mark.tipline_relaxed
@pytest.mark.parametrize("name", CALLS)
def test_relaxed(name, tipline_endpoint):
    CALLS[name](tipline_endpoint)
    assert name in tipline_endpoint.complaints()[0]
"""


def test_unexpected_requests(elsewhere: Elsewhere) -> None:
    """Each call that no client that works can send fails the test by name; a marker lets it pass."""
    ran = elsewhere.run(UNEXPECTED)

    ran.assert_outcomes(passed=6, failed=6)
    ran.stdout.fnmatch_lines_random(
        [
            "*unexpected status (HTTP 401): its credentials are not those of this endpoint*",
            "*unexpected unknown (HTTP 404): there is no such call*",
            "*unexpected submit (HTTP 405): Invalid request: submit is a POST*",
            "*unexpected submit (HTTP 400): document refused with code 4110*",
            "*unexpected finish (HTTP 400): it names what this endpoint never gave*",
            "*marked `tipline_relaxed`*",
        ]
    )


LATE = """
import pytest
import httpx

@pytest.fixture
def late(tipline_endpoint):
    yield
    httpx.get(f"{tipline_endpoint.base_url}/status", auth=("somebody", "else"), trust_env=False)

def test_call_after_the_test(late): pass

def test_that_fails_by_itself(tipline_endpoint):
    httpx.get(f"{tipline_endpoint.base_url}/status", auth=("somebody", "else"), trust_env=False)
    assert 1 == 2

@pytest.mark.tipline_faults("finish", "close")
def test_that_is_skipped(tipline_endpoint):
    pytest.skip("no reason")

import unittest

@pytest.mark.usefixtures("tipline_endpoint")
class TestOfUnittest(unittest.TestCase):
    @pytest.mark.tipline_faults("finish", "close")
    def test_unmet_fault(self): pass
"""


def test_complaints_of_other_moments(elsewhere: Elsewhere) -> None:
    """A call after the test is an error of its end; a test that fails keeps its failure, with the calls beside it."""
    ran = elsewhere.run(LATE)

    ran.assert_outcomes(passed=1, failed=2, errors=1, skipped=1)
    ran.stdout.fnmatch_lines_random(
        [
            "E       assert 1 == 2",
            "latest calls: status 401",
            "*ERROR*test_call_after_the_test*",
            "FAILED*TestOfUnittest::test_unmet_fault*",
        ]
    )


MARKED = """
import pytest
from tipline_client.testing import factories

@pytest.mark.tipline_faults("submit", "wrong_report_id")
def test_believes_what_it_is_told(tipline_client, tipline_endpoint):
    entry = tipline_client.enqueue(factories.report(), evidence=[factories.evidence()], idempotency_key="one")
    tipline_client.deliver(entry.id)
    tipline_endpoint.assert_filed_once("one")

@pytest.mark.tipline_faults("finish", "close")
def test_without_the_endpoint(): pass

@pytest.mark.tipline_endpoint("in_process")
def test_word_of_no_meaning(tipline_endpoint): pass
"""


def test_marked_wrongly(elsewhere: Elsewhere) -> None:
    """A marker that does nothing fails its test; an id that the endpoint made up is none of the client's mistakes."""
    ran = elsewhere.run(MARKED)

    ran.assert_outcomes(passed=1, failed=1, errors=1)
    ran.stdout.fnmatch_lines_random(
        [
            "*the faults of the marker met no call: nothing in the test asked for `tipline_endpoint`*",
            "*UsageError: tipline_endpoint takes names alone, such as in_process=True*",
        ]
    )


TWICE = """
from tipline_client.testing import factories

def test_one_report_under_two_keys(tipline_client, tipline_endpoint):
    report = factories.report()
    for key in ("one", "two"):
        tipline_client.deliver(tipline_client.enqueue(report, idempotency_key=key).id)

def test_other_client_files_it_too(tipline_client, tipline_endpoint, tmp_path):
    from tipline_client import TiplineClient
    report = factories.report()
    tipline_client.deliver(tipline_client.enqueue(report, idempotency_key="one").id)
    with TiplineClient.open(tmp_path / "other", profile=tipline_endpoint.profile) as other:
        other.deliver(other.enqueue(report, idempotency_key="one").id)
    tipline_endpoint.assert_filed_once("one")
"""


def test_filed_twice(elsewhere: Elsewhere) -> None:
    """Equal reports that were both filed fail the test, by assertion or at its end."""
    ran = elsewhere.run(TWICE)

    ran.assert_outcomes(failed=2)
    ran.stdout.fnmatch_lines_random(
        ["*1 report(s) filed although an equal one was filed before*", "*filed 2 times: report *"]
    )


NEAR = """
import pytest
from tipline_client.testing import factories

SAID = {"incident_date_time_description": "the morning"}

def file(client, key, **more):
    entry = client.enqueue(factories.report(summary=SAID), evidence=[factories.evidence(name="a.bin")],
                           idempotency_key=key)
    client.deliver(entry.id)

def test_nothing_under_the_key(tipline_client, tipline_endpoint):
    file(tipline_client, "case-4711")
    tipline_endpoint.assert_filed_once("case-4712")

def test_queued(tipline_client, tipline_endpoint):
    file(tipline_client, "case-1")
    tipline_client.enqueue(factories.report(summary={"incident_date_time_description": "the evening"}),
                           idempotency_key="case-2")
    tipline_endpoint.assert_filed_once("case-2")

@pytest.mark.tipline_faults("finish", *["lost_reply"] * 8)
@pytest.mark.tipline_relaxed
def test_in_doubt(tipline_client, tipline_endpoint):
    with pytest.raises(Exception):
        file(tipline_client, "case-3")
    tipline_endpoint.assert_filed_once("case-3")

def test_other_report(tipline_client, tipline_endpoint):
    file(tipline_client, "case-4")
    tipline_endpoint.assert_filed_once(factories.report(incident_type="Child Sex Trafficking", summary=SAID))

def test_filed_after_all(tipline_client, tipline_endpoint):
    file(tipline_client, "case-5")
    tipline_endpoint.assert_not_filed("case-5")

def test_nothing_filed(tipline_client, tipline_endpoint):
    file(tipline_client, "case-6")
    tipline_endpoint.assert_not_filed()

def test_nobody_knows(tipline_endpoint):
    tipline_endpoint.assert_filed_once("case-7")

def test_other_bytes(tipline_client, tipline_endpoint):
    file(tipline_client, "case-8")
    other = factories.evidence(b"another coffee mug", name="a.bin")
    tipline_endpoint.assert_filed_once(factories.report(summary=SAID), evidence=[other])
"""


def test_near_misses(elsewhere: Elsewhere) -> None:
    """A failed assertion shows what the client says, the closest report with the differing fields, and the calls."""
    ran = elsewhere.run(NEAR)

    ran.assert_outcomes(failed=8)
    ran.stdout.fnmatch_lines(
        [
            "E*'case-4712' was not filed: nothing was handed in under this key",
            "E*closest key: 'case-4711'; 1 in all",
            "E*at the endpoint: 1 finished, 0 open*",
            "E*'case-2' was not filed",
            "E*the client says: queued, 0 attempt(s)",
            "E*closest report: *, finished, 1 file(s)",
            "E*incidentSummary/incidentDateTimeDescription: 'the evening' expected, 'the morning' there",
            "E*file a.bin: not expected",
            "E*latest calls: submit 200, upload 200, fileinfo 200, finish 200",
            "E*'case-3' was filed as report *, but the client does not know it",
            "E*the client says: queued, * attempt(s); last failure: *",
            "E*the report was not filed",
            "E*incidentSummary/incidentType: 'Child Sex Trafficking' expected, 'Misleading Domain Name' there",
            "E*'case-5' was filed: report *",
            "E*a report was filed: report *",
            "E*nobody here knows the key 'case-7': no client is watched*",
            "E*the report was not filed",
            "E*file a.bin: filed with other content: SHA-256 dd746b4936fb... expected, *... there",
        ]
    )
