"""The tables, as numbered migrations that only ever grow, and how a file is brought up to date or refused.

Times are microseconds since 1970 in UTC. Text columns have no length: an id, key or error of any size is kept whole.
What the rows mean belongs to `rows`; what is done with them to `statements`.
"""

from typing import Final

from tipline_client.errors import ConfigurationError
from tipline_client.outbox.columns import NEVER
from tipline_client.outbox.sqlite.archive_tables import ARCHIVE
from tipline_client.outbox.sqlite.driver import Connection
from tipline_client.outbox.sqlite.names import check_names

__all__ = ["APPLICATION_ID", "MIGRATIONS", "VERSION", "check_version", "migrate"]

APPLICATION_ID: Final = 0x5449504C
"""Marks the file as an outbox for `file` and for ourselves: the letters TIPL."""

_TABLES: Final = (
    f"""
    CREATE TABLE entries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        environment TEXT NOT NULL CHECK (environment IN ('testing', 'production', 'mock')),
        idempotency_key TEXT NOT NULL,
        content_digest TEXT NOT NULL,
        envelope BLOB NOT NULL,
        is_escalated INTEGER NOT NULL CHECK (is_escalated IN (0, 1)),
        state TEXT NOT NULL
            CHECK (state IN
                ('held', 'queued', 'leased', 'acknowledged', 'dead_letter', 'retracted', 'filed_by_hand')),
        checkpoint TEXT NOT NULL,
        lapses_at INTEGER NOT NULL DEFAULT {NEVER},
        attempts INTEGER NOT NULL DEFAULT 0,
        last_failure TEXT,
        withdrawal_reason TEXT,
        enqueued_at INTEGER NOT NULL,
        available_at INTEGER NOT NULL,
        lease_token TEXT,
        lease_expires_at INTEGER,
        UNIQUE (environment, profile, idempotency_key)
    ) STRICT
    """,
    """
    CREATE TABLE attempts (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        started_at INTEGER NOT NULL,
        ended_at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        failure TEXT,
        burns INTEGER NOT NULL CHECK (burns IN (0, 1))
    ) STRICT
    """,
    """
    CREATE TABLE acknowledgements (
        entry INTEGER PRIMARY KEY REFERENCES entries (number),
        report_id TEXT NOT NULL,
        acknowledged_at INTEGER NOT NULL,
        facts TEXT NOT NULL,
        reply BLOB NOT NULL,
        receipt BLOB
    ) STRICT
    """,
    """
    CREATE TABLE rejections (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        rejected_at INTEGER NOT NULL,
        reply BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE alarms (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        entry INTEGER NOT NULL REFERENCES entries (number),
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        raised_at INTEGER NOT NULL,
        closed_at INTEGER,
        closed_note TEXT
    ) STRICT
    """,
    """
    CREATE TABLE notes (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        written_at INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT
    """,
)

# The partial indexes leave delivered rows out, so that the dispatcher's questions cost the same however many there are.
_INDEXES: Final = (
    """
    CREATE INDEX entries_in_line ON entries
        (environment, profile, is_escalated DESC, lapses_at, number, state, available_at, lease_expires_at)
        WHERE state IN ('queued', 'leased')
    """,
    "CREATE INDEX entries_waiting ON entries (environment, enqueued_at) WHERE state IN ('held', 'queued', 'leased')",
    "CREATE INDEX entries_available ON entries (environment, available_at) WHERE state = 'queued'",
    "CREATE INDEX entries_by_state ON entries (environment, state, number)",
    "CREATE INDEX attempts_of_entry ON attempts (entry, number)",
    "CREATE INDEX acknowledgements_unreceipted ON acknowledgements (entry) WHERE receipt IS NULL",
    "CREATE INDEX rejections_of_entry ON rejections (entry, number)",
    "CREATE INDEX alarms_of_entry ON alarms (entry, number)",
    "CREATE INDEX alarms_open ON alarms (number, entry) WHERE closed_at IS NULL",
    "CREATE INDEX notes_of_entry ON notes (entry, number)",
)

