"""Who is alone on a connection, and that nobody waits for whoever is not there any more."""

import threading

from tipline_client.outbox import turns
from tipline_client.outbox.turns import turn_of_thread


class Connection:
    """Something with an address."""


def test_thread_that_has_the_turn_already() -> None:
    """It goes on, as a handler of a signal has to."""
    connection = Connection()
    with turn_of_thread(connection), turn_of_thread(connection):
        assert turn_of_thread(connection) is turn_of_thread(connection)


def test_other_thread() -> None:
    """It waits for the block to end; on another connection it does not."""
    connection, other = Connection(), Connection()
    order = []
    is_elsewhere = threading.Event()

    def work() -> None:
        with turn_of_thread(other):
            is_elsewhere.set()
        with turn_of_thread(connection):
            order.append("second")

    with turn_of_thread(connection):
        thread = threading.Thread(target=work)
        thread.start()
        assert is_elsewhere.wait(10)
        order.append("first")
    thread.join(10)

    assert ["first", "second"] == order


def test_nothing_is_kept() -> None:
    """With its last user a lock is gone."""
    connection = Connection()
    with turn_of_thread(connection):
        assert id(connection) in turns._turns.own.of_threads

    assert id(connection) not in turns._turns.own.of_threads
