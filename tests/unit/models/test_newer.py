"""Which facts need a newer schema, and where they stand."""

from tests.unit.models.samples import report_form
from tipline_client.models import Report, find_newer

ALL = {
    "incidentSummary": {
        "incidentType": "Misleading Domain Name",
        "incidentDateTime": "2026-01-15T09:30:00Z",
        "reportAnnotations": {"informational": True, "potentialAggravatingFactors": True, "instrumentalUse": True},
    },
    "personOrUserReported": [
        {"screenName": "sample_user"},
        {
            "personOrUserReportedPerson": {"ageAssertionDiscrepancy": True},
            "associatedAccount": [{"type": "Other"}, {"type": "Linked", "ageAssertionDiscrepancy": False}],
        },
    ],
}


def test_every_newer_element() -> None:
    """Each is found with its path, the type that owns it and its name, in document order."""
    report = Report.model_validate(report_form(**ALL))

    found = find_newer(report)

    person = "personOrUserReported[1]"
    assert found == (
        ("incidentSummary.reportAnnotations.informational", "reportAnnotations", "informational"),
        (
            "incidentSummary.reportAnnotations.potentialAggravatingFactors",
            "reportAnnotations",
            "potentialAggravatingFactors",
        ),
        ("incidentSummary.reportAnnotations.instrumentalUse", "reportAnnotations", "instrumentalUse"),
        (f"{person}.personOrUserReportedPerson.ageAssertionDiscrepancy", "person", "ageAssertionDiscrepancy"),
        (f"{person}.associatedAccount[1].ageAssertionDiscrepancy", "associatedAccount", "ageAssertionDiscrepancy"),
    )


def test_newer_flags_that_are_not_asserted() -> None:
    """A flag that is false says nothing, so it needs no newer schema."""
    form = report_form()
    form["incidentSummary"]["reportAnnotations"] = {"informational": False}

    assert find_newer(Report.model_validate(form)) == ()