# Counting a million delivered rows is a scan, even along an index. Triggers keep the numbers instead: two small updates
# in a transaction that is paid for anyway, and right even after somebody changed a row by hand.
_COUNTS: Final = (
    """
    CREATE TABLE counts (
        environment TEXT NOT NULL,
        state TEXT NOT NULL,
        entries INTEGER NOT NULL,
        PRIMARY KEY (environment, state)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO counts
        SELECT environments.column1, states.column1,
            (SELECT count(*) FROM entries WHERE environment = environments.column1 AND state = states.column1)
        FROM (VALUES ('testing'), ('production'), ('mock')) AS environments,
            (VALUES ('held'), ('queued'), ('leased'), ('acknowledged'), ('dead_letter'), ('retracted')) AS states
    """,
    """
    CREATE TRIGGER counts_entry_added AFTER INSERT ON entries BEGIN
        UPDATE counts SET entries = entries + 1 WHERE environment = NEW.environment AND state = NEW.state;
    END
    """,
    """
    CREATE TRIGGER counts_entry_moved AFTER UPDATE OF environment, state ON entries
    WHEN OLD.state <> NEW.state OR OLD.environment <> NEW.environment BEGIN
        UPDATE counts SET entries = entries - 1 WHERE environment = OLD.environment AND state = OLD.state;
        UPDATE counts SET entries = entries + 1 WHERE environment = NEW.environment AND state = NEW.state;
    END
    """,
    """
    CREATE TRIGGER counts_entry_removed AFTER DELETE ON entries BEGIN
        UPDATE counts SET entries = entries - 1 WHERE environment = OLD.environment AND state = OLD.state;
    END
    """,
)

# A dispatcher that drains asks when the next lease ends, so as to outwait one that died.
_LEASES: Final = ("CREATE INDEX entries_leased ON entries (environment, lease_expires_at) WHERE state = 'leased'",)

# A dispatcher asks about its own lane, and somebody may have moved a row to one that nobody serves: so the numbers and
# the indexes are kept by lane, and for every value that a row may hold, also for one that does not exist.
_BY_LANE: Final = (
    "DROP TRIGGER counts_entry_added",
    "DROP TRIGGER counts_entry_moved",
    "DROP TRIGGER counts_entry_removed",
    "DROP TABLE counts",
    """
    CREATE TABLE counts (
        environment TEXT NOT NULL,
        profile TEXT NOT NULL,
        state TEXT NOT NULL,
        entries INTEGER NOT NULL,
        PRIMARY KEY (environment, profile, state)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO counts
        SELECT environment, profile, state, count(*) FROM entries GROUP BY environment, profile, state
    """,
    """
    CREATE TRIGGER counts_entry_added AFTER INSERT ON entries BEGIN
        INSERT INTO counts VALUES (NEW.environment, NEW.profile, NEW.state, 1)
            ON CONFLICT DO UPDATE SET entries = entries + 1;
    END
    """,
    """
    CREATE TRIGGER counts_entry_moved AFTER UPDATE OF environment, profile, state ON entries
    WHEN OLD.state <> NEW.state OR OLD.environment <> NEW.environment OR OLD.profile <> NEW.profile BEGIN
        UPDATE counts SET entries = entries - 1
            WHERE environment = OLD.environment AND profile = OLD.profile AND state = OLD.state;
        INSERT INTO counts VALUES (NEW.environment, NEW.profile, NEW.state, 1)
            ON CONFLICT DO UPDATE SET entries = entries + 1;
    END
    """,
    """
    CREATE TRIGGER counts_entry_removed AFTER DELETE ON entries BEGIN
        UPDATE counts SET entries = entries - 1
            WHERE environment = OLD.environment AND profile = OLD.profile AND state = OLD.state;
    END
    """,
    "DROP INDEX entries_waiting",
    """
    CREATE INDEX entries_waiting ON entries (environment, profile, enqueued_at)
        WHERE state IN ('held', 'queued', 'leased')
    """,
    "DROP INDEX entries_available",
    "CREATE INDEX entries_available ON entries (environment, profile, available_at) WHERE state = 'queued'",
    "DROP INDEX entries_leased",
    "CREATE INDEX entries_leased ON entries (environment, profile, lease_expires_at) WHERE state = 'leased'",
)

# All dispatchers of a lane pause together, so what they know of the endpoint is kept where all of them see it.
_LANES: Final = (
    """
    CREATE TABLE lanes (
        environment TEXT NOT NULL,
        profile TEXT NOT NULL,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (environment, profile)
    ) STRICT, WITHOUT ROWID
    """,
)

