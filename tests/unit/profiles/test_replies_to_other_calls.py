"""Successes that were said of another call, and hashes that are none: neither is an answer of ours."""

import pytest

from tests.unit.profiles.test_replies import OURS, PROFILE
from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.profiles.exchange import Reply
from tipline_client.profiles.findings import safe_findings
from tipline_client.profiles.replies import read_answer

ID = f"<reportId>{OURS}</reportId>"
FILE = "<fileId>f-0</fileId>"
HASH = f"<hash>{'0' * 32}</hash>"
FILES = "<files><fileId>f-0</fileId></files>"


def _success(step: Step, inside: str, *, root: str = "reportResponse", status: int = 200) -> Answer:
    body = f"<{root}><responseCode>0</responseCode>{ID}{inside}</{root}>".encode()
    return read_answer(step, Reply(status, body), PROFILE, report_id=None if step is Step.SUBMIT else OURS)


@pytest.mark.parametrize(
    ("step", "root", "inside"),
    [
        (Step.RETRACT, "reportDoneResponse", FILES),
        (Step.RETRACT, "reportDoneResponse", ""),
        (Step.RETRACT, "reportResponse", FILE + HASH),
        (Step.FINISH, "reportResponse", FILE + HASH),
        (Step.FINISH, "reportResponse", HASH),
        (Step.FINISH, "reportResponse", FILES),
        (Step.FINISH, "reportResponse", ""),
        (Step.SUBMIT, "reportDoneResponse", FILES),
        (Step.SUBMIT, "reportResponse", FILE),
        (Step.UPLOAD, "reportDoneResponse", FILE + HASH + FILES),
        (Step.FILEINFO, "reportDoneResponse", FILES),
    ],
)
def test_success_of_another_call(step: Step, root: str, inside: str) -> None:
    """A success with what only another call is answered with proves nothing."""
    assert AnswerKind.UNUSABLE is _success(step, inside, root=root).kind


@pytest.mark.parametrize(
    ("step", "root", "inside"),
    [
        (Step.SUBMIT, "reportResponse", ""),
        (Step.SUBMIT, "reportDoneResponse", ""),
        (Step.UPLOAD, "reportResponse", FILE + HASH),
        (Step.FILEINFO, "reportResponse", ""),
        (Step.FILEINFO, "reportResponse", FILE),
        (Step.FINISH, "reportDoneResponse", FILES),
        (Step.FINISH, "reportDoneResponse", ""),
        (Step.RETRACT, "reportResponse", ""),
    ],
)
def test_success_of_its_own(step: Step, root: str, inside: str) -> None:
    """A success in the document of its own call, with nothing in it that is another's, counts."""
    assert AnswerKind.SUCCESS is _success(step, inside, root=root).kind


@pytest.mark.parametrize("status", [301, 302, 304, 307, 400, 404, 500, 503])
@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FINISH, Step.RETRACT])
def test_success_under_the_status_of_a_failure_or_a_redirect(step: Step, status: int) -> None:
    """Code 0 and a status of anything but success contradict each other, so neither is believed."""
    root = "reportDoneResponse" if step is Step.FINISH else "reportResponse"

    answer = _success(step, FILE if step is Step.UPLOAD else "", root=root, status=status)

    assert (AnswerKind.UNUSABLE, 0) == (answer.kind, answer.code)


@pytest.mark.parametrize("status", [302, 500])
def test_reachable_under_the_status_of_a_failure_or_a_redirect(status: int) -> None:
    """A probe believes code 0 no more than the other calls do."""
    assert AnswerKind.SUCCESS is not _success(Step.STATUS, "", status=status).kind


@pytest.mark.parametrize(
    "inside", [HASH + HASH, HASH + f"<hash>{'f' * 32}</hash>", "<hash><v>0</v></hash>", "<hash>none</hash>"]
)
def test_hash_that_is_not_one(inside: str) -> None:
    """Whatever stands where the hash should be, and is not one, is a wrong hash and not a missing one."""
    answer = _success(Step.UPLOAD, FILE + inside)

    assert answer.file_hash not in (None, "0" * 32)


@pytest.mark.parametrize("inside", ["", "<hash/>", "<hash> </hash>"])
def test_hash_that_is_missing(inside: str) -> None:
    """A blank says nothing."""
    assert _success(Step.UPLOAD, FILE + inside).file_hash is None


@pytest.mark.parametrize("rule", ["cvc-MUG.SMITH-1970-5550100", "cvc-elt.1970.5550100", "cvc-complex-type-of-mugs"])
def test_value_that_looks_like_a_rule(rule: str) -> None:
    """A value that the endpoint repeats can hold a line of its own; only real rules are shown."""
    said = f"Validation failed\n[9,20] - cvc-enumeration-valid: Value 'mug\n[1,2] - {rule}: x' is not facet-valid"

    assert rule not in "".join(safe_findings(said))


@pytest.mark.parametrize(
    "rule",
    ["cvc-complex-type.2.4.a", "cvc-datatype-valid.1.2.1", "cvc-maxLength-valid", "cvc-elt.1", "cvc-pattern-valid"],
)
def test_rule_that_is_shown(rule: str) -> None:
    """The rules of schemas are shown by name and place."""
    assert any(rule in finding for finding in safe_findings(f"Validation failed\n[9,20] - {rule}: some words"))
