"""What an installation keeps after its filings, in one hand: holds, keys, certificates, and evidence of no entry.

It holds the parts together; the work is done in `destroying`, `rewrapping`, `collecting` and the outbox's archive.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tipline_client.delivery.certificate import Certificate
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.hold import Conflict, Hold
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.dispatch.collecting import Collected, collect
from tipline_client.dispatch.destroying import Destroyer, certificate_bytes
from tipline_client.dispatch.disclosing import Disclosure
from tipline_client.dispatch.marking import check_marks
from tipline_client.dispatch.reader import Reader
from tipline_client.dispatch.rewrapping import Rewrapped, rewrap_all
from tipline_client.envelope import HistoryChain, KeyRing
from tipline_client.envelope.certificates import open_certificate
from tipline_client.errors import OutboxError
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox.contract import Outbox
from tipline_client.vault import Vault

__all__ = ["Keeper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """The parts that keeping takes.

    Attributes:
        outbox: Whose entries.
        evidence: Where the copies are.
        keys: Who signs, and what seals records.
        vault: Opens and wraps data keys.
        clock: Says now.
        chain: Whose histories are believed before anything is destroyed; without it they are not looked at.
    """

    outbox: Outbox
    evidence: EvidenceStore
    keys: KeyRing
    vault: Vault
    clock: Clock
    chain: HistoryChain | None = None

    async def holds(
        self, entry_id: str | None = None, *, due_within: timedelta | None = None, limit: int = 100
    ) -> list[Hold]:
        """The holds of one entry, or of all entries those that are not released, by their end."""
        before = None if due_within is None else self.clock.now() + due_within
        if entry_id is not None:
            await self.outbox.get(entry_id)
        return await self.outbox.archive.holds(entry_id=entry_id, ends_before=before, limit=limit)

    async def conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """Where one law forbids to keep what another one asks to keep."""
        return await self.outbox.archive.conflicts(limit=limit)

    async def extend_hold(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """See `Archive.extend`."""
        _check_said(reason, actor)
        return await self.outbox.archive.extend(entry_id, until=until, reason=reason, actor=actor)

    async def release_hold(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """See `Archive.release`."""
        _check_said(reason, actor)
        return await self.outbox.archive.release(entry_id, reason=reason, actor=actor, hold_id=hold_id)

    async def destroy(self, entry_id: str, *, reason: str, actor: str, request: str | None = None) -> Certificate:
        """See `Destroyer.destroy`; the certificate, verified."""
        _check_said(reason, actor, *([] if request is None else [request]))
        made = await self._destroyer().destroy(entry_id, reason=reason, actor=actor, request=request)
        return open_certificate(made, trusted=self.keys.trusted())

    async def resume_destructions(self) -> tuple[str, ...]:
        """See `Destroyer.resume`."""
        return await self._destroyer().resume()

    async def certificate_bytes(self, entry_id: str) -> bytes:
        """See `destroying.certificate_bytes`."""
        return await certificate_bytes(self.outbox, self.keys, entry_id)

    async def rewrap_keys(self) -> Rewrapped:
        """See `rewrap_all`."""
        return await rewrap_all(self.outbox, self.vault)

    async def refusal(self, entry_id: str, *, purpose: str, actor: str) -> RawReply:
        """See `Disclosure.refusal`."""
        reader = Reader(vault=self.vault, trusted=self.keys.trusted(), records=self.keys.record_keys())
        return await Disclosure(outbox=self.outbox, reader=reader, purpose=purpose, actor=actor).refusal(entry_id)

    async def collect_evidence(self, *, is_dry: bool = True) -> Collected:
        """See `collect`.

        Raises:
            ConfigurationError: Copies are to be removed, and another outbox has left its mark beside them.
        """
        if not is_dry:
            await check_marks(self.evidence, self.outbox)
        return await collect(self.evidence, self.outbox, now=self.clock.now(), is_dry=is_dry)

    def _destroyer(self) -> Destroyer:
        return Destroyer(
            outbox=self.outbox,
            evidence=self.evidence,
            keys=self.keys,
            vault=self.vault,
            clock=self.clock,
            chain=self.chain,
        )


def _check_said(*words: str) -> None:
    if not all(word.strip() for word in words):
        raise OutboxError("reason, actor or request is blank", hint="Say who decides and why, for whoever asks later.")
