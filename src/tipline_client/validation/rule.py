"""What a rule is, as data, and what it finds.

A rule is a stable id with its weight, its words and its origin. A check is a function that looks at a submission and
yields findings of rules. Nothing here knows a single rule, or an element of the report.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tipline_client.delivery.environment import Environment
from tipline_client.errors import Issue, Severity

__all__ = ["EndpointRules", "Finding", "Rule", "error", "warning"]

SubjectT_contra = TypeVar("SubjectT_contra", contravariant=True)

SCHEMA = "schema of November 2025"
DOCUMENTATION = "CyberTipline documentation"
OBSERVED = "seen in clients of production"
RECOMMENDATION = "recommendation"
FORM = "form of a submission file"


class EndpointRules(Protocol):
    """What the rules need to know of an endpoint; every profile has it."""

    @property
    def environment(self) -> Environment:
        """Where a filing would count."""
        ...

    @property
    def newer_elements(self) -> frozenset[tuple[str, str]]:
        """Pairs (owner, element) beyond the schema of November 2025 that this endpoint's own schema has."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as the reference prints it.

    Attributes:
        id: Stable, kebab-case; fit for filters and dashboards.
        severity: Whether a finding blocks filing.
        summary: What must hold, in one sentence.
        message: What is wrong and the way out. May name facts in braces: counts, limits, wire names, never content.
        source: Where the rule comes from, in plain words.
        why: For a warning, why it matters to the analyst who reads the report; closes the message.
    """

    id: str
    severity: Severity
    summary: str
    message: str
    source: str
    why: str = ""

    def at(self, path: str, *, reads: tuple[str, ...] = (), **facts: object) -> "Finding":
        """A finding of this rule.

        Args:
            path: Where, in wire names, from the root of the submission.
            reads: Other places that the finding rests on.
            facts: What the braces of the message stand for.
        """
        return Finding(self, path, reads, tuple(facts.items()))


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold at a place.

    Attributes:
        rule: The rule.
        path: Where, in wire names.
        reads: Other places that the finding rests on; where one of those could not be read, the finding proves nothing.
        facts: Named values of the message; free of content.
    """

    rule: Rule
    path: str
    reads: tuple[str, ...] = ()
    facts: tuple[tuple[str, object], ...] = ()

    def as_issue(self) -> Issue:
        """The finding in words."""
        # Only the rule's own words are a template: a fact may hold braces of its own.
        words = self.rule.message.format(**dict(self.facts)) if self.facts else self.rule.message
        message = f"{words} {self.rule.why}" if self.rule.why else words
        return Issue(self.path, self.rule.id, self.rule.severity, message, self.rule.source)


Check = Callable[[SubjectT_contra], Iterator[Finding]]
"""Looks at a submission and yields what it finds."""


def error(rule_id: str, *, summary: str, message: str, source: str) -> Rule:
    """A rule that blocks filing."""
    return Rule(rule_id, Severity.ERROR, summary, message, source)


def warning(rule_id: str, *, summary: str, message: str, source: str, why: str) -> Rule:
    """A rule that never blocks, with the sentence that says why it matters."""
    return Rule(rule_id, Severity.WARNING, summary, message, source, why)
