"""A decision and its report, in one transaction: both are there, or neither."""

from datetime import datetime

from django.db import transaction

from moderation.models import Decision
from tipline_client import IncidentSummary, InternetDetails, Person, Report, Reporter
from tipline_client.django import enqueue
from tipline_client.models import Email, WebPageIncident

REPORTER = Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")]))


def decide(*, case: str, url: str, at: datetime) -> Decision:
    """Write the decision down and queue its report."""
    report = Report(
        incident_summary=IncidentSummary(incident_type="Misleading Domain Name", incident_date_time=at),
        internet_details=[InternetDetails(web_page_incident=WebPageIncident(url=[url]))],
        reporter=REPORTER,
    )
    with transaction.atomic():
        entry = enqueue(report, idempotency_key=case, known_at=at)
        decision: Decision = Decision.objects.create(case=case, url=url, decided_at=at, entry_id=entry.id)
    return decision
