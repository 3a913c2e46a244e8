"""Every statement of this store that reads or changes rows, each with a name and a sentence.

Values come in by name and never by formatting. Whether a lease is live is part of the statement that writes, by the
database's clock unless a test sends a time as `now`; a verb's rows are written by one statement where that can be.
"""

from typing import Final

__all__ = [
    "ACKNOWLEDGED",
    "ADD_ACKNOWLEDGEMENT",
    "ADD_ALARM",
    "ADD_ENTRY",
    "ADD_NOTE",
    "ADD_REJECTION",
    "ALARM",
    "ALARMS",
    "ALARMS_OF_ENTRY",
    "ANNOUNCE",
    "ATTEMPTS",
    "CLAIM",
    "CLAIM_BY_ID",
    "CLOSE_ALARM",
    "COUNT_ENDED",
    "COUNT_OPEN_ALARMS",
    "COUNT_WAITING",
    "ENDED_BY",
    "END_LEASE",
    "ENTRY_BY_ID",
    "ENTRY_BY_KEY",
    "ENTRY_BY_NUMBER",
    "KEEP_RECEIPT",
    "LANES",
    "LOCK_ALARM",
    "LOCK_ENTRY",
    "NEWS",
    "NEXT_AVAILABLE",
    "NEXT_LEASE_END",
    "NOTES",
    "NUMBER_OF_ENTRY",
    "OLDEST_WAITING",
    "OPEN_ALARMS",
    "PAGE",
    "RECORD",
    "RECORDED_ACKNOWLEDGEMENT",
    "REJECTED_REPLY",
    "RENEW",
    "REQUEUE",
    "SET_ASIDE",
    "STRAYS",
    "UNRECEIPTED",
    "WITHDRAW",
]

_NOW: Final = "coalesce(%(now)s::bigint, tipline.clock())"
_MOMENT: Final = f"moment AS MATERIALIZED (SELECT {_NOW} AS now)"
# Asked anew if the row had to be waited for: what was live before the wait may be over after it.
_LIVE: Final = f"id = %(id)s AND state = 'leased' AND lease_token = %(token)s AND lease_expires_at > {_NOW}"
_LANE: Final = "environment = %(environment)s AND tipline.fingerprint(profile) = tipline.fingerprint(%(profile)s)"
# The index on both, which is the one that keeps keys unique.
_KEY: Final = "ARRAY[environment, profile, idempotency_key] = ARRAY[%(environment)s, %(profile)s, %(idempotency_key)s]"


def _columns(entries: str) -> str:
    return f"""
        {entries}.number, {entries}.id, {entries}.profile, {entries}.environment, {entries}.idempotency_key,
        {entries}.content_digest, {entries}.envelope, {entries}.is_escalated, {entries}.state, {entries}.checkpoint,
        {entries}.attempts, {entries}.enqueued_at, {entries}.available_at, {entries}.withdrawal_reason,
        {entries}.last_failure, acknowledgements.report_id, acknowledgements.acknowledged_at,
        acknowledgements.entry IS NOT NULL, {entries}.lapses_at, {entries}.lease_token, {entries}.lease_expires_at
    """


_ENTRY: Final = f"""
    SELECT {_columns("entries")}
    FROM tipline.entries LEFT JOIN tipline.acknowledgements ON acknowledgements.entry = entries.number
"""  # noqa: S608 - names of our own

NEWS: Final = "SELECT pg_notify('tipline_outbox', '')"
"""Wake whoever waits for something to become due, once this transaction is committed."""

ANNOUNCE: Final = f"{NEWS}, set_config('synchronous_commit', 'off', true)"
"""The same in a transaction that does nothing else, and so need not wait for the disk."""

ADD_ENTRY: Final = f"""
    WITH {_MOMENT}, added AS (
        INSERT INTO tipline.entries (id, profile, environment, idempotency_key, content_digest, envelope, is_escalated,
            state, checkpoint, enqueued_at, available_at)
        SELECT %(id)s, %(profile)s, %(environment)s, %(idempotency_key)s, %(content_digest)s, %(envelope)s,
            %(is_escalated)s, %(state)s, %(checkpoint)s, now, now
        FROM moment
        ON CONFLICT DO NOTHING
        RETURNING *
    )
    SELECT {_columns("added")}
    FROM added LEFT JOIN tipline.acknowledgements ON acknowledgements.entry = added.number
"""  # noqa: S608 - names of our own
"""Add an entry unless its key or id is there already; a row comes back only if it was added."""

