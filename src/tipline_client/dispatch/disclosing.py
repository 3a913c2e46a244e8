"""Content shown to a person: on record with purpose and actor before a byte of it leaves, or not shown at all.

Delivery does not come this way: what it reads goes to the endpoint and to nobody else.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.dispatch.reader import Reader, open_reply
from tipline_client.dispatch.receipting import open_filing
from tipline_client.errors import EntryNotFoundError, IllegalTransitionError, OutboxError
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox.contract import Outbox

__all__ = ["Disclosure"]

_ANSWERED: Final = frozenset({"hash_mismatch", *AnswerKind}) - {AnswerKind.UNANSWERED}
"""Kinds of failures that an answer of the endpoint is behind; of a file that has changed it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Somebody who wants to read, and what for.

    Attributes:
        outbox: Whose content.
        reader: Opens it.
        purpose: What for; kept in the entry's history for good.
        actor: Who says so.

    Raises:
        OutboxError: Purpose or actor says nothing.
    """

    outbox: Outbox
    reader: Reader
    purpose: str
    actor: str

    def __post_init__(self) -> None:
        for name, text in (("purpose", self.purpose), ("actor", self.actor)):
            if not str(text or "").strip():
                raise OutboxError(f"the {name} of reading content is blank", hint="Say what for, and who reads.")

    async def report(self, entry_id: str) -> Mapping[str, Any]:
        """The signed report and the list of its evidence, as JSON.

        Raises:
            EntryNotFoundError: There is no such entry.
            EnvelopeError: It is not to be believed, or destroyed.
            KeyUnavailableError: This host cannot read.
        """
        opened = await self.reader.open(await self.outbox.get(entry_id))
        await self._note(entry_id, "report")
        payload = opened.payload
        return {"report": dict(payload.report), "evidence": [item.to_json() for item in payload.manifest]}

    async def replies(self, entry_id: str) -> list[bytes]:
        """The endpoint's raw replies behind a receipt, in the order of its exchanges.

        Raises:
            IllegalTransitionError: The entry is not acknowledged.
        """
        entry = await self.outbox.get(entry_id)
        record = await self.outbox.acknowledgement(entry_id)
        if record is None:
            raise IllegalTransitionError(f"entry {entry_id} is {entry.state}: it has no replies to hand on")
        opened = await self.reader.open(entry)
        filing = await open_filing(self.outbox, record, opened.key, self.reader.records)
        await self._note(entry_id, "replies")
        replies = [filing.reply_to(exchange) for exchange in filing.facts.exchanges]
        return [reply.body for reply in replies if reply is not None]

    async def refusal(self, entry_id: str) -> RawReply:
        """What the endpoint answered that an entry was given up for; else the last that it answered before that.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: Nothing that the endpoint answered led to a dead letter.
            EnvelopeError: Entry or reply are not to be believed, or destroyed.
            KeyUnavailableError: This host cannot read.
        """
        entry = await self.outbox.get(entry_id)
        refused, failure = await self.outbox.rejected_reply(entry_id), entry.last_failure
        # What was given up for another reason, such as a hash that is not ours, has the answer among the others.
        sealed = refused or next(reversed(await self.outbox.replies(entry_id)), None)
        if refused is None or sealed is None or failure is None or failure.kind not in _ANSWERED:
            raise IllegalTransitionError(
                f"entry {entry_id} is {entry.state}: no answer of the endpoint is on record that it was given up for",
                hint="`tipline show` tells what is known of it.",
            )
        opened = await self.reader.open(entry)
        _, reply = open_reply(sealed, key=opened.key, records=self.reader.records)
        await self._note(entry_id, "reply")
        return reply

    async def evidence(self, entry_id: str, index: int, *, store: EvidenceStore) -> AsyncGenerator[bytes, None]:
        """The bytes of one evidence file, proven on the way as for an upload; they are never rendered.

        Raises:
            EntryNotFoundError: The entry has no such file.
            EvidenceError: It is missing, or not what was sealed; raised before the last bytes are given out.
        """
        opened = await self.reader.open(await self.outbox.get(entry_id))
        manifest = opened.payload.manifest
        if not 0 <= index < len(manifest):
            raise EntryNotFoundError(
                f"entry {entry_id} has no evidence[{index}]", hint=f"It has {len(manifest)} file(s), counted from 0."
            )
        await self._note(entry_id, f"evidence[{index}]")
        async with aclosing(store.open_verified(manifest[index], key=opened.key)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _note(self, entry_id: str, what: str) -> None:
        await self.outbox.archive.note_reading(entry_id, what, purpose=self.purpose, actor=self.actor)
