"""Every statement of this store that changes rows, each with a name and a sentence.

Values come in by name and never by formatting. Whether a lease is live is part of the statement that writes, by the
database's clock unless a test sends a time as `now`; a verb's rows are written by one statement where that can be.
"""

from typing import Final

from tipline_client.outbox.postgres.questions import LANE, columns

__all__ = [
    "ADD_ACKNOWLEDGEMENT",
    "ADD_ALARM",
    "ADD_ENTRY",
    "ADD_NOTE",
    "ADD_REJECTION",
    "ANNOUNCE",
    "CLAIM",
    "CLAIM_BY_ID",
    "CLAIM_LONGEST_DUE",
    "CLOSE_ALARM",
    "END_LEASE",
    "FILE_BY_HAND",
    "HOLDER_OF_REPORT",
    "KEEP_RECEIPT",
    "LOCK_ALARM",
    "LOCK_ENTRY",
    "NEWS",
    "RECORD",
    "RENEW",
    "REQUEUE",
    "SET_ASIDE",
    "WITHDRAW",
]

_NOW: Final = "coalesce(%(now)s::bigint, tipline.clock())"
_MOMENT: Final = f"moment AS MATERIALIZED (SELECT {_NOW} AS now)"
# Asked anew if the row had to be waited for: what was live before the wait may be over after it. Written as CASE, so
# that a planner who thinks that next to nothing is leased does not walk along all that is, instead of to the one id.
_LIVE: Final = f"""
    id = %(id)s AND CASE state WHEN 'leased' THEN lease_token = %(token)s AND lease_expires_at > {_NOW} ELSE false END
"""

NEWS: Final = "SELECT pg_notify('tipline_outbox', '')"
"""Wake whoever waits for something to become due, once this transaction is committed."""

ANNOUNCE: Final = f"{NEWS}, set_config('synchronous_commit', 'off', true)"
"""The same in a transaction that does nothing else, and so need not wait for the disk."""

ADD_ENTRY: Final = f"""
    WITH {_MOMENT}, added AS (
        INSERT INTO tipline.entries (id, profile, environment, idempotency_key, content_digest, envelope, data_key,
            is_escalated, state, checkpoint, enqueued_at, available_at, known_at)
        SELECT %(id)s, %(profile)s, %(environment)s, %(idempotency_key)s, %(content_digest)s, %(envelope)s,
            %(data_key)s, %(is_escalated)s, %(state)s, %(checkpoint)s, now, now, %(known_at)s::bigint
        FROM moment
        ON CONFLICT DO NOTHING
        RETURNING *
    )
    SELECT {columns("added")}
    FROM added LEFT JOIN tipline.acknowledgements ON acknowledgements.entry = added.number
"""  # noqa: S608 - names of our own
"""Add an entry unless its key or id is there already; a row comes back only if it was added."""

LOCK_ENTRY: Final = "SELECT number FROM tipline.entries WHERE id = %(id)s FOR UPDATE"
"""Keep everybody else from changing an entry until this transaction ends."""

# A time that is none, or further off than anything is ever put off, counts as come.
_OFF: Final = "NOT BETWEEN (SELECT now + 1 FROM moment) AND (SELECT now + %(horizon)s::bigint FROM moment)"
_IN_LINE: Final = f"""
    SELECT number, state, is_escalated, lapses_at FROM tipline.entries
    WHERE {LANE} AND state IN ('queued', 'leased')
        AND coalesce(CASE state WHEN 'queued' THEN available_at ELSE lease_expires_at END, 0)
            {_OFF}
    ORDER BY is_escalated DESC, lapses_at, number LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - names of our own
_BY_NAME: Final = f"""
    SELECT number, state, is_escalated, lapses_at FROM tipline.entries
    WHERE id = %(id)s AND {LANE} AND CASE state WHEN 'queued' THEN true
        WHEN 'leased' THEN coalesce(lease_expires_at, 0) {_OFF}
        ELSE false END
    LIMIT %(limit)s
    FOR UPDATE
"""  # noqa: S608 - names of our own


# Along two indexes, then asked anew under the lock: a row may have been claimed since.
_LONGEST_DUE: Final = f"""
    SELECT number, state, is_escalated, lapses_at, available_at, lease_expires_at FROM tipline.entries
    WHERE number IN (
        SELECT number FROM (
            (SELECT number, available_at AS due_at FROM tipline.entries
                WHERE {LANE} AND state = 'queued' AND available_at <= (SELECT now FROM moment)
                ORDER BY available_at LIMIT %(limit)s)
            UNION ALL
            (SELECT number, lease_expires_at FROM tipline.entries
                WHERE {LANE} AND state = 'leased' AND lease_expires_at <= (SELECT now FROM moment)
                ORDER BY lease_expires_at LIMIT %(limit)s)
        ) AS both_kinds ORDER BY due_at, number LIMIT %(limit)s
    ) AND CASE state WHEN 'queued' THEN available_at <= (SELECT now FROM moment)
        WHEN 'leased' THEN lease_expires_at <= (SELECT now FROM moment) ELSE false END
    FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - names of our own
