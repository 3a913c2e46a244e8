"""What an answer does to a checkpoint: the moves of the table, carried out. Pure: no I/O, no clock of its own.

A step found without an answer after a crash is settled by the same rules as one whose reply was lost.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind, FileSet
from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.checkpoint import (
    UNFINISHED_LIFETIME,
    Aim,
    AttachedFile,
    Checkpoint,
    Exchange,
    Intent,
    Retraction,
    SuspectedOrphan,
)
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.outcomes import Failure, Outcome, bounded_text
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.table import MOVES, Move
from tipline_client.dispatch.verdicts import Acknowledged, Again, GivenUp, Proceed, Settled, Withdrawn, known

__all__ = ["compared", "disown", "doom", "failure_of", "settle", "settle_silence"]


_DOUBTFUL = {AnswerKind.OUTAGE, AnswerKind.UNUSABLE, AnswerKind.UNANSWERED, AnswerKind.SERVER_ERROR}


def settle(  # noqa: C901, PLR0911 - one case for each move of the table
    checkpoint: Checkpoint,
    answer: Answer,
    manifest: Sequence[ManifestItem],
    *,
    now: datetime,
    policy: RetryPolicy,
) -> Settled:
    """Work the answer to the checkpoint's intent into the checkpoint.

    Args:
        checkpoint: With the intent that was sent.
        answer: What came back, or did not.
        manifest: The entry's evidence, for the comparison of hashes.
        now: When the answer was read.
        policy: How many refusals are taken before giving up.

    Returns:
        The checkpoint without an intent, and the verdict.

    Raises:
        ValueError: The checkpoint has no intent.
    """
    intent = checkpoint.intent
    if intent is None:
        raise ValueError("there is no step to settle")
    move = MOVES[intent.step][answer.kind]
    base = replace(checkpoint, intent=None, exchanges=checkpoint.with_exchange(_exchange(intent, answer, now)))
    failure = failure_of(intent.step, answer)
    match move:
        case Move.ADVANCE:
            return _advance(base, intent, answer, manifest, policy)
        case Move.ACKNOWLEDGE:
            return _acknowledge(base, intent, answer, now)
        case Move.PROVEN_DEAD:
            return _conclude_retraction(base)
        case Move.GIVE_UP:
            return Settled(base, GivenUp(failure))
        case Move.START_OVER:
            return _again(_fresh(base), failure, answer)
        case Move.RETRACT_AND_START_OVER:
            return _again(_doomed(base, Aim.START_OVER, failure), failure, answer)
        case Move.RETRACT_AND_GIVE_UP:
            return _again(_doomed(base, Aim.GIVE_UP, failure), failure, answer)
        case Move.REPEAT_WITH_ORPHAN:
            orphan = SuspectedOrphan(since=intent.since, lapses_at=intent.since + UNFINISHED_LIFETIME)
            return _submit_again(replace(base, orphans=base.with_orphan(orphan)), failure, answer, policy)
        case Move.REPEAT_ONCE | Move.ASK_AGAIN:
            limit = 2 if move is Move.REPEAT_ONCE else policy.refusals_before_giving_up
            return _refused(base, failure, answer, limit)
        case Move.REPEAT:
            return _repeat(base, intent, failure, answer, policy)


def settle_silence(checkpoint: Checkpoint, *, now: datetime, policy: RetryPolicy) -> Checkpoint:
    """The checkpoint of an entry that was found with an intent and no result: its answer counts as lost."""
    if checkpoint.intent is None:
        return checkpoint
    lost = Answer(AnswerKind.UNANSWERED, "the dispatcher ended before it recorded an answer")
    return settle(checkpoint, lost, (), now=now, policy=policy).checkpoint


def failure_of(step: Step, answer: Answer) -> Failure:
    """What of an unsuccessful answer is kept and shown: our own words, codes, positions; no content."""
    text = "; ".join((answer.reason, *answer.findings))
    return Failure(
        kind=answer.kind.value,
        text=bounded_text(text),
        scope=answer.kind.scope,
        step=step,
        code=answer.code,
        request_id=answer.request_id,
        paths=answer.paths,
    )


def disown(checkpoint: Checkpoint) -> Settled:
    """Let go of a report that the endpoint named and that is another entry's: nothing of it is addressed.

    What our own submit opened, if anything, has a number that nobody knows; it lapses unfiled.
    """
    named, since = checkpoint.report_id, known(checkpoint.opened_at, "when the report was opened")
    failure = Failure(
        kind=AnswerKind.UNUSABLE.value,
        text=f"the endpoint answered with report {named}, which is another entry's",
        step=Step.SUBMIT,
    )
    orphan = SuspectedOrphan(since=since, lapses_at=since + UNFINISHED_LIFETIME)
    let_go = replace(_fresh(checkpoint), intent=None, orphans=checkpoint.with_orphan(orphan))
    return Settled(let_go, Again(failure, Outcome.IN_DOUBT))


def doom(checkpoint: Checkpoint, failure: Failure) -> Settled:
    """Give an entry up for a reason of our own, retracting first what is open at the endpoint.

    An upload that our side broke off is covered too: the report dies with whatever part of it arrived.
    """
    base = replace(checkpoint, intent=None)
    if checkpoint.report_id is None:
        return Settled(base, GivenUp(failure))
    return Settled(_doomed(base, Aim.GIVE_UP, failure), Again(failure, Outcome.TRANSIENT))


def put_off(checkpoint: Checkpoint, failure: Failure) -> Settled:
    """Leave off for a passing reason of our own, retracting first what is open: a part of an upload may be in it."""
    base = replace(checkpoint, intent=None)
    if checkpoint.report_id is not None:
        base = _doomed(base, Aim.START_OVER, failure)
    return Settled(base, Again(failure, Outcome.TRANSIENT))


def _advance(
    base: Checkpoint, intent: Intent, answer: Answer, manifest: Sequence[ManifestItem], policy: RetryPolicy
) -> Settled:
    base = replace(base, refusals=0)
    if intent.step is Step.SUBMIT:
        opened = replace(
            _fresh(base),
            report_id=known(answer.report_id, "the id of the report that was opened"),
            opened_at=intent.since,
            reports_opened=base.reports_opened + 1,
            exchanges=base.exchanges[-1:],
        )
        return Settled(opened, Proceed())
    changed = replace(base, changed_at=intent.since)
    if intent.step is Step.FILEINFO:
        files = tuple(replace(file, is_described=True) if file.index == intent.index else file for file in base.files)
        return Settled(replace(changed, files=files), Proceed())
    return _attach(changed, intent, answer, manifest, policy)


def _attach(
    base: Checkpoint, intent: Intent, answer: Answer, manifest: Sequence[ManifestItem], policy: RetryPolicy
) -> Settled:
    item = next(item for item in manifest if item.index == intent.index)
    if answer.file_hash is not None and answer.file_hash != item.md5:
        failure = Failure(
            kind="hash_mismatch",
            text=f"the endpoint's hash of evidence[{item.index}] is not ours",
            step=Step.UPLOAD,
            request_id=answer.request_id,
        )
        mismatches = base.mismatches + 1
        aim = Aim.GIVE_UP if mismatches >= policy.mismatches_before_giving_up else Aim.START_OVER
        doomed = _doomed(replace(base, mismatches=mismatches), aim, failure)
        return Settled(doomed, Again(failure, Outcome.TRANSIENT))
    file_id = known(answer.file_id, "the id of the file that was taken")
    if file_id in {file.file_id for file in base.files}:
        # Somebody else's reply, or one of our own over again: what was kept of this file, nobody can tell.
        failure = Failure(
            kind=AnswerKind.UNUSABLE.value,
            text=f"the endpoint gave evidence[{item.index}] the id of another file of the report",
            step=Step.UPLOAD,
            request_id=answer.request_id,
        )
        return Settled(_doomed(base, Aim.START_OVER, failure), Again(failure, Outcome.IN_DOUBT))
    attached = AttachedFile(item.index, file_id, is_confirmed=answer.file_hash is not None)
    return Settled(replace(base, files=(*base.files, attached)), Proceed())


def _refused(base: Checkpoint, failure: Failure, answer: Answer, limit: int) -> Settled:
    refusals = base.refusals + 1
    if refusals >= limit:
        return _again(_doomed(replace(base, refusals=0), Aim.GIVE_UP, failure), failure, answer)
    return _again(replace(base, refusals=refusals), failure, answer)


def _submit_again(base: Checkpoint, failure: Failure, answer: Answer, policy: RetryPolicy) -> Settled:
    # A code that nobody has documented, again and again, is no outage: each repeat would leave a report behind. Nothing
    # of it can be filed, so a person may decide.
    if answer.kind is not AnswerKind.UNUSABLE or answer.code in (None, 0):
        return _again(base, failure, answer)
    if base.refusals + 1 >= policy.refusals_before_giving_up:
        return Settled(replace(base, refusals=0), GivenUp(failure))
    return _again(replace(base, refusals=base.refusals + 1), failure, answer)


_FINAL_REFUSALS = {AnswerKind.NOT_OURS, AnswerKind.INVALID, AnswerKind.MALFORMED_FILE, AnswerKind.NO_FILE}


def _repeat(base: Checkpoint, intent: Intent, failure: Failure, answer: Answer, policy: RetryPolicy) -> Settled:
    # A retraction that is refused outright would be repeated in vain. Unless a finish was ever sent, nobody can have
    # filed this report, so a person may decide while it lapses; with a finish in doubt only the endpoint's word counts.
    retraction = base.retraction
    if intent.step is Step.RETRACT and retraction is not None and answer.kind in _FINAL_REFUSALS:
        refused = replace(base, retraction=replace(retraction, refusals=retraction.refusals + 1))
        if retraction.refusals + 1 >= policy.refusals_before_giving_up and not base.finish_sent:
            text = f"report {base.report_id} may be open until it lapses: its retraction is refused ({failure.text})"
            # Should a person put the entry back, the report is retracted again first, and then replaced.
            shelved = replace(base, retraction=Retraction(Aim.START_OVER, retraction.failure))
            return Settled(shelved, GivenUp(replace(failure, text=bounded_text(text))))
        return _again(refused, failure, answer)
    return _again(base, failure, answer)


def _conclude_retraction(base: Checkpoint) -> Settled:
    retraction, fresh = base.retraction, _fresh(base)
    if retraction is None or retraction.aim is Aim.START_OVER:
        return Settled(fresh, Proceed())
    if retraction.aim is Aim.GIVE_UP:
        return Settled(fresh, GivenUp(retraction.failure))
    return Settled(fresh, Withdrawn())


def _acknowledge(base: Checkpoint, intent: Intent, answer: Answer, now: datetime) -> Settled:
    code = 0 if answer.code is None else answer.code
    file_set = compared(base.files, answer.file_ids, code=code)
    acknowledgement = Acknowledgement(
        report_id=known(base.report_id, "the id of the report that is finished"),
        acknowledged_at=now,
        code=code,
        file_set=file_set,
        files=base.files,
        reported_file_ids=answer.file_ids,
        exchanges=base.exchanges,
        orphans=base.orphans,
    )
    return Settled(
        replace(base, retraction=None),
        Acknowledged(acknowledgement, tuple(_alarms(base, intent, answer, file_set, now))),
    )


def compared(files: Sequence[AttachedFile], listed: Sequence[str] | None, *, code: int) -> FileSet:
    """What the endpoint's list of attached files says of ours.

    Args:
        files: Ours.
        listed: The ids that the endpoint listed; `None` when it gave no list.
        code: The endpoint's code: 0 when it finished the report just now, another when it was finished before.
    """
    ours = sorted(file.file_id for file in files)
    if listed is None:
        # A finish that was answered before may not list its files again; the hashes of the uploads were compared.
        return FileSet.UNCONFIRMED if ours or code != 0 else FileSet.CONFIRMED
    return FileSet.CONFIRMED if sorted(listed) == ours else FileSet.DIFFERS


def _alarms(base: Checkpoint, intent: Intent, answer: Answer, file_set: FileSet, now: datetime) -> list[Alarm]:
    alarms = []
    if file_set is FileSet.DIFFERS:
        text = "the endpoint's list of attached files is not the one that was uploaded"
        alarms.append(Alarm(AlarmKind.FILE_SET_DIFFERS, text, now))
    if answer.kind is AnswerKind.SUCCESS and file_set is FileSet.UNCONFIRMED:
        text = "the endpoint finished the report without one list of its files, so that they could not be compared"
        alarms.append(Alarm(AlarmKind.FILE_SET_MISSING, text, now))
    if answer.kind is AnswerKind.FINISHED and not _was_finished_by_us(base, intent):
        text = "the endpoint calls the report finished although this entry had not finished it; evidence may be missing"
        alarms.append(Alarm(AlarmKind.FINISHED_BY_ANOTHER, text, now))
    if missing := [file.index for file in base.files if not file.is_confirmed]:
        text = f"the endpoint gave no hash for evidence {missing}, so its copy is not proven to be ours"
        alarms.append(Alarm(AlarmKind.HASH_MISSING, text, now))
    return alarms


def _was_finished_by_us(base: Checkpoint, intent: Intent) -> bool:
    if intent.step is not Step.FINISH:
        return base.finish_sent
    # The last exchange is this very one; the first finish of a report cannot have been preceded by itself.
    return any(exchange.step is Step.FINISH for exchange in base.exchanges[:-1])


def _fresh(base: Checkpoint) -> Checkpoint:
    """Without a current report; what was learnt on the way stays."""
    return replace(
        base,
        report_id=None,
        files=(),
        retraction=None,
        opened_at=None,
        changed_at=None,
        finish_sent=False,
        refusals=0,
    )


def _doomed(base: Checkpoint, aim: Aim, failure: Failure) -> Checkpoint:
    return replace(base, retraction=Retraction(aim, failure))


def _again(base: Checkpoint, failure: Failure, answer: Answer) -> Settled:
    outcome = Outcome.IN_DOUBT if answer.kind in _DOUBTFUL else Outcome.TRANSIENT
    return Settled(base, Again(failure, outcome))


def _exchange(intent: Intent, answer: Answer, now: datetime) -> Exchange:
    return Exchange(
        step=intent.step,
        sent_at=intent.since,
        index=intent.index,
        answered_at=now if answer.http_status is not None else None,
        http_status=answer.http_status,
        code=answer.code,
        request_id=answer.request_id,
        record_tag=answer.record_tag,
    )
