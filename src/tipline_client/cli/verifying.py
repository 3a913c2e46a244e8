"""Are signed things what they claim: receipts alone, or every entry of an outbox with its receipt and its evidence.

It reads and compares; nothing is repaired.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from tipline_client.cli.exit_codes import CommandError
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.states import State
from tipline_client.dispatch.job import verified_payload
from tipline_client.envelope import SubmissionPayload, TrustedKeys
from tipline_client.envelope.receipts import open_receipt
from tipline_client.errors import EnvelopeError, EvidenceError
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox import Outbox
from tipline_client.profiles.replies import reply_report_id

__all__ = ["Finding", "read_receipt", "verify_outbox"]

_PAGE = 100
_MAX_RECEIPT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """What verifying one thing gave.

    Attributes:
        what: `entry ID`, `receipt of ID`, `evidence[0] of ID`, or a file.
        problem: Why it is not to be believed; `None` when it is.
    """

    what: str
    problem: str | None = None


def read_receipt(path: Path, *, trusted: TrustedKeys) -> Receipt:
    """A receipt file, if a trusted key signed it.

    Raises:
        CommandError: The file cannot be read.
        EnvelopeError: It is altered, malformed, or signed by nobody trusted.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_RECEIPT)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is unusable"
        raise CommandError(f"{path}: {reason}", hint="Name a receipt that `tipline receipts export` wrote.") from None
    return open_receipt(data, trusted=trusted)


async def verify_outbox(
    outbox: Outbox, *, trusted: TrustedKeys, evidence: EvidenceStore | None = None
) -> AsyncIterator[Finding]:
    """Verify every entry's envelope and row, every receipt, and with a store also every copy of evidence.

    Args:
        outbox: What to look through, page by page.
        trusted: Whose signatures are believed.
        evidence: Where the copies are; each is read and digested.
    """
    after: str | None = None
    while page := await outbox.list_entries(limit=_PAGE, after=after):
        for entry in page:
            try:
                payload = verified_payload(entry, trusted=trusted)
            except EnvelopeError as error:
                yield Finding(f"entry {entry.id}", str(error))
                payload = None
            else:
                yield Finding(f"entry {entry.id}")
            async for finding in _verify_receipt(outbox, entry, trusted):
                yield finding
            if payload is not None and evidence is not None:
                async for finding in _verify_evidence(entry, payload, evidence):
                    yield finding
        after = page[-1].id


async def _verify_receipt(outbox: Outbox, entry: Entry, trusted: TrustedKeys) -> AsyncIterator[Finding]:
    record = await outbox.acknowledgement(entry.id)
    is_acknowledged = entry.state is State.ACKNOWLEDGED
    if is_acknowledged != (record is not None):
        has = "has no acknowledgement" if is_acknowledged else "has an acknowledgement"
        yield Finding(f"state of {entry.id}", f"it is {entry.state}, yet {has} on record: the row was altered")
    if record is None:
        return
    named = reply_report_id(record.reply)
    if entry.report_id != record.acknowledgement.report_id or named not in {None, entry.report_id}:
        yield Finding(f"acknowledgement of {entry.id}", "its report id is not the one in the endpoint's own reply")
    if record.receipt is None:
        return
    try:
        receipt = open_receipt(record.receipt, trusted=trusted)
    except EnvelopeError as error:
        yield Finding(f"receipt of {entry.id}", str(error))
        return
    pairs = {
        "entry id": (receipt.entry_id, entry.id),
        "report id": (receipt.report_id, record.acknowledgement.report_id),
        "environment": (receipt.environment, entry.environment),
        "digest of the envelope": (receipt.envelope_sha256, hashlib.sha256(entry.envelope).hexdigest()),
        "acknowledgement": (receipt.reply_sha256, hashlib.sha256(record.reply).hexdigest()),
    }
    differing = [name for name, (signed, stored) in pairs.items() if signed != stored]
    yield Finding(f"receipt of {entry.id}", f"its {', '.join(differing)} is not that of the row" if differing else None)


async def _verify_evidence(entry: Entry, payload: SubmissionPayload, evidence: EvidenceStore) -> AsyncIterator[Finding]:
    for item in payload.manifest:
        what = f"evidence[{item.index}] of {entry.id}"
        try:
            async with aclosing(evidence.open_verified(item)) as chunks:
                async for _ in chunks:
                    pass
        except EvidenceError as error:
            yield Finding(what, str(error))
        else:
            yield Finding(what)
