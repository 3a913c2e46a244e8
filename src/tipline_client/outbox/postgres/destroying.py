"""Data keys wrapped anew or erased, and how far the destruction of an entry has got.

Each verb that writes needs a transaction, in which the entry is locked first; only `scrub` needs that there is none.
What may be destroyed is said in `outbox.keeping`.
"""

import json
from hashlib import sha256
from typing import Final

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.events import ContentErased, DestructionBegun, EntryDestroyed, KeyRewrapped, digest_of
from tipline_client.envelope import HistoryChain
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.columns import moment
from tipline_client.outbox.postgres import questions, statements
from tipline_client.outbox.postgres.conversation import Conversation, Row, Value
from tipline_client.outbox.postgres.holding import holds_of_number, locked, present, set_released
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import entry_of
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
    SELECT id, data_key FROM tipline.entries
    WHERE number > %(after)s AND data_key <> '' AND NOT starts_with(data_key, %(master)s || ' ')
    ORDER BY number LIMIT %(limit)s
"""
_REWRAP: Final = """
    UPDATE tipline.entries SET data_key = %(new)s WHERE id = %(id)s AND data_key = %(old)s RETURNING number
"""
_ERASE_KEY: Final = "UPDATE tipline.entries SET data_key = '' WHERE number = %(number)s"
_BEGIN: Final = """
    INSERT INTO tipline.destructions (entry, begun_at, plan, holds_ended)
    VALUES (%(number)s, %(now)s, %(plan)s, %(holds_ended)s)
"""
_EMPTY: Final = (
    "UPDATE tipline.entries SET envelope = '' WHERE number = %(number)s",
    "UPDATE tipline.replies SET reply = '' WHERE entry = %(number)s",
    "UPDATE tipline.rejections SET reply = '' WHERE entry = %(number)s",
    "UPDATE tipline.acknowledgements SET reply = '' WHERE entry = %(number)s",
)
_EMPTIED: Final = "UPDATE tipline.destructions SET emptied_at = %(now)s WHERE entry = %(number)s"
_KEEP_CERTIFICATE: Final = "UPDATE tipline.destructions SET certificate = %(certificate)s WHERE entry = %(number)s"
_FOUND: Final = """
    SELECT entries.id, destructions.begun_at, destructions.plan, destructions.emptied_at, destructions.certificate,
        destructions.holds_ended, destructions.entry
    FROM tipline.entries JOIN tipline.destructions ON destructions.entry = entries.number WHERE entries.id = %(id)s
"""
_UNFINISHED: Final = """
    SELECT entries.id FROM tipline.destructions JOIN tipline.entries ON entries.number = destructions.entry
    WHERE destructions.certificate IS NULL ORDER BY destructions.begun_at, destructions.entry LIMIT %(limit)s
"""
# Who may not clean a table is only warned by VACUUM, in words that nobody reads.
_OWNED: Final = """
    SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class
    WHERE relnamespace = 'tipline'::regnamespace AND relname = ANY(%(tables)s::text[])
