"""The history: a line for each change worth telling, written in the transaction of the change itself.

Lines are only ever added. Each is chained to the one before of the same entry, or of the same lane; whoever tells holds
the lock of the entry or lane, so that two lines never follow the same one.
"""

from typing import Any, Final

from tipline_client.delivery.events import Happening, HistoryLine, words_of
from tipline_client.envelope import HistoryChain
from tipline_client.outbox.columns import moment
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.postgres.conversation import Conversation, Value

__all__ = ["history_of_entry", "history_of_lane", "lines_after", "tell", "tell_of_lane"]

_NOW: Final = "coalesce(%(now)s::bigint, tipline.clock())"
_COLUMNS: Final = "at, profile, environment, entry_id, kind, facts, link"
_END_OF_ENTRY: Final = f"""
    SELECT {_NOW}, id, profile, environment, coalesce((SELECT link FROM tipline.history
        WHERE entry = %(entry)s ORDER BY number DESC LIMIT 1), '')
    FROM tipline.entries WHERE number = %(entry)s
"""  # noqa: S608 - names of our own
_LANE: Final = """
    environment = %(environment)s AND tipline.fingerprint(profile) = tipline.fingerprint(%(profile)s) AND entry IS NULL
"""
_END_OF_LANE: Final = f"""
    SELECT {_NOW}, coalesce((SELECT link FROM tipline.history WHERE {_LANE} ORDER BY number DESC LIMIT 1), '')
"""  # noqa: S608 - names of our own
_ADD: Final = f"""
    INSERT INTO tipline.history ({_COLUMNS}, entry)
    SELECT %(at)s, %(profile)s, %(environment)s, %(entry_id)s, kind, facts, link, %(entry)s::bigint
    FROM unnest(%(kinds)s::text[], %(facts)s::text[], %(links)s::text[]) WITH ORDINALITY
        AS lines (kind, facts, link, place) ORDER BY place
    RETURNING number
"""  # noqa: S608 - names of our own
_OF_ENTRY: Final = f"""
    SELECT number, {_COLUMNS} FROM tipline.history
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s) ORDER BY number
"""  # noqa: S608 - names of our own
_OF_LANE: Final = f"SELECT number, {_COLUMNS} FROM tipline.history WHERE {_LANE} ORDER BY number"  # noqa: S608 - names of our own

# Numbers are given when a line is written, and its transaction may commit after one with a higher number. Who reads all
# lines in turn would miss it, so places are given to lines that are committed, by one reader at a time.
_LOCK_PLACES: Final = "SELECT pg_advisory_xact_lock(6073470532629640533)"
_PLACE: Final = """
    WITH unplaced AS (
        SELECT number FROM tipline.history WHERE place IS NULL ORDER BY number LIMIT %(most)s
    ),
    numbered AS (
        SELECT number, row_number() OVER (ORDER BY number)
            + (SELECT coalesce(max(place), 0) FROM tipline.history) AS place
        FROM unplaced
    )
    UPDATE tipline.history SET place = numbered.place FROM numbered WHERE history.number = numbered.number
    RETURNING history.number
"""
_AFTER: Final = f"SELECT place, {_COLUMNS} FROM tipline.history WHERE place > %(after)s ORDER BY place LIMIT %(limit)s"  # noqa: S608 - names of our own
_MOST_PLACED: Final = 1000


def tell(chain: HistoryChain, number: int, *happenings: Happening, now: int | None) -> Conversation[None]:
    """Write down what happened to the entry with this number, whose lock this transaction holds."""
    [(at, entry_id, profile, environment, previous)] = yield _END_OF_ENTRY, {"entry": number, "now": now}
    yield from _add(chain, previous, happenings, at, profile, environment, number, entry_id)


def tell_of_lane(chain: HistoryChain, lane: Lane, what: Happening, *, now: int | None) -> Conversation[None]:
    """Write down what happened to a lane as a whole, whose lock this transaction holds."""
    key = {"environment": lane.environment.value, "profile": lane.profile, "now": now}
    [(at, previous)] = yield _END_OF_LANE, key
    yield from _add(chain, previous, (what,), at, lane.profile, lane.environment.value, None, None)


def history_of_entry(entry_id: str) -> Conversation[list[HistoryLine]]:
    """All lines of an entry, oldest first; see `Outbox.history`."""
    return [_line(row) for row in (yield _OF_ENTRY, {"id": entry_id})]


def history_of_lane(lane: Lane) -> Conversation[list[HistoryLine]]:
    """All lines of a lane as a whole, oldest first; see `Outbox.lane_history`."""
    key = {"environment": lane.environment.value, "profile": lane.profile}
    return [_line(row) for row in (yield _OF_LANE, key)]


def lines_after(*, after: int, limit: int) -> Conversation[list[HistoryLine]]:
    """The next lines of the whole outbox; see `Outbox.events`."""
    yield _LOCK_PLACES, {}
    yield _PLACE, {"most": _MOST_PLACED}
    return [_line(row) for row in (yield _AFTER, {"after": after, "limit": limit})]


def _add(
    chain: HistoryChain,
    previous: str,
    happenings: tuple[Happening, ...],
    at: int,
    profile: str,
    environment: str,
    number: int | None,
    entry_id: str | None,
) -> Conversation[None]:
    words = [words_of(what) for what in happenings]
    links: list[str] = []
    for kind, facts in words:
        previous = chain.link(
            previous,
            at=moment(at),
            profile=profile,
            environment=environment,
            entry_id=entry_id,
            kind=kind,
            facts=facts,
        )
        links.append(previous)
    row: dict[str, Value] = {
        "at": at,
        "profile": profile,
        "environment": environment,
        "entry": number,
        "entry_id": entry_id,
        "kinds": [kind for kind, _ in words],
        "facts": [facts for _, facts in words],
        "links": links,
    }
    yield _ADD, row


def _line(row: tuple[Any, ...]) -> HistoryLine:
    position, at, *words = row
    return HistoryLine(position, moment(at), *words)
