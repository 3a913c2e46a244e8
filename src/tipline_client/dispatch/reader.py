"""Reading what an entry holds: the data key and the envelope opened, the signature checked, the replies as they came.

Nothing of a row is believed that the signature does not cover: the row's own columns must say what the payload says.
"""

from dataclasses import dataclass, field

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.envelope import RecordKeys, SubmissionPayload, Tagged, TrustedKeys, open_sealed
from tipline_client.errors import EnvelopeError
from tipline_client.vault import DataKey, Kind, Vault

__all__ = ["OpenedEntry", "Reader", "content_tag", "open_reply", "seal_reply"]


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry whose content was opened and verified.

    Attributes:
        key: Its data key.
        envelope: The signed bytes.
        payload: What was signed.
    """

    key: DataKey
    envelope: bytes = field(repr=False)
    payload: SubmissionPayload = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What it takes to read entries.

    Attributes:
        vault: Opens data keys.
        trusted: Whose signatures are believed.
        records: Keys the digests of content and of replies.
    """

    vault: Vault
    trusted: TrustedKeys
    records: RecordKeys

    async def open(self, entry: Entry, *, must_be_tied: bool = True) -> OpenedEntry:
        """What was signed for an entry, if the signature is good and the row says the same.

        Args:
            entry: The entry.
            must_be_tied: Whether the digest in the row has to be tied to the content by this installation's secret.

        Raises:
            EnvelopeError: The bytes are not signed by a trusted key, the row's columns are not what was signed, or the
                data key is erased.
            KeyUnavailableError: This host cannot read, or not now.
        """
        key = await self.vault.open_key(entry.id, entry.data_key)
        envelope = key.open(entry.envelope, kind=Kind.ENVELOPE)
        payload = open_sealed(envelope, trusted=self.trusted)
        row = {
            "id": (entry.id, payload.entry_id),
            "idempotency key": (entry.idempotency_key, payload.idempotency_key),
            "profile": (entry.profile, payload.profile),
            "environment": (entry.environment, payload.environment),
            "time of knowledge": (entry.known_at, payload.known_at),
            "mark of escalation": (entry.is_escalated, payload.is_escalated),
        }
        if must_be_tied:
            row["content digest"] = (entry.content_digest, content_tag(self.records, payload.content_digest))
        altered = [column for column, (stored, signed) in row.items() if stored != signed]
        if altered:
            verb = "differs" if len(altered) == 1 else "differ"
            raise EnvelopeError(f"the row's {', '.join(altered)} {verb} from what was signed: the row was altered")
        return OpenedEntry(key, envelope, payload)


def content_tag(records: RecordKeys, content_digest: str) -> str:
    """What stands in a row for the digest of its content: equal for equal content, and nobody else can try a guess."""
    return records.tag(content_digest.encode(), of=Tagged.CONTENT)


def seal_reply(reply: RawReply, *, key: DataKey, records: RecordKeys) -> tuple[bytes, str]:
    """The sealed record of a reply, and the tag by which a checkpoint names it."""
    document = reply.to_bytes()
    return key.seal(document, kind=Kind.REPLY), records.tag(document, of=Tagged.REPLY)


def open_reply(sealed: bytes, *, key: DataKey, records: RecordKeys) -> tuple[str, RawReply]:
    """The reply in a sealed record, and the tag by which the exchange names it that it belongs to.

    Raises:
        EnvelopeError: It does not open.
    """
    document = key.open(sealed, kind=Kind.REPLY)
    return records.tag(document, of=Tagged.REPLY), RawReply.from_bytes(document)
