"""Values: what is taken for a text, an instant, a date, an id, a flag, a number, an array, and what is not."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.unit.models.samples import file_form, report_form
from tipline_client.models import (
    CellPhoneIncident,
    FileAnnotations,
    FileDetails,
    IncidentSummary,
    IpCaptureEvent,
    Person,
    PersonOrUserReported,
    Phone,
    Report,
    ReportAnnotations,
    Submission,
)


def summary(when: Any) -> IncidentSummary:
    """A summary of an incident at some time."""
    return IncidentSummary(incident_type="Misleading Domain Name", incident_date_time=when)


def refusal(model: Any, form: dict[str, Any]) -> list[str]:
    """Types of the errors that a form meets."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(form)
    return [error["type"] for error in caught.value.errors()]


@pytest.mark.parametrize("text", ["007", "1e5", "true", "null", " padded ", "\ud800", "\x00", "☕", "\r\n", ""])
def test_text_that_looks_like_something_else(text: str) -> None:
    """Text stays exactly what it is."""
    person = PersonOrUserReported(screen_name=text)

    assert text == person.screen_name
    assert {"screenName": text} == person.to_json_dict()


def test_character_in_two_halves() -> None:
    """Two surrogates that make one character are that character, as they would be after a reading from JSON."""
    person = PersonOrUserReported(screen_name="a\ud83c\udffa\ud83c")

    assert person.screen_name == "a🏺\ud83c"


@pytest.mark.parametrize("value", [7, 1.5, True, b"text", ["text"], {"value": "text"}])
def test_something_else_where_text_is_expected(value: Any) -> None:
    """A number, boolean, array, object or bytes is not taken for text."""
    found = refusal(PersonOrUserReported, {"screenName": value})

    assert found == ["text_expected"]


def test_text_at_its_limit_in_emoji() -> None:
    """Limits count UTF-16 units: 128 emoji fill 256 units, and one more is too many."""
    fits = PersonOrUserReported(screen_name="☕" * 256).screen_name

    found = refusal(PersonOrUserReported, {"screenName": "🏺" * 129})

    assert fits == "☕" * 256
    assert PersonOrUserReported(screen_name="🏺" * 128).screen_name == "🏺" * 128
    assert found == ["too_long"]


@pytest.mark.parametrize(
    "when",
    [
        "2026-01-15T09:30:00",
        "2026-01-15 09:30:00Z",
        "2026-01-15T09:30Z",
        "2026-01-15T09:30:00+0000",
        "2026-01-15",
        "1768469400",
        1768469400,
        1768469400.5,
        date(2026, 1, 15),
        True,
        "",
    ],
)
def test_time_in_another_form(when: Any) -> None:
    """Naive, numeric, short or spaced times are refused."""
    found = refusal(IncidentSummary, {"incidentType": "Misleading Domain Name", "incidentDateTime": when})

    assert found == ["instant_expected"]


def test_naive_datetime() -> None:
    """A datetime without a zone is refused."""
    naive = datetime(2026, 1, 15, 9, 30)  # noqa: DTZ001 - the situation under test

    found = refusal(IncidentSummary, {"incidentType": "Misleading Domain Name", "incidentDateTime": naive})

    assert found == ["zone_missing"]


def test_time_in_daylight_saving_gap() -> None:
    """A local time that no clock showed is refused."""
    gap = datetime(2025, 3, 30, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    found = refusal(IncidentSummary, {"incidentType": "Misleading Domain Name", "incidentDateTime": gap})

    assert found == ["instant_in_gap"]


def test_time_shown_twice_by_the_clock() -> None:
    """A local time that clocks showed twice is taken as its `fold` says."""
    twice = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    hours = [summary(twice.replace(fold=fold)).incident_date_time.hour for fold in (0, 1)]

    assert hours == [0, 1]


def test_time_outside_the_calendar() -> None:
    """An instant that falls out of the years 1 to 9999 in UTC is refused."""
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))

    found = refusal(IncidentSummary, {"incidentType": "Misleading Domain Name", "incidentDateTime": early})

    assert found == ["instant_out_of_range"]


@pytest.mark.parametrize(
    ("when", "written"),
    [
        ("2026-01-15T09:30:00Z", "2026-01-15T09:30:00Z"),
        ("2026-01-15T11:30:00+02:00", "2026-01-15T09:30:00Z"),
        ("2026-01-15T09:30:00.5Z", "2026-01-15T09:30:00.500Z"),
        ("2026-01-15T09:30:00.123456789Z", "2026-01-15T09:30:00.123Z"),
        (datetime(2026, 1, 15, 9, 30, 0, 999, tzinfo=UTC), "2026-01-15T09:30:00Z"),
        ("0099-12-31T23:59:59Z", "0099-12-31T23:59:59Z"),
    ],
)
def test_instants_as_written(when: Any, written: str) -> None:
    """Instants leave in UTC, to the millisecond, and equal what is read back."""
    kept = summary(when)

    assert written == kept.to_json_dict()["incidentDateTime"]
    assert kept == summary(written)


@pytest.mark.parametrize("day", ["2000-01-31T00:00:00Z", "31.01.2000", 951782400, datetime(2000, 1, 31, tzinfo=UTC)])
def test_date_in_another_form(day: Any) -> None:
    """A date-time, a number or another order is no date."""
    found = refusal(Person, {"dateOfBirth": day})

    assert found == ["date_expected"]


