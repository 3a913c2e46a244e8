"""What a submission is handed to: the outbox through a client, or nothing at all in a dry run."""

from collections.abc import Sequence
from typing import Protocol

from tipline_client.bulk.notes import Noted, SeenKeys, content_of
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.errors import DuplicateKeyError
from tipline_client.evidence import Evidence, digest
from tipline_client.models import Submission

__all__ = ["DryRun", "Into", "IntoOutbox"]


class Into(Protocol):
    """Takes acceptable submissions."""

    async def take(
        self, submission: Submission, evidence: Sequence[Evidence], place: str, /
    ) -> tuple[Entry | None, bool]:
        """Take the one that stands at a place; its entry where there is one, and whether it was not there before.

        Raises:
            TiplineError: It was not taken.
        """
        ...

    async def find(self, idempotency_key: str, /) -> Entry | None:
        """The entry that has a key already, if there is one.

        Raises:
            TiplineError: Nobody can tell.
        """
        ...


class IntoOutbox:
    """The outbox of a client.

    Args:
        client: Whose.
    """

    def __init__(self, client: AsyncTiplineClient) -> None:
        self._client = client

    async def take(
        self, submission: Submission, evidence: Sequence[Evidence], _place: str, /
    ) -> tuple[Entry | None, bool]:
        """Queue one, once per key.

        Raises:
            TiplineError: Nothing was queued.
        """
        enqueued = await self._client.enqueue_once(
            submission.report,
            evidence=evidence,
            idempotency_key=submission.idempotency_key,
            known_at=submission.known_at,
        )
        return enqueued.entry, enqueued.is_new

    async def find(self, idempotency_key: str, /) -> Entry | None:
        """The entry that has this key.

        Raises:
            TiplineError: Nobody can tell.
        """
        return await self._client.find(idempotency_key)


class DryRun:
    """Queues nothing, and finds keys that name two contents."""

    def __init__(self) -> None:
        self._seen = SeenKeys()

    def close(self) -> None:
        """Forget the keys."""
        self._seen.close()

    async def take(
        self, submission: Submission, evidence: Sequence[Evidence], place: str, /
    ) -> tuple[Entry | None, bool]:
        """Note one.

        Raises:
            DuplicateKeyError: An earlier one has its key and other content.
            EvidenceError: A file of it cannot be read.
        """
        files = [
            [item.name, (await digest(item, index=index)).sha256, item.details.to_json_dict()]
            for index, item in enumerate(evidence)
        ]
        this = Noted(place, content_of(submission.report, files))
        earlier = self._seen.note(submission.idempotency_key or f"content:{this.content.hex()}", this)
        if earlier is not None and earlier.content != this.content:
            raise DuplicateKeyError(
                f"the idempotency key is that of {earlier.place}, which has other content", entry_id=""
            )
        return None, earlier is None

    async def find(self, _idempotency_key: str, /) -> Entry | None:
        """None: the outbox is not asked."""
        return None
