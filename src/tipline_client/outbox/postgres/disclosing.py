"""Content that somebody reads, put on record before it is shown. A conversation that needs a transaction."""

from tipline_client.delivery.events import ContentRead, digest_of
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.postgres import statements
from tipline_client.outbox.postgres.conversation import Conversation
from tipline_client.outbox.postgres.telling import tell

__all__ = ["note_reading"]


def note_reading(
    entry_id: str, what: str, *, purpose: str, actor: str, chain: HistoryChain, now: int | None
) -> Conversation[None]:
    """See `Archive.note_reading`."""
    for [number] in (yield statements.LOCK_ENTRY, {"id": entry_id}):
        text = keeping.note_read(what, purpose=purpose, actor=actor)
        [[at]] = yield "SELECT coalesce(%(now)s::bigint, tipline.clock())", {"now": now}
        yield statements.ADD_NOTE, {"entry": number, "text": text, "now": at}
        yield from tell(chain, number, ContentRead(what, actor, digest_of(purpose)), now=at)
        return
    raise rules.no_entry(entry_id)
