"""Is it acceptable: every documented rule beyond the types, as a list of issues, never only the first.

`validate` looks at a submission, `read_submission` makes one from JSON. Both know the endpoint through a small protocol
and nothing of HTTP.
"""

from tipline_client.validation.catalogue import RuleSummary, rules_reference
from tipline_client.validation.checking import CLOCK_SKEW, raise_on_errors, validate
from tipline_client.validation.intake import MAX_INPUT_BYTES, ReadResult, read_submission, validate_report
from tipline_client.validation.json_text import Unread
from tipline_client.validation.rule import EndpointRules

__all__ = [
    "CLOCK_SKEW",
    "MAX_INPUT_BYTES",
    "EndpointRules",
    "ReadResult",
    "RuleSummary",
    "Unread",
    "raise_on_errors",
    "read_submission",
    "rules_reference",
    "validate",
    "validate_report",
]
