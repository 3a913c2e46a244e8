"""What is the same on every path: keys, sealed entries, the bytes of their evidence. Made once, since it is slow.

The entries are made by the product's own enqueueing, at the virtual clock's first moment.
"""

import asyncio
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, cast

from tests.explorer.evidence import EvidenceInMemory
from tests.explorer.stores import Kept
from tests.support.at_rest import new_vault
from tests.support.stage import sample_evidence, sample_report
from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.dispatch.reader import Reader
from tipline_client.envelope import CheckpointSeal, HistoryChain, KeyRing, SigningKey, TrustedKeys
from tipline_client.evidence.store import EvidenceStore
from tipline_client.models import Report
from tipline_client.outbox import MemoryOutbox
from tipline_client.profiles import EndpointProfile, mock
from tipline_client.profiles.encode import encode
from tipline_client.testing import TurnableClock

__all__ = ["START", "Door", "Sealed", "Setup", "make_setup"]

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
Door = Literal["drain", "deliver"]
"""How a dispatcher is started: to work until nothing is left, or to try one entry now, several times in a row."""
_CONTENTS = (b"a gradient from teal to sand " * 9, b"one coffee mug, in bytes " * 9, b"a checkerboard " * 9)


class _KeysInMemory(KeyRing):
    """The keys of a folder, read once."""

    @cache  # noqa: B019 - lives as long as the run
    def signer(self) -> SigningKey:
        return super().signer()

    @cache  # noqa: B019
    def trusted(self) -> TrustedKeys:
        return super().trusted()

    @cache  # noqa: B019
    def checkpoint_seal(self) -> CheckpointSeal:
        return super().checkpoint_seal()

    @cache  # noqa: B019
    def history_chain(self) -> HistoryChain:
        return super().history_chain()


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry ready to be queued, and what its filing must hold."""

    new: NewEntry
    report_xml: bytes
    manifest: tuple[ManifestItem, ...]

    @property
    def digests(self) -> list[str]:
        """SHA-256 of each file, sorted."""
        return sorted(item.sha256 for item in self.manifest)


@dataclass(frozen=True, slots=True)
class Setup:
    """One installation, before anything happens.

    Attributes:
        keys: Who signs.
        profile: Which endpoint.
        sealed: The entries.
        contents: Locator to bytes of the evidence.
        doors: The dispatchers that run from the beginning, each by the door through which it is started.
        kept: In which store.
    """

    keys: KeyRing
    profile: EndpointProfile
    sealed: tuple[Sealed, ...]
    contents: dict[str, bytes] = field(repr=False)
    doors: tuple[Door, ...] = ("drain",)
    kept: Kept = "memory"


VAULT = new_vault()


def make_setup(
    *, files: int = 1, entries: int = 1, doors: tuple[Door, ...] = ("drain",), kept: Kept = "memory"
) -> Setup:
    """An installation with so many entries of so many files each."""
    with tempfile.TemporaryDirectory() as folder:
        keys = _KeysInMemory.create(Path(folder) / "keys")
        keys.generate()
        keys.signer(), keys.trusted(), keys.checkpoint_seal()
    profile = replace(mock("http://127.0.0.1:9/ispws"), progress_timeout=timedelta(seconds=60))
    evidence = EvidenceInMemory()
    sealed = tuple(asyncio.run(_seal(f"entry-{number}", files, keys, profile, evidence)) for number in range(entries))
    return Setup(keys, profile, sealed, evidence.contents, doors, kept)


async def _seal(name: str, files: int, keys: KeyRing, profile: EndpointProfile, evidence: EvidenceInMemory) -> Sealed:
    clock = TurnableClock(START)
    outbox = MemoryOutbox(clock)
    await enqueue(
        sample_report(name),
        sample_evidence(_CONTENTS[:files]),
        idempotency_key=f"case-{name}",
        outbox=outbox,
        store=cast("EvidenceStore", evidence),
        keys=keys,
        vault=VAULT,
        profile=profile,
        clock=clock,
    )
    [entry] = await outbox.list_entries()
    payload = (await reader_of(keys).open(entry)).payload
    xml = encode(Report.model_validate(payload.report), "report").xml
    return Sealed(_as_new(entry), xml, payload.manifest)


def reader_of(keys: KeyRing) -> Reader:
    """What opens the entries that are sealed here."""
    return Reader(vault=VAULT, trusted=keys.trusted(), records=keys.record_keys())


def _as_new(entry: Entry) -> NewEntry:
    return NewEntry(
        id=entry.id,
        profile=entry.profile,
        environment=entry.environment,
        idempotency_key=entry.idempotency_key,
        content_digest=entry.content_digest,
        envelope=entry.envelope,
        data_key=entry.data_key,
        checkpoint=entry.checkpoint,
        is_escalated=entry.is_escalated,
    )
