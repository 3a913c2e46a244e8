"""From an acknowledgement on record to a signed receipt.

Runs after the acknowledgement is durable, and apart from it: a signer that fails leaves the report filed and the
receipt to be made later.
"""

import base64
import hashlib
import logging

from tipline_client._version import __version__
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.receipt import RECEIPT_VERSION, Receipt, ReceiptFile, ReplacedCharacter
from tipline_client.envelope import KeyRing
from tipline_client.envelope.payload import SubmissionPayload, open_sealed
from tipline_client.envelope.receipts import open_receipt, seal_receipt
from tipline_client.errors import EnvelopeError, IllegalTransitionError, TiplineError
from tipline_client.outbox.contract import AcknowledgementRecord, Outbox
from tipline_client.profiles.replies import reply_report_id

__all__ = ["receipt_bytes", "receipt_of", "sign_outstanding"]

_log = logging.getLogger("tipline_client.dispatch")


async def receipt_bytes(outbox: Outbox, keys: KeyRing, entry_id: str) -> bytes:
    """The signed receipt of an entry, made now if it was not made before. The first one made stays.

    Raises:
        EntryNotFoundError: There is no such entry.
        IllegalTransitionError: It is not acknowledged.
        ConfigurationError: The receipt is still to be made and this host has no signing key.
        EnvelopeError: The entry's own envelope is not trustworthy; nothing is signed on top of it.
    """
    record = await outbox.acknowledgement(entry_id)
    if record is None:
        entry = await outbox.get(entry_id)
        raise IllegalTransitionError(
            f"entry {entry_id} has no receipt: it is {entry.state}", hint="A receipt exists once it is acknowledged."
        )
    if record.receipt is not None:
        return record.receipt
    entry = await outbox.get(entry_id)
    payload = open_sealed(entry.envelope, trusted=keys.trusted())
    return await outbox.store_receipt(entry_id, seal_receipt(_compose(entry, payload, record), signer=keys.signer()))


async def receipt_of(outbox: Outbox, keys: KeyRing, entry_id: str) -> Receipt:
    """The receipt of an entry, verified against this host's trusted keys; see `receipt_bytes`."""
    return open_receipt(await receipt_bytes(outbox, keys, entry_id), trusted=keys.trusted())


async def sign_outstanding(outbox: Outbox, keys: KeyRing, entry_id: str | None = None) -> int:
    """Make receipts that are still to be made: of one entry, or of all; a crash or a missing key may have left some.

    A receipt that cannot be made is left for the next time; nothing is raised, since the reports are filed.

    Returns:
        How many were made.
    """
    made = 0
    for outstanding in await outbox.unreceipted(limit=10_000) if entry_id is None else [entry_id]:
        try:
            await receipt_bytes(outbox, keys, outstanding)
        except TiplineError as error:
            _log.warning("entry %s: its receipt is still to be made: %s", outstanding, error)
            continue
        made += 1
    return made


def _compose(entry: Entry, payload: SubmissionPayload, record: AcknowledgementRecord) -> Receipt:
    filed = record.acknowledgement
    if (named := reply_report_id(record.reply)) not in {None, filed.report_id} or entry.report_id != filed.report_id:
        raise EnvelopeError(
            f"entry {entry.id}: the stored acknowledgement is of report {named}, the row says another: it was altered"
        )
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
        envelope_sha256=hashlib.sha256(entry.envelope).hexdigest(),
        files=tuple(
            ReceiptFile(
                index=file.index,
                file_id=file.file_id,
                size=items[file.index].size,
                md5=items[file.index].md5,
                sha1=items[file.index].sha1,
                sha256=items[file.index].sha256,
                endpoint_md5=file.file_hash,
                is_described=file.is_described,
            )
            for file in filed.files
        ),
        file_set=filed.file_set,
        reported_file_ids=filed.reported_file_ids,
        exchanges=filed.exchanges,
        orphans=filed.orphans,
        replaced=tuple(ReplacedCharacter(item.path, item.code_point, item.count) for item in payload.substitutions),
        reply_base64=base64.b64encode(record.reply).decode("ascii"),
        reply_sha256=hashlib.sha256(record.reply).hexdigest(),
        software=f"tipline-client {__version__}",
    )
