"""From a report and its evidence to a durable entry: validated, copied, sealed, queued; or nothing at all.

The order matters. The evidence is copied before anything is signed, and the entry is written last: whatever fails on
the way leaves no entry, and the copies made for it are removed. What is in the outbox already needs neither signature
nor copies, only the proof that it is the same content. In a transaction of the caller's the entry is there once that is
committed; if it is rolled back the copies stay without one, for `collecting` to find.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from tipline_client._undivided import wholly
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.dispatch.destroying import is_proven_destroyed
from tipline_client.dispatch.reader import Reader, content_tag
from tipline_client.dispatch.sealing import derive_key, manifest_item, sealed_entry
from tipline_client.envelope import CheckpointSeal, KeyRing, RecordKeys, SigningKey
from tipline_client.envelope.payload import content_digest
from tipline_client.errors import (
    ConfigurationError,
    DuplicateKeyError,
    EnvelopeError,
    EvidenceError,
    Issue,
    KeyUnavailableError,
    OutboxError,
    OutboxInDoubtError,
    OutboxUnavailableError,
    ReportInvalidError,
    Severity,
)
from tipline_client.evidence import Evidence, Room, digest
from tipline_client.evidence.store import EvidenceStore
from tipline_client.models import EvidenceItem, FileDetails, Report, Submission
from tipline_client.outbox.contract import Lane, Outbox
from tipline_client.outbox.joining import Caller, Joined, over
from tipline_client.outbox.rules import other_content
from tipline_client.profiles import EndpointProfile, EndpointSchema
from tipline_client.profiles.encode import encode
from tipline_client.validation import EndpointRules, rules_outside, validate
from tipline_client.vault import DataKey, Vault

__all__ = ["DocumentRules", "Enqueued", "as_submission", "check", "enqueue"]

_ENTRY_BYTES = 1024 * 1024
"""What an entry takes in the file of an outbox and in its journal, amply."""


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What became of a submission that was handed in.

    Attributes:
        entry: Its entry in the outbox.
        is_new: Whether this call made the entry; if not, it is an earlier one with the same key and content, as it
            stands now: waiting, filed or given up.
    """

    entry: Entry
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Signing:
    """What a new entry is signed with, what seals its checkpoint, and what keys its digests."""

    signer: SigningKey
    seal: CheckpointSeal
    records: RecordKeys


def as_submission(
    report: Report,
    evidence: Sequence[Evidence],
    idempotency_key: str | None = None,
    known_at: datetime | None = None,
) -> Submission:
    """What is validated: the report with what is said of each file, wherever the files are.

    Raises:
        ReportInvalidError: The report is no `Report`, the key is no text of 1 to 255 units that can be stored, or the
            time has no zone.
        EvidenceError: Something in `evidence` is no `Evidence`.
    """
    if not isinstance(report, Report):
        raise ReportInvalidError([_wrong("report", "a Report is expected; make one with Report.model_validate")])
    if isinstance(evidence, Evidence):
        raise EvidenceError("evidence is one Evidence, not a list of them", hint="Write evidence=[...].")
    if not isinstance(evidence, Sequence):
        raise EvidenceError(f"evidence is of type {type(evidence).__name__}, not a list", hint="Write evidence=[...].")
    for index, item in enumerate(evidence):
        if not isinstance(item, Evidence):
            kind = type(item).__name__
            raise EvidenceError(f"evidence[{index}] is {kind}, not Evidence", hint="Use Evidence.from_path(...).")
    moment: object = known_at
    if moment is not None and (not isinstance(moment, datetime) or moment.utcoffset() is None):
        raise ReportInvalidError([_wrong("knownAt", "a datetime with a zone is expected, or None")])
    try:
        if isinstance(idempotency_key, str):
            idempotency_key.encode()
        items = tuple(EvidenceItem(details=item.details) for item in evidence)
        return Submission(idempotency_key=idempotency_key, known_at=known_at, report=report, evidence=items)
    except ValueError:  # pydantic's errors and the encoder's alike
        wrong = _wrong("idempotencyKey", "text of 1 to 255 UTF-16 units is expected, not blank, or None")
    raise ReportInvalidError([wrong])


def _wrong(path: str, message: str) -> Issue:
    return rules_outside.ARGUMENT.at(path, expected=message).as_issue()


class DocumentRules(EndpointRules, Protocol):
    """What a submission is checked against; every profile is one, and no credentials are needed."""

    @property
    def schema(self) -> EndpointSchema | None:
        """The endpoint's own XSD, where it was fetched."""
        ...


