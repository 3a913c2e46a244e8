"""What happened, when, and on which kind of service: the summary and the eight kinds of incident.

Lengths are those of the CyberTipline documentation, order and names those of its schema. That the incident lies in the
past and that addresses are usable is for validation to say.
"""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from tipline_client.models.base import WireModel
from tipline_client.models.capture import IpCaptureEvent
from tipline_client.models.contact import Address, Email, Phone
from tipline_client.models.enumerations import IncidentType
from tipline_client.models.scalars import (
    Flag,
    Instant,
    Latitude,
    Longitude,
    Many,
    Text255,
    Text256,
    Text3000,
    Truth,
    WireText,
)
from tipline_client.models.xml_facts import Attribute, NewerThanSchema

__all__ = [
    "CellPhoneIncident",
    "ChatImIncident",
    "EmailIncident",
    "IncidentSummary",
    "InternetDetails",
    "NewsgroupIncident",
    "NonInternetIncident",
    "OnlineGamingIncident",
    "Peer2peerIncident",
    "ReportAnnotations",
    "WebPageIncident",
]

_ONE_READER = "the documentation after that schema, seen once; its structure is unconfirmed"


class ReportAnnotations(WireModel):
    """Marks on the whole report. Each can be asserted or left out, never denied."""

    sextortion: Flag = False
    """Somebody is threatened with the spreading of pictures."""
    csam_solicitation: Flag = False
    """Somebody asks for abuse material."""
    minor_to_minor_interaction: Flag = False
    """All involved are minors."""
    spam: Flag = False
    """The material was sent in bulk."""
    sadistic_online_exploitation: Flag = False
    """Somebody is driven to harm themselves or others for an audience."""
    informational: Annotated[
        Flag, NewerThanSchema("reportAnnotations", "two readers of the documentation and its full sample report")
    ] = False
    """The report is for information rather than for action."""
    potential_aggravating_factors: Annotated[Flag, NewerThanSchema("reportAnnotations", _ONE_READER)] = False
    """Circumstances that may make the offence graver."""
    instrumental_use: Annotated[Flag, NewerThanSchema("reportAnnotations", _ONE_READER)] = False
    """The material was a means to another end."""


class IncidentSummary(WireModel):
    """Summary of the incident: what happened and when."""

    incident_type: IncidentType
    """What the incident is about."""
    platform: Text256 | None = None
    """The service on which it happened."""
    escalate_to_high_priority: Text3000 | None = None
    """Why a child is in immediate danger. Any text escalates, even `false`: leave it out otherwise."""
    report_annotations: ReportAnnotations | None = None
    """Marks on the whole report."""
    incident_date_time: Instant
    """When it happened."""
    incident_date_time_description: Text3000 | None = None
    """What that moment is, such as the time of upload or of detection."""


class WebPageIncident(WireModel):
    """The incident is on a web page."""

    third_party_hosted_content: Annotated[Truth | None, Attribute()] = None
    """Whether another company hosts it and the reporter knows nothing more."""
    url: Many[WireText] = ()
    """Addresses of the pages."""
    additional_info: WireText | None = None
    """Anything else."""


class EmailIncident(WireModel):
    """The incident is in e-mail."""

    email_address: Many[Email] = ()
    """Addresses involved."""
    content: WireText | None = None
    """Headers, subject and text of the message."""
    additional_info: WireText | None = None
    """Anything else."""


class NewsgroupIncident(WireModel):
    """The incident is in a newsgroup."""

    name: Text255 | None = None
    """Name of the newsgroup."""
    email_address: Many[Email] = ()
    """Addresses involved."""
    content: WireText | None = None
    """Text of the posting."""
    additional_info: WireText | None = None
    """Anything else."""


class ChatImIncident(WireModel):
    """The incident is in a chat or in instant messages."""

    chat_client: Text255 | None = None
    """Program or service used."""
    chat_room_name: Text255 | None = None
    """Name of the room."""
    content: WireText | None = None
    """Log of the conversation."""
    additional_info: WireText | None = None
    """Anything else."""


class OnlineGamingIncident(WireModel):
    """The incident is in an online game."""

    game_name: Text255 | None = None
    """Name of the game."""
    console: Text255 | None = None
    """Machine it was played on."""
    content: WireText | None = None
    """Text exchanged in it."""
    additional_info: WireText | None = None
    """Anything else."""


class CellPhoneIncident(WireModel):
    """The incident is in calls, texts or pictures by mobile phone."""

    phone_number: Phone | None = None
    """Number involved."""
    latitude: Latitude | None = None
    """Where the phone was, north."""
    longitude: Longitude | None = None
    """Where the phone was, east."""
    additional_info: WireText | None = None
    """Anything else."""


class NonInternetIncident(WireModel):
    """The incident has no part online or on the phone."""

    location_name: Text255 | None = None
    """Name of the place."""
    incident_address: Many[Address] = ()
    """Addresses of the place."""
    additional_info: WireText | None = None
    """Anything else."""


class Peer2peerIncident(WireModel):
    """The incident is on a peer-to-peer network."""

    client: Text255 | None = None
    """Program used."""
    ip_capture_event: Many[IpCaptureEvent] = ()
    """IP addresses seen."""
    file_names: WireText | None = None
    """Names of all files, in one text."""
    additional_info: WireText | None = None
    """Anything else."""


class InternetDetails(WireModel):
    """Where the incident happened: exactly one kind. Repeat the whole for more."""

    model_config = ConfigDict(
        json_schema_extra={"additionalProperties": False, "minProperties": 1, "maxProperties": 1},
    )

    web_page_incident: WebPageIncident | None = None
    """On a web page."""
    email_incident: EmailIncident | None = None
    """In e-mail."""
    newsgroup_incident: NewsgroupIncident | None = None
    """In a newsgroup."""
    chat_im_incident: ChatImIncident | None = None
    """In a chat or in instant messages."""
    online_gaming_incident: OnlineGamingIncident | None = None
    """In an online game."""
    cell_phone_incident: CellPhoneIncident | None = None
    """In calls, texts or pictures by mobile phone."""
    non_internet_incident: NonInternetIncident | None = None
    """Neither online nor on the phone."""
    peer2peer_incident: Annotated[Peer2peerIncident | None, Field(alias="peer2peerIncident")] = None
    """On a peer-to-peer network."""

    @model_validator(mode="after")
    def _hold_exactly_one(self) -> Self:
        given = sum(1 for kind in self.__dict__.values() if kind is not None)
        if given != 1:
            raise PydanticCustomError(
                "exactly_one_child",
                "{given} kinds of incident given, exactly one expected; repeat internetDetails for more",
                {"given": given},
            )
        return self
