"""What psycopg's errors mean to whoever called the outbox, by SQLSTATE.

PostgreSQL's own messages quote keys and rows, so none of them is passed on. What libpq says while connecting is: no
content has been sent by then, and whoever reads it needs the host and the reason.
"""

from typing import Final

import psycopg
import psycopg_pool

from tipline_client.errors import (
    ConfigurationError,
    OutboxInDoubtError,
    OutboxUnavailableError,
    ReportTakenError,
    TiplineError,
)

__all__ = ["connect_failure", "failure_of", "is_lost"]

_MEANINGS: Final[dict[str, tuple[str, str]]] = {
    "25006": (
        "the database takes no writes: it is a standby or set to read only",
        "Connect to the primary, for example with target_session_attrs=read-write in the connection string.",
    ),
    "42501": ("the database refuses this user the outbox's tables", "Grant this user the rights on schema tipline."),
    "3F000": ("the outbox's tables are gone", "Find out who removed them; `tipline migrate` makes new, empty ones."),
    "42P01": ("the outbox's tables are gone", "Find out who removed them; `tipline migrate` makes new, empty ones."),
    "53100": ("the database's disk is full", "Free some space on the database's disk, then do it again."),
    "53200": (
        "the database has no room for another lock",
        "Commit now and then where many are queued in one transaction, or raise max_locks_per_transaction there.",
    ),
    "53300": ("the database has no connection left", "Raise max_connections there, or open smaller pools."),
    "57014": (
        "the database did not finish in time",
        "Look for what blocks it in pg_stat_activity; if that is your own transaction, hand in its `connection`.",
    ),
    "55P03": ("another session holds the row for too long", "Look for it in pg_stat_activity, then do it again."),
    "40001": ("the database asks to do it again", "Do it again."),
    "40P01": ("the database asks to do it again", "Do it again."),
}
"""SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html), what each says here, and the way out."""

_REPORTS: Final = "entries_reports"

_LOST_STATES: Final = {"57P01", "57P02", "57P03", "57P05"}
"""The server is being stopped, has crashed, is starting, or ended an idle session."""


def is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is what failed, so that nobody told how the statement ended."""
    if isinstance(error, psycopg_pool.PoolTimeout | psycopg_pool.PoolClosed | psycopg_pool.TooManyRequests):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith("08") or state in _LOST_STATES


def failure_of(error: psycopg.Error, *, is_write: bool) -> TiplineError:
    """The error for a statement that failed.

    Args:
        error: What psycopg raised.
        is_write: Whether it may have changed something by the time the connection was lost.
    """
    if isinstance(error, psycopg_pool.PoolTimeout | psycopg_pool.TooManyRequests):
        return OutboxUnavailableError(
            "the database gave no connection in time; nothing was written",
            hint="Check that the database runs and can be reached, then do it again.",
        )
    if is_lost(error):
        if is_write:
            return OutboxInDoubtError(
                "the connection to the database was lost; whether the write took place is not known"
            )
        return OutboxUnavailableError(
            "the connection to the database was lost", hint="Check that the database runs, then do it again."
        )
    if isinstance(error, psycopg.errors.UniqueViolation) and error.diag.constraint_name == _REPORTS:
        # Two dispatchers were told the same number at once: neither saw what the other wrote.
        return ReportTakenError("this report is on record as another entry's; nothing was written")
    state = error.sqlstate or "none"
    text, hint = _MEANINGS.get(state, ("the database refused", "Look for the statement in the database's own log."))
    return OutboxUnavailableError(f"{text} (SQLSTATE {state}); nothing was written", hint=hint)


def connect_failure(error: psycopg.Error) -> TiplineError:
    """The error for a connection that could not be made."""
    lines = str(error).strip().splitlines() or [""]
    reason = lines[-1].strip()
    if isinstance(error, psycopg.ProgrammingError):
        return ConfigurationError(
            "the connection string of the outbox's database cannot be read",
            hint="Write it as postgresql://user@host/database or as host=... dbname=... user=...",
        )
    return OutboxUnavailableError(
        f"the outbox's database cannot be reached: {reason}",
        hint="Check host, port, database, user and password of the connection string, and that the database runs.",
    )
