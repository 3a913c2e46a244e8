"""The report itself, who files it, and what law enforcement already knows.

Lengths are those of the CyberTipline documentation, order and names those of its schema. How many persons one report
may accuse is for validation to say: the schema sets no bound.
"""

from typing import Annotated

from pydantic import Field

from tipline_client.models.base import TextElement, WireModel
from tipline_client.models.contact import ContactPerson, Person
from tipline_client.models.enumerations import BatchedReportReason
from tipline_client.models.geography import Country
from tipline_client.models.incident import IncidentSummary, InternetDetails
from tipline_client.models.people import IntendedRecipient, PersonOrUserReported, Victim
from tipline_client.models.scalars import Many, Text100, Text255, Text2083, Truth, WireText
from tipline_client.models.xml_facts import Attribute, Text

__all__ = ["BatchedReport", "LawEnforcement", "Report", "Reporter", "ServedLegalProcessInternational"]


class BatchedReport(WireModel):
    """Says that this report stands for several that would otherwise be separate."""

    reason: Annotated[BatchedReportReason, Attribute()]
    """Why it does."""


class ServedLegalProcessInternational(TextElement):
    """Whether an agency outside the United States served legal process."""

    value: Annotated[Truth, Text()]
    """Whether one did."""
    flea_country: Annotated[Country | None, Attribute()] = None
    """Country of that agency."""


class LawEnforcement(WireModel):
    """What law enforcement already knows about the incident."""

    agency_name: Text255
    """Name of the agency."""
    case_number: Text100 | None = None
    """The agency's number of the case."""
    officer_contact: ContactPerson | None = None
    """Officer in charge."""
    reported_to_le: Truth | None = None
    """Whether the company told the agency."""
    served_legal_process_domestic: Truth | None = None
    """Whether a United States agency served legal process."""
    served_legal_process_international: ServedLegalProcessInternational | None = None
    """Whether an agency elsewhere did."""


class Reporter(WireModel):
    """The company that files the report, and whom to ask there."""

    reporting_person: Person
    """Person or team that files it, with the company's address."""
    contact_person: ContactPerson | None = None
    """Whom law enforcement should turn to, if somebody else."""
    company_template: WireText | None = None
    """Standing text of the company, the same in every report."""
    terms_of_service: WireText | None = None
    """What the terms of service say about such content."""
    legal_url: Annotated[Text2083 | None, Field(alias="legalURL")] = None
    """Address of the company's page for legal requests."""


class Report(WireModel):
    """A report to the CyberTipline, as its `report` element."""

    batched_report: BatchedReport | None = None
    """Present when the report stands for several."""
    incident_summary: IncidentSummary
    """What happened and when."""
    internet_details: Many[InternetDetails] = ()
    """Where it happened, one kind of incident each."""
    law_enforcement: LawEnforcement | None = None
    """What law enforcement already knows."""
    reporter: Reporter
    """Who files the report."""
    person_or_user_reported: Many[PersonOrUserReported] = ()
    """Whom it accuses: at most one, says the documentation; the schema allows several."""
    intended_recipient: Many[IntendedRecipient] = ()
    """For whom the content was meant."""
    victim: Many[Victim] = ()
    """Children who were harmed or are at risk."""
    additional_info: WireText | None = None
    """Anything else."""
