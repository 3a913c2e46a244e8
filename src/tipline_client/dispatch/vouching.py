"""A person vouches for what nobody can prove any more: how far a dead letter had got, under a seal that is broken.

What the installation's secret ties to an entry is tied anew to the same bytes, so that an entry whose secret was lost
for good can go on: the seal, the digest of its content, and the digests by which its exchanges name their replies. The
two digests are not taken on trust: they are made from what is signed, and from what the entry's data key opens.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from tipline_client.delivery.checkpoint import Exchange
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.delivering import check_consistent
from tipline_client.dispatch.reader import Reader, content_tag, open_reply
from tipline_client.envelope import CheckpointSeal
from tipline_client.errors import EnvelopeError, KeyUnavailableError
from tipline_client.outbox.contract import Outbox

__all__ = ["vouch_for"]


async def vouch_for(outbox: Outbox, seal: CheckpointSeal, reader: Reader, entry_id: str, *, reason: str) -> Entry:
    """Put a dead letter back although its checkpoint is not believed, for a person vouches for it as it stands.

    The person says that the report which it names, and no other, may have been filed for this entry. On a host that
    cannot read the entry the digests stay as they are; if they are not good, a dispatcher gives it up again.

    Args:
        outbox: Where it lies.
        seal: Seals the checkpoint.
        reader: Reads the entry, to tie its digests to it.
        entry_id: Which entry.
        reason: Why; it is kept.

    Raises:
        EntryNotFoundError: There is no such entry.
        EnvelopeError: An acknowledgement of it is on record.
        IllegalTransitionError: It is no dead letter; or it changed while it was being vouched for.
        ReportTakenError: The report that it names is another entry's of the lane.
    """
    entry = await outbox.get(entry_id)
    check_consistent(entry)
    checkpoint, digest = entry.checkpoint, entry.content_digest
    try:
        opened = await reader.open(entry, must_be_tied=False)
        kept = await outbox.replies(entry_id)
        replies = [open_reply(reply, key=opened.key, records=reader.records) for reply in kept]
    except (EnvelopeError, KeyUnavailableError):
        # Nothing is claimed that was not read: whoever delivers it reads it, and says what is wrong.
        pass
    else:
        digest = content_tag(reader.records, opened.payload.content_digest)
        tags = {(reply.step, reply.sent_at, reply.index): tag for tag, reply in replies}
        checkpoint = replace(checkpoint, exchanges=tuple(_tied(checkpoint.exchanges, tags)))
    sealed = seal.apply(entry.id, checkpoint)
    return await outbox.requeue(
        entry_id, reason=f"checkpoint accepted: {reason}", checkpoint=sealed, content_digest=digest
    )


def _tied(exchanges: Sequence[Exchange], tags: Mapping[tuple[Step, datetime, int | None], str]) -> Iterator[Exchange]:
    for exchange in exchanges:
        tag = tags.get((exchange.step, exchange.sent_at, exchange.index))
        yield exchange if exchange.record_tag is None or tag is None else replace(exchange, record_tag=tag)
