"""What became of an account, and which other accounts belong to it.

An associated account has its own names and its own order, which differ from those of the person it belongs to. Lengths
are those of the CyberTipline documentation.
"""

from typing import Annotated

from pydantic import Field

from tipline_client.models.base import TextElement, WireModel
from tipline_client.models.capture import DeviceId, IpCaptureEvent
from tipline_client.models.contact import Address, Email, Phone
from tipline_client.models.enumerations import AssociatedAccountType
from tipline_client.models.scalars import Age, CalendarDate, Instant, Many, ReportId, Text256, Truth, WireText
from tipline_client.models.xml_facts import Attribute, NewerThanSchema, Text

__all__ = ["AccountPermanentlyDisabled", "AccountTemporarilyDisabled", "AssociatedAccount", "Platform"]


class AccountTemporarilyDisabled(TextElement):
    """Whether the account was closed for a time; the dates make sense with `true` only."""

    value: Annotated[Truth, Text()]
    """Whether it was."""
    disabled_date: Annotated[Instant | None, Attribute()] = None
    """When it was closed."""
    user_notified: Annotated[Truth | None, Attribute()] = None
    """Whether the holder was told."""
    user_notified_date: Annotated[Instant | None, Attribute()] = None
    """When the holder was told."""
    reenabled_date: Annotated[Instant | None, Attribute()] = None
    """When it was or will be opened again; may lie in the future."""


class AccountPermanentlyDisabled(TextElement):
    """Whether the account was closed for good; the dates make sense with `true` only."""

    value: Annotated[Truth, Text()]
    """Whether it was."""
    disabled_date: Annotated[Instant | None, Attribute()] = None
    """When it was closed."""
    user_notified: Annotated[Truth | None, Attribute()] = None
    """Whether the holder was told."""
    user_notified_date: Annotated[Instant | None, Attribute()] = None
    """When the holder was told."""


class Platform(TextElement):
    """The service on which an associated account exists."""

    value: Annotated[Text256, Text()]
    """Name of the service."""
    third_party_user: Annotated[Truth | None, Attribute()] = None
    """Whether another company runs that service."""


class AssociatedAccount(WireModel):
    """Another account that belongs to the same person."""

    type: Annotated[AssociatedAccountType, Attribute()]
    """How it belongs to this one."""
    platform: Platform | None = None
    """The service it exists on."""
    first_name: Text256 | None = None
    """Given name."""
    middle_name: Text256 | None = None
    """Middle name."""
    last_name: Text256 | None = None
    """Family name."""
    approximate_age: Age | None = None
    """Age in whole years, as far as known."""
    age_assertion_discrepancy: Annotated[
        Truth | None, NewerThanSchema("associatedAccount", "the documentation after that schema, seen once")
    ] = None
    """Whether the age that the holder stated contradicts another sign of it."""
    date_of_birth: CalendarDate | None = None
    """Date of birth."""
    phone: Many[Phone] = ()
    """Phone numbers."""
    email: Many[Email] = ()
    """E-mail addresses."""
    all_emails_reported: Truth | None = None
    """Whether the addresses given are all that are known."""
    address: Many[Address] = ()
    """Postal addresses."""
    esp_service: Text256 | None = None
    """The reporting company's service it was used on."""
    esp_identifier: Text256 | None = None
    """The reporting company's identifier of it."""
    profile_url: Many[WireText] = ()
    """Addresses of profile pages."""
    screen_name: Text256 | None = None
    """Name used to log in or to be found by."""
    display_name: Many[WireText] = ()
    """Names shown to others."""
    profile_bio: WireText | None = None
    """What the holder wrote about themselves."""
    group_identifier: Text256 | None = None
    """Name of an organised exploitation group that the holder belongs to."""
    compromised_account: Truth | None = None
    """Whether somebody else had taken it over."""
    account_temporarily_disabled: AccountTemporarilyDisabled | None = None
    """Whether it was closed for a time."""
    account_permanently_disabled: AccountPermanentlyDisabled | None = None
    """Whether it was closed for good."""
    ip_capture_event: Many[IpCaptureEvent] = ()
    """IP addresses seen with it."""
    device_id: Many[DeviceId] = ()
    """Devices seen with it."""
    prior_ct_report: Annotated[Many[ReportId], Field(alias="priorCTReport")] = ()
    """Earlier reports about it, filed at the same environment."""
    additional_info: WireText | None = None
    """Anything else."""
