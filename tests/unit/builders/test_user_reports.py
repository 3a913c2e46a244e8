"""A picture that a user reported: what the user said is the user's word."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.unit.builders.cases import BEGIN, ENDPOINT, INCIDENT, NOW, REPORTED, REPORTER, refused, rules
from tipline_client.builders import Draft, UserReport, user_report
from tipline_client.errors import ReportInvalidError
from tipline_client.evidence import Evidence

SAID = UserReport(reported_at=BEGIN, category="Child safety", words="This mug is not yours", reporting_user="user-3003")


def mug(name: str = "mug.jpg") -> Evidence:
    return Evidence.from_bytes(b"a coffee mug", name=name)


def built(said: UserReport = SAID, **arguments: Any) -> Draft:
    given: dict[str, Any] = {"pictures": mug(), "reporter": REPORTER, "profile": ENDPOINT, "now": NOW}
    return user_report(INCIDENT, said=said, **(given | {"reported": REPORTED} | arguments))


def test_everything_said() -> None:
    """What the user said is quoted as such in additionalInfo."""
    assert (
        "A user of the service reported the attached picture to the reporting company at 2026-01-05T08:30:00Z.\n"
        'Category that the user chose: "Child safety"\n'
        "In the words of the user, each line after a '>':\n"
        "> This mug is not yours\n"
        "Account of the user who reported it: user-3003"
    ) == built().report.additional_info


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_words_that_would_pass_for_the_companys(end: str) -> None:
    """Whatever ends a line, the next one is marked as the user's too."""
    said = UserReport(words=f'a mug"{end}The reporting company viewed the file.')

    lines = (built(said).report.additional_info or "").splitlines()

    assert ['> a mug"', "> The reporting company viewed the file."] == lines[-2:]


@pytest.mark.parametrize("name", ["category", "reporting_user"])
def test_more_than_a_line(name: str) -> None:
    """What is one word of the company's form or records has no second line for a user's own."""
    given: dict[str, Any] = {name: "one\u2028two"}

    with pytest.raises(ReportInvalidError) as raised:
        UserReport(**given)

    assert [name] == refused(raised)


def test_words_of_the_company_too() -> None:
    """What the company adds comes first and stays as it is."""
    info = built(UserReport(), additional_info="Seen twice", pictures=[mug(), mug("pot.jpg")]).report.additional_info

    assert ("Seen twice\nA user of the service reported the 2 attached pictures to the reporting company.") == info


def test_user_who_saw_it() -> None:
    """That a user saw the picture is no claim that the company did, nor that everybody could."""
    [picture] = built().evidence

    assert {} == picture.details.to_json_dict()


def test_category_of_the_user() -> None:
    """What the user chose changes neither the type of the incident nor the time of it."""
    summary = built(UserReport(category="Unsolicited Obscene Material Sent to a Child")).report.incident_summary

    assert INCIDENT == summary


def test_nothing_said() -> None:
    """What the user's report lacks is in the list, beside what the picture lacks."""
    found = rules(built(UserReport()).issues)

    assert {
        ("report.additionalInfo", "user-report-time-missing"),
        ("report.additionalInfo", "user-report-reason-missing"),
        ("report.additionalInfo", "user-report-user-missing"),
        ("evidence[0].details.uploadedToEspTimestamp", "upload-time-missing"),
        ("evidence[0].details.ipCaptureEvent", "upload-address-missing"),
        ("evidence[0].details.fileViewedByEsp", "file-viewed-claim-missing"),
    } <= set(found)


@pytest.mark.parametrize("said", [UserReport(category="Other"), UserReport(words="A mug")])
def test_category_or_words(said: UserReport) -> None:
    """One of the two is a reason."""
    assert "user-report-reason-missing" not in {issue.rule for issue in built(said).issues}


def test_everything_said_is_not_missed() -> None:
    """Nothing of the user's report is missed where all of it is there."""
    assert [] == [issue for issue in built().issues if issue.rule.startswith("user-report")]


def test_time_of_the_future() -> None:
    """It is missed that it cannot be right; what clocks may differ is none."""
    for minutes, is_missed in ((5, False), (6, True)):
        said = UserReport(reported_at=NOW + timedelta(minutes=minutes), category="Child safety")
        missed = rules(built(said).issues)
        assert is_missed is (("report.additionalInfo", "user-report-time-in-future") in missed)


def test_time_of_another_zone() -> None:
    """The moment is told in UTC."""
    east = BEGIN.astimezone(timezone(timedelta(hours=5, minutes=45)))

    assert SAID.as_text(1) == UserReport(
        reported_at=east, category=SAID.category, words=SAID.words, reporting_user=SAID.reporting_user
    ).as_text(1)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"reported_at": BEGIN.replace(tzinfo=None)}, "reported_at"),
        ({"reported_at": "2026-01-05T08:30:00Z"}, "reported_at"),
        ({"category": 3}, "category"),
        ({"words": " "}, "words"),
        ({"reporting_user": ""}, "reporting_user"),
    ],
)
def test_wrong_report_of_a_user(values: dict[str, Any], name: str) -> None:
    """A value that says nothing usable is refused by its name."""
    with pytest.raises(ReportInvalidError) as raised:
        UserReport(**values)

    assert [name] == refused(raised)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"pictures": []}, "pictures"),
        ({"pictures": "mug.jpg"}, "pictures"),
        ({"pictures": [mug(), b"mug"]}, "pictures[1]"),
        ({"said": "this mug is not yours"}, "said"),
        ({"additional_info": ""}, "additional_info"),
        ({"reported": (REPORTED, REPORTED)}, "reported"),
    ],
)
def test_wrong_argument(arguments: dict[str, Any], name: str) -> None:
    """An argument that is wrong is named."""
    with pytest.raises(ReportInvalidError) as raised:
        built(**arguments)

    assert [name] == refused(raised)


def test_words_in_a_repr() -> None:
    """Neither the words of the user nor the account show in a repr or an error."""
    shown = repr(SAID) + repr(built()) + "".join(built().missing)

    assert [] == [text for text in ("not yours", "user-3003") if text in shown]
