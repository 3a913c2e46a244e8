"""What each answer does to a checkpoint, rule by rule."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.dispatch.samples import MANIFEST, NOW, REPORT, answer, opened
from tipline_client.delivery.acknowledgement import AlarmKind, FileSet
from tipline_client.delivery.answers import AnswerKind, Scope
from tipline_client.delivery.checkpoint import Aim, Checkpoint, Exchange, Retraction, SuspectedOrphan
from tipline_client.delivery.outcomes import MAX_ERROR_TEXT, Failure, Outcome
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.settling import doom, settle, settle_silence
from tipline_client.dispatch.table import MOVES, Move
from tipline_client.dispatch.verdicts import Acknowledged, Again, GivenUp, Proceed, Settled, Withdrawn

Kind = AnswerKind
POLICY = RetryPolicy(refusals_before_giving_up=3, mismatches_before_giving_up=2)
WHY = Failure("sample", "a sample reason")
DOUBTFUL = (Kind.UNANSWERED, Kind.OUTAGE, Kind.UNUSABLE, Kind.SERVER_ERROR)


def _settle(checkpoint: Checkpoint, kind: AnswerKind, **facts: object) -> Settled:
    assert checkpoint.intent is not None
    found = answer(kind, checkpoint.intent.step, index=checkpoint.intent.index, **facts)
    return settle(checkpoint, found, MANIFEST, now=NOW + timedelta(seconds=1), policy=POLICY)


def test_table_is_complete() -> None:
    """Every step of a report has a move for every answer."""
    assert {step: set(AnswerKind) for step in MOVES} == {step: set(row) for step, row in MOVES.items()}
    assert set(Step) - {Step.STATUS, Step.SCHEMA} == set(MOVES)


def test_finish_and_success_alone_acknowledge() -> None:
    """Only a finish that succeeded, or the endpoint's word "finished", is an acknowledgement."""
    found = {(step, kind) for step, row in MOVES.items() for kind, move in row.items() if move is Move.ACKNOWLEDGE}

    evidence = {(step, Kind.FINISHED) for step in (Step.UPLOAD, Step.FILEINFO, Step.RETRACT)}
    assert {(Step.FINISH, Kind.SUCCESS), (Step.FINISH, Kind.FINISHED), *evidence} == found


def test_settling_without_an_intent() -> None:
    """Nothing was sent, so nothing can be settled."""
    with pytest.raises(ValueError, match="no step"):
        settle(Checkpoint(), answer(Kind.SUCCESS, Step.SUBMIT), (), now=NOW, policy=POLICY)


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_unanswered_submit(kind: AnswerKind) -> None:
    """An unanswered submit may be repeated; the report that it may have opened is written down."""
    settled = _settle(opened(Step.SUBMIT), kind)

    assert isinstance(settled.verdict, Again)
    assert (SuspectedOrphan(NOW, NOW + timedelta(hours=24)),) == settled.checkpoint.orphans
    assert (Outcome.IN_DOUBT, None) == (settled.verdict.outcome, settled.checkpoint.report_id)


def test_submit_certainly_unsent() -> None:
    """A submit that never left suspects nothing."""
    assert () == _settle(opened(Step.SUBMIT), Kind.UNSENT).checkpoint.orphans


@pytest.mark.parametrize("step", [Step.UPLOAD, Step.FILEINFO])
@pytest.mark.parametrize("kind", DOUBTFUL)
def test_unanswered_evidence(step: Step, kind: AnswerKind) -> None:
    """Evidence in doubt is never repeated into the same report: the report dies first."""
    settled = _settle(opened(step, files=1, index=1), kind)

    retraction = settled.checkpoint.retraction
    assert retraction is not None
    assert (Aim.START_OVER, REPORT) == (retraction.aim, settled.checkpoint.report_id)


@pytest.mark.parametrize("kind", [*DOUBTFUL, Kind.UNSENT, Kind.DENIED, Kind.NOT_STORED, Kind.NOT_OURS, Kind.NO_FILE])
def test_finish_in_doubt(kind: AnswerKind) -> None:
    """A finish without proof keeps the report id and is asked again, without end."""
    checkpoint = opened(Step.FINISH, files=2)

    for _ in range(50):
        settled = _settle(checkpoint, kind)
        assert isinstance(settled.verdict, Again)
        checkpoint = replace(settled.checkpoint, intent=checkpoint.intent)

    assert (REPORT, None, True) == (checkpoint.report_id, checkpoint.retraction, checkpoint.finish_sent)


