"""What is sent next, from the checkpoint alone."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.dispatch.samples import MANIFEST, NOW, REPORT, item, opened
from tipline_client.delivery.checkpoint import Aim, AttachedFile, Checkpoint, Retraction
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.planning import intend

HOUR = timedelta(hours=1)
MARGIN = timedelta(minutes=5)
"""How far off its lapse a report must be for anything to be attached to it."""
WHY = Failure("sample", "a sample reason")


def _open(files: int = 0, **facts: Any) -> Checkpoint:
    return opened(Step.UPLOAD, files=files, intent=None, **facts)


@pytest.mark.parametrize(
    ("checkpoint", "expected"),
    [
        (Checkpoint(), (Step.SUBMIT, None)),
        (_open(), (Step.UPLOAD, 0)),
        (_open(files=1), (Step.UPLOAD, 1)),
        (_open(files=2), (Step.FINISH, None)),
        (_open(retraction=Retraction(Aim.START_OVER, WHY)), (Step.RETRACT, None)),
        (_open(files=2, finish_sent=True, retraction=Retraction(Aim.GIVE_UP, WHY)), (Step.RETRACT, None)),
    ],
)
def test_next_step(checkpoint: Checkpoint, expected: tuple[Step, int | None]) -> None:
    """A dying report is retracted first; then open, attach and describe each file once, finish."""
    intent = intend(checkpoint, MANIFEST, now=NOW).intent

    assert intent is not None
    assert (expected, NOW) == ((intent.step, intent.index), intent.since)


def test_file_without_details() -> None:
    """A file of which nothing is said is not described."""
    attached = Checkpoint(report_id=REPORT, opened_at=NOW, files=(AttachedFile(0, "f-0"),))

    planned = [intend(attached, (item(0, is_described=said),), now=NOW).intent for said in (True, False)]

    assert [Step.FILEINFO, Step.FINISH] == [intent.step for intent in planned if intent]


def test_finish_is_remembered_before_it_is_sent() -> None:
    """From the intent on, the finish may have reached the endpoint."""
    assert intend(_open(files=2), MANIFEST, now=NOW).finish_sent


@pytest.mark.parametrize(
    ("opened_ago", "changed_ago", "expected"),
    [
        (25 * HOUR, HOUR / 2, Step.UPLOAD),
        (2 * HOUR, 2 * HOUR, Step.UPLOAD),
        (23 * HOUR, None, Step.UPLOAD),
        (25 * HOUR, 2 * HOUR, Step.RETRACT),
        (25 * HOUR, None, Step.RETRACT),
        (24 * HOUR - MARGIN, None, Step.RETRACT),
        (24 * HOUR - MARGIN - timedelta(seconds=1), None, Step.UPLOAD),
        (25 * HOUR, HOUR - MARGIN, Step.RETRACT),
        (-HOUR, None, Step.UPLOAD),
    ],
)
def test_upload_into_a_report_of_some_age(opened_ago: timedelta, changed_ago: timedelta | None, expected: Step) -> None:
    """The later of both limits counts: nothing is attached to a lapsed report, and no living one is given up."""
    changed_at = None if changed_ago is None else NOW - changed_ago

    intent = intend(_open(files=1, opened_at=NOW - opened_ago, changed_at=changed_at), MANIFEST, now=NOW).intent

    assert intent is not None
    assert expected == intent.step


def test_finish_of_an_old_report() -> None:
    """A finish is asked for however old the report is: the endpoint says whether it lapsed."""
    intent = intend(_open(files=2, opened_at=NOW - 99 * HOUR), MANIFEST, now=NOW).intent

    assert intent is not None
    assert Step.FINISH == intent.step


def test_withdrawn_with_nothing_open() -> None:
    """A withdrawn entry without a report is done."""
    assert None is intend(Checkpoint(), MANIFEST, now=NOW, is_withdrawn=True).intent


@pytest.mark.parametrize("retraction", [None, Retraction(Aim.START_OVER, WHY)])
def test_withdrawn_with_a_report_open(retraction: Retraction | None) -> None:
    """A withdrawn entry retracts what is open, and does not start over."""
    planned = intend(_open(files=2, finish_sent=True, retraction=retraction), MANIFEST, now=NOW, is_withdrawn=True)

    assert planned.intent is not None
    assert planned.retraction is not None
    assert (Step.RETRACT, Aim.WITHDRAW) == (planned.intent.step, planned.retraction.aim)


def test_withdrawn_while_it_is_given_up() -> None:
    """A report that dies because the entry is given up keeps that reason: the person is told why, not that it went."""
    given_up = Retraction(Aim.GIVE_UP, WHY)

    planned = intend(_open(files=1, retraction=given_up), MANIFEST, now=NOW, is_withdrawn=True)

    assert planned.intent is not None
    assert (Step.RETRACT, given_up) == (planned.intent.step, planned.retraction)
