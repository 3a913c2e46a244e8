"""Are signed things what they claim: receipts alone, or every entry of an outbox with its receipt and its evidence.

It reads and compares; nothing is repaired.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from tipline_client._closed import reason_of
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.opening import LANES
from tipline_client.cli.paging import every_entry
from tipline_client.cli.report_names import ReportNames
from tipline_client.delivery.certificate import Certificate
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import said_of
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.states import State
from tipline_client.dispatch.destroying import check_certificate
from tipline_client.dispatch.reader import OpenedEntry, Reader
from tipline_client.dispatch.receipting import Filing, check_acknowledgement, open_filing
from tipline_client.envelope import CheckpointSeal, HistoryChain, Record, TrustedKeys
from tipline_client.envelope.certificates import is_certificate, open_certificate
from tipline_client.envelope.receipts import open_receipt
from tipline_client.errors import (
    EntryNotFoundError,
    EnvelopeError,
    EvidenceError,
    KeyUnavailableError,
    UnreadableRowError,
)
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox import AcknowledgementRecord, Outbox
from tipline_client.outbox.history_checks import history_problems, hold_problems
from tipline_client.profiles.replies import reply_report_id

__all__ = ["Finding", "read_document", "read_receipt", "verify_outbox"]

_MOST_STRAYS = 10_000
_MOST_PROBLEMS = 3
_LOOKS = 3
_MAX_RECEIPT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """What verifying one thing gave.

    Attributes:
        what: `entry ID`, `row of ID`, `checkpoint of ID`, `history of ID`, `holds of ID`, `receipt of ID`,
            `report of ID`, `certificate of ID`, `evidence[0] of ID`, or a file.
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
    return open_receipt(_read(path), trusted=trusted)


def read_document(path: Path, *, trusted: TrustedKeys) -> Receipt | Certificate:
    """The receipt or the certificate in a file, if a trusted key signed it; see `read_receipt` for the errors."""
    data = _read(path)
    return open_certificate(data, trusted=trusted) if is_certificate(data) else open_receipt(data, trusted=trusted)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_RECEIPT)
    except (OSError, ValueError) as error:
        reason = reason_of(error, path)
        raise CommandError(f"{path}: {reason}", hint="Name a receipt that `tipline receipts export` wrote.") from None


async def verify_outbox(
    outbox: Outbox,
    *,
    reader: Reader,
    seal: CheckpointSeal,
    chain: HistoryChain,
    evidence: EvidenceStore | None = None,
) -> AsyncIterator[Finding]:
    """Verify every entry's envelope, row, checkpoint and history, every receipt, and with a store the evidence too.

    No two entries of a lane may be filed as one report. What cannot be read back is a finding like any other; the rest
    is verified all the same.

    Args:
        outbox: What to look through, page by page.
        reader: Opens entries; says whose signatures are believed.
        seal: Whose checkpoints are believed.
        chain: What links the lines of the histories.
        evidence: Where the copies are; each is read and digested.
    """
    seen = _Seen()
    async for entry in every_entry(outbox):
        destruction = await _verify_destruction(outbox, entry, reader)
        if destruction is not None:
            yield destruction
        row = await _verify_row(entry, reader, seal, is_destroyed=destruction is not None)
        for finding in row.findings:
            yield finding
        async for finding in _verify_filing(outbox, entry, reader, seen, row=row):
            yield finding
        if not entry.unreadable:
            yield Finding(f"history of {entry.id}", await _history_problem(outbox, entry, chain))
            for problem in await _hold_problems(outbox, entry):
                yield Finding(f"holds of {entry.id}", problem)
        if row.opened is not None and evidence is not None:
            async for finding in _verify_evidence(entry, row.opened, evidence):
                yield finding
    async for finding in _verify_rest(outbox, seen.unsigned, chain):
        yield finding


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of the entries that were looked at: whose receipt is missing, and which reports are whose."""

    unsigned: list[str] = field(default_factory=list)
    names: ReportNames = field(default_factory=ReportNames)


@dataclass(frozen=True, slots=True)
class _Row:
    """What an entry's row alone says: the findings, what was signed, and whether its checkpoint is believed."""

    findings: tuple[Finding, ...]
    opened: OpenedEntry | None
    is_sealed: bool


