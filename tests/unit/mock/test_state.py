"""Reports, their states and clocks, and the counts over them; the rules beyond the schema."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.mock.samples import MINIMAL_REPORT, file_details, report_with
from tipline_client.mock.clock import MockClock
from tipline_client.mock.counts import summarise
from tipline_client.mock.grammar import DocumentRefusedError, compiled
from tipline_client.mock.rules import check_file_details, check_report, read_instant
from tipline_client.mock.state import Hotline, StateError, StoredFile

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def hotline() -> Hotline:
    return Hotline(MockClock(lambda: NOON), first_report_id=400_000_001)


def attach(hotline: Hotline, report_id: int, digest: str = "aa") -> StoredFile:
    return hotline.attach(report_id, name="mug.jpg", size=3, md5=digest, sha256=digest)


def code_of(error: pytest.ExceptionInfo[StateError]) -> int:
    return error.value.code


def test_opened_long_ago_changed_recently(hotline: Hotline) -> None:
    """A report opened 25 h ago but changed 30 min ago is alive."""
    report = hotline.open(b"<report/>")
    hotline.clock.advance(timedelta(hours=23, minutes=59))
    attach(hotline, report.report_id)
    hotline.clock.advance(timedelta(minutes=59))

    finished = hotline.finish(report.report_id)

    assert finished.state == "finished"


def test_changed_long_ago_opened_recently(hotline: Hotline) -> None:
    """A report opened and changed 2 h ago is alive, because the later limit counts."""
    report = hotline.open(b"<report/>")
    attach(hotline, report.report_id)
    hotline.clock.advance(timedelta(hours=2))

    finished = hotline.finish(report.report_id)

    assert finished.state == "finished"


def test_both_limits_passed(hotline: Hotline) -> None:
    """At the later limit the report is gone: 5001, and counted as lapsed."""
    report = hotline.open(b"<report/>")
    hotline.clock.advance(timedelta(hours=24))

    with pytest.raises(StateError) as caught:
        hotline.finish(report.report_id)

    assert code_of(caught) == 5001
    assert summarise(hotline.reports(), requests=0)["lapsed"] == 1


@pytest.mark.parametrize(("first", "code"), [("finish", 5102), ("retract", 5101)])
@pytest.mark.parametrize("second", ["finish", "retract", "upload", "fileinfo"])
def test_call_after_the_end(hotline: Hotline, first: str, code: int, second: str) -> None:
    """A finished report answers 5102 and a retracted one 5101 to everything."""
    report_id = hotline.open(b"<report/>").report_id
    getattr(hotline, first)(report_id)
    calls: dict[str, Callable[[], object]] = {
        "finish": lambda: hotline.finish(report_id),
        "retract": lambda: hotline.retract(report_id),
        "upload": lambda: attach(hotline, report_id),
        "fileinfo": lambda: hotline.describe(report_id, "x", xml=b""),
    }

    with pytest.raises(StateError) as caught:
        calls[second]()

    assert code_of(caught) == code


def test_details_of_an_unknown_file(hotline: Hotline) -> None:
    """File details for a file that the report does not have are 5002."""
    report_id = hotline.open(b"<report/>").report_id

    with pytest.raises(StateError) as caught:
        hotline.describe(report_id, "x", xml=b"")

    assert code_of(caught) == 5002


def test_report_that_no_call_named(hotline: Hotline) -> None:
    """Only the report that nothing named is an orphan."""
    hotline.open(b"<report/>")
    attach(hotline, hotline.open(b"<report/>").report_id)

    summary = summarise(hotline.reports(), requests=7)

    assert (summary["open"], summary["orphans"], summary["requests"]) == (2, 1, 7)


@pytest.mark.parametrize(
    ("second_xml", "second_digest", "expected"), [(b"a", "aa", 1), (b"b", "aa", 0), (b"a", "bb", 0)]
)
def test_same_content_finished_twice(hotline: Hotline, second_xml: bytes, second_digest: str, expected: int) -> None:
    """A second finished report counts as a duplicate only if both XML and file digests agree."""
    for xml, digest in ((b"a", "aa"), (second_xml, second_digest)):
        report_id = hotline.open(xml).report_id
        attach(hotline, report_id, digest)
        hotline.finish(report_id)

    summary = summarise(hotline.reports(), requests=0)

    assert summary["duplicates"] == expected


@pytest.mark.parametrize(("described", "expected"), [(0, 1), (1, 1), (2, 0)])
@pytest.mark.parametrize("end", ["open", "finish"])
def test_second_copy_in_one_report(hotline: Hotline, described: int, expected: int, end: str) -> None:
    """A copy without details beside another copy is stray, before and after finish; two described twins are not."""
    report_id = hotline.open(b"<report/>").report_id
    files = [attach(hotline, report_id) for _ in range(2)]
    for stored in files[:described]:
        hotline.describe(report_id, stored.file_id, xml=b"")
    if end == "finish":
        hotline.finish(report_id)

    summary = summarise(hotline.reports(), requests=0)

    assert summary["stray_files"] == expected


def test_second_copy_in_a_retracted_report(hotline: Hotline) -> None:
    """What was retracted was never filed, so its copies are not stray."""
    report_id = hotline.open(b"<report/>").report_id
    attach(hotline, report_id)
    attach(hotline, report_id)
    hotline.retract(report_id)

    summary = summarise(hotline.reports(), requests=0)

    assert summary["stray_files"] == 0


def test_report_id_beyond_32_bits() -> None:
    """Ids count up from wherever they are told to start."""
    hotline = Hotline(MockClock(lambda: NOON), first_report_id=2**40)

    ids = [hotline.open(b"").report_id for _ in range(2)]

    assert ids == [2**40, 2**40 + 1]


def test_clock_set_without_a_zone() -> None:
    """A naive instant is refused."""
    with pytest.raises(ValueError, match="time zone"):
        MockClock().set(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive value is the case


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-01T12:00:00Z", NOON),
        ("2026-02-01T12:00:00.000", NOON),
        ("2026-02-01T14:00:00+02:00", NOON),
        ("2026-01-31T24:00:00Z", NOON - timedelta(hours=12)),
        ("-0044-03-15T12:00:00Z", datetime.min.replace(tzinfo=UTC)),
        ("12026-01-01T00:00:00Z", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_instants_that_the_schema_admits(text: str, expected: datetime) -> None:
    """Every lexical form of an instant is read."""
    instant = read_instant(text)

    assert instant == expected


def page(url: str) -> bytes:
    return report_with(f"<internetDetails><webPageIncident><url>{url}</url></webPageIncident></internetDetails>")


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (MINIMAL_REPORT.replace(b"2026-01-15", b"2026-03-01"), "incidentDateTime"),
        (page("https://example.com/a b"), "url"),
        (page("https://example.com/&#9;"), "url"),
        (page("https://example.com/&#x85;"), "url"),
    ],
)
def test_report_that_breaks_a_rule(document: bytes, name: str) -> None:
    """A future time, and white space or control characters in a web address, are 4100 despite the schema."""
    tree = compiled().read(document, root="report")

    with pytest.raises(DocumentRefusedError) as caught:
        check_report(tree, document=document, now=NOON)

    assert caught.value.code == 4100
    assert [f"'{name}'" in problem.text for problem in caught.value.problems] == [True]


@pytest.mark.parametrize(
    "rest",
    [
        "<exifViewedByEsp>true</exifViewedByEsp>",
        "<fileViewedByEsp>false</fileViewedByEsp><exifViewedByEsp>1</exifViewedByEsp>",
        "<uploadedToEspTimestamp>2026-02-01T12:00:01Z</uploadedToEspTimestamp>",
        "<fileRelevance>Supplemental Reported</fileRelevance><industryClassification>A1</industryClassification>",
        "<fileRelevance>Supplemental Reported</fileRelevance><potentialMeme>true</potentialMeme>",
        "<fileRelevance>Supplemental Reported</fileRelevance><fileAnnotations><potentialMeme/></fileAnnotations>",
    ],
)
def test_file_details_that_break_a_rule(rest: str) -> None:
    """Each documented restriction on file details is 4100."""
    document = file_details(1, "a", rest=rest)
    tree = compiled().read(document, root="fileDetails")

    with pytest.raises(DocumentRefusedError) as caught:
        check_file_details(tree, document=document, now=NOON)

    assert caught.value.code == 4100


def test_file_details_within_the_rules() -> None:
    """Viewed file, viewed EXIF and a past time pass."""
    document = file_details(
        1,
        "a",
        rest="<uploadedToEspTimestamp>2026-02-01T12:00:00Z</uploadedToEspTimestamp>"
        "<fileViewedByEsp>true</fileViewedByEsp><exifViewedByEsp>true</exifViewedByEsp>",
    )
    tree = compiled().read(document, root="fileDetails")

    check_file_details(tree, document=document, now=NOON)

    assert tree.findtext("exifViewedByEsp") == "true"
