"""Which words the hotline's schema allows where it gives a closed list.

Each alias is a `Literal`, so a type checker refuses a wrong word and an error names the right ones. The long lists of
states and countries stand in `geography`.
"""

from typing import Literal

__all__ = [
    "AddressType",
    "AssociatedAccountType",
    "BatchedReportReason",
    "EmailType",
    "EventName",
    "FileRelevance",
    "IncidentType",
    "IndustryClassification",
    "MetadataType",
    "PhoneType",
]

IncidentType = Literal[
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
]
"""What the incident is about, in the words of the statute."""

EmailType = Literal["Home", "Work", "Business", "Recovery"]
"""What an e-mail address is used for."""

PhoneType = Literal["Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery"]
"""What a phone number is used for."""

AddressType = Literal["Home", "Business", "Billing", "Shipping", "Technical"]
"""What a postal address is used for."""

EventName = Literal["Login", "Registration", "Purchase", "Upload", "Other", "Unknown"]
"""What happened when an IP address or device was seen."""

AssociatedAccountType = Literal["Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other"]
"""How another account belongs to this one."""

BatchedReportReason = Literal["VIRAL_POTENTIAL_MEME"]
"""Why one report stands for several."""

FileRelevance = Literal["Reported", "Supplemental Reported"]
"""Whether a file is what is reported or only helps to understand it; left out means `Reported`."""

IndustryClassification = Literal["A1", "A2", "B1", "B2"]
"""Letter: apparent age (A prepubescent, B pubescent minor). Digit: rank of the content."""

MetadataType = Literal["EXIF", "HASH"]
"""What kind of metadata a list of names and values is."""