# Lines of entries that were enqueued before begin with what happened next. They outlive the entries, whoever removes
# these, and so refer to them by number alone.
_HISTORY: Final = (
    """
    CREATE TABLE history (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        profile TEXT NOT NULL,
        environment TEXT NOT NULL,
        entry INTEGER,
        entry_id TEXT,
        kind TEXT NOT NULL,
        facts TEXT NOT NULL,
        link TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX history_of_entry ON history (entry, position) WHERE entry IS NOT NULL",
    "CREATE INDEX history_of_lane ON history (environment, profile, position) WHERE entry IS NULL",
)

_HOOKS: Final = (
    "CREATE TABLE hooks (name TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

# Who switches a dispatcher to production is found out by what was served before.
_SERVED: Final = (
    """
    CREATE TABLE served (
        environment TEXT NOT NULL,
        profile TEXT NOT NULL,
        served_at INTEGER NOT NULL,
        PRIMARY KEY (environment, profile)
    ) STRICT, WITHOUT ROWID
    """,
)

_FILED_BY_HAND: Final = ("ALTER TABLE entries ADD COLUMN filed_by_hand_as TEXT",)

# The clock of a filing begins with the knowledge, or with the enqueueing if nothing is said of that; a warning that it
# is nearly over is told once.
_CLOCK: Final = (
    "ALTER TABLE entries ADD COLUMN known_at INTEGER",
    "ALTER TABLE entries ADD COLUMN warned_at INTEGER",
    """
    CREATE INDEX entries_clock ON entries (environment, profile, coalesce(known_at, enqueued_at), warned_at)
        WHERE state IN ('held', 'queued', 'leased')
    """,
)

# One report is never two entries': neither what this program opened nor what a person filed.
_REPORTS: Final = (
    "ALTER TABLE entries ADD COLUMN report_id TEXT",
    "CREATE INDEX entries_reports ON entries (report_id, environment, profile) WHERE report_id IS NOT NULL",
    """
    CREATE INDEX entries_filed_by_hand ON entries (filed_by_hand_as, environment, profile)
        WHERE filed_by_hand_as IS NOT NULL
    """,
)

# A suspected orphan is looked for while it may be open, which is a day; one that was written down before this column
# was there is found with the next record of its entry.
_ORPHANS: Final = (
    "ALTER TABLE entries ADD COLUMN orphans_lapse_at INTEGER",
    """
    CREATE INDEX entries_orphaned ON entries (environment, orphans_lapse_at, state)
        WHERE orphans_lapse_at IS NOT NULL
    """,
)

# What is sealed with a submission's own key lies beside that key, wrapped: to erase the key is to erase it all.
_SEALED: Final = (
    "ALTER TABLE entries ADD COLUMN data_key TEXT NOT NULL DEFAULT ''",
    """
    CREATE TABLE replies (
        number INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL REFERENCES entries (number),
        received_at INTEGER NOT NULL,
        reply BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX replies_of_entry ON replies (entry, number)",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (*_TABLES, *_INDEXES),
    _COUNTS,
    _LEASES,
    _BY_LANE,
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
)
"""The statements that lead from each schema version to the next; a released one is never edited, only followed."""

VERSION: Final = len(MIGRATIONS)
"""The schema version that this code reads and writes."""


def migrate(
    connection: Connection, *, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS, is_shared: bool = False
) -> int:
    """Bring a file up to date, all steps in one transaction; another process may be doing the same.

    Args:
        connection: The file.
        migrations: The steps.
        is_shared: Whether the tables of an application may be in the file already.

    Returns:
        The version that was found.

    Raises:
        ConfigurationError: The file belongs to another application or to a newer version of this one.
        OutboxUnavailableError: The storage failed; the file is as it was.
    """
    # A file that is up to date is only read, so that opening never waits for a writer.
    if (found := check_version(connection, newest=len(migrations), is_shared=is_shared)) == len(migrations):
        return found
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = check_version(connection, newest=len(migrations), is_shared=is_shared)
        for statements in migrations[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return found


def check_version(connection: Connection, *, newest: int = VERSION, is_shared: bool = False) -> int:
    """The schema version of an open file, 0 if it is empty or holds the tables of an application alone.

    Args:
        connection: The file.
        newest: The version that is known.
        is_shared: Whether the tables of an application may be in the file already.

    Raises:
        ConfigurationError: The file belongs to another application or to a newer version of this one.
    """
    # The three are read in one transaction: another process may be making the tables between two of them.
    is_first = not connection.in_transaction
    if is_first:
        connection.execute("BEGIN")
    try:
        names = {str(name) for [name] in connection.execute("SELECT name FROM sqlite_schema")}
        [[application]] = connection.execute("PRAGMA application_id")
        [[version]] = connection.execute("PRAGMA user_version")
    finally:
        if is_first and connection.in_transaction:
            connection.execute("ROLLBACK")
    if is_shared and not application and not version:
        check_names(names, needed_by=MIGRATIONS)
    elif application != APPLICATION_ID and (application or version or names):
        raise ConfigurationError(
            "the file is an SQLite database, but no outbox", hint="Name another file for the outbox."
        )
    if version > newest:
        raise ConfigurationError(
            f"the outbox has schema version {version}; this version of tipline-client knows {newest}",
            hint="Upgrade tipline-client to the version that wrote the file, or a later one.",
        )
    return int(version)
