"""Rules about accounts and addresses of contact: what is said of their state, their verification, their history.

Each rule stands beside the check that finds it. What an analyst will merely miss is in `rules_completeness`.
"""

from collections.abc import Iterator

from tipline_client.delivery.environment import Environment
from tipline_client.models import (
    AccountPermanentlyDisabled,
    AccountTemporarilyDisabled,
    AssociatedAccount,
    Email,
    IntendedRecipient,
    PersonOrUserReported,
    Phone,
    Victim,
)
from tipline_client.validation.rule import (
    DOCUMENTATION,
    OBSERVED,
    RECOMMENDATION,
    SCHEMA,
    Check,
    Finding,
    warning,
)
from tipline_client.validation.subject import Subject, is_blank

__all__ = ["CHECKS", "RULES"]

NOT_DISABLED = warning(
    "account-state-contradiction",
    summary="Dates and notices of a disabled account stand with true only.",
    message="The account is said not to be disabled, yet {names} is given. Say true, or leave it out.",
    source=RECOMMENDATION,
    why="An analyst cannot tell whether the user was locked out and warned.",
)
NOT_NOTIFIED = warning(
    "notice-date-without-notice",
    summary="userNotifiedDate stands with userNotified true only.",
    message="userNotifiedDate is given, but userNotified is not true. Say userNotified as well, or leave the date out.",
    source=RECOMMENDATION,
    why="Whether a suspect was warned decides how fast evidence must be secured.",
)
NOT_VERIFIED = warning(
    "verification-date-without-verified",
    summary="verificationDate stands with verified true only.",
    message="verificationDate is given, but verified is not true. Say verified as well, or leave the date out.",
    source=RECOMMENDATION,
    why="A verified address identifies a person far better than one that was merely typed in.",
)
CONTACT_BLANK = warning(
    "contact-text-blank",
    summary="An e-mail address or phone number with attributes has a text.",
    message="Attributes are given for a blank address or number, which is sent as it stands. Give the address or "
    "number, or leave it all out.",
    source=f"{RECOMMENDATION}; the {SCHEMA} lets the text be empty",
    why="An analyst cannot tell whether there was no address or number, or one was lost on the way.",
)
PRIOR_REPORTS = warning(
    "prior-reports-of-production",
    summary="Earlier reports are named at the environment in which they were filed.",
    message="Earlier reports are named, and this one goes to another environment than production. Ids of production "
    "mean nothing there.",
    source=f"{DOCUMENTATION}, priorCTReports; {OBSERVED}",
    why="The same number there is somebody else's report, or none.",
)

RULES = (NOT_DISABLED, NOT_NOTIFIED, NOT_VERIFIED, CONTACT_BLANK, PRIOR_REPORTS)


def check_contacts(subject: Subject) -> Iterator[Finding]:
    """E-mail addresses and phone numbers with attributes that do not fit."""
    contacts: list[tuple[str, Email | Phone]] = [*subject.each(Email), *subject.each(Phone)]
    for path, contact in contacts:
        attributes = (value for name, value in contact.__dict__.items() if name != contact.text_field())
        if is_blank(contact.value) and any(value is not None for value in attributes):
            yield CONTACT_BLANK.at(path)
        if contact.verification_date is not None and contact.verified is not True:
            yield NOT_VERIFIED.at(f"{path}.verificationDate", reads=(f"{path}.verified",))


def check_account_states(subject: Subject) -> Iterator[Finding]:
    """What is said of an account that is said not to be disabled, and of a notice that was not given."""
    states: list[tuple[str, AccountTemporarilyDisabled | AccountPermanentlyDisabled]]
    states = [*subject.each(AccountTemporarilyDisabled), *subject.each(AccountPermanentlyDisabled)]
    for path, state in states:
        reenabled = state.reenabled_date if isinstance(state, AccountTemporarilyDisabled) else None
        given = {
            "disabledDate": state.disabled_date,
            "userNotified": state.user_notified or None,
            "userNotifiedDate": state.user_notified_date,
            "reenabledDate": reenabled,
        }
        names = [name for name, value in given.items() if value is not None]
        if not state.value and names:
            yield NOT_DISABLED.at(path, names=" and ".join(names))
        if state.user_notified_date is not None and state.user_notified is not True:
            yield NOT_NOTIFIED.at(f"{path}.userNotifiedDate", reads=(f"{path}.userNotified",))


def check_prior_reports(subject: Subject) -> Iterator[Finding]:
    """Ids that belong to another environment."""
    if subject.profile.environment is Environment.PRODUCTION:
        return
    persons: list[tuple[str, PersonOrUserReported | IntendedRecipient | Victim]]
    persons = [*subject.each(PersonOrUserReported), *subject.each(IntendedRecipient), *subject.each(Victim)]
    for path, person in persons:
        if person.prior_ct_reports:
            yield PRIOR_REPORTS.at(f"{path}.priorCTReports")
    for path, account in subject.each(AssociatedAccount):
        if account.prior_ct_report:
            yield PRIOR_REPORTS.at(f"{path}.priorCTReport")


CHECKS: tuple[Check[Subject], ...] = (check_contacts, check_account_states, check_prior_reports)
