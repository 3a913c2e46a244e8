"""What is counted on a connection of SQLAlchemy's, and that it is counted once and kept for nobody."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tipline_client.outbox import boundaries
from tipline_client.outbox.boundaries import unchanged_since_now


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://")
    yield engine
    engine.dispose()


def test_what_counts(engine: sa.Engine) -> None:
    """Each end, and each savepoint that begins; no statement does."""
    with engine.connect() as connection:
        for act in (connection.commit, connection.rollback):
            connection.execute(sa.text("SELECT 1"))
            is_unchanged = unchanged_since_now(connection)
            connection.execute(sa.text("SELECT 1"))
            assert is_unchanged()
            act()
            assert not is_unchanged()
        for end in ("commit", "rollback"):
            is_unchanged = unchanged_since_now(connection)
            savepoint = connection.begin_nested()
            assert not is_unchanged()
            is_unchanged = unchanged_since_now(connection)
            getattr(savepoint, end)()
            assert not is_unchanged()
        is_unchanged = unchanged_since_now(connection)
    assert not is_unchanged()


def test_many_on_one_connection(engine: sa.Engine) -> None:
    """They listen once, and nothing keeps the connection."""
    with engine.connect() as connection:
        for _ in range(50):
            unchanged_since_now(connection)
        assert 1 == len(list(connection.dispatch.commit))
        assert connection in boundaries._counts
        kept = weakref.ref(connection)
    del connection
    gc.collect()

    assert kept() is None


def test_handler_of_a_signal_that_comes_in_the_midst(engine: sa.Engine) -> None:
    """The thread that is inside may come again."""
    with engine.connect() as connection:
        done = threading.Event()

        def come_again() -> None:
            with boundaries._gate.own:
                unchanged_since_now(connection)
            done.set()

        thread = threading.Thread(target=come_again, daemon=True)
        thread.start()

        assert done.wait(10)
