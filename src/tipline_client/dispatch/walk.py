"""One leased try: walk an entry's steps, write each one down, settle what is in doubt, and give the entry back.

Every request is preceded by a durable intent, and each result is written together with the next intent. All writes
carry the lease; when it is lost the walk ends, and whoever holds it goes on from the checkpoint.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import anyio

from tipline_client.delivery.acknowledgement import Alarm, AlarmKind
from tipline_client.delivery.answers import Answer, AnswerKind, Scope
from tipline_client.delivery.checkpoint import Intent
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome, bounded_text, said_of
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.holding import holds_for
from tipline_client.dispatch.job import Job, job_of
from tipline_client.dispatch.planning import intend
from tipline_client.dispatch.reader import seal_reply
from tipline_client.dispatch.record import Record
from tipline_client.dispatch.road import Road, tell
from tipline_client.dispatch.settling import disown, doom, put_off, settle, settle_silence
from tipline_client.dispatch.verdicts import (
    Acknowledged,
    Again,
    GivenUp,
    LeftToOthers,
    Proceed,
    Settled,
    Verdict,
    Withdrawn,
    known,
)
from tipline_client.dispatch.wishes import check_wish, disproved, is_withdrawn
from tipline_client.errors import (
    EnvelopeError,
    EvidenceError,
    EvidenceUnavailableError,
    KeyUnavailableError,
    OutboxError,
    ReportTakenError,
    UnknownSignerError,
)
from tipline_client.profiles.exchange import Call
from tipline_client.profiles.places import SentDocument, find_places
from tipline_client.profiles.replies import read_answer, reply_description
from tipline_client.profiles.requests import fileinfo_call, finish_call, retract_call, submit_call, upload_call
from tipline_client.transport import Transport, repeat_while
from tipline_client.vault import DataKey

__all__ = ["Walk"]

_log = logging.getLogger("tipline_client.dispatch")

_UNAVAILABLE = "evidence_unavailable"
_NO_STORE: Final = Failure("no_evidence_store", "the store of the evidence is not there: is it mounted on this host?")


class Walk:
    """One leased try of one entry over one transport."""

    def __init__(self, road: Road, lease: Lease, transport: Transport) -> None:
        self._road = road
        self._record = Record(road.outbox, lease, road.seal)
        self._started_at = lease.started_at
        self._opened_before = lease.entry.checkpoint.reports_opened
        self._transport = transport
        self._checkpoint = lease.entry.checkpoint
        self._refusal = b""

    async def run(self) -> Outcome:
        """Walk as far as it goes, and record how it ended.

        Returns:
            The outcome on record.

        Raises:
            LeaseLostError: Somebody else may own the entry; nothing more was written.
            OutboxUnavailableError: The outbox failed. The intent on record tells the next try what may have been sent.
        """
        outcome = Outcome.STOPPED
        error: Exception | None = None
        async with anyio.create_task_group() as tasks:

            async def keep_lease() -> None:
                nonlocal error
                error = await self._record.keep_lease(self._road.heartbeat, self._road.lease_for)
                tasks.cancel_scope.cancel()

            tasks.start_soon(keep_lease)
            # Caught here, because a task group would wrap the error in a group that no caller expects.
            try:
                outcome = await self._walk()
            except Exception as raised:
                error = raised
            tasks.cancel_scope.cancel()
        if isinstance(error, OutboxError):
            await self._take_back()
        if error is not None:
            if not isinstance(error, OutboxError):
                await self._set_back(error)
            raise error
        return outcome

    async def _set_back(self, error: Exception) -> None:
        """Give the entry back after a failure that nobody foresaw; what may have been sent stays on record."""
        failure = Failure("internal_error", f"the try broke off with {type(error).__name__}")
        checkpoint = replace(self._record.saved, setbacks=self._record.saved.setbacks + 1)
        outcome = Outcome.IN_DOUBT if checkpoint.intent else Outcome.TRANSIENT
        attempt = Attempt(self._started_at, self._road.clock.now(), outcome, failure)
        wait = self._road.policy.long_delay(checkpoint.setbacks, random=self._road.random)
        # If even this fails, the lease ends by itself.
        with suppress(OutboxError):
            await self._record.release(checkpoint, attempt, available_in=wait)

    async def _take_back(self) -> None:
        """Retract a report that was opened but could not be written down: nobody else knows of it."""
        report_id = self._checkpoint.report_id
        if report_id is None or report_id == self._record.saved.report_id:
            return
        # Said so that nobody takes this number for the entry's own.
        words = "entry %s: retracting report %s, opened by an abandoned try; the entry is not filed under that number"
        _log.warning(words, self._record.entry.id, report_id)
        with anyio.move_on_after(self._road.profile.progress_timeout.total_seconds()):
            await self._transport.send(retract_call(report_id))

    async def _walk(self) -> Outcome:
        try:
            job, key = await self._open()
        except (KeyUnavailableError, UnknownSignerError) as error:
            # Nothing shows that it was altered; it is given back as it was found, for a host that has the key.
            kind = "key_unavailable" if isinstance(error, KeyUnavailableError) else "unknown_signer"
            text = bounded_text(said_of(self._record.entry.id, error))
            return await self._conclude(LeftToOthers(Failure(kind, text)))
        except EnvelopeError as error:
            return await self._refuse_envelope(error)
        now = self._road.clock.now()
        # An intent without a result is a reply that was lost: the dispatcher before us died, or its lease did.
        self._checkpoint = settle_silence(self._checkpoint, now=now, policy=self._road.policy)
        if (verdict := await self._look_for_evidence(job)) is not None:
            return await self._conclude(verdict)
        verdict = await repeat_while(
            lambda: self._advance(job, key),
            again=lambda verdict: isinstance(verdict, Again) and self._is_worth_repeating(),
            policy=self._road.policy,
            sleep=self._road.clock.sleep,
            random=self._road.random,
        )
        return await self._conclude(verdict)

    async def _open(self) -> tuple[Job, DataKey]:
        entry, road = self._record.entry, self._road
        opened = await road.reader.open(entry)
        job = job_of(entry, opened, profile=road.profile)
        self._record.believe()
        await check_wish(entry, road.outbox, chain=road.chain)
        return job, opened.key

    async def _look_for_evidence(self, job: Job) -> Verdict | None:
        """What follows from evidence that cannot be read, if that is all there is to do now."""
        missing = await self._missing_evidence(job)
        if missing is None:
            return None
        if missing.kind == _UNAVAILABLE:
            return Again(missing, Outcome.TRANSIENT)
        if await self._lacks_store(job):
            return LeftToOthers(_NO_STORE)
        settled = doom(self._checkpoint, missing)
        self._checkpoint = settled.checkpoint
        return settled.verdict if isinstance(settled.verdict, GivenUp) else None

    async def _lacks_store(self, job: Job) -> bool:
        # What is only referred to lies elsewhere: an empty store says nothing about it.
        has_copies = any(item.reference is None for item in job.manifest)
        return has_copies and not await self._road.evidence.is_there()

    def _is_worth_repeating(self) -> bool:
        """Whether to go on at once after a setback, instead of giving the entry back until it is due again."""
        # A report that could not be completed is left behind at the endpoint; twice at once is no hiccup any more.
        is_over = self._checkpoint.report_id is None or self._checkpoint.retraction is not None
        has_started_over = is_over and self._checkpoint.reports_opened - self._opened_before > 1
        return not (has_started_over or self._road.lane.is_paused or self._road.is_stopping())

    async def _missing_evidence(self, job: Job) -> Failure | None:
        """Why an evidence file that is still to be uploaded cannot be; looked for before a report is opened in vain."""
        if self._checkpoint.retraction is not None or is_withdrawn(self._record.entry, self._checkpoint):
            return None
        for item in job.manifest:
            if self._checkpoint.attached(item.index) is None:
                try:
                    await self._road.evidence.check(item)
                except EvidenceError as error:
                    return Failure(_kind_of(error), bounded_text(str(error)))
        return None

    async def _advance(self, job: Job, key: DataKey) -> Verdict:
        """Take steps until one does not simply succeed, or the dispatcher is asked to stop."""
        while True:
            self._checkpoint = intend(
                self._checkpoint,
                job.manifest,
                now=self._road.clock.now(),
                is_withdrawn=is_withdrawn(self._record.entry, self._checkpoint),
            )
            intent = self._checkpoint.intent
            if intent is None:
                return Withdrawn()
            settled = await self._take(job, intent, key)
            before, self._checkpoint = self._checkpoint, settled.checkpoint
            if (failure := disproved(self._record.entry, before, settled.checkpoint)) is not None:
                return GivenUp(failure)
            if not isinstance(settled.verdict, Proceed):
                return settled.verdict
            if self._road.is_stopping():
                return settled.verdict

    async def _take(self, job: Job, intent: Intent, key: DataKey) -> Settled:
        road = self._road
        try:
            await self._record.intend(self._checkpoint)
        except ReportTakenError as error:
            return self._disown(error)
        tell(road.on_step, self._record.entry.id, intent)
        try:
            reply = await self._transport.send(self._call(job, intent, key))
        except (EvidenceError, EnvelopeError) as error:
            if isinstance(error, EvidenceError) and await self._lacks_store(job):
                # What arrived of the upload is in doubt, as after a reply that was lost.
                lost = settle_silence(self._checkpoint, now=road.clock.now(), policy=road.policy)
                return Settled(lost, LeftToOthers(_NO_STORE))
            return self._refuse_evidence(intent, error)
        answer = read_answer(intent.step, reply, road.profile, report_id=self._checkpoint.report_id)
        if answer.kind is AnswerKind.INVALID and (sent := self._sent(job, intent)) is not None:
            answer = replace(answer, paths=find_places(sent, reply_description(answer.body)))
        answer = self._keep_reply(intent, answer, key)
        await self._watch(intent, answer)
        return settle(self._checkpoint, answer, job.manifest, now=road.clock.now(), policy=road.policy)

    def _keep_reply(self, intent: Intent, answer: Answer, key: DataKey) -> Answer:
        """Put what came back into the next write, sealed; the answer with the tag of that record."""
        if answer.http_status is None:
            return answer
        reply = RawReply(
            intent.step, intent.since, intent.index, answer.http_status, answer.request_sha256, answer.body
        )
        sealed, tag = seal_reply(reply, key=key, records=self._road.reader.records)
        self._record.note_reply(sealed)
        if answer.kind in {AnswerKind.INVALID, AnswerKind.MALFORMED_FILE}:
            self._refusal = sealed
        return replace(answer, record_tag=tag)

    def _sent(self, job: Job, intent: Intent) -> SentDocument | None:
        """The document that the step has sent, if it sends one."""
        match intent.step:
            case Step.SUBMIT:
                return job.report
            case Step.FILEINFO:
                return self._details(job, intent)
        return None

    def _details(self, job: Job, intent: Intent) -> SentDocument:
        report_id = known(self._checkpoint.report_id, "the report of the fileinfo")
        item = job.manifest[known(intent.index, "the file of the fileinfo")]
        file = known(self._checkpoint.attached(item.index), f"the uploaded copy of evidence[{item.index}]")
        return job.details(item, report_id=report_id, file_id=file.file_id)

    def _call(self, job: Job, intent: Intent, key: DataKey) -> Call:
        if intent.step is Step.SUBMIT:
            return submit_call(job.report.xml)
        report_id = known(self._checkpoint.report_id, f"the report of the {intent.step}")
        match intent.step:
            case Step.UPLOAD:
                item = job.manifest[known(intent.index, "the file of the upload")]
                return upload_call(report_id, item, partial(self._open_evidence, key=key))
            case Step.FILEINFO:
                return fileinfo_call(self._details(job, intent).xml)
            case Step.FINISH:
                return finish_call(report_id)
            case Step.RETRACT:
                return retract_call(report_id)
            case Step.STATUS | Step.SCHEMA:
                raise ValueError(f"{intent.step} is no step of a report")

    async def _open_evidence(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        sent = 0
        async with aclosing(self._road.evidence.open_verified(item, key=key)) as chunks:
            async for chunk in chunks:
                yield chunk
                sent += len(chunk)
                tell(self._road.on_bytes, self._record.entry.id, item.index, sent, item.size)

    async def _watch(self, intent: Intent, answer: Answer) -> None:
        facts = {"code": answer.code, "http": answer.http_status, "request_id": answer.request_id}
        said = ", ".join(f"{name}={fact}" for name, fact in facts.items() if fact is not None)
        _log.info("entry %s: %s -> %s%s", self._record.entry.id, intent.step, answer.kind, f" ({said})" if said else "")
        await self._road.lane.note_answer(intent.step, answer, entry_id=self._record.entry.id)

    def _disown(self, error: ReportTakenError) -> Settled:
        _log.error("entry %s: %s", self._record.entry.id, error)
        return disown(self._checkpoint)

    def _refuse_evidence(self, intent: Intent, error: EvidenceError | EnvelopeError) -> Settled:
        failure = Failure(_kind_of(error), bounded_text(str(error)), step=intent.step)
        return (put_off if failure.kind == _UNAVAILABLE else doom)(self._checkpoint, failure)

    async def _refuse_envelope(self, error: EnvelopeError) -> Outcome:
        now = self._road.clock.now()
        entry = self._record.entry
        reason = text = said_of(entry.id, error)
        if entry.checkpoint.finish_sent:
            text += f"; the finish of report {entry.checkpoint.report_id} is in doubt: it may have been filed"
        failure = Failure("envelope_refused", bounded_text(text))
        _log.error("entry %s: refused before anything was sent: %s", entry.id, reason)
        attempt = Attempt(self._started_at, now, Outcome.REJECTED, failure)
        alarm = Alarm(AlarmKind.ENVELOPE_REFUSED, bounded_text(text), now)
        await self._record.dead_letter(self._checkpoint, attempt, alarms=[alarm])
        return Outcome.REJECTED

    async def _conclude(self, verdict: Verdict) -> Outcome:
        now = self._road.clock.now()

        def attempt(outcome: Outcome, failure: Failure | None = None, *, burns: bool = True) -> Attempt:
            return Attempt(self._started_at, now, outcome, failure, burns)

        match verdict:
            case Acknowledged(acknowledgement, alarms):
                await self._record.acknowledge(
                    self._checkpoint,
                    acknowledgement,
                    attempt(Outcome.ACKNOWLEDGED),
                    alarms=alarms,
                    holds=holds_for(self._record.entry, self._road.regimes, filed_at=acknowledgement.acknowledged_at),
                )
                return Outcome.ACKNOWLEDGED
            case Withdrawn():
                holds = holds_for(self._record.entry, self._road.regimes, filed_at=now)
                await self._record.mark_retracted(self._checkpoint, attempt(Outcome.RETRACTED), holds=holds)
                return Outcome.RETRACTED
            case GivenUp(failure):
                alarms = self._alarms_for(failure)
                await self._record.dead_letter(
                    self._checkpoint,
                    attempt(Outcome.REJECTED, failure),
                    reply=self._refusal,
                    alarms=alarms,
                )
                return Outcome.REJECTED
            case Proceed():
                try:
                    await self._record.release(
                        self._checkpoint, attempt(Outcome.STOPPED, burns=False), available_in=timedelta(0)
                    )
                except ReportTakenError as error:
                    settled = self._disown(error)
                    self._checkpoint = settled.checkpoint
                    return await self._conclude(settled.verdict)
                return Outcome.STOPPED
            case Again() | LeftToOthers():
                return await self._put_back(verdict)

    async def _put_back(self, verdict: Again | LeftToOthers) -> Outcome:
        """Give the entry back, to be tried again later: by anybody, or rather by another host."""
        road, failure, checkpoint = self._road, verdict.failure, self._checkpoint
        outcome, burns, wait = Outcome.TRANSIENT, False, timedelta(0)
        if isinstance(verdict, LeftToOthers):
            wait = road.leaving.wait_for(self._record.entry.id, failure.text, random=road.random)
        else:
            outcome, burns = verdict.outcome, failure.scope is Scope.ENTRY
            # Refused credentials are no entry's fault: the lane waits for them, and when it goes on all may go.
            if failure.kind != AnswerKind.DENIED.value:
                checkpoint = replace(checkpoint, setbacks=checkpoint.setbacks + 1)
                wait = road.policy.long_delay(checkpoint.setbacks, random=road.random)
        attempt = Attempt(self._started_at, road.clock.now(), outcome, failure, burns)
        await self._record.release(checkpoint, attempt, available_in=wait)
        return outcome

    def _alarms_for(self, failure: Failure) -> tuple[Alarm, ...]:
        if failure.kind not in {"evidence_changed", "envelope_refused"}:
            return ()
        return (Alarm(AlarmKind(failure.kind), failure.text, self._road.clock.now()),)


def _kind_of(error: EvidenceError | EnvelopeError) -> str:
    if isinstance(error, EvidenceUnavailableError):
        return _UNAVAILABLE
    return "evidence_changed" if isinstance(error, EvidenceError) else "envelope_refused"