_IN_ORDER: Final = "is_escalated DESC, lapses_at, number"
_BY_DUE_TIME: Final = "CASE state WHEN 'queued' THEN available_at ELSE lease_expires_at END, number"


def _claim(due: str, *, order: str = _IN_ORDER) -> str:
    return f"""
        WITH {_MOMENT}, due AS MATERIALIZED ({due}),
        places AS (
            SELECT number, state, row_number() OVER (ORDER BY {order}) AS place FROM due
        ),
        granted AS (
            UPDATE tipline.entries
            SET state = 'leased', lease_token = tokens.token, lease_expires_at = moment.now + %(lease_for)s
            FROM places JOIN unnest(%(tokens)s::text[]) WITH ORDINALITY AS tokens (token, place) USING (place), moment
            WHERE entries.number = places.number
            RETURNING entries.*, place, places.state = 'leased' AS was_leased, moment.now AS started_at
        )
        SELECT {columns("granted")}, granted.was_leased, granted.started_at
        FROM granted LEFT JOIN tipline.acknowledgements ON acknowledgements.entry = granted.number
        ORDER BY granted.place
    """  # noqa: S608 - names of our own


CLAIM: Final = _claim(_IN_LINE)
"""Lease what is due in a lane, in the order of claims; what another dispatcher is just claiming is passed over."""

CLAIM_LONGEST_DUE: Final = _claim(_LONGEST_DUE, order=_BY_DUE_TIME)
"""Lease what has been due longest in a lane."""

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
    RETURNING number
"""  # noqa: S608 - names of our own
"""Take an entry whose row cannot be read out of the line, with a try on record and an alarm; fenced by its token."""

RENEW: Final = f"""
    UPDATE tipline.entries SET lease_expires_at = {_NOW} + %(lease_for)s WHERE {_LIVE}
    RETURNING lease_expires_at
"""  # noqa: S608 - names of our own
"""Fenced: move the end of a lease; a row comes back only if the lease is live."""

HOLDER_OF_REPORT: Final = """
    (
        SELECT other.id FROM tipline.entries JOIN tipline.entries AS other ON other.report_id = %(report_id)s::text
            AND other.environment = entries.environment AND other.profile = entries.profile
        WHERE entries.id = %(id)s AND other.number <> entries.number
    )
    UNION ALL
    (
        SELECT other.id FROM tipline.entries
            JOIN tipline.entries AS other ON other.filed_by_hand_as = %(report_id)s::text
            AND other.environment = entries.environment AND other.profile = entries.profile
        WHERE entries.id = %(id)s AND other.number <> entries.number
    )
    LIMIT 1
"""
"""Whose a report is, if it is another entry's of the same lane."""

# Each of the two has an index of its own. Asked for with OR in one question, a planner that knows nothing of the table
# yet walks through the whole lane.
_NOBODY_ELSES: Final = """
    NOT EXISTS (
        SELECT 1 FROM tipline.entries AS other
        WHERE other.report_id = %(report_id)s::text AND other.number <> entries.number
            AND other.environment = entries.environment AND other.profile = entries.profile
    )
    AND NOT EXISTS (
        SELECT 1 FROM tipline.entries AS other
        WHERE other.filed_by_hand_as = %(report_id)s::text AND other.number <> entries.number
            AND other.environment = entries.environment AND other.profile = entries.profile
    )
"""

RECORD: Final = f"""
    WITH recorded AS (
        UPDATE tipline.entries
        SET checkpoint = %(checkpoint)s, lapses_at = %(lapses_at)s, report_id = %(report_id)s::text,
            orphans_lapse_at = %(orphans_lapse_at)s::bigint
        WHERE {_LIVE} AND {_NOBODY_ELSES} RETURNING number
    ),
    kept AS (
        INSERT INTO tipline.replies (entry, received_at, reply)
        SELECT number, {_NOW}, reply FROM recorded, unnest(%(replies)s::bytea[]) AS reply
    )
    SELECT number FROM recorded
"""  # noqa: S608 - names of our own
"""Fenced: a new checkpoint and replies; a row comes back only if the lease is live and the report nobody else's."""

