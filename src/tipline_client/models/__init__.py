"""What is reported: the documented report, typed. Every element and attribute, in Python's names and the wire's.

Frozen, without I/O. An instance that exists is valid against the hotline's schema; what the documentation asks beyond
that is for validation.
"""

from tipline_client.models.account import (
    AccountPermanentlyDisabled,
    AccountTemporarilyDisabled,
    AssociatedAccount,
    Platform,
)
from tipline_client.models.base import (
    TextElement,
    WireModel,
)
from tipline_client.models.capture import (
    DeviceId,
    EstimatedLocation,
    IpCaptureEvent,
)
from tipline_client.models.contact import (
    Address,
    ContactPerson,
    Email,
    Person,
    Phone,
)
from tipline_client.models.enumerations import (
    AddressType,
    AssociatedAccountType,
    BatchedReportReason,
    EmailType,
    EventName,
    FileRelevance,
    IncidentType,
    IndustryClassification,
    MetadataType,
    PhoneType,
)
from tipline_client.models.file_details import (
    Details,
    EvidenceDetails,
    FileAnnotations,
    FileDetails,
    NameValuePair,
    OriginalFileHash,
)
from tipline_client.models.geography import (
    COUNTRIES,
    STATES,
    Country,
    State,
)
from tipline_client.models.incident import (
    CellPhoneIncident,
    ChatImIncident,
    EmailIncident,
    IncidentSummary,
    InternetDetails,
    NewsgroupIncident,
    NonInternetIncident,
    OnlineGamingIncident,
    Peer2peerIncident,
    ReportAnnotations,
    WebPageIncident,
)
from tipline_client.models.json_schema import (
    report_json_schema,
    submission_json_schema,
)
from tipline_client.models.newer import (
    NewerElement,
    find_newer,
)
from tipline_client.models.people import (
    IntendedRecipient,
    PersonOrUserReported,
    Victim,
)
from tipline_client.models.replies import (
    Files,
    ReportDoneResponse,
    ReportResponse,
    ResponseCode,
)
from tipline_client.models.report import (
    BatchedReport,
    LawEnforcement,
    Report,
    Reporter,
    ServedLegalProcessInternational,
)
from tipline_client.models.scalars import (
    Age,
    CalendarDate,
    Degrees,
    FileId,
    Flag,
    Instant,
    Latitude,
    Longitude,
    Many,
    Port,
    ReportId,
    Truth,
    WholeNumber,
    WireText,
)
from tipline_client.models.submission import (
    EvidenceItem,
    IdempotencyKey,
    Submission,
)
from tipline_client.models.substitution import (
    Substitution,
    find_substitutions,
    unsendable,
)

__all__ = [
    "COUNTRIES",
    "STATES",
    "AccountPermanentlyDisabled",
    "AccountTemporarilyDisabled",
    "Address",
    "AddressType",
    "Age",
    "AssociatedAccount",
    "AssociatedAccountType",
    "BatchedReport",
    "BatchedReportReason",
    "CalendarDate",
    "CellPhoneIncident",
    "ChatImIncident",
    "ContactPerson",
    "Country",
    "Degrees",
    "Details",
    "DeviceId",
    "Email",
    "EmailIncident",
    "EmailType",
    "EstimatedLocation",
    "EventName",
    "EvidenceDetails",
    "EvidenceItem",
    "FileAnnotations",
    "FileDetails",
    "FileId",
    "FileRelevance",
    "Files",
    "Flag",
    "IdempotencyKey",
    "IncidentSummary",
    "IncidentType",
    "IndustryClassification",
    "Instant",
    "IntendedRecipient",
    "InternetDetails",
    "IpCaptureEvent",
    "Latitude",
    "LawEnforcement",
    "Longitude",
    "Many",
    "MetadataType",
    "NameValuePair",
    "NewerElement",
    "NewsgroupIncident",
    "NonInternetIncident",
    "OnlineGamingIncident",
    "OriginalFileHash",
    "Peer2peerIncident",
    "Person",
    "PersonOrUserReported",
    "Phone",
    "PhoneType",
    "Platform",
    "Port",
    "Report",
    "ReportAnnotations",
    "ReportDoneResponse",
    "ReportId",
    "ReportResponse",
    "Reporter",
    "ResponseCode",
    "ServedLegalProcessInternational",
    "State",
    "Submission",
    "Substitution",
    "TextElement",
    "Truth",
    "Victim",
    "WebPageIncident",
    "WholeNumber",
    "WireModel",
    "WireText",
    "find_newer",
    "find_substitutions",
    "report_json_schema",
    "submission_json_schema",
    "unsendable",
]
