"""The history read back: of an entry, of a lane, or of the whole outbox from a position on; `writing` writes it."""

from typing import Any, Final

from tipline_client.delivery.events import HistoryLine
from tipline_client.outbox.columns import moment
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.sqlite.driver import Execute

__all__ = ["history_of_entry", "history_of_lane", "lines_after"]

_COLUMNS: Final = "position, at, profile, environment, entry_id, kind, facts, link"

_OF_ENTRY: Final = f"""
    SELECT {_COLUMNS} FROM history INDEXED BY history_of_entry
    WHERE entry = (SELECT number FROM entries WHERE id = :id) ORDER BY position
"""  # noqa: S608 - names of our own
_OF_LANE: Final = f"""
    SELECT {_COLUMNS} FROM history INDEXED BY history_of_lane
    WHERE environment = :environment AND profile = :profile AND entry IS NULL ORDER BY position
"""  # noqa: S608 - names of our own
_AFTER: Final = f"SELECT {_COLUMNS} FROM history WHERE position > :after ORDER BY position LIMIT :limit"  # noqa: S608 - names of our own


def history_of_entry(execute: Execute, entry_id: str) -> list[HistoryLine]:
    """All lines of an entry, oldest first; see `Outbox.history`."""
    return [_line(row) for row in execute(_OF_ENTRY, {"id": entry_id})]


def history_of_lane(execute: Execute, lane: Lane) -> list[HistoryLine]:
    """All lines of a lane as a whole, oldest first; see `Outbox.lane_history`."""
    key = {"environment": lane.environment.value, "profile": lane.profile}
    return [_line(row) for row in execute(_OF_LANE, key)]


def lines_after(execute: Execute, *, after: int, limit: int) -> list[HistoryLine]:
    """The next lines of the whole outbox; see `Outbox.events`."""
    return [_line(row) for row in execute(_AFTER, {"after": after, "limit": limit})]


def _line(row: tuple[Any, ...]) -> HistoryLine:
    position, at, *words = row
    return HistoryLine(position, moment(at), *words)
