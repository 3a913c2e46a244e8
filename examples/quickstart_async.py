"""The same job inside an event loop: five reports queued, then delivered side by side by a dispatcher.

Nothing leaves this machine. Run it anywhere: it makes the folder `tipline-home` where it is started.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from tipline_client import (
    AsyncDispatcher,
    AsyncTiplineClient,
    Evidence,
    IncidentSummary,
    InternetDetails,
    Person,
    Report,
    Reporter,
)
from tipline_client.mock import MockEndpoint
from tipline_client.models import Email, WebPageIncident

PICTURE = Path(__file__).with_name("mug.png")


def report_about(page: int) -> Report:
    """A harmless report about one page of an example site."""
    return Report(
        incident_summary=IncidentSummary(
            incident_type="Misleading Domain Name",
            incident_date_time=datetime(2026, 1, 5, 8, page, tzinfo=UTC),
        ),
        internet_details=[
            InternetDetails(web_page_incident=WebPageIncident(url=[f"https://www.example.com/page/{page}"]))
        ],
        reporter=Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")])),
    )


async def main() -> None:
    """Queue five reports, deliver what is waiting, and show the receipts."""
    async with MockEndpoint() as endpoint, AsyncTiplineClient.open("tipline-home", profile=endpoint.profile) as client:
        picture = Evidence.from_path(PICTURE, file_viewed_by_esp=True)
        entries = [
            await client.enqueue(report_about(page), evidence=[picture], idempotency_key=f"case-{page}")
            for page in range(1, 6)
        ]
        await AsyncDispatcher(client).drain()
        for entry in entries:
            receipt = await client.receipt(entry.id)
            print(f"{entry.idempotency_key}: report {receipt.report_id}")


if __name__ == "__main__":
    asyncio.run(main())
