"""Who somebody is and how to reach them: persons, e-mail addresses, phone numbers, postal addresses.

Lengths are those of the CyberTipline documentation, order and names those of its schema. Whether a reporter must have
an e-mail address is a question for validation.
"""

from typing import Annotated

from tipline_client.models.base import TextElement, WireModel
from tipline_client.models.enumerations import AddressType, EmailType, PhoneType
from tipline_client.models.geography import Country, State
from tipline_client.models.scalars import (
    Age,
    CalendarDate,
    Instant,
    Many,
    MaxUnits,
    Pattern,
    Text50,
    Text100,
    Text255,
    Truth,
    WireText,
)
from tipline_client.models.xml_facts import Attribute, NewerThanSchema, Text

__all__ = ["Address", "ContactPerson", "Email", "Person", "Phone"]


class Email(TextElement):
    """An e-mail address."""

    value: Annotated[Text255, Text()]
    """The address; the schema sets no form for it."""
    type: Annotated[EmailType | None, Attribute()] = None
    """What it is used for."""
    verified: Annotated[Truth | None, Attribute()] = None
    """Whether the account holder was shown to control it."""
    verification_date: Annotated[Instant | None, Attribute()] = None
    """When that was shown."""


class Phone(TextElement):
    """A phone number."""

    value: Annotated[Text50, Text()]
    """The number without country calling code and extension."""
    type: Annotated[PhoneType | None, Attribute()] = None
    """What it is used for."""
    verified: Annotated[Truth | None, Attribute()] = None
    """Whether the account holder was shown to control it."""
    verification_date: Annotated[Instant | None, Attribute()] = None
    """When that was shown."""
    country_calling_code: Annotated[
        Annotated[WireText, Pattern(r"\+[0-9]{1,3}", "a plus sign and one to three digits, such as +1")] | None,
        Attribute(),
    ] = None
    """Country calling code with its plus sign."""
    extension: Annotated[
        Annotated[WireText, Pattern(r"[0-9]{1,10}", "one to ten digits")] | None,
        Attribute(),
    ] = None
    """Extension behind the number, digits alone."""


class Address(WireModel):
    """A postal address."""

    type: Annotated[AddressType | None, Attribute()] = None
    """What it is used for."""
    address: Text255 | None = None
    """Street and number."""
    city: Text100 | None = None
    """City."""
    zip_code: Annotated[WireText, MaxUnits(20)] | None = None
    """Postal code."""
    state: State | None = None
    """State, in the United States only."""
    non_usa_state: Text100 | None = None
    """State, province or region anywhere else."""
    country: Country | None = None
    """Country."""


class Person(WireModel):
    """A person: the reporter, the reported one, a recipient or a victim."""

    first_name: Text100 | None = None
    """Given name."""
    last_name: Text100 | None = None
    """Family name."""
    phone: Many[Phone] = ()
    """Phone numbers."""
    email: Many[Email] = ()
    """E-mail addresses."""
    address: Many[Address] = ()
    """Postal addresses."""
    age: Age | None = None
    """Age in whole years."""
    age_assertion_discrepancy: Annotated[
        Truth | None, NewerThanSchema("person", "the documentation after that schema, seen three times")
    ] = None
    """Whether the age that the person stated contradicts another sign of it."""
    date_of_birth: CalendarDate | None = None
    """Date of birth; may stand beside the age."""


class ContactPerson(WireModel):
    """Somebody to turn to: no age or date of birth here."""

    first_name: Text100 | None = None
    """Given name."""
    last_name: Text100 | None = None
    """Family name."""
    phone: Many[Phone] = ()
    """Phone numbers."""
    email: Many[Email] = ()
    """E-mail addresses."""
    address: Many[Address] = ()
    """Postal addresses."""
