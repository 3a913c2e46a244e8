"""The store for several machines, in a PostgreSQL database. Needs the extra `postgres`."""

try:
    import psycopg
    import psycopg_pool
except ImportError as error:
    raise ImportError(
        "the PostgreSQL outbox needs psycopg: install it with `pip install 'tipline-client[postgres]'`"
    ) from error

from tipline_client.outbox.postgres.facts import holds_entries
from tipline_client.outbox.postgres.schema import VERSION, migrate
from tipline_client.outbox.postgres.store import PostgresOutbox

__all__ = ["VERSION", "PostgresOutbox", "holds_entries", "migrate", "psycopg", "psycopg_pool"]