@pytest.mark.parametrize("kind", [Kind.RETRACTED, Kind.NO_REPORT])
def test_finish_of_a_report_that_is_gone(kind: AnswerKind) -> None:
    """The endpoint's word that the report is gone proves that it was not filed: start over, with nothing attached."""
    settled = _settle(opened(Step.FINISH, files=2), kind)

    left = settled.checkpoint
    assert (None, (), False, None) == (left.report_id, left.files, left.finish_sent, left.retraction)


def test_finish_refused_again_and_again() -> None:
    """A finish called invalid is asked again, then retracted, and given up only when that proves it unfiled."""
    checkpoint = opened(Step.FINISH, files=2)
    for _ in range(POLICY.refusals_before_giving_up):
        assert checkpoint.retraction is None
        checkpoint = replace(_settle(checkpoint, Kind.INVALID).checkpoint, intent=checkpoint.intent)
    assert checkpoint.retraction is not None
    retracting = replace(checkpoint, intent=opened(Step.RETRACT).intent)

    unfiled, filed = _settle(retracting, Kind.SUCCESS), _settle(retracting, Kind.FINISHED)

    assert isinstance(unfiled.verdict, GivenUp)
    assert isinstance(filed.verdict, Acknowledged)
    assert (Aim.GIVE_UP, "invalid") == (checkpoint.retraction.aim, unfiled.verdict.failure.kind)


@pytest.mark.parametrize(
    ("aim", "verdict"), [(Aim.START_OVER, Proceed), (Aim.GIVE_UP, GivenUp), (Aim.WITHDRAW, Withdrawn)]
)
@pytest.mark.parametrize("kind", [Kind.SUCCESS, Kind.RETRACTED, Kind.NO_REPORT])
def test_retraction_reaches_its_aim(kind: AnswerKind, aim: Aim, verdict: type) -> None:
    """Retracted now, retracted before and gone are the same proof; what follows is what the retraction was for."""
    settled = _settle(opened(Step.RETRACT, files=1, retraction=Retraction(aim, WHY)), kind)

    assert isinstance(settled.verdict, verdict)
    assert (None, (), None) == (settled.checkpoint.report_id, settled.checkpoint.files, settled.checkpoint.retraction)


@pytest.mark.parametrize("aim", Aim)
def test_retraction_of_a_finished_report(aim: Aim) -> None:
    """Somebody finished it: acknowledged, with an alarm when that was not us."""
    checkpoint = opened(Step.RETRACT, files=1, retraction=Retraction(aim, WHY))

    stranger, ours = _settle(checkpoint, Kind.FINISHED), _settle(replace(checkpoint, finish_sent=True), Kind.FINISHED)

    assert isinstance(stranger.verdict, Acknowledged)
    assert isinstance(ours.verdict, Acknowledged)
    assert [AlarmKind.FINISHED_BY_ANOTHER] == [alarm.kind for alarm in stranger.verdict.alarms]
    assert () == ours.verdict.alarms
    assert None is stranger.checkpoint.retraction


@pytest.mark.parametrize("kind", [Kind.INVALID, Kind.NOT_OURS, Kind.MALFORMED_FILE, Kind.NO_FILE])
def test_retraction_refused_before_any_finish(kind: AnswerKind) -> None:
    """A retraction refused again and again goes to a person; put back, it is tried again and the report replaced."""
    checkpoint = opened(Step.RETRACT, files=1, retraction=Retraction(Aim.GIVE_UP, WHY))
    verdicts = []
    for _ in range(POLICY.refusals_before_giving_up):
        settled = _settle(checkpoint, kind)
        verdicts.append(type(settled.verdict))
        checkpoint = replace(settled.checkpoint, intent=checkpoint.intent)

    assert [Again, Again, GivenUp] == verdicts
    assert Retraction(Aim.START_OVER, WHY) == checkpoint.retraction
    assert REPORT == checkpoint.report_id


def test_retraction_refused_with_a_finish_in_doubt() -> None:
    """With a finish in doubt only the endpoint's word counts: a refused retraction never gives up."""
    checkpoint = opened(Step.RETRACT, files=1, finish_sent=True, retraction=Retraction(Aim.GIVE_UP, WHY))

    for _ in range(50):
        settled = _settle(checkpoint, Kind.INVALID)
        assert isinstance(settled.verdict, Again)
        checkpoint = replace(settled.checkpoint, intent=checkpoint.intent)


