"""Every error of the driver is one of ours, and none of them tells what was in a row."""

import psycopg
import psycopg_pool
import pytest
from psycopg import errors

from tipline_client.errors import OutboxError, OutboxInDoubtError
from tipline_client.outbox.postgres.failures import connect_failure, failure_of

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, psycopg.Error)]
POOL = [psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed, psycopg_pool.TooManyRequests]


@pytest.mark.parametrize("is_write", [False, True])
def test_every_error_of_the_driver(is_write: bool) -> None:
    """No error of the driver is without a meaning, and its message is left behind."""
    failures = [failure_of(kind("key (coffee mug) exists"), is_write=is_write) for kind in (*KINDS, *POOL)]

    assert 200 < len(failures)
    assert all(isinstance(failure, OutboxError) and failure.hint for failure in failures)
    assert not [failure for failure in failures if "mug" in f"{failure} {failure.hint}"]


@pytest.mark.parametrize(
    ("kind", "is_in_doubt"),
    [
        (psycopg.OperationalError, True),
        (errors.ConnectionFailure, True),
        (errors.AdminShutdown, True),
        (errors.CrashShutdown, True),
        (errors.QueryCanceled, False),
        (errors.DiskFull, False),
        (errors.DeadlockDetected, False),
        (errors.UniqueViolation, False),
        (psycopg_pool.PoolTimeout, False),
    ],
)
def test_write_that_failed(kind: type[psycopg.Error], is_in_doubt: bool) -> None:
    """Only a lost connection leaves open whether a write took place; a refusal by the server does not."""
    failure = failure_of(kind("words"), is_write=True)

    assert is_in_doubt is isinstance(failure, OutboxInDoubtError)
    assert is_in_doubt is ("nothing was written" not in str(failure))


def test_connection_that_was_refused() -> None:
    """Whoever cannot connect reads the last of libpq's reasons."""
    failure = connect_failure(psycopg.OperationalError("connection failed:\nno route\n"))

    assert str(failure).endswith(": no route")
