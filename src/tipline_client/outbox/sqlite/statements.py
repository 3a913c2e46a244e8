"""Every statement that reads or changes rows, each with a name and a sentence.

Values come in by name and never by formatting. Whether a lease is live is part of the statement that writes, so that no
moment lies between the look and the write.
"""

from typing import Final

__all__ = [
    "ADD_ACKNOWLEDGEMENT",
    "ADD_ALARM",
    "ADD_ATTEMPT",
    "ADD_ENTRY",
    "ADD_NOTE",
    "ADD_REJECTION",
    "ADD_REPLY",
    "ALARM",
    "ALARMS",
    "ALARMS_OF_ENTRY",
    "ATTEMPTS",
    "CLOSE_ALARM",
    "COUNTS",
    "COUNT_OPEN_ALARMS",
    "DUE",
    "DUE_BY_ID",
    "END_LEASE",
    "ENTRY_BY_ID",
    "ENTRY_BY_KEY",
    "ENTRY_BY_NUMBER",
    "ENTRY_OF_ALARM",
    "FILE_BY_HAND",
    "HOLDER_OF_REPORT",
    "KEEP_RECEIPT",
    "LEASE",
    "LONGEST_KNOWN",
    "LONGEST_LEASED",
    "LONGEST_QUEUED",
    "NEXT_AVAILABLE",
    "NEXT_LEASE_END",
    "NOTES",
    "NUMBERS_IN_STATE",
    "OLDEST_WAITING",
    "OPEN_ALARMS",
    "ORPHANED",
    "RECORD",
    "RECORDED_ACKNOWLEDGEMENT",
    "REJECTED_REPLY",
    "RENEW",
    "REPLIES",
    "REQUEUE",
    "SET_ASIDE",
    "STRAYS",
    "UNRECEIPTED",
    "WITHDRAW",
]

_ENTRY: Final = """
    SELECT entries.number, entries.id, entries.profile, entries.environment, entries.idempotency_key,
        entries.content_digest, entries.envelope, entries.data_key, entries.is_escalated, entries.state,
        entries.checkpoint, entries.attempts, entries.enqueued_at, entries.available_at, entries.withdrawal_reason,
        entries.last_failure, acknowledgements.report_id, acknowledgements.acknowledged_at,
        acknowledgements.entry IS NOT NULL, entries.filed_by_hand_as, entries.known_at, entries.report_id,
        entries.lapses_at, entries.warned_at, entries.orphans_lapse_at, entries.lease_token,
        entries.lease_expires_at
    FROM entries LEFT JOIN acknowledgements ON acknowledgements.entry = entries.number
"""

ADD_ENTRY: Final = """
    INSERT INTO entries (id, profile, environment, idempotency_key, content_digest, envelope, data_key, is_escalated,
        state, checkpoint, enqueued_at, available_at, known_at)
    VALUES (:id, :profile, :environment, :idempotency_key, :content_digest, :envelope, :data_key, :is_escalated,
        :state, :checkpoint, :now, :now, :known_at)
    ON CONFLICT DO NOTHING
    RETURNING number
"""
"""Add an entry unless its key or id is there already; a row comes back only if it was added."""

ENTRY_BY_NUMBER: Final = f"{_ENTRY} WHERE entries.number = :number"
"""One entry by its place in the order of enqueueing."""

ENTRY_BY_ID: Final = f"{_ENTRY} WHERE entries.id = :id"
"""One entry by its id."""

ENTRY_BY_KEY: Final = f"""
    {_ENTRY}
    WHERE entries.environment = :environment AND entries.profile = :profile
        AND entries.idempotency_key = :idempotency_key
"""
"""One entry by its idempotency key, within its lane."""

NUMBERS_IN_STATE: Final = """
    SELECT number FROM entries INDEXED BY entries_by_state
    WHERE environment = :environment AND state = :state AND number > :after
    ORDER BY number LIMIT :limit
"""
"""A page of one environment's entries in one state, by their numbers."""

ORPHANED: Final = """
    SELECT number, state FROM entries INDEXED BY entries_orphaned
    WHERE environment = :environment AND orphans_lapse_at > :moment AND number > :after
"""
"""One environment's entries with a suspected orphan that lapses after a moment, by their numbers, in any order."""