"""
_SEALED_TABLES: Final = ("entries", "replies", "rejections", "acknowledgements")


def keys_to_rewrap(master: str, *, limit: int, after: str | None) -> Conversation[list[StoredKey]]:
    """Data keys that another master key wraps; see `Archive.keys_to_rewrap`."""
    start = 0
    if after is not None:
        rows = yield questions.NUMBER_OF_ENTRY, {"id": after}
        if not rows:
            raise rules.no_entry(after)
        start = rows[0][0]
    page = yield _KEYS, {"master": master, "after": start, "limit": max(limit, 0)}
    return [StoredKey(entry_id, key) for entry_id, key in page]


def rewrap(
    entry_id: str, *, old: str, new: str, master: str, chain: HistoryChain, now: int | None
) -> Conversation[bool]:
    """Replace a wrapped key that nobody replaced meanwhile; see `Archive.rewrap`."""
    yield statements.LOCK_ENTRY, {"id": entry_id}
    for [number] in (yield _REWRAP, {"id": entry_id, "old": old, "new": new}):
        yield from tell(chain, number, KeyRewrapped(master), now=now)
        return True
    return False


def begin_destruction(
    entry_id: str,
    plan: bytes,
    *,
    reason: str,
    actor: str,
    request: str | None,
    chain: HistoryChain,
    now: int | None,
) -> Conversation[Destruction]:
    """Erase the key; see `Archive.begin_destruction`."""
    row = yield from locked(entry_id)
    begun = yield from destruction(entry_id)
    if begun is not None:
        return begun
    number, at = row[0], (yield from present(now))
    held = yield from holds_of_number(number)
    ended = keeping.check_destroyable(entry_of(row), held, request=request, now=moment(at))
    ids = tuple(hold.id for hold in ended)
    written: dict[str, Value] = {"number": number, "now": at, "plan": plan, "holds_ended": json.dumps(ids)}
    yield _BEGIN, written
    yield _ERASE_KEY, {"number": number}
    for hold in ended:
        yield from set_released(hold, at=at)
    note = keeping.note_destroyed(reason=reason, actor=actor, request=request)
    yield statements.ADD_NOTE, {"entry": number, "text": note, "now": at}
    request_sha256 = None if request is None else digest_of(request)
    yield from tell(chain, number, DestructionBegun(actor, digest_of(reason), request_sha256, ids), now=at)
    return (yield from _required(entry_id))


def empty(entry_id: str, *, chain: HistoryChain, now: int | None) -> Conversation[Destruction]:
    """Empty what was sealed with the erased key; see `Archive.empty`."""
    number, begun = yield from _locked_destruction(entry_id)
    if begun.emptied_at is None:
        at = yield from present(now)
        for statement in _EMPTY:
            yield statement, {"number": number}
        yield _EMPTIED, {"number": number, "now": at}
        yield from tell(chain, number, ContentErased(), now=at)
    return (yield from _required(entry_id))


def complete_destruction(
    entry_id: str, certificate: bytes, *, chain: HistoryChain, now: int | None
) -> Conversation[Destruction]:
    """Keep the certificate; see `Archive.complete_destruction`."""
    number, begun = yield from _locked_destruction(entry_id)
    if begun.emptied_at is None:
        raise IllegalTransitionError(f"entry {entry_id}: its rows are not emptied yet")
    if begun.certificate is None:
        yield _KEEP_CERTIFICATE, {"number": number, "certificate": certificate}
        yield from tell(chain, number, EntryDestroyed(sha256(certificate).hexdigest()), now=now)
    return (yield from _required(entry_id))


def destruction(entry_id: str) -> Conversation[Destruction | None]:
    """How far it has got; see `Archive.destruction`."""
    for row in (yield _FOUND, {"id": entry_id}):
        return (yield from _destruction(row))
    return None


def unfinished(*, limit: int) -> Conversation[list[str]]:
    """What has begun and is not complete; see `Archive.unfinished`."""
    return [entry_id for [entry_id] in (yield _UNFINISHED, {"limit": max(limit, 0)})]


def scrub() -> Conversation[str]:
    """Let the server remove old versions of the sealed rows, outside of any transaction; see `Archive.scrub`."""
    [[is_owner]] = yield _OWNED, {"tables": list(_SEALED_TABLES)}
    if not is_owner:
        return "PostgreSQL: not vacuumed, since this user does not own the tables; the server does it in its own time"
    for table in _SEALED_TABLES:
        yield f"VACUUM tipline.{table}", {}
    return "PostgreSQL: the tables vacuumed; what its write-ahead log and archives keep is for the server's owner"


def _locked_destruction(entry_id: str) -> Conversation[tuple[int, Destruction]]:
    yield statements.LOCK_ENTRY, {"id": entry_id}
    for row in (yield _FOUND, {"id": entry_id}):
        return row[-1], (yield from _destruction(row))
    raise keeping.no_destruction(entry_id)


def _required(entry_id: str) -> Conversation[Destruction]:
    [row] = yield _FOUND, {"id": entry_id}
    return (yield from _destruction(row))


def _destruction(row: Row) -> Conversation[Destruction]:
    *columns, ended, number = row
    held = yield from holds_of_number(number)
    return keeping.destruction_of(tuple(columns), keeping.ended_holds(ended, held))
