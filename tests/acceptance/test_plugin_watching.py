"""Whom the assertions ask, and what they compare, in a suite that was written elsewhere."""

import pytest

from tests.support.elsewhere import Elsewhere

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


SEVERAL = """
import pytest
from tipline_client import TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.testing import factories

pytestmark = [pytest.mark.tipline_endpoint(in_process=True), pytest.mark.tipline_relaxed]

@pytest.fixture
def hand_in(tmp_path, tipline_endpoint, tipline_options):
    clients = []
    def hand_in(home, report, is_filed=True):
        client = TiplineClient.open(tmp_path / home, profile=tipline_endpoint.profile, options=tipline_options)
        clients.append(client)
        tipline_endpoint.watch(client)
        entry = client.enqueue(report, idempotency_key="case-1")
        if is_filed:
            client.deliver(entry.id)
        return entry
    yield hand_in
    for client in clients:
        client.close()

def test_filed_by_two(hand_in, tipline_endpoint):
    hand_in("one", factories.report())
    hand_in("two", factories.report())
    with pytest.raises(AssertionError, match=r"(?s)filed by several homes:.*one: report \\d+\\n.*two: report \\d+\\n"):
        tipline_endpoint.assert_filed_once("case-1")

def test_the_same_filed_by_two(hand_in, tipline_endpoint):
    report = factories.report()
    hand_in("one", report)
    hand_in("two", report)
    with pytest.raises(AssertionError, match=r"one: report \\d+\\n.*two: report \\d+\\n"):
        tipline_endpoint.assert_filed_once("case-1")

@pytest.mark.parametrize("filer", ["one", "two"])
def test_filed_by_one(filer, hand_in, tipline_endpoint):
    hand_in("one", factories.report(), filer == "one")
    hand_in("two", factories.report(), filer == "two")
    tipline_endpoint.assert_filed_once("case-1")
    with pytest.raises(AssertionError, match="'case-1' was filed: report"):
        tipline_endpoint.assert_not_filed("case-1")

def test_filed_by_none(hand_in, tipline_endpoint):
    hand_in("one", factories.report(), False)
    hand_in("two", factories.report(), False)
    tipline_endpoint.assert_not_filed("case-1")
    with pytest.raises(AssertionError, match="(?s)'case-1' was not filed.*queued"):
        tipline_endpoint.assert_filed_once("case-1")

def test_id_in_the_place_of_a_key(hand_in, tipline_endpoint):
    entry = hand_in("one", factories.report())
    for ask in (tipline_endpoint.assert_filed_once, tipline_endpoint.assert_not_filed):
        with pytest.raises(AssertionError, match="is the id of an entry, where its key is asked for: 'case-1'"):
            ask(entry.id)
        with pytest.raises(ConfigurationError, match="of type Entry, neither a key nor a report"):
            ask(entry)
"""


def test_one_key_in_several_homes(elsewhere: Elsewhere) -> None:
    """All that are watched are asked: filed once is filed by one of them, and not filed is filed by none."""
    ran = elsewhere.run(SEVERAL)

    ran.assert_outcomes(passed=6)


ELSEWHERE = """
import asyncio, sqlite3
import pytest
from tipline_client import AsyncTiplineClient, TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.testing import factories

pytestmark = pytest.mark.tipline_endpoint(in_process=True)

@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"

@pytest.fixture
def address(tmp_path):
    return f"sqlite://{tmp_path}/app.sqlite3"

@pytest.fixture
def file(home, address, tipline_endpoint, tipline_options):
    def file(before=lambda client: None):
        with TiplineClient.open(
            home, profile=tipline_endpoint.profile, outbox=address, options=tipline_options
        ) as client:
            before(client)
            client.deliver(client.enqueue(factories.report(), idempotency_key="case-1").id)
    return file

@pytest.fixture(autouse=True)
def nothing_is_made(home):
    yield
    assert not (home / "outbox.sqlite").exists()

def test_address_that_is_told(home, address, file, tipline_endpoint):
    tipline_endpoint.watch(home, outbox=address)
    file()
    tipline_endpoint.assert_filed_once("case-1")
    with pytest.raises(AssertionError, match="was filed"):
        tipline_endpoint.assert_not_filed("case-1")

def test_address_in_the_settings_of_the_home(home, address, file, tipline_endpoint):
    tipline_endpoint.watch(home)
    file()
    (home / "tipline.toml").write_text(f'outbox = "{address}"\\npassword_file = "not-there"\\n')
    tipline_endpoint.assert_filed_once("case-1")

def test_address_that_nobody_told(home, file, tipline_endpoint):
    tipline_endpoint.watch(home)
    file()
    with pytest.raises(ConfigurationError, match="has its outbox elsewhere"):
        tipline_endpoint.assert_not_filed("case-1")

def test_client_that_was_closed(file, tipline_endpoint):
    file(before=tipline_endpoint.watch)
    tipline_endpoint.assert_filed_once("case-1")

def test_asynchronous_client(home, address, tipline_endpoint, tipline_options):
    async def go():
        async with AsyncTiplineClient.open(
            home, profile=tipline_endpoint.profile, outbox=address, options=tipline_options
        ) as client:
            tipline_endpoint.watch(client)
            entry = await client.enqueue(factories.report(), idempotency_key="case-1")
            tipline_endpoint.assert_not_filed("case-1")
            await client.deliver(entry.id)
            tipline_endpoint.assert_filed_once("case-1")
    asyncio.run(go())
    tipline_endpoint.assert_filed_once("case-1")

def test_database_without_an_outbox(tmp_path, home, file, tipline_endpoint):
    file()
    other = tmp_path / "other.sqlite3"
    tipline_endpoint.watch(home, outbox=f"sqlite://{other}")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="there is no outbox in .*other.sqlite3"):
            tipline_endpoint.assert_not_filed("case-1")
        connection = sqlite3.connect(other)
        assert [] == connection.execute("SELECT name FROM sqlite_schema").fetchall()
        connection.close()
"""


