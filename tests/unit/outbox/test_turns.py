"""Who is alone on a connection, and that nobody waits for whoever is not there any more."""

import sys
import threading
import weakref
from types import FrameType
from typing import Any

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
    """With its last user a lock is gone, and what is noted of it with the next connection's."""
    connections = [Connection() for _ in range(50)]
    with turn_of_thread(connections[0]):
        for connection in connections[1:]:
            with turn_of_thread(connection):
                assert {id(connections[0]), id(connection)} == set(turns._turns.own.of_threads)


def test_nothing_runs_as_a_lock_goes() -> None:
    """What a handler of a signal raises in there would be lost; so no code of Python's is called."""
    called: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_filename)

    with turn_of_thread(Connection()):
        sys.setprofile(note)
    sys.setprofile(None)

    assert weakref.__file__ not in called


def test_handler_that_comes_in_the_midst() -> None:
    """Wherever a handler takes the turn on the same connection and others, the thread gets the turn all the same."""
    connection, others = Connection(), [Connection() for _ in range(3)]
    moments = 0

    def handle(frame: FrameType, event: str, _: object) -> Any:
        nonlocal moments
        if event == "line" and frame.f_code.co_filename == turns.__file__:
            moments += 1
            for each in (connection, *others):
                with turn_of_thread(each):
                    pass
        return handle

    before = sys.gettrace()
    for each in others:
        with turn_of_thread(each):
            pass
    sys.settrace(handle)
    try:
        turn = turn_of_thread(connection)
    finally:
        sys.settrace(before)

    with turn:
        assert turn is turn_of_thread(connection)
    assert moments > 5
