"""Rules about the moment at which the reporter came to know: it starts a clock, so that a wrong one misleads people.

It is kept and signed, and never sent.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from tipline_client.validation.rule import RECOMMENDATION, Check, Finding, error, warning
from tipline_client.validation.subject import Subject

__all__ = ["CHECKS", "RULES"]

IN_FUTURE = error(
    "known-at-in-future",
    summary="The knowledge lies in the past.",
    message="knownAt lies in the future by more than the tolerance for clocks. Give the moment at which you came to "
    "know of it, and check the time zone and this machine's clock.",
    source=RECOMMENDATION,
)
BEFORE_1990 = error(
    "known-at-implausible",
    summary="The knowledge lies in the years in which online services exist.",
    message="knownAt lies before 1990; a missing value often turns into 1970. Give the real time, or leave it out.",
    source=RECOMMENDATION,
)
BEFORE_INCIDENT = warning(
    "known-at-before-incident",
    summary="Nobody knows of an incident before it happened.",
    message="knownAt lies before incidentDateTime by more than the tolerance for clocks. Check which of the two "
    "is wrong, and their time zones.",
    source=RECOMMENDATION,
    why="One of the two times is wrong, and both are read as evidence: of the deed, and of how soon it was reported.",
)

RULES = (IN_FUTURE, BEFORE_1990, BEFORE_INCIDENT)

_FIRST_PLAUSIBLE: Final = datetime(1990, 1, 1, tzinfo=UTC)
_PATH: Final = "knownAt"


def check_knowledge(subject: Subject) -> Iterator[Finding]:
    """The moment of the knowledge against the clock and the incident."""
    known_at = subject.submission.known_at
    if known_at is None:
        return
    if known_at - subject.now > subject.clock_skew:
        yield IN_FUTURE.at(_PATH)
    elif known_at < _FIRST_PLAUSIBLE:
        yield BEFORE_1990.at(_PATH)
    elif subject.report.incident_summary.incident_date_time - known_at > subject.clock_skew:
        yield BEFORE_INCIDENT.at(_PATH, reads=("report.incidentSummary.incidentDateTime",))


CHECKS: tuple[Check[Subject], ...] = (check_knowledge,)