ENTRY_BY_NUMBER: Final = f"{_ENTRY} WHERE entries.number = %(number)s"
"""One entry by its place in the order of enqueueing."""

ENTRY_BY_ID: Final = f"{_ENTRY} WHERE entries.id = %(id)s"
"""One entry by its id."""

ENTRY_BY_KEY: Final = f"{_ENTRY} WHERE {_KEY}"
"""One entry by its idempotency key, within its lane."""

NUMBER_OF_ENTRY: Final = "SELECT number FROM tipline.entries WHERE id = %(id)s"
"""An entry's place in the order of enqueueing."""

LOCK_ENTRY: Final = "SELECT number FROM tipline.entries WHERE id = %(id)s FOR UPDATE"
"""Keep everybody else from changing an entry until this transaction ends."""

PAGE: Final = f"""
    WITH page AS MATERIALIZED (
        SELECT found.number
        FROM unnest(%(environments)s::text[]) AS environments (environment),
            unnest(%(states)s::text[]) AS states (state),
            LATERAL (
                SELECT number FROM tipline.entries
                WHERE entries.environment = environments.environment AND entries.state = states.state
                    AND number > %(after)s
                ORDER BY number LIMIT %(limit)s
            ) AS found
        ORDER BY found.number LIMIT %(limit)s
    )
    {_ENTRY} JOIN page ON page.number = entries.number ORDER BY entries.number
"""  # noqa: S608 - names of our own
"""A page of entries: one short walk for each environment and state, put together in order."""

_IN_LINE: Final = f"""
    SELECT number, state, is_escalated, lapses_at FROM tipline.entries
    WHERE {_LANE} AND state IN ('queued', 'leased')
        AND coalesce(CASE state WHEN 'queued' THEN available_at ELSE lease_expires_at END, 0)
            NOT BETWEEN (SELECT now + 1 FROM moment) AND %(last)s
    ORDER BY is_escalated DESC, lapses_at, number LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - names of our own
_BY_NAME: Final = f"""
    SELECT number, state, is_escalated, lapses_at FROM tipline.entries
    WHERE id = %(id)s AND {_LANE} AND (state = 'queued' OR state = 'leased'
        AND coalesce(lease_expires_at, 0) NOT BETWEEN (SELECT now + 1 FROM moment) AND %(last)s)
    LIMIT %(limit)s
    FOR UPDATE
"""  # noqa: S608 - names of our own


def _claim(due: str) -> str:
    return f"""
        WITH {_MOMENT}, due AS MATERIALIZED ({due}),
        places AS (
            SELECT number, state, row_number() OVER (ORDER BY is_escalated DESC, lapses_at, number) AS place FROM due
        ),
        granted AS (
            UPDATE tipline.entries
            SET state = 'leased', lease_token = tokens.token, lease_expires_at = moment.now + %(lease_for)s
            FROM places JOIN unnest(%(tokens)s::text[]) WITH ORDINALITY AS tokens (token, place) USING (place), moment
            WHERE entries.number = places.number
            RETURNING entries.*, place, places.state = 'leased' AS was_leased, moment.now AS started_at
        )
        SELECT {_columns("granted")}, granted.was_leased, granted.started_at
        FROM granted LEFT JOIN tipline.acknowledgements ON acknowledgements.entry = granted.number
        ORDER BY granted.place
    """  # noqa: S608 - names of our own


CLAIM: Final = _claim(_IN_LINE)
"""Lease what is due in a lane, in the order of claims; what another dispatcher is just claiming is passed over."""

CLAIM_BY_ID: Final = _claim(_BY_NAME)
"""Lease one entry by name, whether or not its time has come."""

SET_ASIDE: Final = f"""
    WITH {_MOMENT}, ended AS (
        UPDATE tipline.entries SET state = 'dead_letter', last_failure = %(failure)s,
            lease_token = NULL, lease_expires_at = NULL
        WHERE number = %(number)s AND state = 'leased' AND lease_token = %(token)s
        RETURNING number
    ),
    tried AS (
        INSERT INTO tipline.attempts (entry, started_at, ended_at, outcome, failure, burns)
        SELECT number, now, now, %(outcome)s, %(failure)s, false FROM ended, moment
    )
    INSERT INTO tipline.alarms (entry, kind, text, raised_at)
    SELECT number, %(kind)s, %(text)s, now FROM ended, moment
    RETURNING entry
