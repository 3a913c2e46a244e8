"""The service at both doors: delivers what is in the outbox until it is stopped. It has no logic of its own.

`Dispatcher` is for programs without an event loop, `AsyncDispatcher` for those with one; the verbs are the same.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from tipline_client.client.accompanying import accompany
from tipline_client.client.arguments import check_client
from tipline_client.client.asynchronous import AsyncTiplineClient
from tipline_client.client.synchronous import TiplineClient
from tipline_client.dispatch import Conductor, DispatchSummary

__all__ = ["AsyncDispatcher", "Dispatcher"]

DEFAULT_PATIENCE = timedelta(seconds=60)


class AsyncDispatcher:
    """The service: delivers what is in the outbox until it is stopped, and can be run again then.

    Example:
        >>> async def serve(client: AsyncTiplineClient) -> None:
        ...     await AsyncDispatcher(client).run()

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

    async def run(self) -> DispatchSummary:
        """Deliver until `stop` is called.

        Raises:
            RuntimeError: It is running already.
            ConfigurationError: The network or the keys cannot be used.
            OutboxUnavailableError: The client is closed.
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
            raise RuntimeError("this dispatcher is running already; make another one")
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


class Dispatcher:
    """`AsyncDispatcher` for programs without an event loop: the same verbs, without `await`.

    Any thread, or a signal handler, may call `stop`.

    Args:
        client: Whose outbox, and to which endpoint.
    """

    def __init__(self, client: TiplineClient) -> None:
        check_client(client, TiplineClient)
        self._client = client
        self._async = client.call(_dispatcher_of, client.asynchronous)

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
