"""A client that must not join, and a look that nothing is left of the attempt."""

import pytest

from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, TiplineError

__all__ = ["refused"]


async def refused(client: AsyncTiplineClient, connection: object) -> TiplineError:
    """The error, after a look that nothing was written and nothing copied."""
    with pytest.raises(TiplineError) as caught:
        await client.enqueue(sample_report(), evidence=sample_evidence(), connection=connection)
    assert [] == await client.outbox.list_entries()
    assert [] == list((client.home.path / "evidence").iterdir())
    return caught.value
