"""Every rule in one place: what `validate` runs, and what the reference of the rules prints.

Rules of the types are found while input is read, most others on a submission that exists, and a few by whoever opens
files, takes arguments or has the endpoint's schema.
"""

from dataclasses import dataclass

from tipline_client.errors import Severity
from tipline_client.validation import (
    rules_accounts,
    rules_completeness,
    rules_files,
    rules_incident,
    rules_key,
    rules_knowledge,
    rules_network,
    rules_outside,
    rules_people,
    rules_text,
    type_rules,
)
from tipline_client.validation.rule import Check, Rule
from tipline_client.validation.subject import Subject

__all__ = ["CHECKS", "RULES", "RuleSummary", "rules_reference"]

_THEMES = (
    rules_key,
    rules_incident,
    rules_knowledge,
    rules_people,
    rules_accounts,
    rules_network,
    rules_files,
    rules_text,
    rules_completeness,
)

CHECKS: tuple[Check[Subject], ...] = tuple(check for theme in _THEMES for check in theme.CHECKS)
"""Every check on a submission."""

RULES: tuple[Rule, ...] = tuple(rule for theme in _THEMES for rule in theme.RULES)
"""Every rule that those checks can find."""


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """One line of the reference.

    Attributes:
        id: The stable identifier that issues carry.
        severity: Whether it blocks.
        summary: What must hold.
        source: Where the rule comes from.
    """

    id: str
    severity: Severity
    summary: str
    source: str


def rules_reference() -> tuple[RuleSummary, ...]:
    """Every rule that an issue can name, those of the types first: for documentation, filters and dashboards."""
    return tuple(
        RuleSummary(rule.id, rule.severity, rule.summary, rule.source)
        for rule in type_rules.RULES + RULES + rules_outside.RULES
    )
