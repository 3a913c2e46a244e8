"""The rules of the builders themselves, as they stand beside those of validation."""

from tipline_client.builders.unsaid import RULES
from tipline_client.errors import Severity
from tipline_client.validation import rules_reference


def test_ids_beside_those_of_validation() -> None:
    """Each id is one rule: a filter never meets two of a name."""
    ids = [rule.id for rule in RULES] + [rule.id for rule in rules_reference()]

    assert len(ids) == len(set(ids))


def test_weight_of_what_nobody_said() -> None:
    """What is left out never blocks a filing, and each rule says why an analyst misses it."""
    assert {Severity.WARNING} == {rule.severity for rule in RULES}
    assert [] == [rule.id for rule in RULES if not rule.why]
