"""The loop's thread keeps nobody waiting for ever, at whatever moment its caller is interrupted."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from tipline_client.client.loop_thread import Errands, LoopThread
from tipline_client.errors import OutboxInDoubtError


class InterruptedBeforehand(Errands):
    """An interrupt before anything of it is done."""

    def serve(self, until: "Future[Any]") -> None:  # noqa: ARG002 - as in what it stands for
        raise KeyboardInterrupt


class InterruptedWithAnErrandInHand(Errands):
    """An interrupt after an errand was taken over, and before it is begun."""

    def _next(self) -> tuple[Callable[[], Any], "Future[Any]"] | None:
        assert super()._next() is not None
        raise KeyboardInterrupt


@pytest.mark.parametrize("kind", [InterruptedBeforehand, InterruptedWithAnErrandInHand])
def test_caller_interrupted(kind: type[Errands]) -> None:
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

    assert "done" == loop.call(nothing)
    loop.close()
    assert 1 == len(heard)


@pytest.mark.parametrize("kind", [InterruptedBeforehand, InterruptedWithAnErrandInHand])
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


def test_interrupted_while_the_answer_is_told() -> None:
    """The caller hears of the interrupt, and who waits in the loop has the answer: it does not sleep on."""
    loop, errands, answers = LoopThread(), Errands(), list[int]()
    interrupts = [KeyboardInterrupt()]

    async def ask() -> None:
        running = asyncio.get_running_loop()
        tell = running.call_soon_threadsafe

        def be_interrupted(*arguments: Any, **named: Any) -> object:
            if interrupts:
                raise interrupts.pop()
            return tell(*arguments, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running, "call_soon_threadsafe", be_interrupted)
            answers.append(await errands.run(lambda: 7))

    with pytest.raises(KeyboardInterrupt):
        loop.call(ask, errands=errands)

    loop.close()
    assert [7] == answers