async def _verify_destruction(outbox: Outbox, entry: Entry, reader: Reader) -> Finding | None:
    """What is to be said of an entry whose destruction has begun: its certificate, which stands for the content."""
    if "id" in entry.unreadable or (begun := await outbox.archive.destruction(entry.id)) is None:
        return None
    what = f"certificate of {entry.id}"
    if begun.certificate is None:
        return Finding(
            what, in_words_of_host("its destruction has begun and is not complete: `tipline destroy --resume` goes on")
        )
    try:
        kept = reader.records.open(begun.certificate, kind=Record.CERTIFICATE, entry_id=entry.id)
        check_certificate(entry, open_certificate(kept, trusted=reader.trusted))
    except EnvelopeError as error:
        return Finding(what, str(error))
    return Finding(what, "the data key is on record still" if entry.data_key else None)


async def _verify_row(entry: Entry, reader: Reader, seal: CheckpointSeal, *, is_destroyed: bool) -> _Row:
    findings, opened, is_sealed = [], None, False
    if entry.unreadable:
        columns = ", ".join(entry.unreadable)
        findings.append(Finding(f"row of {entry.id}", f"it cannot be read back ({columns}): something else changed it"))
    if not is_destroyed:
        try:
            opened = await reader.open(entry)
        except (EnvelopeError, KeyUnavailableError) as error:
            findings.append(Finding(f"entry {entry.id}", said_of(entry.id, error)))
        else:
            findings.append(Finding(f"entry {entry.id}"))
    if "checkpoint" not in entry.unreadable:
        try:
            seal.check(entry.id, entry.checkpoint)
            is_sealed = True
        except EnvelopeError as error:
            findings.append(Finding(f"checkpoint of {entry.id}", str(error)))
    return _Row(tuple(findings), opened, is_sealed)


async def _verify_filing(
    outbox: Outbox, entry: Entry, reader: Reader, seen: _Seen, *, row: _Row
) -> AsyncIterator[Finding]:
    """The acknowledgement and the receipt of an entry, and whether its report is its own."""
    if "id" in entry.unreadable:
        return
    try:
        record = await outbox.acknowledgement(entry.id)
    except UnreadableRowError as error:
        yield Finding(f"acknowledgement of {entry.id}", str(error))
        return
    is_acknowledged = entry.state is State.ACKNOWLEDGED
    if is_acknowledged != (record is not None):
        has = "has no acknowledgement" if is_acknowledged else "has an acknowledgement"
        yield Finding(f"state of {entry.id}", f"it is {entry.state}, yet {has} on record: the row was altered")
    receipt = None
    if record is not None:
        filing = None
        if row.opened is not None:
            try:
                filing = await open_filing(outbox, record, row.opened.key, reader.records)
                _check_filing(entry, filing, is_sealed=row.is_sealed)
            except EnvelopeError as error:
                yield Finding(f"acknowledgement of {entry.id}", str(error))
        if record.receipt is None:
            seen.unsigned.append(entry.id)
        else:
            receipt, problem = _open_receipt(record.receipt, entry, reader)
            if receipt is not None:
                problem = _receipt_problem(receipt, entry, record, row.opened, filing)
            yield Finding(f"receipt of {entry.id}", problem)
    for problem in seen.names.problems(entry, record, receipt):
        yield Finding(f"report of {entry.id}", problem)


def _check_filing(entry: Entry, filing: Filing, *, is_sealed: bool) -> None:
    named = reply_report_id(filing.last.body)
    if entry.report_id != filing.facts.report_id or named not in {None, entry.report_id}:
        raise EnvelopeError("its report id is not the one in the endpoint's own reply")
    if is_sealed and entry.state is State.ACKNOWLEDGED:
        check_acknowledgement(entry, filing)