def check(submission: Submission, profile: DocumentRules, *, now: datetime) -> tuple[Issue, ...]:
    """Every issue of a submission: the documented rules, then the endpoint's own schema where it was fetched."""
    issues = validate(submission, profile, now=now)
    if profile.schema is None or any(issue.severity is Severity.ERROR for issue in issues):
        return issues
    found = list(
        profile.schema.check(encode(submission.report, "report", newer=profile.newer_elements).xml, path="report")
    )
    for index, item in enumerate(submission.evidence):
        # The ids are the endpoint's to give; any will do for the check.
        details = FileDetails.model_validate({"reportId": 1, "fileId": "0", **item.details.to_json_dict()})
        xml = encode(details, "fileDetails", newer=profile.newer_elements).xml
        found += profile.schema.check(xml, path=f"evidence[{index}].details")
    return (*found, *issues)


async def enqueue(
    report: Report,
    evidence: Sequence[Evidence],
    *,
    idempotency_key: str | None,
    known_at: datetime | None = None,
    outbox: Outbox,
    store: EvidenceStore,
    keys: KeyRing,
    vault: Vault,
    profile: EndpointProfile,
    clock: Clock,
    room: Room | None = None,
    caller: Caller | None = None,
) -> Enqueued:
    """Make a report durable, once per idempotency key.

    Args:
        report: What is reported.
        evidence: The files that support it.
        idempotency_key: The caller's name for this report; `None` derives one from the content.
        known_at: When the reporter came to know of it, if that is to be on record.
        outbox: Where the entry goes.
        store: Where the copies of the files go.
        keys: Who signs, and what seals the checkpoint.
        vault: Makes the data key that report and evidence are sealed with at rest.
        profile: Which endpoint it is for.
        clock: Says now.
        room: What is left on the disk of the outbox, where that is a file.
        caller: Whose transaction the entry is written in, if not in one of its own.

    Returns:
        The entry, and whether it is new; an earlier one with the same key and content is returned as it stands.

    Raises:
        ReportInvalidError: With every issue. Nothing was queued.
        EvidenceError: A file is missing, empty, unreadable or changing. Nothing was queued.
        DuplicateKeyError: The key names other content. Nothing was queued.
        EnvelopeError: The entry on record with this key was altered. Nothing was queued.
        OutboxUnavailableError: Nothing was queued.
        OutboxInDoubtError: It was queued or not; the copies of the evidence stay. Doing the same again tells.
        ConfigurationError: It is not in the outbox yet, and there is no usable signing, sealing or master key; or the
            caller's transaction cannot be joined. Nothing was queued.
    """
    submission = as_submission(report, evidence, idempotency_key, known_at)
    issues = check(submission, profile, now=clock.now())
    if any(issue.severity is Severity.ERROR for issue in issues):
        raise ReportInvalidError(issues)
    lane = Lane(profile.name, profile.environment)
    entry_id = secrets.token_hex(16)
    into = outbox if caller is None else await outbox.join(caller, entry_id=entry_id)
    existing = None if idempotency_key is None else await into.find(lane, idempotency_key)
    signing = _signing(keys)
    recognise = partial(
        _recognise,
        submission,
        evidence,
        existing=existing,
        into=into,
        outbox=outbox,
        lane=lane,
        keys=keys,
        vault=vault,
    )
    if existing is not None or (idempotency_key is None and isinstance(signing, ConfigurationError)):
        # Without a key of the caller's, the content says which entry it is.
        found = await recognise()
        if found is not None:
            return found
    if isinstance(signing, ConfigurationError):
        raise signing
    add = partial(
        _add,
        submission,
        evidence,
        entry_id=entry_id,
        into=into,
        store=store,
        signing=signing,
        vault=vault,
        profile=profile,
        clock=clock,
        room=room,
        is_alone=caller is None,
    )
    try:
        added = await add()
        if not added.is_new:
            await _check_genuine(added.entry, outbox, keys, vault)
        return added
    except OutboxInDoubtError:
        raise
    except OutboxUnavailableError:
        # Where nothing can be written, what is there already can be found still, as long as the files can be read.
        can_look = caller is None and idempotency_key is None and not any(item.is_spent for item in evidence)
        found = await recognise() if can_look else None
        if found is None:
            raise
        return found


async def _recognise(
    submission: Submission,
    evidence: Sequence[Evidence],
    *,
    existing: Entry | None,
    into: Joined,
    outbox: Outbox,
    lane: Lane,
    keys: KeyRing,
    vault: Vault,
) -> Enqueued | None:
    """The entry that is there for this content already, if any: `existing`, or the one with the key of the content."""
    records = keys.record_keys()
    manifest = await _digested(evidence)
    entry = existing or await into.find(lane, derive_key(submission.report, manifest, records=records))
    if entry is None:
        return None
    if entry.content_digest != content_tag(records, content_digest(submission.report.to_json_dict(), manifest)):
        raise other_content(entry) if existing else _same_but_for_the_reporter(entry.id)
    await _check_genuine(entry, outbox, keys, vault)
    if into is not outbox and await into.find(lane, entry.idempotency_key) is None:
        # It was of this very transaction, and has been undone while the files were read.
        raise over()
    return Enqueued(entry, is_new=False)


