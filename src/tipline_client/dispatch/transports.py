"""The transports of one run: opened when a slot first needs one, handed on between slots, closed at the end.

Each transport lives in a task of its own, which opens it and closes it again, so that it may hold whatever belongs to
one task: a cancel scope, a task group. It does not know what is sent.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from tipline_client.transport import Transport

__all__ = ["OpenTransport", "Transports"]

OpenTransport = Callable[[], AbstractAsyncContextManager[Transport]]
"""Opens a transport of its own for one delivery slot."""


@dataclass(slots=True, eq=False)
class _Opening:
    """A transport on its way to the slot that asked for it."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    is_settled: anyio.Event = field(default_factory=anyio.Event)
    transport: Transport | None = None
    error: Exception | None = None


class Transports:
    """Made by `transports_of`.

    Args:
        open_transport: Opens one.
        keepers: Where the tasks live that hold them open.
        on_failure: Told when one breaks by itself, or cannot be closed.
    """

    def __init__(
        self, open_transport: OpenTransport, keepers: TaskGroup, *, on_failure: Callable[[Exception], None]
    ) -> None:
        self._open_transport = open_transport
        self._keepers = keepers
        self._on_failure = on_failure
        self._idle: list[Transport] = []
        self._closing = anyio.Event()

    async def take(self) -> Transport:
        """A transport for one slot, until it is given back: an idle one, or else a new one.

        Raises:
            Exception: Whatever opening it raised.
        """
        if self._idle:
            return self._idle.pop()
        opening = _Opening()
        self._keepers.start_soon(self._keep, opening)
        try:
            await opening.is_settled.wait()
        except BaseException:
            # Whoever asked is being cancelled. `TaskGroup.start` would wait here for the keeper to end, for ever if it
            # came to be shielded in the same moment.
            if opening.transport is None:
                opening.scope.cancel()
            else:
                self.give_back(opening.transport)
            raise
        if opening.transport is None:
            raise opening.error or RuntimeError("the transport ended before it was open")
        return opening.transport

    def give_back(self, transport: Transport) -> None:
        """Let another slot have it."""
        self._idle.append(transport)

    def close(self) -> None:
        """Let every keeper close its transport; the task group that they live in waits for them."""
        self._closing.set()

    async def _keep(self, opening: _Opening) -> None:
        try:
            with opening.scope as scope:
                async with self._open_transport() as transport:
                    # A try that is being cancelled may still have a last word to send, so from here on the end is ours.
                    scope.shield = True
                    opening.transport = transport
                    opening.is_settled.set()
                    await self._closing.wait()
                    scope.shield = False
        except Exception as error:
            if opening.transport is None:
                opening.error = error
            else:
                self._on_failure(error)
        finally:
            opening.is_settled.set()


@asynccontextmanager
async def transports_of(
    open_transport: OpenTransport, *, on_failure: Callable[[Exception], None]
) -> AsyncIterator[Transports]:
    """Transports for as long as the block runs; all are closed when it ends, however it ends.

    Args:
        open_transport: Opens one.
        on_failure: Told when one breaks by itself, or cannot be closed.
    """
    async with anyio.create_task_group() as keepers:
        transports = Transports(open_transport, keepers, on_failure=on_failure)
        try:
            yield transports
        finally:
            transports.close()
