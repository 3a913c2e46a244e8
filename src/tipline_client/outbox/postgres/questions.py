"""Every statement of this store that only reads, each with a name and a sentence.

Values come in by name and never by formatting. None of them costs more because many reports are delivered.
"""

from typing import Final

__all__ = [
    "ACKNOWLEDGED",
    "ALARM",
    "ALARMS",
    "ALARMS_OF_ENTRY",
    "ATTEMPTS",
    "COUNT_ENDED",
    "COUNT_OPEN_ALARMS",
    "COUNT_WAITING",
    "ENDED_BY",
    "ENTRY_BY_ID",
    "ENTRY_BY_KEY",
    "ENTRY_BY_NUMBER",
    "LANE",
    "LANES",
    "LONGEST_KNOWN",
    "NEXT_AVAILABLE",
    "NEXT_LEASE_END",
    "NOTES",
    "NUMBER_OF_ENTRY",
    "OLDEST_WAITING",
    "OPEN_ALARMS",
    "ORPHANED_PAGE",
    "PAGE",
    "RECORDED_ACKNOWLEDGEMENT",
    "REJECTED_REPLY",
    "REPLIES",
    "STRAYS",
    "UNRECEIPTED",
    "columns",
]

LANE: Final = "environment = %(environment)s AND tipline.fingerprint(profile) = tipline.fingerprint(%(profile)s)"
"""The condition on an entry to be of a lane, which no index of a name's own length could hold."""

# The index on both, which is the one that keeps keys unique.
_KEY: Final = "ARRAY[environment, profile, idempotency_key] = ARRAY[%(environment)s, %(profile)s, %(idempotency_key)s]"


def columns(entries: str) -> str:
    """The columns of an entry's row as `rows` reads them, from the entries of this name joined to acknowledgements."""
    return f"""
        {entries}.number, {entries}.id, {entries}.profile, {entries}.environment, {entries}.idempotency_key,
        {entries}.content_digest, {entries}.envelope, {entries}.data_key, {entries}.is_escalated, {entries}.state,
        {entries}.checkpoint, {entries}.attempts, {entries}.enqueued_at, {entries}.available_at,
        {entries}.withdrawal_reason, {entries}.last_failure, acknowledgements.report_id,
        acknowledgements.acknowledged_at, acknowledgements.entry IS NOT NULL, {entries}.filed_by_hand_as,
        {entries}.known_at, {entries}.report_id, {entries}.lapses_at, {entries}.warned_at, {entries}.orphans_lapse_at,
        {entries}.lease_token,
        {entries}.lease_expires_at
    """


_ENTRY: Final = f"""
    SELECT {columns("entries")}
    FROM tipline.entries LEFT JOIN tipline.acknowledgements ON acknowledgements.entry = entries.number
"""  # noqa: S608 - names of our own

ENTRY_BY_NUMBER: Final = f"{_ENTRY} WHERE entries.number = %(number)s"
"""One entry by its place in the order of enqueueing."""

ENTRY_BY_ID: Final = f"{_ENTRY} WHERE entries.id = %(id)s"
"""One entry by its id."""

ENTRY_BY_KEY: Final = f"{_ENTRY} WHERE {_KEY}"
"""One entry by its idempotency key, within its lane."""

NUMBER_OF_ENTRY: Final = "SELECT number FROM tipline.entries WHERE id = %(id)s"
"""An entry's place in the order of enqueueing."""

PAGE: Final = f"""
    WITH page AS MATERIALIZED (
        SELECT found.number
        FROM unnest(%(environments)s::text[]) AS environments (environment),
            unnest(%(states)s::text[]) AS states (state),
            LATERAL (
                SELECT number FROM tipline.entries
                WHERE (entries.environment, entries.state, number)
                        > (environments.environment, states.state, %(after)s::bigint)
                    AND (entries.environment, entries.state, number)
                        < (environments.environment, states.state, 9223372036854775807)
                ORDER BY entries.environment, entries.state, number LIMIT %(limit)s
            ) AS found
        ORDER BY found.number LIMIT %(limit)s
    )
    {_ENTRY} JOIN page ON page.number = entries.number ORDER BY entries.number
"""  # noqa: S608 - names of our own
"""A page of entries: one short walk for each environment and state, put together in order.

The walk is written as a stretch of the index on the three; with equal signs the planner may filter all rows instead.
"""

ORPHANED_PAGE: Final = f"""
    WITH orphaned AS MATERIALIZED (
        SELECT number, state FROM tipline.entries
        WHERE environment = ANY(%(environments)s::text[]) AND orphans_lapse_at > %(moment)s::bigint
    ),
    page AS MATERIALIZED (
        SELECT number FROM orphaned WHERE state = ANY(%(states)s::text[]) AND number > %(after)s::bigint
        ORDER BY number LIMIT %(limit)s
    )
    {_ENTRY} JOIN page ON page.number = entries.number ORDER BY entries.number
"""  # noqa: S608 - names of our own
"""A page of the entries with a suspected orphan that lapses after a moment.

All of those are found first, along their index in the order of time; asked for in the order of their numbers, the
planner may walk through all that is delivered.
"""

ENDED_BY: Final = """
    SELECT attempts.outcome FROM tipline.attempts JOIN tipline.entries ON entries.number = attempts.entry
    WHERE entries.id = %(id)s AND attempts.lease_token = %(token)s
"""
"""How a lease was ended by its own holder, if it was."""

ATTEMPTS: Final = """
    SELECT started_at, ended_at, outcome, failure, burns FROM tipline.attempts
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
    ORDER BY number DESC LIMIT %(limit)s
"""
"""An entry's most recent tries, the latest first."""

