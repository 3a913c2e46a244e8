"""A way to a server that can turn into a black hole: nothing passes in either direction, and nobody is told.

It is what a vanished host, a pulled cable or a lost route look like from both ends: no refusal, no reset, no end of the
stream, not even for a process that dies behind it. When it is mended, what was under way arrives late, as TCP would
deliver it. Only a new connection is kinder than a lost route: the kernel takes it, and then it is as silent.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from tests.support.serving import hang_up

__all__ = ["Passage"]

_CHUNK = 1 << 16


class Passage:
    """Listens on loopback and passes everything on, until it is cut; closed once.

    Args:
        target: Where to: a port on loopback, or a Unix socket.
        pace: Seconds that each 64 KiB take on their way.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, target: int | Path, *, pace: float = 0) -> None:
        self._target = target
        self._pace = pace
        self._loop = asyncio.new_event_loop()
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._end = asyncio.Event()
        port: Future[int] = Future()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(port),), daemon=True)
        self._thread.start()
        self.port = port.result(timeout=30)

    def cut(self) -> None:
        """From now on nothing passes. A chunk that is just being written is the last."""
        self._call(self._is_open.clear)

    def mend(self) -> None:
        """Let everything pass again, what has been waiting included."""
        self._call(self._is_open.set)

    def close(self) -> None:
        """End every connection."""
        # Not waited for in the same way: the loop may be over before it could say so.
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    def _call(self, act: Callable[[], None]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(act)
        self._loop.call_soon_threadsafe(done.set)
        done.wait()

    async def _serve(self, port: "Future[int]") -> None:
        passing: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            passing.add(asyncio.create_task(self._pass_on(reader, writer)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port.set_result(server.sockets[0].getsockname()[1])
        await self._end.wait()
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._is_open.wait()
            with contextlib.suppress(OSError):
                there, back = await self._connect()
                try:
                    await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
                finally:
                    await hang_up(back)
        finally:
            await hang_up(writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(str(self._target))
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A broken connection ends one way; the other end of it is told by the close that follows.
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await asyncio.sleep(self._pace * len(data) / _CHUNK)
                await self._is_open.wait()
                writer.write(data)
                await writer.drain()
        await self._is_open.wait()
        with contextlib.suppress(OSError):
            writer.write_eof()
