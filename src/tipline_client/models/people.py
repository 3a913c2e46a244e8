"""Whom the report is about: the person reported, intended recipients, victims.

The three look alike and are not: each has its own elements and its own order, as in the hotline's schema. Lengths are
those of the CyberTipline documentation.
"""

from typing import Annotated

from pydantic import Field

from tipline_client.models.account import AccountPermanentlyDisabled, AccountTemporarilyDisabled, AssociatedAccount
from tipline_client.models.base import WireModel
from tipline_client.models.capture import DeviceId, EstimatedLocation, IpCaptureEvent
from tipline_client.models.contact import Person
from tipline_client.models.scalars import Many, MaxUnits, ReportId, Text100, Text255, Text256, Truth, WireText

__all__ = ["IntendedRecipient", "PersonOrUserReported", "Victim"]


class PersonOrUserReported(WireModel):
    """The person or user whom the report accuses."""

    person_or_user_reported_person: Person | None = None
    """Who it is."""
    vehicle_description: Annotated[WireText, MaxUnits(300)] | None = None
    """A vehicle connected with the person."""
    esp_identifier: Text255 | None = None
    """The reporting company's identifier of the account."""
    esp_service: Text100 | None = None
    """The reporting company's service it was used on."""
    compromised_account: Truth | None = None
    """Whether somebody else had taken the account over."""
    screen_name: Text256 | None = None
    """Name used to log in or to be found by; further ones go to `display_name`."""
    display_name: Many[WireText] = ()
    """Names shown to others."""
    profile_url: Many[WireText] = ()
    """Addresses of profile pages."""
    profile_bio: WireText | None = None
    """What the holder wrote about themselves."""
    ip_capture_event: Many[IpCaptureEvent] = ()
    """IP addresses seen."""
    device_id: Many[DeviceId] = ()
    """Devices seen."""
    third_party_user_reported: Truth | None = None
    """Whether the account is on another company's service."""
    prior_ct_reports: Annotated[Many[ReportId], Field(alias="priorCTReports")] = ()
    """Earlier reports about the account, filed at the same environment."""
    group_identifier: Text255 | None = None
    """Name of an organised exploitation group that the person belongs to."""
    account_temporarily_disabled: AccountTemporarilyDisabled | None = None
    """Whether the account was closed for a time."""
    account_permanently_disabled: AccountPermanentlyDisabled | None = None
    """Whether the account was closed for good."""
    estimated_location: EstimatedLocation | None = None
    """Where the person probably was."""
    all_emails_reported: Truth | None = None
    """Whether the e-mail addresses given are all that are known."""
    associated_account: Many[AssociatedAccount] = ()
    """Other accounts that belong to the person."""
    additional_info: WireText | None = None
    """Anything else."""


class IntendedRecipient(WireModel):
    """Somebody for whom the reported content was meant."""

    intended_recipient_person: Person | None = None
    """Who it is."""
    esp_identifier: Text255 | None = None
    """The reporting company's identifier of the account."""
    esp_service: Text100 | None = None
    """The reporting company's service it was used on."""
    compromised_account: Truth | None = None
    """Whether somebody else had taken the account over."""
    screen_name: Text256 | None = None
    """Name used to log in or to be found by; further ones go to `display_name`."""
    display_name: Many[WireText] = ()
    """Names shown to others."""
    profile_url: Many[WireText] = ()
    """Addresses of profile pages."""
    profile_bio: WireText | None = None
    """What the holder wrote about themselves."""
    ip_capture_event: Many[IpCaptureEvent] = ()
    """IP addresses seen."""
    device_id: Many[DeviceId] = ()
    """Devices seen."""
    prior_ct_reports: Annotated[Many[ReportId], Field(alias="priorCTReports")] = ()
    """Earlier reports about the account, filed at the same environment."""
    group_identifier: Text255 | None = None
    """Name of an organised exploitation group that the person belongs to."""
    account_temporarily_disabled: AccountTemporarilyDisabled | None = None
    """Whether the account was closed for a time."""
    account_permanently_disabled: AccountPermanentlyDisabled | None = None
    """Whether the account was closed for good."""
    estimated_location: EstimatedLocation | None = None
    """Where the person probably was."""
    all_emails_reported: Truth | None = None
    """Whether the e-mail addresses given are all that are known."""
    additional_info: Many[WireText] = ()
    """Anything else. The schema allows several; the documentation means one."""


class Victim(WireModel):
    """A child who was harmed or is at risk."""

    victim_person: Person
    """Who it is; may be empty when nothing is known."""
    esp_identifier: Text255 | None = None
    """The reporting company's identifier of the account."""
    esp_service: Text100 | None = None
    """The reporting company's service it was used on."""
    compromised_account: Truth | None = None
    """Whether somebody else had taken the account over."""
    screen_name: Text256 | None = None
    """Name used to log in or to be found by; further ones go to `display_name`."""
    display_name: Many[WireText] = ()
    """Names shown to others."""
    profile_url: Many[WireText] = ()
    """Addresses of profile pages."""
    profile_bio: WireText | None = None
    """What the holder wrote about themselves."""
    ip_capture_event: Many[IpCaptureEvent] = ()
    """IP addresses seen."""
    device_id: Many[DeviceId] = ()
    """Devices seen."""
    school_name: Text255 | None = None
    """School that the child attends."""
    prior_ct_reports: Annotated[Many[ReportId], Field(alias="priorCTReports")] = ()
    """Earlier reports about the account, filed at the same environment."""
    account_temporarily_disabled: AccountTemporarilyDisabled | None = None
    """Whether the account was closed for a time."""
    account_permanently_disabled: AccountPermanentlyDisabled | None = None
    """Whether the account was closed for good."""
    estimated_location: EstimatedLocation | None = None
    """Where the child probably was."""
    all_emails_reported: Truth | None = None
    """Whether the e-mail addresses given are all that are known."""
    associated_account: Many[AssociatedAccount] = ()
    """Other accounts that belong to the child."""
    additional_info: WireText | None = None
    """Anything else."""
