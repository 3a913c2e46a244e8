"""The network in the hands of one dispatcher of the simulation.

What a call meets is chosen here: nothing, silence of each kind, every documented code, pages of gateways, cut and
changed replies, slowness that outlives the lease. A call that nothing durable announces breaks a promise.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from tests.explorer.answers import SCRIPTED, answers_to
from tests.explorer.choices import Choices
from tests.explorer.endpoint import CUT, Endpoint, Request
from tests.explorer.ledger import Ledger
from tests.explorer.process import ANYWHERE, IN_A_LEASE, WORLDWIDE, Process
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.profiles.exchange import Call, NoReply, Reply, StreamedBody
from tipline_client.profiles.replies import reply_report_id

__all__ = ["MOST_REQUESTS", "ProcessTransport"]

MOST_REQUESTS = 50
"""No path needs nearly as many."""
_SLOW_SECONDS = 45
_LEASE_SECONDS = 31
_TIMEOUT = "the other side made no progress in time"
_NO_ANSWER = {
    "unsent": NoReply(AnswerKind.UNSENT, "the connection was refused or failed while opening"),
    "request_lost": NoReply(AnswerKind.UNANSWERED, CUT),
    "reply_lost": NoReply(AnswerKind.UNANSWERED, CUT),
    "late": NoReply(AnswerKind.UNANSWERED, _TIMEOUT),
    "slow_unrenewed_late": NoReply(AnswerKind.UNANSWERED, _TIMEOUT),
}
_OUTLINED = (b"<responseCode>", b"<reportId>")
_BEFORE = (*ANYWHERE, "stop", *IN_A_LEASE, *WORLDWIDE, "withdraw", "withdraw_seen", "filed_by_hand")
_AFTER = (*ANYWHERE, "stall", "stall_renewing_first", "withdraw", "filed_by_hand")


class ProcessTransport:
    """The network as one process sees it."""

    def __init__(self, endpoint: Endpoint, process: Process, choices: Choices, ledger: Ledger) -> None:
        self._endpoint = endpoint
        self._process = process
        self._choices = choices
        self._ledger = ledger

    @asynccontextmanager
    async def open(self) -> AsyncIterator["ProcessTransport"]:
        """As a connection is opened for a slot."""
        yield self

    async def send(self, call: Call) -> Reply | NoReply:
        """Send a call, and let happen what the script has for it."""
        process, endpoint = self._process, self._endpoint
        if endpoint.requests > MOST_REQUESTS:
            # A path must end some day, whatever bug keeps it going; the world says that it did not.
            process.is_dead = process.was_cut_off = True
        await process.gate()
        await process.meet(f"before send {call.step}", _BEFORE, in_a_lease=True)
        if endpoint.held_up and self._choices.pick(f"{process.name} the request held up", ("arrives",)):
            await self._catch_up()
        report_id, is_on_record = self._check_intent(call)
        answer = self._choices.pick(
            f"{process.name} send {call.step}", answers_to(call.step, names_a_report=is_on_record)
        )
        request = Request(call, await _read(call), report_id)
        reply = await self._carry(request, answer)
        await process.note_effect(f"sends {call.step} -> {_outline(reply)}")
        await process.meet(f"after send {call.step}", _AFTER, in_a_lease=True)
        # Only now: whoever is cancelled while the reply comes in is told nothing.
        if call.step is Step.SUBMIT and isinstance(reply, Reply) and (told := reply_report_id(reply.body)):
            endpoint.told[told] = process
        return reply

    async def _carry(self, request: Request, answer: str | None) -> Reply | NoReply:
        endpoint = self._endpoint
        if answer in {"transport_fails", "transport_fails_afterwards"}:
            if answer == "transport_fails_afterwards":
                await endpoint.receive(request)
            raise RuntimeError("scripted")
        if answer in {"slow_unrenewed", "slow_unrenewed_late"}:
            self._process.cannot_renew_until = asyncio.get_running_loop().time() + _LEASE_SECONDS
        if answer in {"late", "slow_unrenewed_late"}:
            endpoint.held_up.append(request)
        elif answer == "reply_lost":
            await endpoint.receive(request)
        elif answer == "slow_unrenewed":
            reply = await endpoint.receive(request)
            await asyncio.sleep(_SLOW_SECONDS)
            return reply
        if answer in {"slow", "slow_unrenewed_late"}:
            await asyncio.sleep(_SLOW_SECONDS)
        if answer in _NO_ANSWER:
            return _NO_ANSWER[answer]
        if answer is not None and answer in SCRIPTED:
            return await endpoint.receive(request, endpoint.make_true(answer, request))
        return await endpoint.receive(request)

    async def _catch_up(self) -> None:
        for step in await self._endpoint.catch_up():
            self._choices.tell(f"the {step} that was held up arrives")

    def _check_intent(self, call: Call) -> tuple[int | None, bool]:
        """The report that the call is about, and whether it is on record.

        What is sent without having been written down first breaks a promise; each intent is good for one call.
        """
        if call.step in {Step.STATUS, Step.SCHEMA}:
            return None, False
        checkpoint = self._ledger.intents.pop(asyncio.current_task(), None)
        intent = checkpoint.intent if checkpoint else None
        if checkpoint is not None and intent is not None and intent.step is call.step:
            return checkpoint.report_id, checkpoint.report_id is not None
        if call.step is not Step.RETRACT:
            self._ledger.violations.append(f"{call.step} was sent without a durable intent")
        # Taking back what could not be written down: the one call that nothing on record announces.
        return _report_in(call), False


def _report_in(call: Call) -> int | None:
    if isinstance(call.body, bytes):
        for line in call.body.split(b"\r\n"):
            if line.isdigit():
                return int(line)
    return None


def _outline(reply: Reply | NoReply) -> str:
    if isinstance(reply, NoReply):
        return str(reply.kind)
    code, report_id = (reply.body.partition(tag)[2].partition(b"<")[0].decode() for tag in _OUTLINED)
    return f"HTTP {reply.status}, code {code or '-'}, report {report_id or '-'}"


async def _read(call: Call) -> bytes:
    if not isinstance(call.body, StreamedBody):
        return call.body
    chunks: Iterable[bytes] = [chunk async for chunk in call.body.chunks()]
    return b"".join(chunks)