ACKNOWLEDGED: Final = "SELECT report_id FROM tipline.acknowledgements WHERE entry = %(entry)s"
"""The report that an entry is on record with."""

RECORDED_ACKNOWLEDGEMENT: Final = """
    SELECT report_id, facts, reply, receipt FROM tipline.acknowledgements
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
"""
"""An entry's acknowledgement, the raw reply behind it and its receipt."""

REPLIES: Final = """
    SELECT reply FROM tipline.replies WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
    ORDER BY number
"""
"""The records of an entry's replies, oldest first."""

UNRECEIPTED: Final = """
    SELECT entries.id
    FROM (
        SELECT entry FROM tipline.acknowledgements WHERE receipt IS NULL ORDER BY entry LIMIT %(limit)s
    ) AS waiting JOIN tipline.entries ON entries.number = waiting.entry
    ORDER BY waiting.entry
"""
"""Entries whose receipt has not been signed, oldest first."""

REJECTED_REPLY: Final = """
    SELECT reply FROM tipline.rejections WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
    ORDER BY number DESC LIMIT 1
"""
"""The raw reply behind the last dead letter of an entry."""

NOTES: Final = """
    SELECT written_at, text FROM tipline.notes
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s) ORDER BY number
"""
"""What people did to an entry, oldest first."""

_ALARM: Final = """
    SELECT alarms.number, entries.id, alarms.kind, alarms.text, alarms.raised_at, alarms.closed_at, alarms.closed_note
    FROM tipline.alarms JOIN tipline.entries ON entries.number = alarms.entry
"""

ALARM: Final = f"{_ALARM} WHERE alarms.number = %(number)s"
"""One alarm."""

ALARMS: Final = f"{_ALARM} ORDER BY alarms.number"
"""All alarms, oldest first."""

OPEN_ALARMS: Final = f"{_ALARM} WHERE alarms.closed_at IS NULL ORDER BY alarms.number"
"""The alarms that no person has closed, oldest first."""

ALARMS_OF_ENTRY: Final = f"{_ALARM} WHERE entries.id = %(id)s ORDER BY alarms.number"
"""The alarms of one entry, oldest first."""

COUNT_ENDED: Final = """
    SELECT environment, profile, state, sum(entries)::bigint FROM tipline.counts
    GROUP BY environment, profile, state HAVING sum(entries) > 0
"""
"""How many entries of each lane have ended in each state, from the numbers that triggers keep."""

LANES: Final = """
    WITH RECURSIVE lanes (environment, mark) AS (
        (
            SELECT environment, tipline.fingerprint(profile) FROM tipline.entries
            WHERE state IN ('held', 'queued', 'leased')
            ORDER BY environment, tipline.fingerprint(profile) LIMIT 1
        )
        UNION ALL
        SELECT following.environment, following.mark FROM lanes, LATERAL (
            SELECT environment, tipline.fingerprint(profile) AS mark FROM tipline.entries
            WHERE state IN ('held', 'queued', 'leased')
                AND (environment, tipline.fingerprint(profile)) > (lanes.environment, lanes.mark)
            ORDER BY environment, tipline.fingerprint(profile) LIMIT 1
        ) AS following
    )
    SELECT lanes.environment, example.profile FROM lanes, LATERAL (
        SELECT profile FROM tipline.entries
        WHERE state IN ('held', 'queued', 'leased')
            AND entries.environment = lanes.environment AND tipline.fingerprint(profile) = lanes.mark
        LIMIT 1
    ) AS example
"""
"""The lanes in which something waits: one step along the index for each, however much waits there."""

COUNT_WAITING: Final = f"""
    SELECT state, count(*) FROM tipline.entries
    WHERE {LANE} AND state IN ('held', 'queued', 'leased') GROUP BY state
"""  # noqa: S608 - names of our own
"""How many entries of a lane wait, in each state; costs as much as waits, and nothing for what has ended."""

STRAYS: Final = f"""
    SELECT number, id FROM tipline.entries
    WHERE {LANE} AND state IN ('held', 'queued', 'leased') AND state = %(state)s ORDER BY enqueued_at LIMIT %(limit)s
"""  # noqa: S608 - names of our own
"""The first entries of a lane that wait in one state."""

COUNT_OPEN_ALARMS: Final = """
    SELECT count(*) FROM tipline.alarms JOIN tipline.entries ON entries.number = alarms.entry
    WHERE alarms.closed_at IS NULL
        AND (%(environment)s::text IS NULL OR entries.environment = %(environment)s)
        AND (%(profile)s::text IS NULL OR entries.profile = %(profile)s)
"""
"""How many alarms no person has closed."""

OLDEST_WAITING: Final = f"""
    SELECT min(enqueued_at) FROM tipline.entries
    WHERE {LANE} AND state IN ('held', 'queued', 'leased') AND enqueued_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""When the oldest unfiled entry of a lane was enqueued."""

LONGEST_KNOWN: Final = f"""
    SELECT min(coalesce(known_at, enqueued_at)) FROM tipline.entries
    WHERE {LANE} AND state IN ('held', 'queued', 'leased')
        AND coalesce(known_at, enqueued_at) BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""When the clock of an unfiled entry of a lane began first."""

NEXT_AVAILABLE: Final = f"""
    SELECT min(available_at) FROM tipline.entries
    WHERE {LANE} AND state = 'queued' AND available_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""The earliest moment at which a queued entry of a lane may be tried."""

NEXT_LEASE_END: Final = f"""
    SELECT min(lease_expires_at) FROM tipline.entries
    WHERE {LANE} AND state = 'leased' AND lease_expires_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""The earliest moment at which a lease of a lane ends, unless it is renewed."""
