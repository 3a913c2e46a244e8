"""Content destroyed for good, with a signed certificate: step by step, each of which a crash leaves to be repeated.

The data key goes first, in one commit with the record that the destruction has begun: from then on nobody reads the
content, whatever is still on the disk. Then the copies of the evidence, then the rows, then what the storage may have
kept of them; the certificate last, since it says that all this is done. Nothing else in this program deletes anything
that an entry names.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tipline_client._version import __version__
from tipline_client.delivery.certificate import CERTIFICATE_VERSION, ERASED, Certificate, DestroyedFile, Destruction
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.receipt import ReceiptFile
from tipline_client.delivery.states import State
from tipline_client.dispatch.reader import Reader
from tipline_client.dispatch.receipting import receipt_of
from tipline_client.envelope import HistoryChain, KeyRing, Record, RecordKeys, SigningKey
from tipline_client.envelope.certificates import open_certificate, seal_certificate
from tipline_client.errors import (
    EntryNotFoundError,
    EnvelopeError,
    EvidenceError,
    IllegalTransitionError,
    KeyUnavailableError,
    OutboxUnavailableError,
)
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox.contract import Outbox
from tipline_client.outbox.history_checks import history_problems, hold_problems
from tipline_client.vault import Vault

__all__ = ["Destroyer", "certificate_bytes", "check_certificate", "is_proven_destroyed"]

_log = logging.getLogger("tipline_client.dispatch")

_MOST_HOLDS = 10_000


async def certificate_bytes(outbox: Outbox, keys: KeyRing, entry_id: str) -> bytes:
    """The signed certificate of a destruction that is complete.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is not destroyed, or its destruction is not complete.
        EnvelopeError: The certificate on record is not trustworthy, or another entry's.
        ConfigurationError: The keys of this host cannot be read.
    """
    begun = await outbox.archive.destruction(entry_id)
    if begun is None:
        entry = await outbox.get(entry_id)
        raise IllegalTransitionError(
            f"entry {entry_id} is {entry.state}, and it is not destroyed", hint="There is no certificate of it."
        )
    if begun.certificate is None:
        raise IllegalTransitionError(
            f"the destruction of entry {entry_id} has begun and is not complete",
            hint="Go on with it: `tipline destroy --resume`.",
        )
    kept = keys.record_keys().open(begun.certificate, kind=Record.CERTIFICATE, entry_id=entry_id)
    said = open_certificate(kept, trusted=keys.trusted())
    if said.entry_id != entry_id:
        raise EnvelopeError(f"entry {entry_id}: the certificate on record is another entry's: the outbox was altered")
    return kept


async def is_proven_destroyed(outbox: Outbox, keys: KeyRing, entry: Entry) -> bool:
    """Whether the content of an entry is destroyed, as a signed certificate says of just this row.

    A row alone proves nothing: whoever empties its key by hand destroys the content too, and leaves no certificate.

    Raises:
        EnvelopeError: There is a certificate, and it says something else than the row.
    """
    if entry.data_key or entry.unreadable:
        return False
    try:
        said = open_certificate(await certificate_bytes(outbox, keys, entry.id), trusted=keys.trusted())
    except IllegalTransitionError:
        return False
    check_certificate(entry, said)
    return True


def check_certificate(entry: Entry, certificate: Certificate) -> None:
    """Let a certificate pass only if it is of this entry, as its row stands.

    Raises:
        EnvelopeError: It is of another, or the row was altered since.
    """
    row = {
        "id": (entry.id, certificate.entry_id),
        "idempotency key": (entry.idempotency_key, certificate.idempotency_key),
        "profile": (entry.profile, certificate.profile),
        "environment": (entry.environment, certificate.environment),
        "content digest": (entry.content_digest, certificate.content_digest),
    }
    altered = [column for column, (stored, signed) in row.items() if stored != signed]
    if altered:
        raise EnvelopeError(
            f"entry {entry.id}: its certificate says something else of its {', '.join(altered)}: the row was altered"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyer:
    """What it takes to destroy.

    Attributes:
        outbox: Whose entries.
        evidence: Where the copies are.
        keys: Who signs, and what seals records.
        vault: Opens what is to be destroyed, for the digests on the certificate.
        clock: Says now.
        chain: Whose histories are believed; without it they are not looked at.
    """

    outbox: Outbox
    evidence: EvidenceStore
    keys: KeyRing
    vault: Vault
    clock: Clock
    chain: HistoryChain | None = None

    async def destroy(self, entry_id: str, *, reason: str, actor: str, request: str | None = None) -> bytes:
        """Destroy the content of an entry, or go on where an earlier call was cut off.

        Returns:
            The signed certificate; of an entry that is destroyed already, the one on record.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: It is not at its end, or something of it may be open at the endpoint.
            HoldRunningError: A hold runs, and no request is named.
            ConfigurationError: This host cannot sign, or has no secret; nothing was erased.
            EnvelopeError: What is on record of the filing or of the holds is not believed; nothing was erased. A
                request lets an entry be destroyed whose holds or delivery were altered.
            OutboxUnavailableError: A copy is not where this host keeps them, and no request is named; nothing was
                erased. Or some step failed: what has begun stays begun, repeat it.
        """
        signer, records = self.keys.signer(), self.keys.record_keys()
        begun = await self.outbox.archive.destruction(entry_id)
        if begun is None:
            entry = await self.outbox.get(entry_id)
            if request is None:
                await self._check_believed(entry)
            plan = await self._plan(entry, reason=reason, actor=actor, request=request)
            sealed = records.seal(to_json(plan).encode(), kind=Record.DESTRUCTION, entry_id=entry_id)
            begun = await self.outbox.archive.begin_destruction(
                entry_id, sealed, reason=reason, actor=actor, request=request
            )
        return await self._finish(begun, signer, records)

    async def resume(self) -> tuple[str, ...]:
        """Go on with every destruction that has begun and is not complete.

        Returns:
            The ids of the entries that are destroyed now.

        Raises:
            ConfigurationError: This host cannot sign, or has no secret.
            EnvelopeError: What is on record of one is not believed; those before it are done.
            OutboxUnavailableError: Some step failed again.
        """
        signer, records = self.keys.signer(), self.keys.record_keys()
        done: list[str] = []
        while entries := await self.outbox.archive.unfinished():
            for entry_id in entries:
                begun = await self.outbox.archive.destruction(entry_id)
                if begun is None:
                    raise EntryNotFoundError(f"entry {entry_id}: the record of its destruction is gone")
                await self._finish(begun, signer, records)
                done.append(entry_id)
        return tuple(done)

    async def _finish(self, begun: Destruction, signer: SigningKey, records: RecordKeys) -> bytes:
        entry_id, archive = begun.entry_id, self.outbox.archive
        if begun.is_done:
            return await certificate_bytes(self.outbox, self.keys, entry_id)
        plan = _opened_plan(begun, records)
        await self.evidence.erase(entry_id)
        await archive.empty(entry_id)
        storage = await archive.scrub()
        certificate = replace(
            plan,
            overridden=begun.overridden if plan.request is not None else (),
            begun_at=begun.begun_at,
            ended_at=self.clock.now(),
            erased=ERASED,
            storage=storage,
            history_link=(await self.outbox.history(entry_id))[-1].link,
        )
        sealed = records.seal(seal_certificate(certificate, signer=signer), kind=Record.CERTIFICATE, entry_id=entry_id)
        await archive.complete_destruction(entry_id, sealed)
        _log.info("entry %s: destroyed", entry_id)
        return await certificate_bytes(self.outbox, self.keys, entry_id)

    async def _check_believed(self, entry: Entry) -> None:
        """Let pass only an entry of which delivery and holds are on record as this installation wrote them.

        Raises:
            EnvelopeError: They were altered: it may be open at the endpoint, or have to be kept.
        """
        self.keys.checkpoint_seal().check(entry.id, entry.checkpoint)
        if self.chain is None:
            return
        lines = await self.outbox.history(entry.id)
        held = await self.outbox.archive.holds(entry_id=entry.id, limit=_MOST_HOLDS)
        told = history_problems(lines, state=entry.state, chain=self.chain)
        if problems := (*told, *hold_problems(lines, held)):
            raise EnvelopeError(
                f"entry {entry.id} is not destroyed: {problems[0]}",
                hint="Find out who changed the outbox by hand; until when it must be kept is in its history.",
            )

    async def _check_copies(self, entry_id: str, manifest: Sequence[ManifestItem] | None) -> None:
        """Refuse where the copies are not: that they are erased would be certified of a place where they never lay.

        Args:
            entry_id: Whose copies.
            manifest: What was sealed; `None` on a host that cannot read it and can only look whether there is a store.

        Raises:
            OutboxUnavailableError: A copy, or the store, is not there.
        """
        try:
            for item in manifest or ():
                if item.reference is None:
                    await self.evidence.check(item)
            is_there = manifest is not None or await self.evidence.is_there()
        except EvidenceError:
            is_there = False
        if not is_there:
            raise OutboxUnavailableError(
                f"entry {entry_id} is not destroyed: its copies of evidence are to be erased, and they are not in the "
                "store that this host knows",
                hint="Mount it, or name it with TIPLINE_EVIDENCE. If they are lost, a request that says so allows it.",
            )

    async def _plan(self, entry: Entry, *, reason: str, actor: str, request: str | None) -> Certificate:
        """What the certificate is going to say; written down before the key is gone, since nobody can tell after."""
        plan = Certificate(
            version=CERTIFICATE_VERSION,
            entry_id=entry.id,
            idempotency_key=entry.idempotency_key,
            profile=entry.profile,
            environment=entry.environment,
            content_digest=entry.content_digest,
            state=entry.state,
            report_id=entry.report_id if entry.filed_by_hand_as is None else entry.filed_by_hand_as,
            actor=actor,
            reason=reason,
            request=request,
            envelope_sha256=None,
            files=(),
            software=f"tipline-client {__version__}",
        )
        if not entry.state.is_terminal:
            # Refused in a moment, by the outbox.
            return plan
        # The receipt outlives the content; one that is still to be made could not be made any more.
        filed = entry.state is State.ACKNOWLEDGED
        receipt = await receipt_of(self.outbox, self.keys, self.vault, entry.id) if filed else None
        try:
            reader = Reader(vault=self.vault, trusted=self.keys.trusted(), records=self.keys.record_keys())
            opened = await reader.open(entry)
        except (EnvelopeError, KeyUnavailableError) as error:
            if receipt is None:
                return replace(plan, unread=str(error))
            if request is None and receipt.files:
                await self._check_copies(entry.id, None)
            files = [_destroyed(file) for file in receipt.files]
            return replace(plan, envelope_sha256=receipt.envelope_sha256, files=tuple(files))
        if request is None:
            await self._check_copies(entry.id, opened.payload.manifest)
        files = [_destroyed(item, is_reference=item.reference is not None) for item in opened.payload.manifest]
        return replace(plan, envelope_sha256=hashlib.sha256(opened.envelope).hexdigest(), files=tuple(files))


def _destroyed(file: ReceiptFile | ManifestItem, *, is_reference: bool | None = None) -> DestroyedFile:
    return DestroyedFile(file.index, file.size, file.md5, file.sha1, file.sha256, is_reference)


def _opened_plan(begun: Destruction, records: RecordKeys) -> Certificate:
    document = records.open(begun.plan, kind=Record.DESTRUCTION, entry_id=begun.entry_id)
    try:
        return from_json(Certificate, document)
    except ValueError as error:
        reason = str(error)
    raise EnvelopeError(f"entry {begun.entry_id}: the plan of its destruction cannot be read: {reason}")
