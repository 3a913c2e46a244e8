"""Who is alone on a connection, and that nobody waits for whoever is not there any more."""

import subprocess
import sys
import threading

from tipline_client.outbox import turns
from tipline_client.outbox.turns import turn_of_thread

FORK = """
import os, threading
from tipline_client.outbox import turns

gate = turns._turns.gate
is_at_the_gate, may_leave = threading.Event(), threading.Event()

def be_at_the_gate():
    with gate:
        is_at_the_gate.set()
        may_leave.wait()

threading.Thread(target=be_at_the_gate).start()
is_at_the_gate.wait()
child = os.fork()
if child == 0:
    with turns.turn_of_thread(object()):
        os._exit(7)
may_leave.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


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
        assert id(connection) in turns._turns.of_threads

    assert id(connection) not in turns._turns.of_threads


def test_process_that_forks() -> None:
    """The child has its turn, although a thread of its parent was at the gate."""
    ended = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=False)

    assert "7\n" == ended.stdout
