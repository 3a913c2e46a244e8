"""What `doctor` says of the evidence of what waits: whether each copy is there, of the size that was sealed.

No copy is read, and only so many entries are looked at, so that it costs little on any host; `tipline verify --all
--evidence` reads all of it.
"""

from typing import Final

from tipline_client.cli.findings import Check, Grade
from tipline_client.cli.paging import every_entry
from tipline_client.cli.settings import Settings
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.dispatch.reader import Reader
from tipline_client.errors import EnvelopeError, EvidenceError, EvidenceUnavailableError, KeyUnavailableError
from tipline_client.evidence import EvidenceByMode
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox import Outbox

__all__ = ["check_waiting_evidence"]

_MOST_LOOKED_AT: Final = 1000
_WAITING: Final = (State.QUEUED, State.LEASED, State.HELD)


async def check_waiting_evidence(
    outbox: Outbox, *, settings: Settings, reader: Reader | None, is_shared: bool
) -> list[Check]:
    """Whether this host has the evidence of what waits; nothing where it cannot open what waits.

    Args:
        outbox: Where it waits.
        settings: Where the evidence is.
        reader: Opens entries; `None` where the keys are missing.
        is_shared: Whether other hosts dispatch from this outbox too.
    """
    if reader is None or not reader.vault.can_open:
        return []
    subject = "shared evidence" if is_shared else "waiting evidence"
    store, missing, looked_at = settings.copies(), list[str](), 0
    unread: list[EvidenceUnavailableError] = []
    async for entry in every_entry(outbox, states=_WAITING, most=_MOST_LOOKED_AT):
        looked_at += 1
        try:
            if not await _has_evidence(EvidenceByMode(store), entry, reader):
                missing.append(entry.id)
        except EvidenceUnavailableError as error:
            unread.append(error)
    by_state = (await outbox.count()).by_state
    left = sum(by_state.get(state, 0) for state in _WAITING) - looked_at
    more = f"; {left} more were not looked at" if left > 0 else ""
    if not missing and unread:
        detail = f"of {looked_at} waiting entries looked at, {len(unread)} cannot be asked for: {unread[0]}{more}"
        return [Check(subject, Grade.WARNING, detail, unread[0].hint)]
    if not missing:
        hint = "`tipline verify --all --evidence` looks at every one." if more else ""
        return [Check(subject, Grade.OK, f"here for all of {looked_at} waiting entries looked at{more}", hint)]
    detail = f"missing or of another size for {len(missing)} waiting entries, such as {missing[0]}{more}"
    if not await store.is_there():
        detail = f"{store.shown} is empty or not there, and {len(missing)} waiting entries need it{more}"
    hint = (
        f"Stop dispatching on this host until {store.shown} is what all hosts share."
        if is_shared
        else f"Restore {store.shown} from its backup before anything is dispatched: what lacks a copy is given up."
    )
    return [Check(subject, Grade.PROBLEM, detail, hint)]


async def _has_evidence(store: EvidenceStore, entry: Entry, reader: Reader) -> bool:
    try:
        for item in (await reader.open(entry)).payload.manifest:
            await store.check(item)
    except (EnvelopeError, KeyUnavailableError):
        # Said among the rows that were altered or wait for their key.
        return True
    except EvidenceUnavailableError:
        raise
    except EvidenceError:
        return False
    return True