@pytest.mark.parametrize("step", [Step.UPLOAD, Step.FILEINFO])
def test_evidence_called_malformed(step: Step) -> None:
    """A cut connection looks like a malformed file, so it is sent once more; the second refusal is the last word."""
    checkpoint = opened(step, files=1, index=0 if step is Step.FILEINFO else 1)

    once = _settle(checkpoint, Kind.MALFORMED_FILE).checkpoint
    twice = _settle(replace(once, intent=checkpoint.intent), Kind.MALFORMED_FILE).checkpoint

    assert (None, 1) == (once.retraction, once.refusals)
    assert twice.retraction is not None
    assert (Aim.GIVE_UP, "malformed_file") == (twice.retraction.aim, twice.retraction.failure.kind)


@pytest.mark.parametrize("step", [Step.UPLOAD, Step.FILEINFO])
def test_refusal_before_a_success(step: Step) -> None:
    """What was refused and then taken counts against none of the steps that follow."""
    index = 0 if step is Step.FILEINFO else 1

    left = _settle(opened(step, files=1, index=index, refusals=1), Kind.SUCCESS).checkpoint

    assert 0 == left.refusals


def test_wrong_hash() -> None:
    """A copy that is not ours dies with its report; after a few of them a person must look."""
    checkpoint = opened(Step.UPLOAD, index=0)

    first = _settle(checkpoint, Kind.SUCCESS, file_hash="c" * 32).checkpoint
    second = _settle(replace(checkpoint, mismatches=first.mismatches), Kind.SUCCESS, file_hash="c" * 32).checkpoint

    assert first.retraction is not None
    assert second.retraction is not None
    assert (Aim.START_OVER, Aim.GIVE_UP) == (first.retraction.aim, second.retraction.aim)
    assert () == first.files


def test_file_id_given_twice() -> None:
    """The id of one file for another proves nothing of either: the report is retracted, then replaced."""
    settled = _settle(opened(Step.UPLOAD, files=1, index=1), Kind.SUCCESS, file_id="f-0")

    assert isinstance(settled.verdict, Again)
    assert settled.checkpoint.retraction is not None
    assert (Aim.START_OVER, 1) == (settled.checkpoint.retraction.aim, len(settled.checkpoint.files))
    assert Outcome.IN_DOUBT is settled.verdict.outcome


@pytest.mark.parametrize(
    ("file_ids", "expected"),
    [
        (("f-0", "f-1"), FileSet.CONFIRMED),
        (("f-1", "f-0"), FileSet.CONFIRMED),
        (("f-0",), FileSet.DIFFERS),
        (("f-0", "f-1", "f-2"), FileSet.DIFFERS),
        (("f-0", "f-0", "f-1"), FileSet.DIFFERS),
        ((), FileSet.DIFFERS),
        (None, FileSet.UNCONFIRMED),
    ],
)
def test_file_set_at_finish(file_ids: tuple[str, ...] | None, expected: FileSet) -> None:
    """The endpoint's list is compared as a set with copies; another one is filed all the same, with an alarm."""
    settled = _settle(opened(Step.FINISH, files=2), Kind.SUCCESS, file_ids=file_ids)

    assert isinstance(settled.verdict, Acknowledged)
    alarms = [alarm.kind for alarm in settled.verdict.alarms]
    assert expected == settled.verdict.acknowledgement.file_set
    raised = {FileSet.DIFFERS: [AlarmKind.FILE_SET_DIFFERS], FileSet.UNCONFIRMED: [AlarmKind.FILE_SET_MISSING]}
    assert raised.get(expected, []) == alarms


@pytest.mark.parametrize(
    ("kind", "expected"), [(Kind.SUCCESS, FileSet.CONFIRMED), (Kind.FINISHED, FileSet.UNCONFIRMED)]
)
def test_no_list_of_files_where_none_was_uploaded(kind: AnswerKind, expected: FileSet) -> None:
    """Nothing listed is what was sent when we finished it; what somebody finished before may hold more."""
    settled = _settle(opened(Step.FINISH), kind, file_ids=None)

    assert isinstance(settled.verdict, Acknowledged)
    assert expected == settled.verdict.acknowledgement.file_set


