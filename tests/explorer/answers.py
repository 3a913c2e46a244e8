"""Every way in which one call can be answered: by name, with the mock's own faults behind it.

The endpoint's word is taken as true, as the product has to take it: before it says that a report is gone, retracted or
finished, that is made so. What it says of nothing in particular (a server error, a gateway's page) comes with the work
done, and with it not done.
"""

from collections.abc import Callable, Mapping

from tipline_client.delivery.steps import Step
from tipline_client.mock import faults
from tipline_client.mock.fault_kinds import Fault
from tipline_client.profiles.codes import CYBERTIPLINE_CODES

__all__ = ["ALARMING", "LOST", "MADE_TRUE", "REFUSING", "SCRIPTED", "SMALL", "THROUGH", "answers_to"]

LOST = ("unsent", "request_lost", "reply_lost", "late")
"""No answer comes. `late`: nor is it lost, but reaches the endpoint at any later moment."""
THROUGH = ("slow", "slow_unrenewed", "slow_unrenewed_late", "transport_fails", "transport_fails_afterwards")
"""Slow past the lease: renewed meanwhile; or lost, with the reply slow, or the request too. Or the transport itself
falls over, before the call or after it."""
MADE_TRUE = ("code_5001", "code_5002", "code_5101", "code_5102")
"""Answers about the state of a report or file, given by the mock itself once its state is so."""

_FINISH_FAULTS: Mapping[str, Callable[[], Fault]] = {
    "fewer_files": faults.fewer_files,
    "other_files": faults.other_files,
}
_UPLOAD_FAULTS: Mapping[str, Callable[[], Fault]] = {
    "wrong_hash": faults.wrong_hash,
    "no_hash": faults.no_hash,
}


def _codes() -> dict[str, Callable[[], Fault]]:
    def refusal(code: int) -> Callable[[], Fault]:
        return lambda: faults.code(code)

    return {f"code_{code}": refusal(code) for code in CYBERTIPLINE_CODES if code}


_SERVER_ERROR = (
    b'<?xml version="1.0" encoding="UTF-8"?><reportResponse><responseCode>1000</responseCode>'
    b"<responseDescription>Server error</responseDescription></reportResponse>"
)
_BROKEN_OFF = b'<?xml version="1.0" encoding="UTF-8"?><reportResponse><responseCode>0</respon'

SCRIPTED: Mapping[str, Callable[[], Fault]] = {
    **_codes(),
    "code_1000_done": lambda: faults.reply(_SERVER_ERROR, worked=True),
    "http_401": faults.unauthorized,
    "html_502": lambda: faults.status(502),
    "html_502_done": lambda: faults.reply(b"<html>bad gateway</html>", status=502, worked=True),
    "html_200": faults.garbage,
    "html_200_done": lambda: faults.garbage(worked=True),
    "empty_200_done": lambda: faults.reply(b"", worked=True),
    "truncated": lambda: faults.reply(_BROKEN_OFF, worked=True),
    "cut_off": lambda: faults.truncate(60),
    "other_report": faults.wrong_report_id,
    "no_report_id": faults.no_report_id,
    **_FINISH_FAULTS,
    **_UPLOAD_FAULTS,
}
"""Option to the mock's fault."""

REFUSING = frozenset(
    {"code_1001", "code_1210", "code_3300", "code_4000", "code_4100", "code_4110", "code_4200", "wrong_hash"}
    | {"evidence_changed"}
)
"""What may end in a dead letter."""
ALARMING = frozenset({"no_hash", "fewer_files", "other_files", "code_5102", "evidence_changed", "filed_by_hand"})
"""What may end in an alarm."""
SMALL = frozenset(
    {
        "unsent",
        "request_lost",
        "reply_lost",
        "late",
        "slow_unrenewed",
        "code_1000_done",
        "code_1100",
        "code_4100",
        "code_4200",
    }
    | {"code_5001", "code_5101", "code_5102", "html_502_done", "http_401", "truncated", "transport_fails_afterwards"}
)
"""One of each class of answers that the product tells apart, for the deepest searches."""


def answers_to(step: Step, *, names_a_report: bool) -> tuple[str, ...]:
    """What may happen to a call of `step`.

    Args:
        step: Which call.
        names_a_report: Whether it is about a report on record. One that is not on record can only be taken back: that
            a stranger finishes such a report is beyond any promise.
    """
    options = [*LOST, *THROUGH]
    for name in SCRIPTED:
        if name in _FINISH_FAULTS and step is not Step.FINISH:
            continue
        if name in _UPLOAD_FAULTS and step is not Step.UPLOAD:
            continue
        options.append(name)
    if step is Step.STATUS:
        # A probe touches no report; and a transport that breaks its own contract there ends the run, as it may.
        options = [name for name in options if not name.startswith("transport")]
    if not names_a_report:
        # Another report's number in the answer to `submit` cannot be told from the right one.
        options = [name for name in options if name not in {"other_report", "code_5102"}]
    return tuple(options)
