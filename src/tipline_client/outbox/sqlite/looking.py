"""The verbs of the embedded store that only read: the half of `SqliteOutbox` that looks.

Each is handed to the reading thread. What is asked is written in `reading`, in `history` and beside them.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import anyio.to_thread

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import HistoryLine
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.outbox.contract import AcknowledgementRecord, Lane, Strays
from tipline_client.outbox.sqlite import hooks, lanes, reading
from tipline_client.outbox.sqlite.driver import DriverName, library_version
from tipline_client.outbox.sqlite.history import history_of_entry, history_of_lane, lines_after
from tipline_client.outbox.sqlite.opening import Opened
from tipline_client.outbox.sqlite.schema import VERSION
from tipline_client.outbox.sqlite.worker import Worker

__all__ = ["SqliteLook"]

_ORPHANS: Final = 'SELECT "table", rowid FROM pragma_foreign_key_check LIMIT 10'
"""Rows of attempts, acknowledgements, alarms and notes whose entry is gone; walks through all of them."""


class SqliteLook:
    """What an open outbox file can be asked.

    Args:
        opened: The file.
        path: Where it is.
        clock: Says now.
        driver: Which SQLite it is open with.
    """

    def __init__(self, opened: Opened, *, path: Path, clock: Clock, driver: DriverName) -> None:
        self._path = path
        self._clock = clock
        self._driver = driver
        self._opened = opened
        self._reader = Worker(opened.reader, again=opened.reader_again, begin="BEGIN", name="outbox-reader")

    async def get(self, entry_id: str) -> Entry:
        """See `Outbox.get`."""
        return await self._reader.run(lambda execute: reading.get(execute, entry_id))

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Outbox.find`."""
        return await self._reader.run(lambda execute: reading.find(execute, lane, idempotency_key))

    async def list_entries(
        self,
        *,
        states: Sequence[State] | None = None,
        environment: Environment | None = None,
        limit: int = 100,
        after: str | None = None,
        orphaned_at: datetime | None = None,
    ) -> list[Entry]:
        """See `Outbox.list_entries`."""
        return await self._reader.run(
            lambda execute: reading.list_entries(
                execute, states=states, environment=environment, limit=limit, after=after, orphaned_at=orphaned_at
            )
        )

    async def count(self, *, environment: Environment | None = None, lane: Lane | None = None) -> OutboxCounts:
        """See `Outbox.count`."""
        return await self._reader.run(lambda execute: reading.count(execute, environment=environment, lane=lane))

    async def strays(self, served: Sequence[Lane], *, limit: int = 100) -> Strays:
        """See `Outbox.strays`."""
        return await self._reader.run(lambda execute: reading.strays(execute, served, limit=limit))

    async def lane_state(self, lane: Lane) -> LaneState:
        """See `Outbox.lane_state`."""
        return await self._reader.run(lambda execute: lanes.lane_state(execute, lane, now=self._clock.now()))

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """See `Outbox.attempts`."""
        return await self._reader.run(lambda execute: reading.attempts(execute, entry_id, limit=limit))

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """See `Outbox.acknowledgement`."""
        return await self._reader.run(lambda execute: reading.acknowledgement(execute, entry_id))

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """See `Outbox.rejected_reply`."""
        return await self._reader.run(lambda execute: reading.rejected_reply(execute, entry_id))

    async def replies(self, entry_id: str) -> list[bytes]:
        """See `Outbox.replies`."""
        return await self._reader.run(lambda execute: reading.replies(execute, entry_id))

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """See `Outbox.unreceipted`."""
        return await self._reader.run(lambda execute: reading.unreceipted(execute, limit=limit))

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """See `Outbox.alarms`."""
        return await self._reader.run(lambda execute: reading.alarms(execute, entry_id=entry_id, is_open=is_open))

    async def history(self, entry_id: str) -> list[HistoryLine]:
        """See `Outbox.history`."""
        return await self._reader.run(lambda execute: history_of_entry(execute, entry_id))

    async def lane_history(self, lane: Lane) -> list[HistoryLine]:
        """See `Outbox.lane_history`."""
        return await self._reader.run(lambda execute: history_of_lane(execute, lane))

    async def events(self, *, after: int = 0, limit: int = 100) -> list[HistoryLine]:
        """See `Outbox.events`."""
        return await self._reader.run(lambda execute: lines_after(execute, after=after, limit=limit))

    async def hook_state(self, name: str) -> HookState:
        """See `Outbox.hook_state`."""
        return await self._reader.run(lambda execute: hooks.hook_state(execute, name, now=self._clock.now()))

    async def notes(self, entry_id: str) -> list[tuple[datetime, str]]:
        """See `Outbox.notes`."""
        return await self._reader.run(lambda execute: reading.notes(execute, entry_id))

    async def facts(self) -> Mapping[str, str]:
        """See `Outbox.facts`."""
        mode = await anyio.to_thread.run_sync(lambda: self._path.stat().st_mode & 0o777 if self._path.exists() else 0)
        return {
            "kind": "sqlite",
            "driver": self._driver,
            "sqlite_version": ".".join(map(str, library_version(self._driver))),
            "journal_mode": self._opened.journal_mode,
            "schema_version": str(VERSION),
            "file": os.fspath(self._path),
            "file_mode": f"{mode:04o}",
        }

    async def integrity_problems(self) -> tuple[str, ...]:
        """What SQLite's own quick check finds wrong with the file, at most ten, and at most ten rows of no entry.

        Raises:
            OutboxUnavailableError: The file cannot even be read that far.
        """
        rows = await self._reader.run(lambda execute: execute("PRAGMA quick_check(10)"))
        astray = await self._reader.run(lambda execute: execute(_ORPHANS))
        orphans = [f"row {number} of {table} belongs to no entry" for table, number in astray]
        return (*(str(found) for [found] in rows if found != "ok"), *orphans)
