"""Every path of the pure core: from each checkpoint that can be reached, each answer, and what must never follow.

The model of the endpoint is kept beside the checkpoint: what it may hold, whether it may have filed. It is the worst
endpoint that each answer allows.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.unit.dispatch.samples import MANIFEST, NOW, REPORT, answer, item
from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.checkpoint import Checkpoint, Intent
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.planning import intend
from tipline_client.dispatch.settling import settle, settle_silence
from tipline_client.dispatch.verdicts import Acknowledged, Again, GivenUp, Proceed, Settled, Withdrawn

POLICY = RetryPolicy(refusals_before_giving_up=2, mismatches_before_giving_up=2)
Kind = AnswerKind
PROVES_DEAD = {Kind.SUCCESS, Kind.RETRACTED, Kind.NO_REPORT}
"""Of answers to a retraction."""
PROVES_UNFILED = {Kind.RETRACTED, Kind.NO_REPORT}
"""Of answers to a finish."""
CERTAINLY_NOTHING_KEPT = {Kind.NOT_STORED, Kind.DENIED, Kind.UNSENT, Kind.MALFORMED_FILE}
"""Of answers to an upload or a description, after which the same may be sent again."""
NOT_LIVE = {Kind.NO_REPORT, Kind.RETRACTED}


@dataclass(frozen=True)
class Path:
    """One way through the protocol, with what the endpoint may hold of the current report."""

    checkpoint: Checkpoint
    sent: tuple[tuple[Step, int | None], ...] = ()
    """Evidence steps that the current report may hold already."""
    may_be_filed: bool = False
    is_withdrawn: bool = False


def _key(path: Path) -> tuple[object, ...]:
    checkpoint = path.checkpoint
    files = tuple((file.index, file.is_described) for file in checkpoint.files)
    retraction = checkpoint.retraction and (checkpoint.retraction.aim, min(checkpoint.retraction.refusals, 2))
    counters = (checkpoint.refusals, min(checkpoint.mismatches, 2), checkpoint.finish_sent)
    return (checkpoint.report_id, files, retraction, counters, path.sent, path.may_be_filed, path.is_withdrawn)


def _answers(intent: Intent) -> list[Answer]:
    every = [answer(kind, intent.step, index=intent.index) for kind in AnswerKind]
    if intent.step is Step.UPLOAD:
        every.append(answer(Kind.SUCCESS, Step.UPLOAD, index=intent.index, file_hash="c" * 32))
        every.append(answer(Kind.SUCCESS, Step.UPLOAD, index=intent.index, file_hash=None))
    return every


def _check_what_is_sent(path: Path, intent: Intent, manifest: tuple[ManifestItem, ...]) -> None:
    checkpoint = path.checkpoint
    if intent.step is Step.SUBMIT:
        assert checkpoint.report_id is None, "a second report while one is current"
        assert not path.may_be_filed, "a second report while the first may be filed"
    else:
        assert checkpoint.report_id == REPORT
    if intent.step in {Step.UPLOAD, Step.FILEINFO}:
        assert (intent.step, intent.index) not in path.sent, "the same evidence step twice into one report"
        assert not path.may_be_filed, "evidence after a finish"
    if intent.step is Step.FINISH:
        assert not path.is_withdrawn
        assert {file.index for file in checkpoint.files} == {item.index for item in manifest}
        assert all(file.is_described or not item.details for file, item in zip(checkpoint.files, manifest, strict=True))


def _after(path: Path, intent: Intent, found: Answer) -> tuple[tuple[tuple[Step, int | None], ...], bool]:
    """What the endpoint may hold of the current report after this answer."""
    if intent.step is Step.SUBMIT:
        return (), False
    sent, may_be_filed = path.sent, path.may_be_filed
    if intent.step in {Step.UPLOAD, Step.FILEINFO} and found.kind not in CERTAINLY_NOTHING_KEPT | NOT_LIVE:
        sent = (*sent, (intent.step, intent.index))
    if intent.step is Step.FINISH:
        may_be_filed = found.kind not in PROVES_UNFILED and (may_be_filed or found.kind is not Kind.UNSENT)
    if found.kind in NOT_LIVE or (intent.step is Step.RETRACT and found.kind in PROVES_DEAD):
        return (), False
    return sent, may_be_filed


def _check_what_follows(path: Path, intent: Intent, found: Answer, settled: Settled, *, may_be_filed: bool) -> None:
    proof = PROVES_DEAD if intent.step is Step.RETRACT else NOT_LIVE
    is_current = path.checkpoint.report_id is not None
    is_abandoned = is_current and settled.checkpoint.report_id is None
    assert settled.checkpoint.intent is None
    assert not is_abandoned or found.kind in proof, "a report abandoned that may be alive"
    match settled.verdict:
        case Acknowledged(acknowledgement):
            assert found.kind is Kind.FINISHED or (intent.step, found.kind) == (Step.FINISH, Kind.SUCCESS)
            assert acknowledgement.report_id == REPORT
        case GivenUp() | Withdrawn():
            assert not may_be_filed, "given up while it may be filed"
            assert not is_current or intent.step is Step.RETRACT, "given up without a retraction"
        case _:
            assert not is_current or found.kind is not Kind.FINISHED, "a finished report that is not acknowledged"


def _explore(manifest: tuple[ManifestItem, ...], *, may_be_withdrawn: bool = False) -> Counter[str]:
    """Walk every path, with a withdrawal before any step if there may be one; returns how often each verdict came."""
    seen: set[tuple[object, ...]] = set()
    met: Counter[str] = Counter()
    waiting = [Path(Checkpoint())]
    while waiting:
        path = waiting.pop()
        if _key(path) in seen:
            continue
        seen.add(_key(path))
        if may_be_withdrawn and not path.is_withdrawn:
            waiting.append(replace(path, is_withdrawn=True))
        planned = intend(path.checkpoint, manifest, now=NOW, is_withdrawn=path.is_withdrawn)
        intent = planned.intent
        if intent is None:
            assert path.is_withdrawn
            assert not path.may_be_filed, "called withdrawn while it may be filed"
            met["Withdrawn"] += 1
            continue
        _check_what_is_sent(path, intent, manifest)
        for found in _answers(intent):
            settled = settle(planned, found, manifest, now=NOW, policy=POLICY)
            sent, may_be_filed = _after(path, intent, found)
            met[type(settled.verdict).__name__] += 1
            _check_what_follows(path, intent, found, settled, may_be_filed=may_be_filed)
            if isinstance(settled.verdict, Proceed | Again):
                waiting.append(Path(settled.checkpoint, sent, may_be_filed, path.is_withdrawn))
        lost = settle_silence(planned, now=NOW, policy=POLICY)
        sent, may_be_filed = _after(path, intent, answer(Kind.UNANSWERED, intent.step))
        waiting.append(Path(lost, sent, may_be_filed, path.is_withdrawn))
    assert len(seen) > 2 * len(manifest) + 1
    return met


@pytest.mark.parametrize("manifest", [(), (item(0),), (item(0, is_described=False),), MANIFEST])
def test_every_answer_on_every_path(manifest: tuple[ManifestItem, ...]) -> None:
    """No path opens a second report beside a living one, repeats evidence in doubt, or leaves a finish in doubt."""
    met = _explore(manifest)

    assert {"Acknowledged", "Again", "GivenUp", "Proceed"} == set(met)


@pytest.mark.parametrize("manifest", [(), (item(0),), MANIFEST])
def test_every_answer_with_a_withdrawal_on_the_way(manifest: tuple[ManifestItem, ...]) -> None:
    """A withdrawal before any step keeps every promise: nothing is called withdrawn that may be filed."""
    met = _explore(manifest, may_be_withdrawn=True)

    assert {"Acknowledged", "Again", "GivenUp", "Proceed", "Withdrawn"} == set(met)


def test_everything_answered_well() -> None:
    """With good answers alone the steps come in the protocol's order, each once."""
    checkpoint, steps, verdicts = Checkpoint(), [], []
    for _ in range(6):
        checkpoint = intend(checkpoint, MANIFEST, now=NOW)
        intent = checkpoint.intent
        assert intent is not None
        steps.append((intent.step, intent.index))
        good = answer(Kind.SUCCESS, intent.step, index=intent.index)
        settled = settle(checkpoint, good, MANIFEST, now=NOW + timedelta(seconds=1), policy=POLICY)
        checkpoint = settled.checkpoint
        verdicts.append(type(settled.verdict))

    assert [*[Proceed] * 5, Acknowledged] == verdicts
    assert [
        (Step.SUBMIT, None),
        (Step.UPLOAD, 0),
        (Step.FILEINFO, 0),
        (Step.UPLOAD, 1),
        (Step.FILEINFO, 1),
        (Step.FINISH, None),
    ] == steps
