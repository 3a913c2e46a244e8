"""What every builder gives back: the draft, and in sentences what an analyst will miss in it.

A draft is made from what its caller said. What nobody said is listed and never filled in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tipline_client.builders.arguments import kind_of, refuse
from tipline_client.delivery.environment import Environment
from tipline_client.errors import Issue, Severity
from tipline_client.evidence import Evidence
from tipline_client.models import EvidenceDetails, EvidenceItem, Report, Submission
from tipline_client.validation import EndpointRules, validate
from tipline_client.validation.checking import in_order
from tipline_client.validation.rule import Finding

__all__ = ["Draft", "make_draft", "with_details"]

_NAME_OF_USERS_FILE = "original-file-name-missing"


@dataclass(frozen=True, slots=True)
class Draft:
    """A report with its evidence, ready to be enqueued, and what it lacks.

    Attributes:
        report: The report.
        evidence: The files that support it, with what is said of each.
        issues: What validation says of it for the profile it was built for, and what is missing in this kind of case;
            errors first, then warnings, each in the order of the document.
    """

    report: Report
    evidence: tuple[Evidence, ...]
    issues: tuple[Issue, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What an analyst will miss, in sentences, each with the place in the wire's names; errors first."""
        return tuple(f"{issue.path}: {issue.message}" for issue in self.issues)

    @property
    def is_acceptable(self) -> bool:
        """Whether it can be enqueued as far as it says: none of the issues is an error. Files are read by `enqueue`."""
        return all(issue.severity is not Severity.ERROR for issue in self.issues)


def make_draft(
    report: Report,
    evidence: Sequence[Evidence],
    *,
    profile: EndpointRules,
    now: datetime | None,
    unsaid: Iterable[Finding],
    own_files: frozenset[int] = frozenset(),
) -> Draft:
    """A draft with everything that it lacks.

    Args:
        report: The report.
        evidence: Its files.
        profile: The endpoint it is meant for.
        now: The present moment, aware; the system's clock by default.
        unsaid: What nobody said in this kind of case, beyond the rules of validation.
        own_files: Indexes of files that the builder wrote itself: they have no name at any user's side to be missed.
    """
    if not isinstance(getattr(profile, "environment", None), Environment):
        refuse("profile", f"The profile of an endpoint is expected, and this is {kind_of(profile)}.")
    items = tuple(EvidenceItem(details=item.details) for item in evidence)
    found = validate(Submission(report=report, evidence=items), profile, now=now)
    needless = {f"evidence[{index}].details.originalFileName" for index in own_files}
    kept = [issue for issue in found if issue.rule != _NAME_OF_USERS_FILE or issue.path not in needless]
    return Draft(report, tuple(evidence), in_order([*kept, *(finding.as_issue() for finding in unsaid)]))


def with_details(item: Evidence, details: EvidenceDetails) -> Evidence:
    """The same file, of which something else is said."""
    return Evidence(item.origin, name=item.name, details=details, mode=item.mode)
