"""Every error is the same error in another process, which task queues and pools hand it over to."""

import pickle

import pytest

from tipline_client import errors
from tipline_client.errors import (
    DeliveryRejectedError,
    DuplicateKeyError,
    Issue,
    ReportInvalidError,
    Severity,
    TiplineError,
)

ISSUE = Issue("report.incidentSummary", "required", Severity.ERROR, "It is missing.", "the schema")
PLAIN = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize(
    "error",
    [
        ReportInvalidError([ISSUE], hint="Do it"),
        DuplicateKeyError("the key names other content", entry_id="0" * 32),
        DeliveryRejectedError("given up"),
    ],
)
def test_error_handed_over(error: TiplineError) -> None:
    """Class, message, hint and every attribute arrive."""
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert (type(error), str(error), vars(error)) == (type(arrived), str(arrived), vars(arrived))


def test_every_class_is_handed_over() -> None:
    """None of them has a constructor that only its raiser can call."""
    kinds = [kind for kind in PLAIN if isinstance(kind, type) and issubclass(kind, TiplineError)]
    made = [kind.__new__(kind, "a message") for kind in kinds]

    assert kinds == [type(pickle.loads(pickle.dumps(error))) for error in made]  # noqa: S301 - our own