DUE: Final = """
    SELECT number, state FROM entries INDEXED BY entries_in_line
    WHERE environment = :environment AND profile = :profile AND state IN ('queued', 'leased')
        AND coalesce(CASE state WHEN 'queued' THEN available_at ELSE lease_expires_at END, 0)
            NOT BETWEEN :now + 1 AND :last
    ORDER BY is_escalated DESC, lapses_at, number LIMIT :limit
"""
"""What may be claimed in a lane, in the order of claims, and whether it is a take-over.

A time that is none, or further off than anything is ever put off, counts as come: such a row must not wait for ever
unseen.
"""

LONGEST_QUEUED: Final = """
    SELECT number, state, available_at FROM entries INDEXED BY entries_available
    WHERE environment = :environment AND profile = :profile AND state = 'queued' AND available_at <= :now
    ORDER BY available_at LIMIT :limit
"""
"""The queued entries of a lane that have been due longest. Times that are none are left to the order of claims."""

LONGEST_LEASED: Final = """
    SELECT number, state, lease_expires_at FROM entries INDEXED BY entries_leased
    WHERE environment = :environment AND profile = :profile AND state = 'leased' AND lease_expires_at <= :now
    ORDER BY lease_expires_at LIMIT :limit
"""
"""The same of those whose lease has ended."""

DUE_BY_ID: Final = """
    SELECT number, state FROM entries
    WHERE id = :id AND environment = :environment AND profile = :profile
        AND (state = 'queued' OR state = 'leased' AND coalesce(lease_expires_at, 0) NOT BETWEEN :now + 1 AND :last)
"""
"""One entry if it may be claimed by name, whether or not its time has come."""

LEASE: Final = """
    UPDATE entries SET state = 'leased', lease_token = :token, lease_expires_at = :expires_at WHERE number = :number
"""
"""Grant a lease, with a fresh token that ends every earlier one."""

RENEW: Final = """
    UPDATE entries SET lease_expires_at = :expires_at
    WHERE id = :id AND state = 'leased' AND lease_token = :token AND lease_expires_at > :now
    RETURNING number
"""
"""Fenced: move the end of a lease; a row comes back only if the lease is live."""

HOLDER_OF_REPORT: Final = """
    SELECT other.id FROM entries
        JOIN entries AS other INDEXED BY entries_reports ON other.report_id = :report_id
            AND other.environment = entries.environment AND other.profile = entries.profile
    WHERE entries.id = :id AND other.number <> entries.number
    UNION ALL
    SELECT other.id FROM entries
        JOIN entries AS other INDEXED BY entries_filed_by_hand ON other.filed_by_hand_as = :report_id
            AND other.environment = entries.environment AND other.profile = entries.profile
    WHERE entries.id = :id AND other.number <> entries.number
    LIMIT 1
"""
"""Whose a report is, if it is another entry's of the same lane."""

# Each of the two has an index of its own. Asked for with OR in one question, SQLite would walk through the whole lane.
_NOBODY_ELSES: Final = """
    NOT EXISTS (
        SELECT 1 FROM entries AS other INDEXED BY entries_reports
        WHERE other.report_id = :report_id AND other.number <> entries.number
            AND other.environment = entries.environment AND other.profile = entries.profile
    )
    AND NOT EXISTS (
        SELECT 1 FROM entries AS other INDEXED BY entries_filed_by_hand
        WHERE other.filed_by_hand_as = :report_id AND other.number <> entries.number
            AND other.environment = entries.environment AND other.profile = entries.profile
    )
"""

RECORD: Final = f"""
    UPDATE entries SET checkpoint = :checkpoint, lapses_at = :lapses_at, report_id = :report_id,
        orphans_lapse_at = :orphans_lapse_at
    WHERE id = :id AND state = 'leased' AND lease_token = :token AND lease_expires_at > :now AND {_NOBODY_ELSES}
    RETURNING number
"""  # noqa: S608 - names of our own
"""Fenced: replace the checkpoint; a row comes back only if the lease is live and the report nobody else's."""

# An end is never refused for the report's sake: what the endpoint said last is kept, whatever else is wrong.
END_LEASE: Final = f"""
    UPDATE entries SET state = :state, checkpoint = :checkpoint, lapses_at = :lapses_at,
        orphans_lapse_at = :orphans_lapse_at,
        report_id = CASE :state WHEN 'queued' THEN :report_id ELSE report_id END,
        attempts = attempts + :burns,
        last_failure = CASE WHEN :state = 'acknowledged' THEN NULL ELSE coalesce(:failure, last_failure) END,
        available_at = :available_at, lease_token = NULL, lease_expires_at = NULL
    WHERE id = :id AND state = 'leased' AND lease_token = :token AND lease_expires_at > :now
        AND (:state <> 'queued' OR {_NOBODY_ELSES})
    RETURNING number
"""  # noqa: S608 - names of our own
"""Fenced: give the entry another state and the lease up; a row comes back only if the lease is live."""