def test_outbox_that_is_not_in_its_home(elsewhere: Elsewhere) -> None:
    """It is told, or found in the settings of the home, or asked through a client; and nothing is made by looking."""
    ran = elsewhere.run(ELSEWHERE)

    ran.assert_outcomes(passed=6)


SAID = """
import httpx
import pytest
from tipline_client import Evidence, TiplineClient
from tipline_client.testing import factories

def mug(**said):
    return Evidence.from_bytes(b"mug", name="My mug.png", **said)

@pytest.fixture
def report():
    return factories.report()

@pytest.fixture(autouse=True)
def filed(report, tipline_client):
    evidence = [mug(file_viewed_by_esp=True), factories.evidence()]
    tipline_client.deliver(tipline_client.enqueue(report, evidence=evidence, idempotency_key="case-1").id)
    return evidence

def test_shown(tipline_endpoint):
    view = tipline_endpoint.assert_filed_once("case-1")
    number, file_id = view["report_id"], view["files"][0]["file_id"]
    xml = tipline_endpoint.file_details_xml(number, file_id)
    assert b"<fileViewedByEsp>true</fileViewedByEsp>" in xml
    control = tipline_endpoint.base_url.removesuffix("/ispws") + "/_mock"
    shown = httpx.get(f"{control}/reports/{number}/files/{file_id}/xml", trust_env=False)
    assert xml == shown.content
    assert 404 == httpx.get(f"{control}/reports/{number}/files/none/xml", trust_env=False).status_code
    with pytest.raises(KeyError):
        tipline_endpoint.file_details_xml(number, "none")

def test_as_handed_in(report, filed, tipline_endpoint):
    tipline_endpoint.assert_filed_once(report)
    tipline_endpoint.assert_filed_once(report, evidence=filed)

@pytest.mark.parametrize("said", [{}, {"file_viewed_by_esp": False}])
def test_otherwise_than_expected(said, report, filed, tipline_endpoint):
    with pytest.raises(AssertionError, match="file My_mug.png: fileViewedByEsp: .* expected, 'true' there"):
        tipline_endpoint.assert_filed_once(report, evidence=[mug(**said), filed[1]])

def test_otherwise_than_handed_in(tipline_endpoint):
    report = tipline_endpoint._application.hotline.reports()[0]
    for file_id, xml in report.details_xml.items():
        report.details_xml[file_id] = xml.replace(b">true<", b">false<")
    with pytest.raises(AssertionError, match="file My_mug.png: fileViewedByEsp: 'true' expected, 'false' there"):
        tipline_endpoint.assert_filed_once("case-1")
"""


def test_what_is_said_of_files(elsewhere: Elsewhere) -> None:
    """It is shown, and compared with what was handed in, by key as well as with the report itself."""
    ran = elsewhere.run(SAID)

    ran.assert_outcomes(passed=5)


EQUAL = """
import pytest
from tipline_client.testing import factories

def test_equal_report_under_another_key(tipline_client, tipline_endpoint):
    report = factories.report()
    filed = tipline_client.enqueue(report, idempotency_key="a")
    tipline_client.enqueue(report, idempotency_key="b")
    tipline_client.deliver(filed.id)

    tipline_endpoint.assert_filed_once("a")
    tipline_endpoint.assert_not_filed("b")
    with pytest.raises(AssertionError, match="'b' was not filed"):
        tipline_endpoint.assert_filed_once("b")
    with pytest.raises(AssertionError, match="'a' was filed"):
        tipline_endpoint.assert_not_filed("a")
"""


def test_equal_report_under_another_key(elsewhere: Elsewhere) -> None:
    """What was filed under one key was not filed under another, though it says the same."""
    elsewhere.run(EQUAL).assert_outcomes(passed=1)