def _same_but_for_the_reporter(entry_id: str) -> DuplicateKeyError:
    return DuplicateKeyError(
        f"no key was given, and entry {entry_id} has the one that is derived from this content; it differs in the "
        "reporter alone",
        entry_id=entry_id,
        hint="If it is the same case, it is queued already. If it is another one, give it an idempotency key.",
    )


async def _check_genuine(entry: Entry, outbox: Outbox, keys: KeyRing, vault: Vault) -> None:
    """Let an entry pass for what is handed in again only if that was signed: a row may have been given its key.

    Raises:
        EnvelopeError: It was; what is handed in is on record nowhere.
    """
    try:
        reader = Reader(vault=vault, trusted=keys.trusted(), records=keys.record_keys())
    except ConfigurationError:
        # A host that cannot verify cannot sign either: it adds nothing, and takes nothing as filed.
        return
    try:
        if not await is_proven_destroyed(outbox, keys, entry):
            await reader.open(entry)
    except KeyUnavailableError:
        # A host that only queues cannot read. Whoever delivers can, and believes nothing that was not signed.
        return
    except EnvelopeError as error:
        is_plain = error.hint == EnvelopeError.default_hint
        way_out = "Find out who changed the outbox by hand, and compare it with a backup." if is_plain else error.hint
        raise EnvelopeError(
            f"entry {entry.id} has the key of this submission, but it is not believed: {error}",
            hint=f"Nothing was queued. {way_out}",
        ) from None


def _signing(keys: KeyRing) -> _Signing | ConfigurationError:
    """What a new entry is signed and sealed with, or why there is none; known before any file is copied in vain."""
    try:
        return _Signing(keys.signer(), keys.checkpoint_seal(), keys.record_keys())
    except ConfigurationError as error:
        return error


async def _add(
    submission: Submission,
    evidence: Sequence[Evidence],
    *,
    entry_id: str,
    into: Joined,
    store: EvidenceStore,
    signing: _Signing,
    vault: Vault,
    profile: EndpointProfile,
    clock: Clock,
    room: Room | None,
    is_alone: bool,
) -> Enqueued:
    if room is not None:
        room.check(_ENTRY_BYTES, what="the entry")
    await store.check_room(evidence)
    key, wrapped_key = await vault.new_key(entry_id)
    is_unneeded = True
    try:
        manifest = [await _copy(item, store, key, index) for index, item in enumerate(evidence)]
        new = sealed_entry(
            submission,
            manifest,
            signer=signing.signer,
            records=signing.records,
            key=key,
            wrapped_key=wrapped_key,
            profile=profile,
            now=clock.now(),
        )
        new = replace(new, checkpoint=signing.seal.apply(entry_id, new.checkpoint))
        is_unneeded = False
        handing_over = _hand_over(new, into=into, store=store, has_key=submission.idempotency_key is not None)
        # Not to be cancelled half-way: whether the entry exists decides whether its copies may be removed. In a
        # transaction of the caller's nobody knows that before its end, and it may wait there for somebody else's.
        return await (wholly(handing_over) if is_alone else handing_over)
    finally:
        if is_unneeded:
            await _discard(store, entry_id)


async def _hand_over(new: NewEntry, *, into: Joined, store: EvidenceStore, has_key: bool) -> Enqueued:
    """Add the entry; its copies stay only if it names them."""
    is_unneeded = False
    try:
        entry, is_new = await into.enqueue(new)
        is_unneeded = not is_new
    except DuplicateKeyError as error:
        is_unneeded = True
        if has_key:
            raise
        raise _same_but_for_the_reporter(error.entry_id) from None
    except OutboxError as error:
        # In doubt the entry may exist, and then it names these copies.
        is_unneeded = not isinstance(error, OutboxInDoubtError)
        raise
    except ConfigurationError:
        # The caller's transaction is over, or was never one to write in.
        is_unneeded = True
        raise
    finally:
        if is_unneeded:
            await _discard(store, new.id)
    return Enqueued(entry, is_new)


async def _digested(evidence: Sequence[Evidence]) -> list[ManifestItem]:
    """What the files would be in a manifest; they are read, and nothing is written."""
    return [manifest_item(item, index, await digest(item, index=index)) for index, item in enumerate(evidence)]


async def _discard(store: EvidenceStore, entry_id: str) -> None:
    # Copies that nobody names are only untidy; they must not hide the error that led here.
    with suppress(OutboxUnavailableError):
        await wholly(store.discard(entry_id))


async def _copy(item: Evidence, store: EvidenceStore, key: DataKey, index: int) -> ManifestItem:
    stored = await store.add(item, key=key, index=index)
    return manifest_item(item, index, stored, locator=stored.locator)