ADD_ATTEMPT: Final = """
    INSERT INTO attempts (entry, started_at, ended_at, outcome, failure, burns)
    VALUES (:entry, :started_at, :ended_at, :outcome, :failure, :burns)
"""
"""Put a leased try on record."""

ATTEMPTS: Final = """
    SELECT started_at, ended_at, outcome, failure, burns FROM attempts
    WHERE entry = (SELECT number FROM entries WHERE id = :id)
    ORDER BY number DESC LIMIT :limit
"""
"""An entry's most recent tries, the latest first."""

ADD_REPLY: Final = "INSERT INTO replies (entry, received_at, reply) VALUES (:entry, :now, :reply)"
"""Keep the sealed record of a reply."""

REPLIES: Final = """
    SELECT reply FROM replies WHERE entry = (SELECT number FROM entries WHERE id = :id) ORDER BY number
"""
"""The records of an entry's replies, oldest first."""

ADD_ACKNOWLEDGEMENT: Final = """
    INSERT INTO acknowledgements (entry, report_id, acknowledged_at, facts, reply)
    VALUES (:entry, :report_id, :acknowledged_at, :facts, :reply)
    ON CONFLICT DO NOTHING
    RETURNING entry
"""
"""Keep an acknowledgement unless one is there; a row comes back only if it was kept."""

RECORDED_ACKNOWLEDGEMENT: Final = """
    SELECT report_id, facts, reply, receipt FROM acknowledgements
    WHERE entry = (SELECT number FROM entries WHERE id = :id)
"""
"""An entry's acknowledgement, the raw reply behind it and its receipt."""

UNRECEIPTED: Final = """
    SELECT entries.id FROM acknowledgements INDEXED BY acknowledgements_unreceipted
    JOIN entries ON entries.number = acknowledgements.entry
    WHERE acknowledgements.receipt IS NULL ORDER BY acknowledgements.entry LIMIT :limit
"""
"""Entries whose receipt has not been signed, oldest first."""

KEEP_RECEIPT: Final = """
    UPDATE acknowledgements SET receipt = :receipt
    WHERE entry = (SELECT number FROM entries WHERE id = :id) AND receipt IS NULL
    RETURNING entry
"""
"""Keep a receipt unless one is there; a row comes back only if it was kept."""

ADD_REJECTION: Final = "INSERT INTO rejections (entry, rejected_at, reply) VALUES (:entry, :now, :reply)"
"""Keep the raw reply behind a dead letter."""

REJECTED_REPLY: Final = """
    SELECT reply FROM rejections WHERE entry = (SELECT number FROM entries WHERE id = :id)
    ORDER BY number DESC LIMIT 1
"""
"""The raw reply behind the last dead letter of an entry."""

SET_ASIDE: Final = """
    UPDATE entries SET state = 'dead_letter', last_failure = :failure, lease_token = NULL, lease_expires_at = NULL
    WHERE number = :number
"""
"""Take an entry whose row cannot be read out of the line, leaving the row as it was found."""

WITHDRAW: Final = """
    UPDATE entries SET withdrawal_reason = :reason, available_at = :now, state = :state,
        lease_token = CASE :state WHEN 'leased' THEN lease_token END,
        lease_expires_at = CASE :state WHEN 'leased' THEN lease_expires_at END
    WHERE number = :number
"""
"""Write down the wish that an entry not be filed; a lease stays in force only if the entry stays leased."""

FILE_BY_HAND: Final = """
    UPDATE entries SET filed_by_hand_as = :report_id, withdrawal_reason = :reason, available_at = :now, state = :state,
        lease_token = NULL, lease_expires_at = NULL
    WHERE number = :number
"""
"""Write down that a person filed the report, and take a lease away."""

REQUEUE: Final = """
    UPDATE entries SET state = 'queued', content_digest = :content_digest, checkpoint = :checkpoint,
        lapses_at = :lapses_at, report_id = :report_id, orphans_lapse_at = :orphans_lapse_at, available_at = :now
    WHERE number = :number
"""
"""Put a dead letter back in the line, due at once."""