@pytest.mark.parametrize("report_id", [2**31, 2**53 + 1, 2**63 - 1, "9007199254740993", "007"])
def test_report_id_beyond_32_bits(report_id: Any) -> None:
    """Report ids have 64 bits, come as number or digits, and leave as digits."""
    details = FileDetails.model_validate(file_form(reportId=report_id))

    assert int(report_id) == details.report_id
    assert str(int(report_id)) == details.to_json_dict()["reportId"]


@pytest.mark.parametrize("report_id", [2**63, -1, "-1", "1.0", 1.0, " 1", "١", True, None, ""])
def test_report_id_that_is_none(report_id: Any) -> None:
    """Other numbers, signs, spaces, foreign digits and booleans are no report id."""
    found = refusal(FileDetails, file_form(reportId=report_id))

    assert len(found) == 1


@pytest.mark.parametrize(("file_id", "kept"), [("12345678", "12345678"), ("\t a \r\n b ", "a b"), ("1e5", "1e5")])
def test_file_id_is_text(file_id: str, kept: str) -> None:
    """A file id stays text, even if it looks like a number, without surrounding white space."""
    details = FileDetails.model_validate(file_form(fileId=file_id))

    assert kept == details.file_id


@pytest.mark.parametrize(("file_id", "error"), [("  ", "file_id_expected"), (12345678, "text_expected")])
def test_file_id_that_is_none(file_id: Any, error: str) -> None:
    """A blank text or a number is no file id."""
    found = refusal(FileDetails, file_form(fileId=file_id))

    assert found == [error]


def test_false_on_presence_flag() -> None:
    """False on a presence flag is the same as leaving it out."""
    denied = ReportAnnotations(sextortion=False, spam=True)

    assert denied == ReportAnnotations(spam=True)
    assert denied.to_json_dict() == {"spam": True}


@pytest.mark.parametrize("value", ["true", "", 1, 0, None])
def test_something_else_where_a_flag_is_expected(value: Any) -> None:
    """Text and numbers are not taken for booleans."""
    found = refusal(FileAnnotations, {"viral": value})

    assert found == ["bool_type"]


def test_false_in_an_ordinary_boolean() -> None:
    """False is a statement of its own and is kept apart from saying nothing."""
    denied = FileDetails.model_validate(file_form(fileViewedByEsp=False))

    assert denied.to_json_dict()["fileViewedByEsp"] is False
    assert denied != FileDetails.model_validate(file_form())


def test_claims_that_nobody_made() -> None:
    """Claims have no default."""
    details = FileDetails.model_validate(file_form())

    assert {None} == {details.file_viewed_by_esp, details.exif_viewed_by_esp, details.publicly_available}


def test_single_item_for_an_array() -> None:
    """One item alone stands for an array of one; nothing stands for an empty one."""
    alone = Report.model_validate(report_form(victim={"victimPerson": {"phone": "555-0100"}}, internetDetails=None))

    array = Report.model_validate(report_form(victim=[{"victimPerson": {"phone": ["555-0100"]}}]))

    assert array == alone
    assert isinstance(alone.victim, tuple)


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (Person, {"age": 151}),
        (Person, {"age": -1}),
        (Person, {"age": "13"}),
        (Person, {"age": True}),
        (IpCaptureEvent, {"ipAddress": "192.0.2.1", "port": 0}),
        (IpCaptureEvent, {"ipAddress": "192.0.2.1", "port": 65536}),
        (CellPhoneIncident, {"latitude": 90.1}),
        (CellPhoneIncident, {"longitude": -180.5}),
        (CellPhoneIncident, {"latitude": float("nan")}),
        (CellPhoneIncident, {"longitude": float("inf")}),
        (Phone, {"value": "555-0100", "countryCallingCode": "1"}),
        (Phone, {"value": "555-0100", "countryCallingCode": "+1\n"}),
        (Phone, {"value": "555-0100", "extension": "12345678901"}),
        (Phone, {"value": "555-0100", "type": "work"}),
        (Submission, {"report": report_form(), "idempotencyKey": " "}),
        (Submission, {"report": report_form(), "idempotencyKey": "k" * 256}),
    ],
)
def test_value_outside_its_range(model: Any, form: dict[str, Any]) -> None:
    """Ranges, patterns and closed lists hold at their edges."""
    found = refusal(model, form)

    assert len(found) == 1


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (Person, {"age": 0}),
        (Person, {"age": 150}),
        (IpCaptureEvent, {"ipAddress": "192.0.2.1", "port": 1}),
        (IpCaptureEvent, {"ipAddress": "192.0.2.1", "port": 65535}),
        (CellPhoneIncident, {"latitude": 90, "longitude": -180}),
        (Phone, {"value": "", "countryCallingCode": "+123", "extension": "0123456789"}),
    ],
)
def test_value_at_the_edge_of_its_range(model: Any, form: dict[str, Any]) -> None:
    """The edges themselves are accepted."""
    kept = model.model_validate(form)

    assert form == (kept.to_json_dict() if not isinstance(kept, Phone) else form)
