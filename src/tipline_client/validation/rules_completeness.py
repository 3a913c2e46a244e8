"""What an analyst will miss: warnings about what was left out. None of them ever blocks.

The law leaves most of a report's content to the company, so that absence is never an error here. Nothing is filled in
either: a claim that nobody made stays unmade.
"""

from collections.abc import Iterator

from tipline_client.models import EvidenceItem, IpCaptureEvent, PersonOrUserReported
from tipline_client.validation.rule import DOCUMENTATION, OBSERVED, RECOMMENDATION, SCHEMA, Check, Finding, warning
from tipline_client.validation.subject import Subject, is_blank

__all__ = ["CHECKS", "RULES"]

NO_DETAILS = warning(
    "internet-details-missing",
    summary="A report says on which kind of service the incident happened.",
    message="internetDetails is missing. Add one for each kind of service involved, or nonInternetIncident.",
    source=f"prose of the {SCHEMA}, internetDetails; {OBSERVED}: reports without it are accepted",
    why="Without it nobody knows where to look for traces.",
)
NO_PERSON = warning(
    "reported-person-missing",
    summary="A report names the person or user it is about.",
    message="personOrUserReported is missing. Add what is known of the account, even if that is its identifier alone.",
    source=RECOMMENDATION,
    why="A report that accuses nobody can rarely be followed up.",
)
UNIDENTIFIED = warning(
    "reported-person-unidentified",
    summary="A reported person has an e-mail address, phone number, screenName or espIdentifier.",
    message="Nothing here identifies the person. Give an e-mail address, a phone number, screenName or espIdentifier.",
    source=RECOMMENDATION,
    why="Legal process must name an account, and this report has none to name.",
)
NO_EMAIL = warning(
    "reported-person-email-missing",
    summary="A reported person has an e-mail address, unless allEmailsReported says that none is known.",
    message="No e-mail address of the person is given. Give those that are known; if none is, say allEmailsReported "
    "true.",
    source=f"{OBSERVED}: reviewers call such reports incomplete",
    why="The address ties the account to accounts at other companies.",
)
NO_IP = warning(
    "ip-missing",
    summary="A report has at least one IP address of the person, the file or the peer.",
    message="No ipCaptureEvent is given for the person, a file or a peer. Give the address with dateTime and port.",
    source=RECOMMENDATION,
    why="The IP address with its moment is what leads to a subscriber and a place.",
)
NO_EVIDENCE = warning(
    "evidence-missing",
    summary="A report comes with at least one file.",
    message="No evidence is attached. Add the files on which the report rests.",
    source=f"{RECOMMENDATION}; {OBSERVED}: reports without files are accepted",
    why="Once a report is filed no file can be added to it.",
)
NO_VIEWED_CLAIM = warning(
    "file-viewed-claim-missing",
    summary="Each file says whether a person at the company viewed the whole of it.",
    message="fileViewedByEsp is missing. Say true only if a person viewed the entire file, and false if nobody did.",
    source=f"{RECOMMENDATION}; meaning: {DOCUMENTATION}, fileViewedByEsp",
    why="Without the statement an investigator may need a warrant before opening the file.",
)
NO_PUBLIC_CLAIM = warning(
    "publicly-available-claim-missing",
    summary="Each file says whether online users could reach the whole of it.",
    message="publiclyAvailable is missing. Say true if users could reach the whole file, and false if not.",
    source=f"{RECOMMENDATION}; meaning: {DOCUMENTATION}, publiclyAvailable",
    why="Files that the public could reach may be opened without a warrant, and must be removed soonest.",
)
NO_FILE_NAME = warning(
    "original-file-name-missing",
    summary="Each file has the name under which the user uploaded it.",
    message="originalFileName is missing. Give the name that the file had at the user's side.",
    source=RECOMMENDATION,
    why="The name often tells the series or the maker, and finds the file on a seized machine.",
)

RULES = (
    NO_DETAILS,
    NO_PERSON,
    UNIDENTIFIED,
    NO_EMAIL,
    NO_IP,
    NO_EVIDENCE,
    NO_VIEWED_CLAIM,
    NO_PUBLIC_CLAIM,
    NO_FILE_NAME,
)

_PERSONS = "report.personOrUserReported"


def check_report(subject: Subject) -> Iterator[Finding]:
    """What the report as a whole lacks."""
    if not subject.report.internet_details:
        yield NO_DETAILS.at("report.internetDetails", reads=("report.internetDetails",))
    if not subject.report.person_or_user_reported:
        yield NO_PERSON.at(_PERSONS, reads=(_PERSONS,))
    if not subject.submission.evidence:
        yield NO_EVIDENCE.at("evidence", reads=("evidence",))


def check_person(subject: Subject) -> Iterator[Finding]:
    """What is missing to find the person."""
    for path, reported in subject.each(PersonOrUserReported):
        person = reported.person_or_user_reported_person
        emails = () if person is None else person.email
        phones = () if person is None else person.phone
        reachable = any(not is_blank(email.value) for email in emails)
        names = (reported.screen_name, reported.esp_identifier, *(phone.value for phone in phones))
        if not reachable and all(is_blank(name) for name in names):
            yield UNIDENTIFIED.at(path, reads=(path,))
        elif not reachable and reported.all_emails_reported is not True:
            place = f"{path}.personOrUserReportedPerson"
            yield NO_EMAIL.at(f"{place}.email", reads=(place, f"{path}.allEmailsReported"))


def check_addresses(subject: Subject) -> Iterator[Finding]:
    """Whether any IP address leads to the person."""
    # Addresses of recipients and victims do not count: they lead to somebody else.
    aside = ("report.intendedRecipient", "report.victim")
    if any(not path.startswith(aside) for path, _ in subject.each(IpCaptureEvent)):
        return
    path = f"{_PERSONS}[0].ipCaptureEvent" if subject.report.person_or_user_reported else _PERSONS
    yield NO_IP.at(path, reads=(_PERSONS, "evidence", "report.internetDetails"))


def check_evidence(subject: Subject) -> Iterator[Finding]:
    """Claims and names that files lack."""
    for path, item in subject.each(EvidenceItem):
        place, details = f"{path}.details", item.details
        if is_blank(details.original_file_name):
            yield NO_FILE_NAME.at(f"{place}.originalFileName")
        if details.file_viewed_by_esp is None:
            yield NO_VIEWED_CLAIM.at(f"{place}.fileViewedByEsp")
        if details.publicly_available is None:
            yield NO_PUBLIC_CLAIM.at(f"{place}.publiclyAvailable")


CHECKS: tuple[Check[Subject], ...] = (check_report, check_person, check_addresses, check_evidence)