def _open_receipt(data: bytes, entry: Entry, reader: Reader) -> tuple[Receipt | None, str | None]:
    """The receipt, if somebody trusted signed it for this entry, and otherwise why it is not to be believed."""
    try:
        kept = reader.records.open(data, kind=Record.RECEIPT, entry_id=entry.id)
        receipt = open_receipt(kept, trusted=reader.trusted)
    except EnvelopeError as error:
        return None, str(error)
    if receipt.entry_id != entry.id:
        return None, f"it is the receipt of entry {receipt.entry_id}"
    return receipt, None


def _receipt_problem(
    receipt: Receipt,
    entry: Entry,
    record: AcknowledgementRecord,
    opened: OpenedEntry | None,
    filing: Filing | None,
) -> str | None:
    pairs: dict[str, tuple[object, object]] = {
        "report id": (receipt.report_id, record.acknowledgement.report_id),
        "idempotency key": (receipt.idempotency_key, entry.idempotency_key),
        "environment": (receipt.environment, entry.environment),
    }
    if opened is not None:
        pairs["digest of the envelope"] = (receipt.envelope_sha256, hashlib.sha256(opened.envelope).hexdigest())
    if filing is not None:
        pairs["acknowledgement"] = (receipt.reply_sha256, filing.last.sha256)
    differing = [name for name, (signed, stored) in pairs.items() if signed != stored]
    return f"what it says of {', '.join(differing)} is not what the row says" if differing else None


async def _verify_rest(outbox: Outbox, unsigned: Sequence[str], chain: HistoryChain) -> AsyncIterator[Finding]:
    """Histories of lanes, receipts that are missing still, and rows that no list shows since nothing has their name."""
    for lane in LANES:
        for problem in chain.problems(await outbox.lane_history(lane))[:_MOST_PROBLEMS]:
            yield Finding(f"history of {lane.profile} ({lane.environment})", problem)
    for entry_id in unsigned:
        # Asked once more: a dispatcher may have been about to sign it when it was looked at.
        record = await outbox.acknowledgement(entry_id)
        if record is not None and record.receipt is None:
            yield Finding(
                f"receipt of {entry_id}",
                in_words_of_host("it is missing: `tipline dispatch` or `tipline receipts export` makes it"),
            )
    for stray in (await outbox.strays((), limit=_MOST_STRAYS)).first:
        try:
            await outbox.get(stray.entry_id)
        except UnreadableRowError as error:
            yield Finding(f"row of {stray.entry_id}", str(error))
        except EntryNotFoundError:
            # Found among the entries already, by the place of its row: its id cannot be read.
            continue


async def _history_problem(outbox: Outbox, entry: Entry, chain: HistoryChain) -> str | None:
    problems: tuple[str, ...] = ()
    for _ in range(_LOOKS):
        problems = history_problems(await outbox.history(entry.id), state=entry.state, chain=chain)
        if not problems:
            return None
        # A dispatcher may have moved the entry on since it was read; then both are looked at again.
        entry = await outbox.get(entry.id)
    return "; ".join(problems[:_MOST_PROBLEMS])


async def _hold_problems(outbox: Outbox, entry: Entry) -> tuple[str, ...]:
    problems: tuple[str, ...] = ()
    for _ in range(_LOOKS):
        # Somebody may be extending one between the two looks.
        held = await outbox.archive.holds(entry_id=entry.id, limit=_MOST_STRAYS)
        problems = hold_problems(await outbox.history(entry.id), held)
        if not problems:
            break
    return problems[:_MOST_PROBLEMS]


async def _verify_evidence(entry: Entry, opened: OpenedEntry, evidence: EvidenceStore) -> AsyncIterator[Finding]:
    for item in opened.payload.manifest:
        what = f"evidence[{item.index}] of {entry.id}"
        try:
            async with aclosing(evidence.open_verified(item, key=opened.key)) as chunks:
                async for _ in chunks:
                    pass
        except EvidenceError as error:
            yield Finding(what, str(error))
        else:
            yield Finding(what)
