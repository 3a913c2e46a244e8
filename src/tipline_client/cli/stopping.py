"""How a delivery is stopped by a person: the first signal lets the step under way end, the second ends at once."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
from anyio.abc import TaskStatus

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.output import Output

__all__ = ["Stoppable", "stopping_on_signals"]


class Stoppable(Protocol):
    """What can be asked to stop."""

    def stop(self) -> object:
        """Begin nothing more."""
        ...


@asynccontextmanager
async def stopping_on_signals(conductor: Stoppable, output: Output) -> AsyncIterator[anyio.Event]:
    """Stop a delivery on SIGINT and SIGTERM for as long as the block lasts.

    Args:
        conductor: Whom to stop.
        output: Where to say so.

    Yields:
        An event that is set once somebody asked.
    """
    asked = anyio.Event()

    async def watch(*, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for _ in signals:
                if asked.is_set():
                    # Nothing to save: each step's intent was durable before it left.
                    os._exit(ExitCode.INTERRUPTED)
                asked.set()
                conductor.stop()
                output.note("stopping: what is under way ends first; once more to end at once")

    async with anyio.create_task_group() as tasks:
        await tasks.start(watch)
        yield asked
        tasks.cancel_scope.cancel()
