"""Rules about persons: who reports, how many are reported, where they live, how old they are.

Each rule stands beside the check that finds it. Accounts have their own module.
"""

import re
from collections.abc import Iterator
from datetime import date

from tipline_client.delivery.environment import Environment
from tipline_client.models import (
    STATES,
    Address,
    AssociatedAccount,
    EstimatedLocation,
    IntendedRecipient,
    Person,
)
from tipline_client.validation.rule import (
    DOCUMENTATION,
    RECOMMENDATION,
    SCHEMA,
    Check,
    Finding,
    error,
    warning,
)
from tipline_client.validation.subject import Subject, is_blank

__all__ = ["CHECKS", "RULES"]

REPORTER_EMAIL = error(
    "reporter-email-missing",
    summary="The reporting person has an e-mail address.",
    message="No e-mail address is given. Give the address of the person or team that files the report.",
    source=f"{DOCUMENTATION}, reportingPerson; the {SCHEMA} lets it pass",
)
ONE_PERSON = error(
    "one-reported-person",
    summary="A report accuses at most one person or user.",
    message="{count} persons or users are reported, one is allowed. File one report each, and let the later ones "
    "point back with priorCTReports.",
    source=f"{DOCUMENTATION}, personOrUserReported; prose of the {SCHEMA}",
)
ONE_ADDITIONAL_INFO = error(
    "one-additional-info",
    summary="An intended recipient has at most one additionalInfo.",
    message="{count} texts are given, one is allowed. Join them as paragraphs of one text.",
    source=f"{DOCUMENTATION}, intendedRecipient; the {SCHEMA} allows several",
)
PLACEHOLDER = warning(
    "reporter-looks-like-placeholder",
    summary="The reporter's name and address are real.",
    message="The value looks like a placeholder. Name the person or team that answers for the report.",
    source=RECOMMENDATION,
    why="Law enforcement turns to the reporter with questions, and the report is a legal notification.",
)
EXAMPLE_ADDRESS = warning(
    "reporter-address-is-example",
    summary="At the production endpoint, the reporter's address is not in a domain reserved for examples.",
    message="The address is in a domain that exists for examples only. Give one that is read.",
    source=RECOMMENDATION,
    why="Questions about the report would reach nobody.",
)
TWO_STATES = warning(
    "two-states",
    summary="An address has state or nonUsaState, not both.",
    message="Both state and nonUsaState are given. Keep the one that fits the country.",
    source=RECOMMENDATION,
    why="The report goes to the police of a place, and this one names two.",
)
REGION_NOT_STATE = warning(
    "region-not-a-state",
    summary="In the United States the region is the abbreviation of a state.",
    message="The country is US and the region is no abbreviation of a state. Write it as two capital letters, such as "
    "IL.",
    source=f"{DOCUMENTATION}, estimatedLocation",
    why="Reports are routed to a state's task force by this code.",
)
AGE_CONTRADICTION = warning(
    "age-contradicts-birth-date",
    summary="Age and date of birth agree to within two years.",
    message="The age and the date of birth differ by more than two years. Correct one, or say in additionalInfo which "
    "is known and which was claimed.",
    source=RECOMMENDATION,
    why="Whether a person is a minor may depend on which of the two is believed.",
)
BORN_IN_FUTURE = warning(
    "birth-date-in-future",
    summary="A date of birth lies in the past.",
    message="The date of birth lies in the future. Give the real date, or leave it out.",
    source=RECOMMENDATION,
    why="A false date makes every age in the report doubtful.",
)

RULES = (
    REPORTER_EMAIL,
    ONE_PERSON,
    ONE_ADDITIONAL_INFO,
    PLACEHOLDER,
    EXAMPLE_ADDRESS,
    TWO_STATES,
    REGION_NOT_STATE,
    AGE_CONTRADICTION,
    BORN_IN_FUTURE,
)

