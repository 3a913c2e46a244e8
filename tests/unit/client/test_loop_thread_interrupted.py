"""The loop's thread, with an interrupt at each moment at which one may come: none is lost, and nothing hangs."""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tipline_client import TiplineClient, _threads, profiles
from tipline_client.client import loop_thread
from tipline_client.client.loop_thread import Errands, LoopThread
from tipline_client.errors import OutboxClosedError, OutboxUnavailableError

PATIENCE = 20
"""Seconds until something counts as hanging."""


class TimeLimitError(RuntimeError, OSError):
    """What a signal handler raises; of both kinds by which asyncio says something, or which it keeps to itself."""


class Interrupts:
    """One interrupt, at the moment with this number.

    Args:
        number: A moment is where Python looks for signals: as a function begins, and after one that is written in C.
        of: The beginnings of the modules' names in which moments count.
    """

    def __init__(self, number: int, *, of: tuple[str, ...]) -> None:
        self.has_come = False
        self._left = number
        self._of = of

    def during(self, work: Callable[[], object]) -> None:
        """Do it. What is raised has to be the interrupt, and it has to be raised if it came."""
        told = False
        # Python itself loses what is raised in a finalizer.
        gc.disable()
        try:
            sys.setprofile(self)
            work()
        except TimeLimitError:
            told = True
        finally:
            sys.setprofile(None)
            gc.enable()
        assert told == self.has_come

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event in {"call", "c_return"} and frame.f_globals.get("__name__", "").startswith(self._of):
            self._left -= 1
            if not self._left:
                self.has_come = True
                raise TimeLimitError("time limit")


def each(*, of: tuple[str, ...] = ("tipline_client", "asyncio", "contextlib")) -> Iterator[Interrupts]:
    """An interrupt at each moment of what is done with them, until there is no further one."""
    for number in count(1):
        interrupts = Interrupts(number, of=of)
        yield interrupts
        if not interrupts.has_come:
            assert number > 5
            return


def ends(work: Callable[[], object]) -> bool:
    """Whether this ends, in a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return not thread.is_alive()


def left_since(before: set[threading.Thread]) -> list[threading.Thread]:
    """The threads since then that do not end."""
    # Not joined: one that is only about to start cannot be.
    deadline = time.monotonic() + PATIENCE
    while (since := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.001)
    return list(since)


async def answer() -> int:
    return 8


def test_interrupted_while_it_closes() -> None:
    """It can be closed again, and has ended then."""
    for interrupts in each():
        loop = LoopThread()

        interrupts.during(loop.close)

        assert ends(loop.close)
        assert not loop._thread.is_alive()


@pytest.mark.parametrize("brings_errands", [False, True])
def test_interrupted_while_it_calls(*, brings_errands: bool) -> None:
    """The next call has its answer, and closing ends."""
    for interrupts in each():
        loop, errands = LoopThread(), Errands()

        async def ask(errands: Errands = errands) -> None:
            await errands.run(lambda: None)

        if brings_errands:
            interrupts.during(lambda loop=loop, ask=ask, errands=errands: loop.call(ask, errands=errands))  # type: ignore[misc]
        else:
            interrupts.during(lambda loop=loop: loop.call(answer))  # type: ignore[misc]

        assert 8 == loop.call(answer)
        assert ends(loop.close)


def test_interrupted_while_it_begins() -> None:
    """What was begun by then ends, as nobody has it who could close it."""
    before = set(threading.enumerate())
    for interrupts in each(of=("tipline_client",)):
        loops = list[LoopThread]()

        interrupts.during(lambda loops=loops: loops.append(LoopThread()))  # type: ignore[misc]

        for loop in loops:
            loop.close()
        assert [] == left_since(before)


def test_client_interrupted_while_it_closes(tmp_path: Path) -> None:
    """Closed again, it leaves nothing open, wherever it was interrupted."""
    for interrupts in each(of=("tipline_client",)):
        before = set(threading.enumerate())
        client = TiplineClient.open(tmp_path, profile=profiles.mock("http://127.0.0.1:9/ispws"))

        interrupts.during(client.close)

        assert ends(client.close)
        assert [] == left_since(before)


def test_client_whose_closing_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses verbs from the beginning of its closing on, and is not taken for closed."""
    before = set(threading.enumerate())
    client = TiplineClient.open(tmp_path, profile=profiles.mock("http://127.0.0.1:9/ispws"))

    def be_interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LoopThread, "close", be_interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.close()

    with pytest.raises(OutboxClosedError, match="closed"):
        client.find("case-one")
    client.close()
    assert [] == left_since(before)


