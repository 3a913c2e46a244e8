"""The loop's thread keeps nobody waiting for ever, at whatever moment its caller is interrupted."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from tipline_client.client.loop_thread import Errands, LoopThread
from tipline_client.errors import ConfigurationError, OutboxClosedError, OutboxInDoubtError


class InterruptedBeforehand(Errands):
    """An interrupt before anything of it is done."""

    def serve(self, *, is_coming: Callable[[], bool]) -> None:  # noqa: ARG002 - as in what it stands for
        raise KeyboardInterrupt


class InterruptedWithAnErrandInHand(Errands):
    """An interrupt after an errand was taken over, and before it is begun."""

    def _next(self, is_coming: Callable[[], bool]) -> Any:
        assert super()._next(is_coming) is not None
        raise KeyboardInterrupt


class InterruptedAtTheEnd(Errands):
    """An interrupt, and another one when that is to be told."""

    def _next(self, is_coming: Callable[[], bool]) -> Any:
        super()._next(is_coming)
        raise KeyboardInterrupt

    def end(self) -> None:
        if self.is_served or not self.has_been_asked:
            self.has_been_asked = True
            raise KeyboardInterrupt
        super().end()

    has_been_asked = False


@pytest.mark.parametrize("brings_errands", [False, True])
@pytest.mark.parametrize("kind", [InterruptedBeforehand, InterruptedWithAnErrandInHand, InterruptedAtTheEnd])
def test_caller_interrupted(kind: type[Errands], *, brings_errands: bool) -> None:
    """Who waits in the loop hears of it with the next call at the latest, and closing ends."""
    loop, errands, heard = LoopThread(), kind(), list[BaseException]()

    async def ask() -> None:
        try:
            await errands.run(lambda: None)
        except OutboxInDoubtError as error:
            heard.append(error)

    async def nothing() -> str:
        return "done"

    with pytest.raises(KeyboardInterrupt):
        loop.call(ask, errands=errands)

    assert "done" == loop.call(nothing, errands=Errands() if brings_errands else None)
    loop.close()
    assert 1 == len(heard)


@pytest.mark.parametrize("kind", [InterruptedBeforehand, InterruptedWithAnErrandInHand, InterruptedAtTheEnd])
def test_closed_after_an_interrupt(kind: type[Errands]) -> None:
    """It does not wait for an answer that nobody gives."""
    loop, errands = LoopThread(), kind()

    async def ask() -> None:
        await errands.run(lambda: None)

    with pytest.raises(KeyboardInterrupt):
        loop.call(ask, errands=errands)

    loop.close()


def test_errand_that_calls_again() -> None:
    """Such as a listener of the caller's connection that asks the client something: both calls get their answers."""
    loop, errands = LoopThread(), Errands()

    async def answer() -> str:
        return "answered"

    async def ask() -> tuple[str, int]:
        return await errands.run(lambda: loop.call(answer)), await errands.run(lambda: 7)

    assert ("answered", 7) == loop.call(ask, errands=errands)
    loop.close()


