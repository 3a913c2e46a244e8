"""The tables in PostgreSQL, as numbered migrations that only ever grow.

Columns mean what they mean in the SQLite file: times are microseconds since 1970 in UTC, texts have no length. All of
it lives in the schema `tipline`. Nothing here runs a statement.
"""

from typing import Final

from tipline_client.outbox.columns import NEVER
from tipline_client.outbox.postgres.archive_tables import ARCHIVE

__all__ = ["MIGRATIONS"]

_FUNCTIONS: Final = (
    """
    CREATE FUNCTION tipline.clock() RETURNS bigint LANGUAGE sql VOLATILE
        AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint'
    """,
    # An index holds some 2,700 bytes a row, and a profile's name may be longer.
    """
    CREATE FUNCTION tipline.fingerprint(words text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT
        AS $$SELECT sha256(convert_to(words, 'UTF8'))$$
    """,
)

# Hash indexes keep ids and keys of any length unique, and serve whoever looks for one by hand as well.
_TABLES: Final = (
    f"""
    CREATE TABLE tipline.entries (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL,
        profile text NOT NULL,
        environment text NOT NULL CHECK (environment IN ('testing', 'production', 'mock')),
        idempotency_key text NOT NULL,
        content_digest text NOT NULL,
        envelope bytea NOT NULL,
        is_escalated boolean NOT NULL,
        state text NOT NULL
            CHECK (state IN
                ('held', 'queued', 'leased', 'acknowledged', 'dead_letter', 'retracted', 'filed_by_hand')),
        checkpoint text NOT NULL,
        lapses_at bigint NOT NULL DEFAULT {NEVER},
        attempts integer NOT NULL DEFAULT 0,
        last_failure text,
        withdrawal_reason text,
        enqueued_at bigint NOT NULL,
        available_at bigint NOT NULL,
        lease_token text,
        lease_expires_at bigint,
        CONSTRAINT entries_id EXCLUDE USING hash (id WITH =),
        CONSTRAINT entries_idempotency_key
            EXCLUDE USING hash ((ARRAY[environment, profile, idempotency_key]) WITH =)
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)
    """,
    """
    CREATE TABLE tipline.attempts (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry bigint NOT NULL REFERENCES tipline.entries (number),
        started_at bigint NOT NULL,
        ended_at bigint NOT NULL,
        outcome text NOT NULL,
        failure text,
        burns boolean NOT NULL,
        lease_token text
    )
    """,
    """
    CREATE TABLE tipline.acknowledgements (
        entry bigint PRIMARY KEY REFERENCES tipline.entries (number),
        report_id text NOT NULL,
        acknowledged_at bigint NOT NULL,
        facts text NOT NULL,
        reply bytea NOT NULL,
        receipt bytea
    )
    """,
    """
    CREATE TABLE tipline.rejections (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry bigint NOT NULL REFERENCES tipline.entries (number),
        rejected_at bigint NOT NULL,
        reply bytea NOT NULL
    )
    """,
    """
    CREATE TABLE tipline.alarms (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry bigint NOT NULL REFERENCES tipline.entries (number),
        kind text NOT NULL,
        text text NOT NULL,
        raised_at bigint NOT NULL,
        closed_at bigint,
        closed_note text
    )
    """,
    """
    CREATE TABLE tipline.notes (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry bigint NOT NULL REFERENCES tipline.entries (number),
        written_at bigint NOT NULL,
        text text NOT NULL
    )
    """,
)

# The partial indexes leave delivered rows out, so that the dispatcher's questions cost the same however many there are.
_INDEXES: Final = (
    """
    CREATE INDEX entries_in_line ON tipline.entries
        (environment, tipline.fingerprint(profile), is_escalated DESC, lapses_at, number)
        WHERE state IN ('queued', 'leased')
    """,
    """
    CREATE INDEX entries_waiting ON tipline.entries (environment, tipline.fingerprint(profile), enqueued_at)
        INCLUDE (state) WHERE state IN ('held', 'queued', 'leased')
    """,
    """
    CREATE INDEX entries_available ON tipline.entries (environment, tipline.fingerprint(profile), available_at)
        WHERE state = 'queued'
    """,
    """
    CREATE INDEX entries_leased ON tipline.entries (environment, tipline.fingerprint(profile), lease_expires_at)
        WHERE state = 'leased'
    """,
    "CREATE INDEX entries_by_state ON tipline.entries (environment, state, number)",
    "CREATE INDEX attempts_of_entry ON tipline.attempts (entry, number)",
    "CREATE INDEX acknowledgements_unreceipted ON tipline.acknowledgements (entry) WHERE receipt IS NULL",
    "CREATE INDEX rejections_of_entry ON tipline.rejections (entry, number)",
    "CREATE INDEX alarms_of_entry ON tipline.alarms (entry, number)",
    "CREATE INDEX alarms_open ON tipline.alarms (number, entry) WHERE closed_at IS NULL",
    "CREATE INDEX notes_of_entry ON tipline.notes (entry, number)",
)