"""  # noqa: S608 - names of our own
"""Take an entry whose row cannot be read out of the line, with a try on record and an alarm; fenced by its token."""

RENEW: Final = f"""
    UPDATE tipline.entries SET lease_expires_at = {_NOW} + %(lease_for)s WHERE {_LIVE}
    RETURNING withdrawal_reason, lease_expires_at
"""  # noqa: S608 - names of our own
"""Fenced: move the end of a lease; a row comes back only if the lease is live."""

RECORD: Final = f"""
    UPDATE tipline.entries SET checkpoint = %(checkpoint)s, lapses_at = %(lapses_at)s WHERE {_LIVE} RETURNING number
"""  # noqa: S608 - names of our own
"""Fenced: replace the checkpoint; a row comes back only if the lease is live."""

END_LEASE: Final = f"""
    WITH {_MOMENT}, ended AS (
        UPDATE tipline.entries SET state = %(state)s, checkpoint = %(checkpoint)s, lapses_at = %(lapses_at)s,
            attempts = attempts + %(burns)s::boolean::integer,
            last_failure = CASE WHEN %(state)s = 'acknowledged' THEN NULL
                ELSE coalesce(%(failure)s, last_failure) END,
            available_at = moment.now + CASE WHEN withdrawal_reason IS NULL OR %(knew_of_withdrawal)s
                THEN %(available_in)s::bigint ELSE 0 END,
            lease_token = NULL, lease_expires_at = NULL
        FROM moment WHERE {_LIVE}
        RETURNING number, moment.now
    ),
    tried AS (
        INSERT INTO tipline.attempts (entry, started_at, ended_at, outcome, failure, burns, lease_token)
        SELECT number, %(started_at)s, %(ended_at)s, %(outcome)s, %(failure)s, %(burns)s, %(token)s FROM ended
    )
    SELECT number, now FROM ended
"""  # noqa: S608 - names of our own
"""Fenced: another state, the lease given up and the try on record; a row comes back only if the lease is live."""

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

ADD_ACKNOWLEDGEMENT: Final = """
    INSERT INTO tipline.acknowledgements (entry, report_id, acknowledged_at, facts, reply)
    VALUES (%(entry)s, %(report_id)s, %(acknowledged_at)s, %(facts)s, %(reply)s)
    ON CONFLICT DO NOTHING
    RETURNING entry
"""
"""Keep an acknowledgement unless one is there; a row comes back only if it was kept."""

ACKNOWLEDGED: Final = "SELECT report_id FROM tipline.acknowledgements WHERE entry = %(entry)s"
"""The report that an entry is on record with."""

RECORDED_ACKNOWLEDGEMENT: Final = """
    SELECT report_id, facts, reply, receipt FROM tipline.acknowledgements
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
"""
"""An entry's acknowledgement, the raw reply behind it and its receipt."""

UNRECEIPTED: Final = """
    SELECT entries.id
    FROM (
        SELECT entry FROM tipline.acknowledgements WHERE receipt IS NULL ORDER BY entry LIMIT %(limit)s
    ) AS waiting JOIN tipline.entries ON entries.number = waiting.entry
    ORDER BY waiting.entry
"""
"""Entries whose receipt has not been signed, oldest first."""

KEEP_RECEIPT: Final = """
    UPDATE tipline.acknowledgements SET receipt = coalesce(receipt, %(receipt)s)
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
    RETURNING receipt
"""
"""Keep a receipt unless one is there; the one that is kept comes back."""