# An end is never refused for the report's sake: what the endpoint said last is kept, whatever else is wrong.
END_LEASE: Final = f"""
    WITH {_MOMENT}, ended AS (
        UPDATE tipline.entries SET state = %(state)s, checkpoint = %(checkpoint)s, lapses_at = %(lapses_at)s,
            orphans_lapse_at = %(orphans_lapse_at)s::bigint,
            report_id = CASE %(state)s WHEN 'queued' THEN %(report_id)s::text ELSE entries.report_id END,
            attempts = attempts + %(burns)s::boolean::integer,
            last_failure = CASE WHEN %(state)s = 'acknowledged' THEN NULL
                ELSE coalesce(%(failure)s, last_failure) END,
            available_at = moment.now + %(available_in)s::bigint, lease_token = NULL, lease_expires_at = NULL
        FROM moment WHERE {_LIVE} AND (%(state)s <> 'queued' OR {_NOBODY_ELSES})
        RETURNING number, moment.now
    ),
    tried AS (
        INSERT INTO tipline.attempts (entry, started_at, ended_at, outcome, failure, burns, lease_token)
        SELECT number, %(started_at)s, %(ended_at)s, %(outcome)s, %(failure)s, %(burns)s, %(token)s FROM ended
    ),
    kept AS (
        INSERT INTO tipline.replies (entry, received_at, reply)
        SELECT number, now, reply FROM ended, unnest(%(replies)s::bytea[]) AS reply
    )
    SELECT number, now FROM ended
"""  # noqa: S608 - names of our own
"""Fenced: another state, the lease given up and the try on record; a row comes back only if the lease is live."""

ADD_ACKNOWLEDGEMENT: Final = """
    INSERT INTO tipline.acknowledgements (entry, report_id, acknowledged_at, facts, reply)
    VALUES (%(entry)s, %(report_id)s, %(acknowledged_at)s, %(facts)s, %(reply)s)
    ON CONFLICT DO NOTHING
    RETURNING entry
"""
"""Keep an acknowledgement unless one is there; a row comes back only if it was kept."""

KEEP_RECEIPT: Final = """
    UPDATE tipline.acknowledgements SET receipt = %(receipt)s
    WHERE entry = (SELECT number FROM tipline.entries WHERE id = %(id)s) AND receipt IS NULL
    RETURNING entry
"""
"""Keep a receipt unless one is there; a row comes back only if it was kept."""

ADD_REJECTION: Final = """
    INSERT INTO tipline.rejections (entry, rejected_at, reply) VALUES (%(entry)s, %(now)s, %(reply)s)
"""
"""Keep the raw reply behind a dead letter."""

WITHDRAW: Final = f"""
    UPDATE tipline.entries SET withdrawal_reason = %(reason)s, available_at = {_NOW}, state = %(state)s,
        lease_token = CASE %(state)s WHEN 'leased' THEN lease_token END,
        lease_expires_at = CASE %(state)s WHEN 'leased' THEN lease_expires_at END
    WHERE number = %(number)s
    RETURNING available_at
"""  # noqa: S608 - names of our own
"""Write down the wish that an entry not be filed; a lease stays only if the entry stays leased. The moment is back."""

FILE_BY_HAND: Final = f"""
    UPDATE tipline.entries SET filed_by_hand_as = %(report_id)s, withdrawal_reason = %(reason)s,
        available_at = {_NOW}, state = %(state)s, lease_token = NULL, lease_expires_at = NULL
    WHERE number = %(number)s
    RETURNING available_at
"""  # noqa: S608 - names of our own
"""Write down that a person filed the report, and take a lease away; the moment comes back."""

REQUEUE: Final = f"""
    UPDATE tipline.entries
    SET state = 'queued', content_digest = %(content_digest)s, checkpoint = %(checkpoint)s,
        lapses_at = %(lapses_at)s, report_id = %(report_id)s::text,
        orphans_lapse_at = %(orphans_lapse_at)s::bigint, available_at = {_NOW}
    WHERE number = %(number)s
    RETURNING available_at
"""  # noqa: S608 - names of our own
"""Put a dead letter back in the line, due at once; the moment comes back."""

ADD_NOTE: Final = "INSERT INTO tipline.notes (entry, written_at, text) VALUES (%(entry)s, %(now)s, %(text)s)"
"""Write down what a person did to an entry."""

ADD_ALARM: Final = """
    INSERT INTO tipline.alarms (entry, kind, text, raised_at) VALUES (%(entry)s, %(kind)s, %(text)s, %(raised_at)s)
    RETURNING number
"""
"""Raise an alarm."""

LOCK_ALARM: Final = """
    SELECT entries.number FROM tipline.alarms JOIN tipline.entries ON entries.number = alarms.entry
    WHERE alarms.number = %(number)s FOR UPDATE
"""
"""Keep everybody else from changing an alarm and its entry until this transaction ends; the entry's number."""

CLOSE_ALARM: Final = f"""
    UPDATE tipline.alarms SET closed_at = {_NOW}, closed_note = %(note)s WHERE number = %(number)s
"""  # noqa: S608 - names of our own
"""Record that a person looked."""