# What waits is counted along its index. What has ended grows for ever, so triggers keep its numbers, each in sixteen
# rows: sessions that end entries at the same moment then seldom wait for each other's commit.
_COUNTS: Final = (
    """
    CREATE TABLE tipline.counts (
        environment text NOT NULL,
        profile text NOT NULL,
        state text NOT NULL,
        place integer NOT NULL,
        entries bigint NOT NULL
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE UNIQUE INDEX counts_of_lane ON tipline.counts (environment, tipline.fingerprint(profile), state, place)
    """,
    """
    CREATE FUNCTION tipline.count_ended() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        own_place integer := pg_backend_pid() % 16;
    BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state IN ('acknowledged', 'dead_letter', 'retracted', 'filed_by_hand') THEN
            INSERT INTO tipline.counts AS kept VALUES (OLD.environment, OLD.profile, OLD.state, own_place, -1)
                ON CONFLICT (environment, tipline.fingerprint(profile), state, place)
                DO UPDATE SET entries = kept.entries - 1;
        END IF;
        IF NEW.state IN ('acknowledged', 'dead_letter', 'retracted', 'filed_by_hand') THEN
            INSERT INTO tipline.counts AS kept VALUES (NEW.environment, NEW.profile, NEW.state, own_place, 1)
                ON CONFLICT (environment, tipline.fingerprint(profile), state, place)
                DO UPDATE SET entries = kept.entries + 1;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER counts_entry_added AFTER INSERT ON tipline.entries FOR EACH ROW
        WHEN (NEW.state IN ('acknowledged', 'dead_letter', 'retracted', 'filed_by_hand'))
        EXECUTE FUNCTION tipline.count_ended()
    """,
    """
    CREATE TRIGGER counts_entry_moved AFTER UPDATE OF environment, profile, state ON tipline.entries FOR EACH ROW
        WHEN ((OLD.state, OLD.environment, OLD.profile) IS DISTINCT FROM (NEW.state, NEW.environment, NEW.profile)
            AND (OLD.state IN ('acknowledged', 'dead_letter', 'retracted', 'filed_by_hand')
                OR NEW.state IN ('acknowledged', 'dead_letter', 'retracted', 'filed_by_hand')))
        EXECUTE FUNCTION tipline.count_ended()
    """,
    # Rows are removed many at a time, by whoever clears out old ones; a trigger for each would take the square of them.
    """
    CREATE FUNCTION tipline.count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO tipline.counts AS kept
            SELECT environment, profile, state, pg_backend_pid() % 16, -count(*) FROM removed
            WHERE state IN ('acknowledged', 'dead_letter', 'retracted', 'filed_by_hand')
            GROUP BY environment, profile, state
            ON CONFLICT (environment, tipline.fingerprint(profile), state, place)
            DO UPDATE SET entries = kept.entries + excluded.entries;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER counts_entry_removed AFTER DELETE ON tipline.entries REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION tipline.count_removed()
    """,
)