ADD_NOTE: Final = "INSERT INTO notes (entry, written_at, text) VALUES (:entry, :now, :text)"
"""Write down what a person did to an entry."""

NOTES: Final = """
    SELECT written_at, text FROM notes WHERE entry = (SELECT number FROM entries WHERE id = :id) ORDER BY number
"""
"""What people did to an entry, oldest first."""

ADD_ALARM: Final = """
    INSERT INTO alarms (entry, kind, text, raised_at) VALUES (:entry, :kind, :text, :raised_at) RETURNING number
"""
"""Raise an alarm."""

_ALARM: Final = """
    SELECT alarms.number, entries.id, alarms.kind, alarms.text, alarms.raised_at, alarms.closed_at, alarms.closed_note
    FROM alarms CROSS JOIN entries ON entries.number = alarms.entry
"""
# CROSS keeps SQLite from starting at the entries, of which there may be millions.

ALARM: Final = f"{_ALARM} WHERE alarms.number = :number"
"""One alarm."""

ALARMS: Final = f"{_ALARM} ORDER BY alarms.number"
"""All alarms, oldest first."""

OPEN_ALARMS: Final = """
    SELECT alarms.number, entries.id, alarms.kind, alarms.text, alarms.raised_at, alarms.closed_at, alarms.closed_note
    FROM alarms INDEXED BY alarms_open CROSS JOIN entries ON entries.number = alarms.entry
    WHERE alarms.closed_at IS NULL ORDER BY alarms.number
"""
"""The alarms that no person has closed, oldest first."""

ALARMS_OF_ENTRY: Final = """
    SELECT alarms.number, entries.id, alarms.kind, alarms.text, alarms.raised_at, alarms.closed_at, alarms.closed_note
    FROM entries JOIN alarms INDEXED BY alarms_of_entry ON alarms.entry = entries.number
    WHERE entries.id = :id ORDER BY alarms.number
"""
"""The alarms of one entry, oldest first."""

ENTRY_OF_ALARM: Final = "SELECT entry FROM alarms WHERE number = :number"
"""Whose alarm it is, by the entry's number."""

CLOSE_ALARM: Final = "UPDATE alarms SET closed_at = :now, closed_note = :note WHERE number = :number"
"""Record that a person looked."""

COUNTS: Final = "SELECT environment, profile, state, entries FROM counts WHERE entries > 0"
"""How many entries each lane has in each state, in the rows' own words, from the numbers that triggers keep."""

STRAYS: Final = """
    SELECT number, id FROM entries INDEXED BY entries_by_state
    WHERE environment = :environment AND state = :state AND profile = :profile ORDER BY number LIMIT :limit
"""
"""The first entries of a lane that are in one state."""

COUNT_OPEN_ALARMS: Final = """
    SELECT count(*) FROM alarms INDEXED BY alarms_open CROSS JOIN entries ON entries.number = alarms.entry
    WHERE alarms.closed_at IS NULL AND (:environment IS NULL OR entries.environment = :environment)
        AND (:profile IS NULL OR entries.profile = :profile)
"""
"""How many alarms no person has closed."""

OLDEST_WAITING: Final = """
    SELECT min(enqueued_at) FROM entries INDEXED BY entries_waiting
    WHERE environment = :environment AND profile = :profile AND state IN ('held', 'queued', 'leased')
        AND enqueued_at BETWEEN :first AND :last
"""
"""When the oldest unfiled entry of a lane was enqueued."""

LONGEST_KNOWN: Final = """
    SELECT min(coalesce(known_at, enqueued_at)) FROM entries INDEXED BY entries_clock
    WHERE environment = :environment AND profile = :profile AND state IN ('held', 'queued', 'leased')
        AND coalesce(known_at, enqueued_at) BETWEEN :first AND :last
"""
"""When the clock of an unfiled entry of a lane began first."""

NEXT_AVAILABLE: Final = """
    SELECT min(available_at) FROM entries INDEXED BY entries_available
    WHERE environment = :environment AND profile = :profile AND state = 'queued'
        AND available_at BETWEEN :first AND :last
"""
"""The earliest moment at which a queued entry of a lane may be tried."""

NEXT_LEASE_END: Final = """
    SELECT min(lease_expires_at) FROM entries INDEXED BY entries_leased
    WHERE environment = :environment AND profile = :profile AND state = 'leased'
        AND lease_expires_at BETWEEN :first AND :last
"""
"""The earliest moment at which a lease of a lane ends, unless it is renewed."""
