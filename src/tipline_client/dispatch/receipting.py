"""From an acknowledgement on record to a signed receipt.

Runs after the acknowledgement is durable, and apart from it: a signer that fails leaves the report filed and the
receipt to be made later.
"""

import base64
import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tipline_client._version import __version__
from tipline_client.delivery.acknowledgement import Acknowledgement
from tipline_client.delivery.checkpoint import Exchange
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.delivery.receipt import RECEIPT_VERSION, Receipt, ReceiptExchange, ReceiptFile, ReplacedCharacter
from tipline_client.delivery.states import State
from tipline_client.dispatch.reader import OpenedEntry, Reader, open_reply
from tipline_client.dispatch.settling import compared
from tipline_client.envelope import KeyRing, Record, RecordKeys
from tipline_client.envelope.receipts import open_receipt, seal_receipt
from tipline_client.errors import EnvelopeError, IllegalTransitionError, TiplineError
from tipline_client.outbox.contract import AcknowledgementRecord, Outbox
from tipline_client.profiles.replies import reply_file_ids, reply_report_id
from tipline_client.vault import DataKey, Vault

__all__ = [
    "Filing",
    "check_acknowledgement",
    "check_receipt",
    "open_filing",
    "receipt_bytes",
    "receipt_of",
    "sign_outstanding",
]

_log = logging.getLogger("tipline_client.dispatch")


@dataclass(frozen=True, slots=True)
class Filing:
    """An acknowledgement on record, opened: the facts, and every reply that belongs to the filed report.

    Attributes:
        facts: The acknowledgement.
        replies: The reply of each answered exchange, by the tag that the exchange names.
    """

    facts: Acknowledgement
    replies: Mapping[str, RawReply] = field(repr=False)

    def reply_to(self, exchange: Exchange) -> RawReply | None:
        """What came back in an exchange."""
        return None if exchange.record_tag is None else self.replies[exchange.record_tag]

    @property
    def last(self) -> RawReply:
        """The acknowledging reply: the notification of receipt."""
        return self.replies[self.facts.exchanges[-1].record_tag or ""]


async def receipt_bytes(outbox: Outbox, keys: KeyRing, vault: Vault, entry_id: str) -> bytes:
    """The signed receipt of an entry, made now if it was not made before. The first one made stays.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is not acknowledged.
        ConfigurationError: The receipt is still to be made and this host has no signing key.
        KeyUnavailableError: The receipt is still to be made and this host cannot read what was filed.
        EnvelopeError: The entry's envelope, its checkpoint or the stored acknowledgement is not trustworthy, or the
            latter is missing; nothing is signed on top of it.
    """
    record = await outbox.acknowledgement(entry_id)
    if record is None:
        entry = await outbox.get(entry_id)
        if entry.state is State.ACKNOWLEDGED:
            raise EnvelopeError(
                f"entry {entry_id} is {entry.state}, but its acknowledgement is not on record (its checkpoint names "
                f"report {entry.checkpoint.report_id}): the outbox was altered",
                hint="Do not file it again. Restore the outbox from a backup, or look on the hotline's side.",
            )
        if (number := entry.filed_by_hand_as) is not None:
            raise IllegalTransitionError(
                f"entry {entry_id} has no receipt of this program: a person filed it as report {number}",
                hint="What the hotline told that person is the proof; `tipline show` has the reason that was given.",
            )
        raise IllegalTransitionError(
            f"entry {entry_id} has no receipt: it is {entry.state}", hint="A receipt exists once it is acknowledged."
        )
    entry = await outbox.get(entry_id)
    records = keys.record_keys()
    if record.receipt is not None:
        kept = records.open(record.receipt, kind=Record.RECEIPT, entry_id=entry_id)
        check_receipt(entry, open_receipt(kept, trusted=keys.trusted()))
        return kept
    opened = await Reader(vault=vault, trusted=keys.trusted(), records=records).open(entry)
    keys.checkpoint_seal().check(entry.id, entry.checkpoint)
    filing = await open_filing(outbox, record, opened.key, records)
    check_acknowledgement(entry, filing)
    link = (await outbox.history(entry_id))[-1].link
    made = seal_receipt(_compose(entry, opened, filing, history_link=link), signer=keys.signer())
    kept = await outbox.store_receipt(entry_id, records.seal(made, kind=Record.RECEIPT, entry_id=entry_id))
    return records.open(kept, kind=Record.RECEIPT, entry_id=entry_id)


async def open_filing(outbox: Outbox, record: AcknowledgementRecord, key: DataKey, records: RecordKeys) -> Filing:
    """Open the replies of an acknowledgement on record.

    Raises:
        EnvelopeError: A record does not open or was altered, or one of an answered exchange is missing.
    """
    facts = record.acknowledgement
    sealed = (*await outbox.replies(record.entry_id), record.reply)
    kept = dict(open_reply(reply, key=key, records=records) for reply in sealed)
    named = [exchange.record_tag for exchange in facts.exchanges]
    if not named or named[-1] is None or not {tag for tag in named if tag is not None} <= kept.keys():
        raise EnvelopeError(
            f"entry {record.entry_id}: the record of a reply that its acknowledgement names is not there: "
            "the outbox was altered"
        )
    return Filing(facts, kept)