def test_submit_answered_with_an_unknown_code_again_and_again() -> None:
    """Nobody knows what it means and each repeat leaves a report behind: after a few, a person must look."""
    checkpoint = opened(Step.SUBMIT)
    verdicts = []
    for _ in range(POLICY.refusals_before_giving_up):
        settled = _settle(checkpoint, Kind.UNUSABLE, code=6000)
        verdicts.append(type(settled.verdict))
        checkpoint = replace(settled.checkpoint, intent=checkpoint.intent)

    assert [Again, Again, GivenUp] == verdicts
    # Without a code, or with that of a success without a report, the reply is damaged, and no word of the endpoint's.
    for code in (None, 0):
        assert isinstance(_settle(opened(Step.SUBMIT, refusals=99), Kind.UNUSABLE, code=code).verdict, Again)


def test_intent_without_a_result() -> None:
    """A step found without a result counts as unanswered; without an intent there is nothing to settle."""
    found = settle_silence(opened(Step.UPLOAD, index=0), now=NOW, policy=POLICY)
    untouched = Checkpoint(report_id=REPORT)

    assert found.retraction is not None
    assert untouched == settle_silence(untouched, now=NOW, policy=POLICY)


def test_report_opened_a_second_time() -> None:
    """A new report starts with nothing attached and its own times; what was learnt before stays counted."""
    earlier = (Exchange(Step.SUBMIT, NOW), Exchange(Step.UPLOAD, NOW, index=0), Exchange(Step.RETRACT, NOW))
    before = opened(Step.SUBMIT, reports_opened=1, mismatches=1, setbacks=4, refusals=1, exchanges=earlier)

    left = _settle(before, Kind.SUCCESS).checkpoint

    assert (REPORT, NOW, 2, 1, 4, 0) == (
        left.report_id,
        left.opened_at,
        left.reports_opened,
        left.mismatches,
        left.setbacks,
        left.refusals,
    )
    assert [Step.SUBMIT] == [exchange.step for exchange in left.exchanges]


def test_change_moves_the_lapse() -> None:
    """An accepted upload and an accepted description count as changes from the moment they were sent."""
    late = NOW + timedelta(hours=30)
    checkpoint = opened(Step.UPLOAD, index=0)
    assert checkpoint.intent is not None

    left = _settle(replace(checkpoint, intent=replace(checkpoint.intent, since=late)), Kind.SUCCESS).checkpoint

    assert (late, late + timedelta(hours=1), True) == (left.changed_at, left.lapses_at, left.files[0].is_confirmed)


def test_doom_with_and_without_an_open_report() -> None:
    """Giving up for a reason of ours retracts first what is open."""
    open_one, none = doom(opened(Step.UPLOAD, index=0), WHY), doom(Checkpoint(), WHY)

    assert open_one.checkpoint.retraction == Retraction(Aim.GIVE_UP, WHY)
    assert isinstance(open_one.verdict, Again)
    assert GivenUp(WHY) == none.verdict


def test_error_text_longer_than_its_column() -> None:
    """A long explanation is cut visibly, and its code and request id are kept."""
    settled = _settle(opened(Step.SUBMIT), Kind.INVALID, code=4100, request_id="r-9", findings=("[1,2] cvc-x",) * 99)

    assert isinstance(settled.verdict, GivenUp)
    failure = settled.verdict.failure
    assert (MAX_ERROR_TEXT, "…", 4100, "r-9") == (len(failure.text), failure.text[-1], failure.code, failure.request_id)


@pytest.mark.parametrize("kind", AnswerKind)
def test_scope_of_a_failure(kind: AnswerKind) -> None:
    """Credentials and outages are the endpoint's; everything else is the entry's."""
    endpoint = {Kind.DENIED, Kind.OUTAGE, Kind.UNANSWERED, Kind.UNSENT}

    assert (Scope.ENDPOINT if kind in endpoint else Scope.ENTRY) == kind.scope


@pytest.mark.parametrize(
    ("checkpoint", "facts"),
    [
        (opened(Step.SUBMIT), {"report_id": None}),
        (opened(Step.UPLOAD, index=0), {"file_id": None}),
        (opened(Step.FINISH, report_id=None), {}),
    ],
)
def test_id_that_must_be_known_and_is_not(checkpoint: Checkpoint, facts: dict[str, None]) -> None:
    """Nothing stands in for the id of a report or a file: settling ends with an error that says what is missing."""
    with pytest.raises(ValueError, match="must be known by now"):
        _settle(checkpoint, Kind.SUCCESS, **facts)