_REPORTER = "report.reporter.reportingPerson"
_AGE_TOLERANCE_YEARS = 2
_PLACEHOLDERS = frozenset(
    [
        "unknown",
        "unknown reporter",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "test",
        "test test",
        "test user",
        "test reporter",
        "tester",
        "todo",
        "tbd",
        "xxx",
        "anonymous",
        "placeholder",
        "john doe",
        "jane doe",
        "doe",
        "first name",
        "last name",
        "firstname",
        "lastname",
        "-",
        "?",
    ]
)
_EXAMPLE_DOMAIN = re.compile(r"(^|[@.])(example\.(com|net|org)|example|invalid|test|localhost)$", re.IGNORECASE)


def check_reporter(subject: Subject) -> Iterator[Finding]:
    """Whether somebody real answers for the report."""
    person = subject.report.reporter.reporting_person
    if all(is_blank(email.value) for email in person.email):
        yield REPORTER_EMAIL.at(f"{_REPORTER}.email", reads=(f"{_REPORTER}.email",))
    first, last = (_folded(person.first_name), _folded(person.last_name))
    if f"{first} {last}".strip() in _PLACEHOLDERS:
        yield PLACEHOLDER.at(f"{_REPORTER}.firstName" if first else f"{_REPORTER}.lastName")
    else:
        for name, value in (("firstName", first), ("lastName", last)):
            if value in _PLACEHOLDERS:
                yield PLACEHOLDER.at(f"{_REPORTER}.{name}")
    for index, email in enumerate(person.email):
        address = email.value.strip()
        if _folded(address.partition("@")[0]) in {"unknown", "n/a", "none", "null", "noreply", "no-reply"}:
            yield PLACEHOLDER.at(f"{_REPORTER}.email[{index}]")
        elif subject.profile.environment is Environment.PRODUCTION and _EXAMPLE_DOMAIN.search(address):
            yield EXAMPLE_ADDRESS.at(f"{_REPORTER}.email[{index}]")


def check_counts(subject: Subject) -> Iterator[Finding]:
    """What the documentation allows once though the schema allows it often."""
    persons = len(subject.report.person_or_user_reported)
    if persons > 1:
        yield ONE_PERSON.at("report.personOrUserReported", count=persons)
    for path, recipient in subject.each(IntendedRecipient):
        texts = len(recipient.additional_info)
        if texts > 1:
            yield ONE_ADDITIONAL_INFO.at(f"{path}.additionalInfo", count=texts)


def check_places(subject: Subject) -> Iterator[Finding]:
    """Addresses and locations that name their state in two ways or in the wrong one."""
    for path, address in subject.each(Address):
        if not is_blank(address.state) and not is_blank(address.non_usa_state):
            yield TWO_STATES.at(f"{path}.nonUsaState")
    for path, location in subject.each(EstimatedLocation):
        region = location.region
        if location.country_code == "US" and region is not None and not is_blank(region) and region not in STATES:
            yield REGION_NOT_STATE.at(f"{path}.region")


def check_ages(subject: Subject) -> Iterator[Finding]:
    """Ages and dates of birth that cannot both be right."""
    incident = subject.report.incident_summary.incident_date_time.date()
    ages: list[tuple[str, str, int | None, Person | AssociatedAccount]]
    ages = [(path, "age", person.age, person) for path, person in subject.each(Person)]
    ages += [(path, "approximateAge", other.approximate_age, other) for path, other in subject.each(AssociatedAccount)]
    for path, name, age, holder in ages:
        born = holder.date_of_birth
        if born is None:
            continue
        if born > subject.now.date():
            yield BORN_IN_FUTURE.at(f"{path}.dateOfBirth")
        elif age is not None and holder.age_assertion_discrepancy is not True:
            years = _years_between(born, incident)
            if abs(years - age) > _AGE_TOLERANCE_YEARS:
                reads = (f"{path}.dateOfBirth", "report.incidentSummary.incidentDateTime")
                yield AGE_CONTRADICTION.at(f"{path}.{name}", reads=reads)


def _folded(text: str | None) -> str:
    return "" if text is None else text.strip().casefold()


def _years_between(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


CHECKS: tuple[Check[Subject], ...] = (
    check_reporter,
    check_counts,
    check_places,
    check_ages,
)
