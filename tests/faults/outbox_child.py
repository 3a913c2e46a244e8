"""A process that tests kill, starve or let hold a lock: it uses an outbox file as its arguments say.

python -m tests.faults.outbox_child enqueue FILE DRIVER ROUND   enqueues for ever, prints each id that is durable
python -m tests.faults.outbox_child lock FILE DRIVER            holds the write lock until its input ends
python -m tests.faults.outbox_child open FILE DRIVER            holds the file open until its input ends
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

from tests.contract.values import new_entry
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import DriverName, connect


async def enqueue_for_ever(path: str, driver: DriverName, number: str) -> None:
    """Enqueue from eight tasks; an id is printed only after the outbox has answered."""
    outbox = SqliteOutbox.open(path, driver=driver)

    async def one(lane: int) -> None:
        count = 0
        while True:
            entry, _ = await outbox.enqueue(new_entry(f"{number}-{lane}-{count}"))
            sys.stdout.write(entry.id + "\n")
            sys.stdout.flush()
            count += 1

    await asyncio.gather(*(one(lane) for lane in range(8)))


async def hold_open(path: str, driver: DriverName) -> None:
    """Keep an outbox open."""
    outbox = SqliteOutbox.open(path, driver=driver)
    _wait_for_the_end()
    await outbox.close()


def hold_lock(path: str, driver: DriverName) -> None:
    """Keep a write transaction open, with a row in it that is never committed."""
    connection = connect(Path(path), driver=driver, busy_timeout=1)
    connection.execute("BEGIN EXCLUSIVE")
    _wait_for_the_end()
    connection.execute("ROLLBACK")


def _wait_for_the_end() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    verb, file, name, *rest = sys.argv[1:]
    match verb:
        case "enqueue":
            asyncio.run(enqueue_for_ever(file, cast("DriverName", name), rest[0]))
        case "lock":
            hold_lock(file, cast("DriverName", name))
        case "open":
            asyncio.run(hold_open(file, cast("DriverName", name)))
