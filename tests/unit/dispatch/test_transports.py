"""The transports of one run: opened late, shared out one to a slot, opened and closed by one and the same task."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import pytest
from anyio.lowlevel import checkpoint

from tipline_client.dispatch.transports import Transports, transports_of
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.transport import Transport


class _Line:
    """A transport that is only opened and closed."""

    async def send(self, call: Call) -> Reply | NoReply:
        raise NotImplementedError(call)


class _Network:
    """Opens lines that each hold a task group, as a transport with a reader task of its own would."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed: list[int] = []
        self.failures: list[Exception] = []
        self.crash = anyio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Transport]:
        self.opened += 1
        number = self.opened
        async with anyio.create_task_group() as readers:
            readers.start_soon(self._read)
            yield _Line()
            readers.cancel_scope.cancel()
        self.closed.append(number)

    async def _read(self) -> None:
        await self.crash.wait()
        raise ConnectionResetError("the line broke")

    def pool(self) -> AbstractAsyncContextManager[Transports]:
        return transports_of(self.open, on_failure=self.failures.append)


@pytest.fixture
def network() -> _Network:
    """A network that counts."""
    return _Network()


async def test_nothing_to_send(network: _Network) -> None:
    """Nothing is opened before a slot needs it."""
    async with network.pool():
        await checkpoint()

    assert network.opened == 0


async def test_slots_that_each_hold_a_task_group(network: _Network) -> None:
    """Slots that overlap get a transport each, whichever task asks, and all are closed at the end without an error."""

    async def use(transports: Transports, taken: set[Transport], everybody: anyio.Event) -> None:
        transport = await transports.take()
        taken.add(transport)
        if len(taken) == 3:
            everybody.set()
        await everybody.wait()
        transports.give_back(transport)

    taken: set[Transport] = set()
    async with network.pool() as transports, anyio.create_task_group() as slots:
        everybody = anyio.Event()
        for _ in range(3):
            slots.start_soon(use, transports, taken, everybody)

    assert (3, 3, [1, 2, 3], []) == (network.opened, len(taken), sorted(network.closed), network.failures)


async def test_slot_after_slot(network: _Network) -> None:
    """A transport that was given back is used again before another one is opened."""
    async with network.pool() as transports:
        first = await transports.take()
        transports.give_back(first)

        second = await transports.take()

    assert first is second
    assert network.opened == 1


async def test_transport_that_cannot_be_opened() -> None:
    """Whoever asked for it hears why, and nobody else ends for it."""

    @asynccontextmanager
    async def broken() -> AsyncIterator[Transport]:
        raise ConnectionRefusedError
        yield

    failures: list[Exception] = []
    async with transports_of(broken, on_failure=failures.append) as transports:
        with pytest.raises(ConnectionRefusedError):
            await transports.take()

    assert failures == []


async def test_transport_whose_own_task_fails(network: _Network) -> None:
    """It is said once, as it was raised, and what runs beside it is not cancelled."""
    async with network.pool() as transports:
        await transports.take()
        network.crash.set()
        with anyio.fail_after(5):
            while not network.failures:
                await checkpoint()

    [failure] = network.failures
    assert isinstance(failure, ExceptionGroup)
    assert [ConnectionResetError] == [type(error) for error in failure.exceptions]


async def test_run_that_is_cancelled(network: _Network) -> None:
    """The transports outlive the cancelled work that may still have a last word to send, and are closed then."""
    open_at_the_end: list[bool] = []
    with anyio.CancelScope() as run:
        async with network.pool() as transports:
            await transports.take()
            run.cancel()
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await checkpoint()
                    open_at_the_end.append(network.closed == [])

    assert [True] == open_at_the_end
    assert run.cancelled_caught


@pytest.mark.parametrize("moments", range(6))
async def test_slot_that_is_cancelled_while_it_waits(network: _Network, moments: int) -> None:
    """However far the opening is by then, the run still ends, and nothing that was opened stays open."""

    @asynccontextmanager
    async def open_slowly() -> AsyncIterator[Transport]:
        await checkpoint()
        async with network.open() as transport:
            yield transport

    with anyio.fail_after(5):
        async with (
            transports_of(open_slowly, on_failure=network.failures.append) as transports,
            anyio.create_task_group() as slots,
        ):
            slots.start_soon(transports.take)
            for _ in range(moments):
                await checkpoint()
            slots.cancel_scope.cancel()

    assert network.opened == len(network.closed)
    assert [] == network.failures


async def test_slot_that_is_cancelled_as_its_transport_opens(network: _Network) -> None:
    """What was opened in that very moment is there for the next slot."""
    asking = anyio.CancelScope()

    @asynccontextmanager
    async def open_and_cancel() -> AsyncIterator[Transport]:
        async with network.open() as transport:
            asking.cancel()
            yield transport

    with anyio.fail_after(5):
        async with transports_of(open_and_cancel, on_failure=network.failures.append) as transports:
            with asking:
                await transports.take()
            await transports.take()

    assert asking.cancelled_caught
    assert (1, [1]) == (network.opened, network.closed)


async def test_opening_that_ends_without_an_opening() -> None:
    """A transport that is gone before it was there is an error of whoever asked, and keeps nobody waiting."""

    @asynccontextmanager
    async def cancelled() -> AsyncIterator[Transport]:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await checkpoint()
        raise TimeoutError("too late")
        yield

    with anyio.fail_after(5):
        async with transports_of(cancelled, on_failure=lambda _: None) as transports:
            with pytest.raises(TimeoutError):
                await transports.take()
