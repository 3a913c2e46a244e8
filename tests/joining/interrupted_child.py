"""An application that is killed between what it wrote and its commit."""

import sys
import time
from functools import partial

import anyio

from tests.joining.applications import application, is_asynchronous
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, TiplineClient, profiles


async def _work(kind: str, place: str, home: str, outbox: str, base_url: str) -> None:
    app = await application(kind, place)
    client = AsyncTiplineClient.open(home, profile=profiles.mock(base_url), outbox=outbox)
    async with app.transaction() as connection:
        await app.decide(connection, 1)
        if is_asynchronous(kind):
            await client.enqueue(sample_report(), evidence=sample_evidence(), connection=connection)
        else:
            TiplineClient(client).enqueue(sample_report(), evidence=sample_evidence(), connection=connection)
        print("written", flush=True)
        time.sleep(600)  # noqa: ASYNC251 - killed long before


if __name__ == "__main__":
    anyio.run(partial(_work, *sys.argv[1:]))