def test_errands_done() -> None:
    """They are done in the caller's thread, and their errors are told."""
    loop, errands = LoopThread(), Errands()

    async def ask() -> tuple[int, str]:
        with pytest.raises(ZeroDivisionError):
            await errands.run(lambda: 1 // 0)
        return await errands.run(lambda: 7), "done"

    assert (7, "done") == loop.call(ask, errands=errands)
    loop.close()


class InterruptedAsItTells(LoopThread):
    """An interrupt as an answer is to be told to the loop, once there is one to come."""

    def __init__(self) -> None:
        self.interrupts: list[BaseException] = []
        super().__init__()

    def call_soon(self, function: Callable[[], object]) -> None:
        if self.interrupts:
            raise self.interrupts.pop()
        super().call_soon(function)


def test_interrupted_while_the_answer_is_told() -> None:
    """The caller hears of the interrupt, and who waits in the loop has the answer: it does not sleep on."""
    loop, errands, answers = InterruptedAsItTells(), Errands(), list[int]()

    async def ask() -> None:
        loop.interrupts.append(KeyboardInterrupt())
        answers.append(await errands.run(lambda: 7))

    with pytest.raises(KeyboardInterrupt):
        loop.call(ask, errands=errands)

    loop.close()
    assert [7] == answers


def test_callers_do_not_touch_the_loop() -> None:
    """The porter does: asyncio would keep a handler's `OSError` to itself, and a `RuntimeError` means a closed loop."""
    loop, touched_by = LoopThread(), Counter[str]()

    async def watch() -> None:
        running = asyncio.get_running_loop()
        call_soon_threadsafe = running.call_soon_threadsafe

        def note_and_call(*arguments: Any, **named: Any) -> object:
            touched_by[threading.current_thread().name] += 1
            return call_soon_threadsafe(*arguments, **named)

        running.call_soon_threadsafe = note_and_call  # type: ignore[assignment, method-assign]

    loop.call(watch)
    errands = Errands()

    async def ask() -> int:
        return await errands.run(lambda: 7)

    assert 7 == loop.call(ask, errands=errands)
    loop.call_soon(lambda: None)
    loop.close()

    assert {"tipline-porter"} == set(touched_by)


def test_no_lock_that_an_interrupt_could_leave_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits enters no lock that is written in Python, of which a handler's exception leaves it taken.

    Nor does it ask the thread whether it is alive: interrupted there, Python takes it for ended.
    """
    loop, caller, entered = LoopThread(), threading.get_ident(), list[object]()
    enter = threading.Condition.__enter__

    def enter_and_note(condition: threading.Condition) -> bool:
        if threading.get_ident() == caller:
            entered.append(condition)
        return enter(condition)

    def note_and_say(thread: threading.Thread) -> bool:
        entered.append(thread)
        return True

    async def ask() -> int:
        return await errands.run(lambda: 7)

    async def answer() -> int:
        await asyncio.sleep(0.3)
        return 8

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "is_alive", note_and_say)
        patch.setattr(threading.Condition, "__enter__", enter_and_note)
        errands = Errands()
        answers = loop.call(ask, errands=errands), loop.call(answer)
        loop.call_soon(lambda: None)
    loop.close()

    assert ((7, 8), []) == (answers, entered)


def test_called_on_its_own_loop() -> None:
    """It would wait for itself, so it says what to do instead."""
    loop = LoopThread()

    async def answer() -> int:
        return 8

    async def ask() -> int:
        return loop.call(answer)

    with pytest.raises(ConfigurationError, match="own event loop"):
        loop.call(ask)
    loop.close()


@pytest.mark.parametrize("errands", [None, Errands()])
def test_loop_that_has_ended(errands: Errands | None) -> None:
    """Nobody waits for it."""
    loop = LoopThread()
    loop.close()

    async def answer() -> int:
        return 8

    with pytest.raises(OutboxClosedError):
        loop.call(answer, errands=errands)


def test_context_of_the_caller() -> None:
    """The verb sees what the caller has set, as if that had awaited it."""
    loop, said = LoopThread(), ContextVar("said", default="nothing")
    said.set("something")

    async def look() -> str:
        return said.get()

    assert "something" == loop.call(look)
    loop.close()


def test_exit_that_a_verb_asks_for() -> None:
    """It is the caller's to leave; the loop goes on."""
    loop = LoopThread()

    async def leave() -> None:
        raise SystemExit(3)

    async def answer() -> int:
        return 8

    with pytest.raises(SystemExit):
        loop.call(leave)
    assert 8 == loop.call(answer)
    loop.close()


def test_closed_while_others_call() -> None:
    """Each call has its answer, or is told that the loop has ended; none is left over."""
    loop, ends = LoopThread(), Counter[str]()

    async def answer() -> int:
        await asyncio.sleep(0)
        return 8

    def call() -> None:
        for _ in range(10_000):
            try:
                assert 8 == loop.call(answer)
            except OutboxClosedError:
                ends["told"] += 1
                return
            except BaseException as error:
                ends[type(error).__name__] += 1
                raise
            ends["answered"] += 1

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    while ends["answered"] < 100:
        time.sleep(0.001)
    loop.close()
    for thread in threads:
        thread.join(20)

    assert ({"told", "answered"}, 8) == (set(ends), ends["told"])


def test_closed_in_the_midst_of_a_call_in_a_call() -> None:
    """Whoever closes waits for nothing of its own, however deep it is in calls."""
    loop, outer, inner = LoopThread(), Errands(), Errands()

    async def ask_within() -> int:
        return await inner.run(lambda: 7)

    def call_and_close() -> None:
        assert 7 == loop.call(ask_within, errands=inner)
        loop.close()

    async def ask() -> None:
        await outer.run(call_and_close)

    with pytest.raises(OutboxInDoubtError):
        loop.call(ask, errands=outer)