# All dispatchers of a lane pause together, so what they know of the endpoint is kept where all of them see it.
_LANES: Final = (
    """
    CREATE TABLE tipline.lanes (
        environment text NOT NULL,
        profile text NOT NULL,
        version bigint NOT NULL,
        state text NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX lanes_of_all ON tipline.lanes (environment, tipline.fingerprint(profile))",
)

# Lines of entries that were enqueued before begin with what happened next. They outlive the entries, whoever removes
# these, and so refer to them by number alone. A line has a place among all lines once it
# is committed and somebody read so far.
_HISTORY: Final = (
    """
    CREATE TABLE tipline.history (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        place bigint,
        at bigint NOT NULL,
        profile text NOT NULL,
        environment text NOT NULL,
        entry bigint,
        entry_id text,
        kind text NOT NULL,
        facts text NOT NULL,
        link text NOT NULL
    )
    """,
    "CREATE INDEX history_of_entry ON tipline.history (entry, number) WHERE entry IS NOT NULL",
    """
    CREATE INDEX history_of_lane ON tipline.history (environment, tipline.fingerprint(profile), number)
        WHERE entry IS NULL
    """,
    "CREATE UNIQUE INDEX history_in_place ON tipline.history (place)",
    "CREATE INDEX history_unplaced ON tipline.history (number) WHERE place IS NULL",
)

_HOOKS: Final = ("CREATE TABLE tipline.hooks (name text PRIMARY KEY, version bigint NOT NULL, state text NOT NULL)",)

# Who switches a dispatcher to production is found out by what was served before.
_SERVED: Final = (
    "CREATE TABLE tipline.served (environment text NOT NULL, profile text NOT NULL, served_at bigint NOT NULL)",
    "CREATE UNIQUE INDEX served_lanes ON tipline.served (environment, tipline.fingerprint(profile))",
)

_FILED_BY_HAND: Final = ("ALTER TABLE tipline.entries ADD COLUMN filed_by_hand_as text",)

# The clock of a filing begins with the knowledge, or with the enqueueing if nothing is said of that; a warning that it
# is nearly over is told once.
_CLOCK: Final = (
    "ALTER TABLE tipline.entries ADD COLUMN known_at bigint",
    "ALTER TABLE tipline.entries ADD COLUMN warned_at bigint",
    """
    CREATE INDEX entries_clock ON tipline.entries
        (environment, tipline.fingerprint(profile), coalesce(known_at, enqueued_at), warned_at)
        WHERE state IN ('held', 'queued', 'leased')
    """,
)

# One report is never two entries': neither what this program opened nor what a person filed.
_REPORTS: Final = (
    "ALTER TABLE tipline.entries ADD COLUMN report_id text",
    """
    CREATE UNIQUE INDEX entries_reports ON tipline.entries (report_id, environment, tipline.fingerprint(profile))
        WHERE report_id IS NOT NULL
    """,
    "CREATE INDEX entries_filed_by_hand ON tipline.entries (filed_by_hand_as) WHERE filed_by_hand_as IS NOT NULL",
)

# A suspected orphan is looked for while it may be open, which is a day; one that was written down before this column
# was there is found with the next record of its entry.
_ORPHANS: Final = (
    "ALTER TABLE tipline.entries ADD COLUMN orphans_lapse_at bigint",
    """
    CREATE INDEX entries_orphaned ON tipline.entries (environment, orphans_lapse_at)
        WHERE orphans_lapse_at IS NOT NULL
    """,
)

# What is sealed with a submission's own key lies beside that key, wrapped: to erase the key is to erase it all.
_SEALED: Final = (
    "ALTER TABLE tipline.entries ADD COLUMN data_key text NOT NULL DEFAULT ''",
    """
    CREATE TABLE tipline.replies (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry bigint NOT NULL REFERENCES tipline.entries (number),
        received_at bigint NOT NULL,
        reply bytea NOT NULL
    )
    """,
    "CREATE INDEX replies_of_entry ON tipline.replies (entry, number)",
)

# Their keys are made of expressions, which identify no row to a subscriber; and where a publication is of all tables,
# PostgreSQL refuses to change a row that it could not identify.
_REPLICATED: Final = tuple(
    f"ALTER TABLE tipline.{table} REPLICA IDENTITY FULL" for table in ("versions", "counts", "lanes", "served")
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (*_FUNCTIONS, *_TABLES, *_INDEXES, *_COUNTS),
    _LANES,
    _HISTORY,
    _HOOKS,
    _SERVED,
    _FILED_BY_HAND,
    _CLOCK,
    _REPORTS,
    _ORPHANS,
    _SEALED,
    ARCHIVE,
    _REPLICATED,
)
"""The statements that lead from each schema version to the next; a released one is never edited, only followed."""
