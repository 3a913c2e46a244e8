"""Data keys wrapped anew or erased, and how far the destruction of an entry has got.

Functions over an open transaction; only `scrub` needs that there is none. What may be destroyed is said in
`outbox.keeping`.
"""

import json
from hashlib import sha256
from typing import Final

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.events import ContentErased, DestructionBegun, EntryDestroyed, KeyRewrapped, digest_of
from tipline_client.errors import IllegalTransitionError, OutboxUnavailableError
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.rows import entry_of
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Execute, Row
from tipline_client.outbox.sqlite.holding import holds_of_number, set_released
from tipline_client.outbox.sqlite.writing import Writing
from tipline_client.outbox.values import StoredKey

__all__ = [
    "begin_destruction",
    "complete_destruction",
    "destruction",
    "empty",
    "keys_to_rewrap",
    "rewrap",
    "scrub",
    "unfinished",
]

_KEYS: Final = """
    SELECT id, data_key FROM entries
    WHERE number > :after AND data_key <> '' AND substr(data_key, 1, length(:master) + 1) <> :master || ' '
    ORDER BY number LIMIT :limit
"""
_REWRAP: Final = "UPDATE entries SET data_key = :new WHERE id = :id AND data_key = :old RETURNING number"
_ERASE_KEY: Final = "UPDATE entries SET data_key = '' WHERE number = :number"
_BEGIN: Final = """
    INSERT INTO destructions (entry, begun_at, plan, holds_ended) VALUES (:number, :now, :plan, :holds_ended)
"""
_EMPTY: Final = (
    "UPDATE entries SET envelope = x'' WHERE number = :number",
    "UPDATE replies SET reply = x'' WHERE entry = :number",
    "UPDATE rejections SET reply = x'' WHERE entry = :number",
    "UPDATE acknowledgements SET reply = x'' WHERE entry = :number",
)
_EMPTIED: Final = "UPDATE destructions SET emptied_at = :now WHERE entry = :number"
_KEEP_CERTIFICATE: Final = "UPDATE destructions SET certificate = :certificate WHERE entry = :number"
_FOUND: Final = """
    SELECT entries.id, destructions.begun_at, destructions.plan, destructions.emptied_at, destructions.certificate,
        destructions.holds_ended, destructions.entry
    FROM entries JOIN destructions ON destructions.entry = entries.number WHERE entries.id = :id
"""
_UNFINISHED: Final = """
    SELECT entries.id FROM destructions INDEXED BY destructions_unfinished
    CROSS JOIN entries ON entries.number = destructions.entry
    WHERE destructions.certificate IS NULL ORDER BY destructions.begun_at, destructions.entry LIMIT :limit
"""


def keys_to_rewrap(execute: Execute, master: str, *, limit: int, after: str | None) -> list[StoredKey]:
    """Data keys that another master key wraps; see `Archive.keys_to_rewrap`."""
    start = 0
    if after is not None:
        rows = execute(statements.ENTRY_BY_ID, {"id": after})
        if not rows:
            raise rules.no_entry(after)
        start = rows[0][0]
    page = execute(_KEYS, {"master": master, "after": start, "limit": max(limit, 0)})
    return [StoredKey(entry_id, key) for entry_id, key in page if isinstance(entry_id, str) and isinstance(key, str)]


def rewrap(writing: Writing, entry_id: str, *, old: str, new: str, master: str) -> bool:
    """Replace a wrapped key that nobody replaced meanwhile; see `Archive.rewrap`."""
    for [number] in writing.execute(_REWRAP, {"id": entry_id, "old": old, "new": new}):
        writing.tell(number, KeyRewrapped(master))
        return True
    return False


def begin_destruction(
    writing: Writing, entry_id: str, plan: bytes, *, reason: str, actor: str, request: str | None
) -> Destruction:
    """Erase the key; see `Archive.begin_destruction`."""
    begun = destruction(writing.execute, entry_id)
    if begun is not None:
        return begun
    rows = writing.execute(statements.ENTRY_BY_ID, {"id": entry_id})
    if not rows:
        raise rules.no_entry(entry_id)
    number, now = rows[0][0], microseconds(writing.now)
    held = holds_of_number(writing.execute, number)
    ended = keeping.check_destroyable(entry_of(rows[0]), held, request=request, now=writing.now)
    ids = tuple(hold.id for hold in ended)
    writing.execute(_BEGIN, {"number": number, "now": now, "plan": plan, "holds_ended": json.dumps(ids)})
    writing.execute(_ERASE_KEY, {"number": number})
    for hold in ended:
        set_released(writing, hold)
    note = keeping.note_destroyed(reason=reason, actor=actor, request=request)
    writing.execute(statements.ADD_NOTE, {"entry": number, "text": note, "now": now})
    request_sha256 = None if request is None else digest_of(request)
    writing.tell(number, DestructionBegun(actor, digest_of(reason), request_sha256, ids))
    return _required(writing.execute, entry_id)


def empty(writing: Writing, entry_id: str) -> Destruction:
    """Empty what was sealed with the erased key; see `Archive.empty`."""
    found = _row(writing.execute, entry_id)
    if _destruction(writing.execute, found).emptied_at is None:
        number = found[-1]
        for statement in _EMPTY:
            writing.execute(statement, {"number": number})
        writing.execute(_EMPTIED, {"number": number, "now": microseconds(writing.now)})
        writing.tell(number, ContentErased())
    return _required(writing.execute, entry_id)


def complete_destruction(writing: Writing, entry_id: str, certificate: bytes) -> Destruction:
    """Keep the certificate; see `Archive.complete_destruction`."""
    found = _row(writing.execute, entry_id)
    begun = _destruction(writing.execute, found)
    if begun.emptied_at is None:
        raise IllegalTransitionError(f"entry {entry_id}: its rows are not emptied yet")
    if begun.certificate is None:
        writing.execute(_KEEP_CERTIFICATE, {"number": found[-1], "certificate": certificate})
        writing.tell(found[-1], EntryDestroyed(sha256(certificate).hexdigest()))
    return _required(writing.execute, entry_id)


def destruction(execute: Execute, entry_id: str) -> Destruction | None:
    """How far it has got; see `Archive.destruction`."""
    for row in execute(_FOUND, {"id": entry_id}):
        return _destruction(execute, row)
    return None


def unfinished(execute: Execute, *, limit: int) -> list[str]:
    """What has begun and is not complete; see `Archive.unfinished`."""
    return [entry_id for [entry_id] in execute(_UNFINISHED, {"limit": max(limit, 0)}) if isinstance(entry_id, str)]


def scrub(execute: Execute) -> str:
    """Bring what was overwritten into the file, and empty the log, outside of any transaction; see `Archive.scrub`."""
    # The file itself keeps nothing: the connection that writes overwrites what it deletes or replaces.
    rows = execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if any(busy for busy, *_ in rows):
        raise OutboxUnavailableError(
            "the write-ahead log could not be emptied: another process is reading the outbox",
            hint="Repeat it with `tipline destroy --resume`.",
        )
    return "SQLite: what was erased was overwritten in the file, and the write-ahead log emptied"


def _row(execute: Execute, entry_id: str) -> Row:
    for row in execute(_FOUND, {"id": entry_id}):
        return row
    raise keeping.no_destruction(entry_id)


def _required(execute: Execute, entry_id: str) -> Destruction:
    return _destruction(execute, _row(execute, entry_id))


def _destruction(execute: Execute, row: Row) -> Destruction:
    *columns, ended, number = row
    return keeping.destruction_of(tuple(columns), keeping.ended_holds(ended, holds_of_number(execute, number)))
