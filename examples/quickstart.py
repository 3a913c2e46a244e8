"""The whole job in one script: a report with a picture, filed with a mock endpoint, and its receipt.

Nothing leaves this machine. Run it anywhere: it makes the folder `tipline-home` where it is started.
"""

from datetime import UTC, datetime
from pathlib import Path

from tipline_client import Evidence, IncidentSummary, InternetDetails, Person, Report, Reporter, TiplineClient
from tipline_client.mock import MockEndpoint
from tipline_client.models import Email, WebPageIncident

PICTURE = Path(__file__).with_name("mug.png")

report = Report(
    incident_summary=IncidentSummary(
        incident_type="Misleading Domain Name",
        incident_date_time=datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
    ),
    internet_details=[InternetDetails(web_page_incident=WebPageIncident(url=["https://www.example.com/page"]))],
    reporter=Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")])),
)


def main() -> None:
    """File the report once, however often this is called."""
    with MockEndpoint() as endpoint, TiplineClient.open("tipline-home", profile=endpoint.profile) as client:
        evidence = [Evidence.from_path(PICTURE, file_viewed_by_esp=True)]
        for issue in client.validate(report, evidence=evidence):
            print(issue)
        entry = client.enqueue(report, evidence=evidence, idempotency_key="case-4714")
        receipt = client.deliver(entry.id)
        print(f"report {receipt.report_id}, acknowledged at {receipt.acknowledged_at:%Y-%m-%d %H:%M:%S} UTC")
        print(f"filed by this run: {endpoint.summary()['finished']}")


if __name__ == "__main__":
    main()
