"""How a connection is made, set up, found to be dead and cut, and the bounded pool of them.

A server may vanish without a word. So every wait has an end: for a connection, for an answer, and for a peer that no
longer acknowledges packets.
"""

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from tipline_client.outbox.addresses import Address
from tipline_client.outbox.postgres.failures import connect_failure

__all__ = ["Connection", "address_of", "complete_dsn", "connect", "cut_after", "make_pool"]

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_DEFAULTS: Final[Mapping[str, str]] = {
    "application_name": "tipline",
    "client_encoding": "UTF8",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""What the connection string leaves open (https://www.postgresql.org/docs/current/libpq-connect.html)."""

# Whatever the habits of this server or user: committed means on the disk, and each statement sees what was committed
# before it. The plans are of a kind that walks indexes whose rows are few; a scan is never the better one.
_SET_UP: Final = """
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
    UNION ALL SELECT set_config('default_transaction_isolation', 'read committed', false)
    UNION ALL SELECT set_config('statement_timeout', %(timeout)s, false)
    UNION ALL SELECT set_config('enable_seqscan', 'off', false)
    UNION ALL SELECT set_config('jit', 'off', false)
"""
_GRACE: Final = 2.0
"""Seconds that a server has, beyond its own limit for a statement, to say that the limit was reached."""
_RECONNECTING: Final = 5.0
"""Seconds after which a lost connection's replacement is given up; the next request for one begins anew, at once."""


def complete_dsn(dsn: str) -> str:
    """The connection string with our defaults for what it leaves open.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        failure = connect_failure(error)
    else:
        named = {name: value for name, value in given.items() if value is not None}
        return make_conninfo("", **{**_DEFAULTS, **named})
    raise failure


def address_of(dsn: str) -> Address:
    """Where a connection string leads, with nothing secret of it.

    Raises:
        ConfigurationError: It cannot be read.
    """
    given = conninfo_to_dict(complete_dsn(dsn))
    leading = {name: given[name] for name in ("host", "hostaddr", "port", "dbname", "service") if given.get(name)}
    user = quote(str(given.get("user") or ""), safe="")
    return Address(f"postgresql://{user}{'@' if user else ''}/?{urlencode(leading, quote_via=quote)}")


def make_pool(
    dsn: str, *, most: int, wait_for_connection: timedelta, answer_within: timedelta
) -> "AsyncConnectionPool[Connection]":
    """A pool that is not open yet.

    Args:
        dsn: A complete connection string.
        most: How many connections at most.
        wait_for_connection: How long somebody waits for one.
        answer_within: How long a statement may take.
    """

    async def configure(connection: Connection) -> None:
        await set_up(connection, answer_within=answer_within)

    return AsyncConnectionPool(
        dsn,
        kwargs={"autocommit": True},
        min_size=1,
        max_size=most,
        open=False,
        configure=configure,
        check=_check,
        timeout=wait_for_connection.total_seconds(),
        reconnect_timeout=_RECONNECTING,
        name="tipline",
    )


async def connect(dsn: str, *, answer_within: timedelta) -> Connection:
    """A connection beside the pool, set up.

    Args:
        dsn: A complete connection string.
        answer_within: How long a statement may take.
    """
    connection: Connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
    try:
        await set_up(connection, answer_within=answer_within)
    except BaseException:
        # Cancelled, too: nobody else has it yet to let go of it.
        await connection.close()
        raise
    return connection


async def set_up(connection: Connection, *, answer_within: timedelta) -> None:
    """Make a new connection behave as the outbox needs it."""
    milliseconds = max(round(answer_within.total_seconds() * 1000), 1)
    async with cut_after(connection, answer_within):
        await connection.execute(_SET_UP, {"timeout": str(milliseconds)})


async def _check(connection: Connection) -> None:
    # An idle connection on which something can be read has most likely been closed by the other side. To look costs
    # no round trip; only if there is something the server is asked.
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


@contextlib.asynccontextmanager
async def cut_after(connection: Connection, answer_within: timedelta) -> AsyncIterator[None]:
    """Break the connection if the server neither answers in time nor ends the statement itself."""
    # Shut down, not closed: the driver then sees the end of the stream and tells so in its usual way.
    timer = asyncio.get_running_loop().call_later(
        answer_within.total_seconds() + _GRACE, _shut_down, connection.fileno()
    )
    try:
        yield
    finally:
        timer.cancel()


def _shut_down(descriptor: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)
