"""Rules about what happened, when and where: the summary, the kinds of incident, law enforcement.

Each rule stands beside the check that finds it. Files and persons have their own modules.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from tipline_client.models import ChatImIncident, IncidentSummary, LawEnforcement, WebPageIncident
from tipline_client.validation.rule import (
    DOCUMENTATION,
    OBSERVED,
    RECOMMENDATION,
    SCHEMA,
    Check,
    Finding,
    error,
    warning,
)
from tipline_client.validation.subject import Subject, is_blank

__all__ = ["CHECKS", "RULES"]

IN_FUTURE = error(
    "incident-time-in-future",
    summary="The incident lies in the past.",
    message="The incident time lies in the future by more than the tolerance for clocks. Give the moment at which it "
    "happened, and check the time zone and this machine's clock.",
    source=f"{DOCUMENTATION}, incidentDateTime; {OBSERVED}: later times are rejected",
)
AHEAD = warning(
    "incident-time-ahead-of-clock",
    summary="The incident time is not ahead of this machine's clock, not even within the tolerance.",
    message="The incident time is slightly ahead of this machine's clock; it is sent as it stands. Set the clock of "
    "the machine that recorded it.",
    source=f"{DOCUMENTATION}, incidentDateTime",
    why="The endpoint may refuse a time that it takes for the future, and analysts match logs by the second.",
)
IS_NOW = warning(
    "incident-time-is-now",
    summary="The incident time is not the moment at which the report is handed in.",
    message="The incident time is the very moment of handing in. Give the time of the event itself, such as the "
    "upload or the message.",
    source=RECOMMENDATION,
    why="A time of reporting in its place sends investigators to the wrong log entries.",
)
AT_MIDNIGHT = warning(
    "incident-time-at-midnight",
    summary="A midnight incident time has a description.",
    message="The incident time is exactly midnight UTC and incidentDateTimeDescription is empty. If only the date is "
    "known, say so there.",
    source=RECOMMENDATION,
    why="An analyst cannot tell a known moment from a date whose time was filled in.",
)
BEFORE_1990 = warning(
    "incident-time-implausible",
    summary="The incident time lies in the years in which online services exist.",
    message="The incident time lies before 1990; a missing value often turns into 1970. Give the real time.",
    source=RECOMMENDATION,
    why="No provider's log reaches back so far, so nobody can be found by it.",
)
ESCALATION_BLANK = error(
    "escalation-blank",
    summary="escalateToHighPriority, where given, says why.",
    message="escalateToHighPriority is blank. Say in words why a child is in immediate danger, or leave it out.",
    source=f"{DOCUMENTATION}, escalateToHighPriority",
)
ESCALATION_DENIED = warning(
    "escalation-reads-like-no",
    summary="The text of escalateToHighPriority does not read like a refusal.",
    message='escalateToHighPriority reads like "no", but any text escalates. Leave it out if no child is in '
    "immediate danger.",
    source=f"{SCHEMA} and {DOCUMENTATION}, escalateToHighPriority",
    why="A false alarm takes the analysts' first attention from children in danger.",
)
AGENCY_BLANK = error(
    "agency-name-blank",
    summary="lawEnforcement names the agency.",
    message="agencyName is blank. Name the agency, or leave lawEnforcement out.",
    source=f"{RECOMMENDATION}; the {SCHEMA} requires the element and lets it be empty",
)
CHAT_WITHOUT_CONTENT = warning(
    "chat-without-content",
    summary="A chat incident comes with what was said, in content or as a file.",
    message="No content, and no evidence that could be the conversation. Put the log into content, or add it as a "
    "file whose additionalInfo says what it is.",
    source=f"{RECOMMENDATION}; {OBSERVED}: conversations are sent as files with additionalInfo",
    why="Without the words before and after, intent and age of the persons cannot be judged.",
)
PAGE_WITHOUT_URL = warning(
    "web-page-without-url",
    summary="A web page incident names the page.",
    message="No url is given. Give the address of each page.",
    source=RECOMMENDATION,
    why="The address leads to the host, who alone can remove the page and keep its logs.",
)

RULES = (
    IN_FUTURE,
    AHEAD,
    IS_NOW,
    AT_MIDNIGHT,
    BEFORE_1990,
    ESCALATION_BLANK,
    ESCALATION_DENIED,
    AGENCY_BLANK,
    CHAT_WITHOUT_CONTENT,
    PAGE_WITHOUT_URL,
)

_SUMMARY = "report.incidentSummary"
_NOW_MEANS = timedelta(seconds=2)
_FIRST_PLAUSIBLE = datetime.combine(date(1990, 1, 1), time(), UTC)
_DENIALS = frozenset({"false", "no", "n", "0", "none", "null", "nil", "n/a", "na", "off", "not applicable", "-"})
_TABLES_AND_TEXTS = (".csv", ".tsv", ".xls", ".xlsx", ".txt", ".log", ".md", ".rtf", ".pdf", ".doc", ".docx")
_EXPORTS = (".json", ".jsonl", ".xml", ".htm", ".html", ".eml", ".mbox", ".zip")
_CONVERSATION_SUFFIXES = _TABLES_AND_TEXTS + _EXPORTS


def check_incident_time(subject: Subject) -> Iterator[Finding]:
    """The incident time against the clock, and against the marks of an invented one."""
    summary = subject.report.incident_summary
    path = f"{_SUMMARY}.incidentDateTime"
    moment = summary.incident_date_time
    ahead = moment - subject.now
    if ahead > subject.clock_skew:
        yield IN_FUTURE.at(path)
    elif ahead > timedelta(0):
        yield AHEAD.at(path)
    if abs(ahead) <= _NOW_MEANS:
        yield IS_NOW.at(path)
    if moment < _FIRST_PLAUSIBLE:
        yield BEFORE_1990.at(path)
    elif moment.time() == time() and is_blank(summary.incident_date_time_description):
        yield AT_MIDNIGHT.at(path, reads=(f"{_SUMMARY}.incidentDateTimeDescription",))


def check_escalation(subject: Subject) -> Iterator[Finding]:
    """Text that escalates without meaning to, and escalation without text."""
    for path, summary in subject.each(IncidentSummary):
        reason = summary.escalate_to_high_priority
        place = f"{path}.escalateToHighPriority"
        if reason is None:
            continue
        if is_blank(reason):
            yield ESCALATION_BLANK.at(place)
        elif reason.strip().strip(".!").casefold() in _DENIALS:
            yield ESCALATION_DENIED.at(place)


def check_law_enforcement(subject: Subject) -> Iterator[Finding]:
    """An agency without a name."""
    for path, agency in subject.each(LawEnforcement):
        if is_blank(agency.agency_name):
            yield AGENCY_BLANK.at(f"{path}.agencyName")


def check_incidents(subject: Subject) -> Iterator[Finding]:
    """Incidents that lack the very thing they are about."""
    for path, page in subject.each(WebPageIncident):
        if all(is_blank(url) for url in page.url):
            yield PAGE_WITHOUT_URL.at(f"{path}.url", reads=(f"{path}.url",))
    for path, chat in subject.each(ChatImIncident):
        if is_blank(chat.content) and not _has_conversation_file(subject):
            yield CHAT_WITHOUT_CONTENT.at(f"{path}.content", reads=("evidence",))


def _has_conversation_file(subject: Subject) -> bool:
    for item in subject.submission.evidence:
        if any(not is_blank(text) for text in item.details.additional_info):
            return True
        names = (item.path or "", item.url or "", item.details.original_file_name or "")
        if any(name.casefold().endswith(_CONVERSATION_SUFFIXES) for name in names):
            return True
    return False


CHECKS: tuple[Check[Subject], ...] = (
    check_incident_time,
    check_escalation,
    check_law_enforcement,
    check_incidents,
)