ADD_REJECTION: Final = """
    INSERT INTO tipline.rejections (entry, rejected_at, reply) VALUES (%(entry)s, %(now)s, %(reply)s)
"""
"""Keep the raw reply behind a dead letter."""

REJECTED_REPLY: Final = """
    SELECT reply FROM tipline.rejections WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s)
    ORDER BY number DESC LIMIT 1
"""
"""The raw reply behind the last dead letter of an entry."""

WITHDRAW: Final = f"""
    UPDATE tipline.entries SET withdrawal_reason = %(reason)s, available_at = {_NOW}, state = %(state)s
    WHERE number = %(number)s
    RETURNING available_at
"""  # noqa: S608 - names of our own
"""Write down the wish that an entry not be filed; the moment comes back."""

REQUEUE: Final = f"""
    UPDATE tipline.entries
    SET state = 'queued', checkpoint = %(checkpoint)s, lapses_at = %(lapses_at)s, available_at = {_NOW}
    WHERE number = %(number)s
    RETURNING available_at
"""  # noqa: S608 - names of our own
"""Put a dead letter back in the line, due at once; the moment comes back."""

ADD_NOTE: Final = "INSERT INTO tipline.notes (entry, written_at, text) VALUES (%(entry)s, %(now)s, %(text)s)"
"""Write down what a person did to an entry."""

NOTES: Final = """
    SELECT written_at, text FROM tipline.notes
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s) ORDER BY number
"""
"""What people did to an entry, oldest first."""

ADD_ALARM: Final = """
    INSERT INTO tipline.alarms (entry, kind, text, raised_at) VALUES (%(entry)s, %(kind)s, %(text)s, %(raised_at)s)
"""
"""Raise an alarm."""

_ALARM: Final = """
    SELECT alarms.number, entries.id, alarms.kind, alarms.text, alarms.raised_at, alarms.closed_at, alarms.closed_note
    FROM tipline.alarms JOIN tipline.entries ON entries.number = alarms.entry
"""

ALARM: Final = f"{_ALARM} WHERE alarms.number = %(number)s"
"""One alarm."""

LOCK_ALARM: Final = "SELECT number FROM tipline.alarms WHERE number = %(number)s FOR UPDATE"
"""Keep everybody else from closing an alarm until this transaction ends."""

ALARMS: Final = f"{_ALARM} ORDER BY alarms.number"
"""All alarms, oldest first."""

OPEN_ALARMS: Final = f"{_ALARM} WHERE alarms.closed_at IS NULL ORDER BY alarms.number"
"""The alarms that no person has closed, oldest first."""

ALARMS_OF_ENTRY: Final = f"{_ALARM} WHERE entries.id = %(id)s ORDER BY alarms.number"
"""The alarms of one entry, oldest first."""

CLOSE_ALARM: Final = f"""
    UPDATE tipline.alarms SET closed_at = {_NOW}, closed_note = %(note)s WHERE number = %(number)s
"""  # noqa: S608 - names of our own
"""Record that a person looked."""

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
    WHERE {_LANE} AND state IN ('held', 'queued', 'leased') GROUP BY state
"""  # noqa: S608 - names of our own
"""How many entries of a lane wait, in each state; costs as much as waits, and nothing for what has ended."""

STRAYS: Final = f"""
    SELECT number, id FROM tipline.entries
    WHERE {_LANE} AND state IN ('held', 'queued', 'leased') AND state = %(state)s ORDER BY enqueued_at LIMIT %(limit)s
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
    WHERE {_LANE} AND state IN ('held', 'queued', 'leased') AND enqueued_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""When the oldest unfiled entry of a lane was enqueued."""

NEXT_AVAILABLE: Final = f"""
    SELECT min(available_at) FROM tipline.entries
    WHERE {_LANE} AND state = 'queued' AND available_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""The earliest moment at which a queued entry of a lane may be tried."""

NEXT_LEASE_END: Final = f"""
    SELECT min(lease_expires_at) FROM tipline.entries
    WHERE {_LANE} AND state = 'leased' AND lease_expires_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - names of our own
"""The earliest moment at which a lease of a lane ends, unless it is renewed."""
