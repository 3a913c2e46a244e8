"""The service at both doors: delivers what is in the outbox until it is stopped. It has no logic of its own.

`Dispatcher` is for programs without an event loop, `AsyncDispatcher` for those with one; the verbs are the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from tipline_client.client.accompanying import accompany
from tipline_client.client.arguments import check_client
from tipline_client.client.asynchronous import AsyncTiplineClient
from tipline_client.client.synchronous import TiplineClient
from tipline_client.dispatch import Conductor, DispatchSummary
from tipline_client.errors import TiplineError

__all__ = ["AsyncDispatcher", "Dispatcher"]

_log = logging.getLogger("tipline_client.client")

DEFAULT_PATIENCE = timedelta(seconds=60)


class AsyncDispatcher:
    """The service: delivers what is in the outbox until it is stopped, and can be run again then.

    Example:
        >>> async def serve(client: AsyncTiplineClient) -> None:
        ...     await AsyncDispatcher(client).run()

    With `async with` it runs beside the block, as in the lifespan of a web application, and is stopped cleanly at the
    end of it. If it breaks off before, the log says so at once, `is_running` becomes false, and the end of the block
    raises what it broke off with.

        >>> async def lifespan(client: AsyncTiplineClient) -> AsyncIterator[None]:
        ...     async with AsyncDispatcher(client):
        ...         yield

    Args:
        client: Whose outbox, and to which endpoint.

    Raises:
        ConfigurationError: It is no such client, or the keys of its home cannot be read.
        OutboxUnavailableError: The client is closed.
    """

    def __init__(self, client: AsyncTiplineClient) -> None:
        check_client(client, AsyncTiplineClient)
        self._client = client
        self._conductor = client.conductor()
        self._is_running = False
        self._is_spent = False
        self._stop_asked = False
        self._beside: asyncio.Task[DispatchSummary] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it delivers now; false once it was stopped, and once it broke off."""
        return self._is_running or (self._beside is not None and not self._beside.done())

    async def __aenter__(self) -> Self:
        if self.is_running:
            raise _running_already()
        self._beside = asyncio.create_task(self._run_beside(), name="tipline-dispatcher")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        beside, self._beside = self._beside, None
        if beside is None:
            return
        if not beside.done():
            self.stop()
        try:
            await beside
        except Exception:
            # It is in the log already; what the block raised is what its caller waits for.
            if error is None:
                raise

    async def run(self) -> DispatchSummary:
        """Deliver until `stop` is called.

        Raises:
            RuntimeError: It is running already.
            ConfigurationError: The network or the keys cannot be used.
            OutboxClosedError: The client is closed, or the outbox serves no more: it never comes back by itself.
        """
        return await self._conduct(lambda conductor: conductor.run())

    async def drain(self, *, patience: timedelta = DEFAULT_PATIENCE) -> DispatchSummary:
        """Deliver until nothing is left to do.

        Args:
            patience: How long to go on when all that is left waits: for its next try, or for the endpoint. Refused
                credentials are not waited for.

        Raises:
            RuntimeError: It is running already.
            ConfigurationError: The network or the keys cannot be used.
            OutboxUnavailableError: The outbox cannot be read, or the client is closed.
        """
        return await self._conduct(lambda conductor: conductor.drain(patience=patience))

    def stop(self) -> None:
        """Ask for a clean end of the run under way; of the next one, if none is. Returns at once.

        Nothing new is begun; steps in flight end and are recorded. Call it on the event loop.
        """
        self._stop_asked = True
        self._conductor.stop()

    async def _conduct(self, go: Callable[[Conductor], Awaitable[DispatchSummary]]) -> DispatchSummary:
        if self._is_running:
            raise _running_already()
        if self._is_spent:
            # Once stopped, a conductor stays stopped.
            self._conductor, self._is_spent = self._client.conductor(), False
            if self._stop_asked:
                self._conductor.stop()
        self._is_running = True
        try:
            client = self._client
            return await accompany(go, self._conductor, outbox=client.outbox, hooks=client.hooks())
        finally:
            self._is_running, self._is_spent, self._stop_asked = False, True, False

    async def _run_beside(self) -> DispatchSummary:
        try:
            return await self.run()
        except Exception as error:
            # What is not ours may say anything in its text.
            _log.error(
                "the dispatcher broke off: %s", error if isinstance(error, TiplineError) else type(error).__name__
            )
            raise


class Dispatcher:
    """`AsyncDispatcher` for programs without an event loop: the same verbs, without `await` and `async`.

    Any thread, or a signal handler, may call `stop`.

    Args:
        client: Whose outbox, and to which endpoint.
    """

    def __init__(self, client: TiplineClient) -> None:
        check_client(client, TiplineClient)
        self._client = client
        self._async = client.call(_dispatcher_of, client.asynchronous)

    @property
    def is_running(self) -> bool:
        """See `AsyncDispatcher.is_running`."""
        return self._async.is_running

    def __enter__(self) -> Self:
        self._client.call(self._async.__aenter__)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.call(self._async.__aexit__, kind, error, trace)

    def run(self) -> DispatchSummary:
        """See `AsyncDispatcher.run`."""
        return self._client.call(self._async.run)

    def drain(self, *, patience: timedelta = DEFAULT_PATIENCE) -> DispatchSummary:
        """See `AsyncDispatcher.drain`."""
        return self._client.call(self._async.drain, patience=patience)

    def stop(self) -> None:
        """See `AsyncDispatcher.stop`; from any thread."""
        self._client.call_soon(self._async.stop)


async def _dispatcher_of(client: AsyncTiplineClient) -> AsyncDispatcher:
    return AsyncDispatcher(client)


def _running_already() -> RuntimeError:
    return RuntimeError("this dispatcher is running already; make another one")