def test_closed_by_one_that_was_interrupted_after_it_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was still to be done is done, and the loop ends: with nobody who waits for it."""
    loop, done = LoopThread(), list[str]()

    async def put_away() -> None:
        done.append("put away")

    def be_interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop_thread, "time", type("Time", (), {"sleep": staticmethod(be_interrupted)}))
        with pytest.raises(KeyboardInterrupt):
            loop.close(last=put_away)

    loop._thread.join(PATIENCE)
    assert (["put away"], False) == (done, loop._thread.is_alive())


def test_last_thing_that_fails() -> None:
    """Whoever closes the loop is told, and it has ended all the same."""
    loop = LoopThread()

    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.close(last=fail)

    assert not loop._thread.is_alive()
    loop.close(last=fail)


class Closed(LoopThread):
    """One that tells when another thread has asked it to end."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        super().__init__()

    def call_soon(self, function: Callable[[], object]) -> None:
        super().call_soon(function)
        if threading.current_thread().name == "closer":
            self.is_asked.set()

    def begin_to_close(self) -> threading.Thread:
        closer = threading.Thread(target=self.close, name="closer", daemon=True)
        closer.start()
        assert self.is_asked.wait(PATIENCE)
        return closer


@pytest.mark.parametrize("brings_errands", [False, True])
def test_call_in_a_call_while_another_one_closes(*, brings_errands: bool) -> None:
    """It is told that the loop ends, which waits for the outer one."""
    loop, outer, told = Closed(), Errands(), list[BaseException]()

    def call_within() -> None:
        loop.begin_to_close()
        try:
            loop.call(answer, errands=Errands() if brings_errands else None)
        except OutboxClosedError as error:
            told.append(error)

    async def ask() -> None:
        await outer.run(call_within)

    assert ends(lambda: loop.call(ask, errands=outer))
    assert 1 == len(told)
    assert ends(loop.close)


class InterruptedAtTheEnd(Errands):
    """An interrupt when that of the work is to be told."""

    has_been_asked = False

    def end(self) -> None:
        if not self.has_been_asked:
            self.has_been_asked = True
            raise KeyboardInterrupt
        super().end()


def test_caller_interrupted_while_another_one_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes the loop looks again for calls that nobody serves."""
    loop, errands, has_looked = Closed(), InterruptedAtTheEnd(), threading.Event()
    closers = list[threading.Thread]()
    sleep = time.sleep

    def note_and_sleep(seconds: float) -> None:
        has_looked.set()
        sleep(seconds)

    monkeypatch.setattr(loop_thread, "time", type("Time", (), {"sleep": staticmethod(note_and_sleep)}))

    def be_interrupted() -> None:
        closers.append(loop.begin_to_close())
        assert has_looked.wait(PATIENCE)
        raise KeyboardInterrupt

    async def ask() -> None:
        await errands.run(be_interrupted)

    with pytest.raises(KeyboardInterrupt):
        loop.call(ask, errands=errands)

    closers[0].join(PATIENCE)
    assert not closers[0].is_alive()


def test_closed_by_an_errand_of_a_call_in_a_call() -> None:
    """Whoever closes waits for none of its own calls, of which several are open."""
    loop, outer, inner = LoopThread(), Errands(), Errands()

    async def ask_within() -> None:
        await inner.run(loop.close)

    async def ask() -> None:
        await outer.run(lambda: loop.call(ask_within, errands=inner))

    def call() -> None:
        with pytest.raises((OutboxClosedError, OutboxUnavailableError)):
            loop.call(ask, errands=outer)

    assert ends(call)
    assert not loop._thread.is_alive()


def test_system_without_a_thread_for_the_porter(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is told, and the loop's own thread has ended."""
    begin, before = _threads.begin, set(threading.enumerate())

    def refuse_the_second(target: Callable[[], None], *, name: str) -> threading.Thread:
        if name == "tipline-porter":
            raise OutboxUnavailableError("no more threads")
        return begin(target, name=name)

    monkeypatch.setattr(loop_thread, "begin_thread", refuse_the_second)

    with pytest.raises(OutboxUnavailableError, match="no more threads"):
        LoopThread()
    assert [] == left_since(before)


def test_thread_with_the_number_of_one_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for the loop's own."""
    loop = LoopThread()
    loop.close()

    with monkeypatch.context() as patch:
        patch.setattr(threading, "get_ident", lambda: loop._thread.ident)
        with pytest.raises(OutboxClosedError):
            loop.call(answer)