async def receipt_of(outbox: Outbox, keys: KeyRing, vault: Vault, entry_id: str) -> Receipt:
    """The receipt of an entry, verified against this host's trusted keys; see `receipt_bytes`."""
    return open_receipt(await receipt_bytes(outbox, keys, vault, entry_id), trusted=keys.trusted())


async def sign_outstanding(outbox: Outbox, keys: KeyRing, vault: Vault, entry_id: str | None = None) -> int:
    """Make receipts that are still to be made: of one entry, or of all; a crash or a missing key may have left some.

    A receipt that cannot be made is left for the next time; nothing is raised, since the reports are filed.

    Returns:
        How many were made.
    """
    made = 0
    for outstanding in await outbox.unreceipted(limit=10_000) if entry_id is None else [entry_id]:
        try:
            await receipt_bytes(outbox, keys, vault, outstanding)
        except TiplineError as error:
            _log.warning("entry %s: its receipt is still to be made: %s", outstanding, error)
            continue
        made += 1
    return made


def check_receipt(entry: Entry, receipt: Receipt) -> None:
    """Let a receipt pass only if it is this entry's.

    Raises:
        EnvelopeError: It is another's.
    """
    named = (receipt.entry_id, receipt.idempotency_key, receipt.profile, receipt.environment)
    if named != (entry.id, entry.idempotency_key, entry.profile, entry.environment):
        raise EnvelopeError(
            f"entry {entry.id}: the receipt on record is another entry's: the outbox was altered",
            hint="Find out who changed the outbox by hand, and compare it with a backup.",
        )


def check_acknowledgement(entry: Entry, filing: Filing) -> None:
    """Let an acknowledgement pass only if it is the one that the entry's checkpoint ended with.

    The checkpoint's seal is the caller's to check; this compares what was stored beside it. That each reply is the one
    which its exchange names was checked when it was opened.

    Raises:
        EnvelopeError: Facts or reply are not those of the exchange that ended the delivery.
    """
    filed, checkpoint = filing.facts, entry.checkpoint
    last = checkpoint.exchanges[-1] if checkpoint.exchanges else None
    code = 0 if last is None or last.code is None else last.code
    body = filing.last.body
    listed = reply_file_ids(body)
    stored = {
        "report": ({filed.report_id, entry.report_id}, {checkpoint.report_id}),
        "time": ({filed.acknowledged_at, entry.acknowledged_at}, {last and last.answered_at}),
        "files": ({filed.files}, {checkpoint.files}),
        "exchanges": ((filed.exchanges, filed.orphans), (checkpoint.exchanges, checkpoint.orphans)),
        "code": (filed.code, code),
        "set of files": (
            (filed.reported_file_ids, filed.file_set),
            (listed, compared(checkpoint.files, listed, code=code)),
        ),
        "reply": (filed.exchanges[-1].record_tag, last and last.record_tag),
    }
    altered = [fact for fact, (said, recorded) in stored.items() if said != recorded]
    if reply_report_id(body) not in {None, checkpoint.report_id}:
        altered.append("report in the reply")
    if altered:
        raise EnvelopeError(
            f"entry {entry.id}: the stored acknowledgement differs from the record of the delivery in its "
            f"{', '.join(altered)}: it was altered"
        )


def _compose(entry: Entry, opened: OpenedEntry, filing: Filing, *, history_link: str) -> Receipt:
    filed, payload = filing.facts, opened.payload
    items = {item.index: item for item in payload.manifest}
    return Receipt(
        version=RECEIPT_VERSION,
        entry_id=entry.id,
        idempotency_key=payload.idempotency_key,
        profile=payload.profile,
        environment=payload.environment,
        report_id=filed.report_id,
        acknowledged_at=filed.acknowledged_at,
        code=filed.code,
        sealed_at=payload.sealed_at,
        envelope_sha256=hashlib.sha256(opened.envelope).hexdigest(),
        files=tuple(
            ReceiptFile(
                index=file.index,
                file_id=file.file_id,
                size=items[file.index].size,
                md5=items[file.index].md5,
                sha1=items[file.index].sha1,
                sha256=items[file.index].sha256,
                # A hash that was not ours never gets this far, so what is confirmed is our own.
                endpoint_md5=items[file.index].md5 if file.is_confirmed else None,
                is_described=file.is_described,
            )
            for file in filed.files
        ),
        file_set=filed.file_set,
        reported_file_ids=filed.reported_file_ids,
        exchanges=tuple(_exchanges(filing)),
        orphans=filed.orphans,
        replaced=tuple(ReplacedCharacter(item.path, item.code_point, item.count) for item in payload.substitutions),
        reply_base64=base64.b64encode(filing.last.body).decode("ascii"),
        reply_sha256=filing.last.sha256,
        software=f"tipline-client {__version__}",
        known_at=payload.known_at,
        history_link=history_link,
    )


def _exchanges(filing: Filing) -> Iterator[ReceiptExchange]:
    for exchange in filing.facts.exchanges:
        reply = filing.reply_to(exchange)
        yield ReceiptExchange(
            step=exchange.step,
            sent_at=exchange.sent_at,
            index=exchange.index,
            answered_at=exchange.answered_at,
            http_status=exchange.http_status,
            code=exchange.code,
            request_id=exchange.request_id,
            request_sha256=None if reply is None else reply.request_sha256,
            reply_sha256=None if reply is None else reply.sha256,
        )
