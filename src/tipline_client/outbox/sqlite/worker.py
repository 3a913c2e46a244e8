"""One thread that owns one connection and runs what is handed to it in transactions: many pieces of work, one commit.

Waiting for the disk is what a durable write costs. Work that arrives while the disk is busy is done together in the
next transaction, each piece behind a savepoint of its own, and nobody is answered before the commit. Nothing here
knows what the work is.
"""

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from tipline_client._threads import begin as begin_thread
from tipline_client.errors import (
    ConfigurationError,
    OutboxClosedError,
    OutboxInDoubtError,
    OutboxUnavailableError,
    TiplineError,
)
from tipline_client.outbox.sqlite.driver import Connection, Execute
from tipline_client.outbox.sqlite.forking import Pause, asked_to_pause

__all__ = ["Worker"]

T = TypeVar("T")

_MOST_TOGETHER: Final = 256
"""How many pieces of work share a commit at most, so that the first of them does not wait for ever."""

_ENDED: Final = "the thread of the outbox has ended: whether this was written is not known"


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    work: Callable[[Execute], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class _Ending:
    job: _Job
    result: Any = None
    error: BaseException | None = None


class Worker:
    """Runs work on a connection in a thread of its own; callable from any number of event loops and threads.

    Args:
        connection: Used and in the end closed by the worker's thread alone.
        again: Opens it once more, since a fork must find nothing open.
        begin: The statement that opens a transaction: `BEGIN IMMEDIATE` to write, `BEGIN` to read.
        most_together: How many pieces of work may share one transaction.
        name: The thread's name.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        again: Callable[[], Connection],
        begin: str,
        most_together: int = _MOST_TOGETHER,
        name: str = "outbox",
    ) -> None:
        self._open: Connection | None = connection
        self._again = again
        self._begin = begin
        self._most_together = most_together
        self._jobs: queue.SimpleQueue[_Job | Pause | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_closed = False
        self._process = os.getpid()
        # A process that ends without closing must not hang; whatever was answered is on the disk.
        self._thread = begin_thread(self._serve, name=name)

    async def run(self, work: Callable[[Execute], T], *, is_apart: bool = False) -> T:
        """Run `work` in a transaction and return its result once that is committed.

        With `is_apart` it is run outside of any transaction, for the few statements that allow none. A cancelled
        caller's work is left out if its transaction has not begun, and done wholly if it has.

        Raises:
            OutboxClosedError: Closed, opened before a fork, or something has ended the thread; nothing was written.
            OutboxUnavailableError: The storage failed; nothing was written.
            OutboxInDoubtError: Something ended the thread in the middle of its work.
            ConfigurationError: The caller is run by something other than asyncio.
            Exception: Whatever `work` raised; it alone is undone.
        """
        if os.getpid() != self._process:
            # Threads do not survive a fork: the caller would wait for an answer that nobody gives.
            raise OutboxClosedError(
                "the outbox was opened before this process was forked", hint="Open the outbox in each process anew."
            )
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigurationError(
                "no event loop of asyncio runs here", hint="Run the client with asyncio; trio cannot carry it."
            ) from None
        job = _Job(work, loop.create_future(), loop, is_apart)
        with self._gate:
            if self._is_closed:
                raise OutboxClosedError("the outbox is closed")
            self._jobs.put(job)
        result: T = await job.future
        return result

    def close(self) -> None:
        """Do what was handed in already, then let go of the connection; safe to call twice. Blocks meanwhile."""
        if os.getpid() != self._process:
            # Nothing of it is here, and its gate may have been taken as this process was forked off.
            return
        with self._gate:
            if not self._is_closed:
                self._is_closed = True
                self._jobs.put(None)
        self._thread.join()

    @property
    def _connection(self) -> Connection:
        if self._open is None:
            self._open = self._again()
        return self._open

    def _serve(self) -> None:
        with asked_to_pause(self._jobs.put):
            self._work()

    def _work(self) -> None:
        jobs: list[_Job] = []
        is_last = False
        try:
            while not is_last:
                jobs, then = self._next_batch()
                # What was cancelled before its transaction begins is left out.
                wanted = [job for job in jobs if not job.future.cancelled()]
                if together := [job for job in wanted if not job.is_apart]:
                    self._settle(self._transact(together))
                self._settle([self._run_apart(job) for job in wanted if job.is_apart])
                jobs = []
                is_last = then is None
                if isinstance(then, Pause):
                    self._let_go()
                    then.keep()
        finally:
            self._leave(jobs)

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _leave(self, unsettled: Sequence[_Job]) -> None:
        """Tell whoever waits still, since something has ended the thread; after `close` nobody does."""
        left: list[_Job | Pause | None] = []
        with self._gate:
            self._is_closed = True
            while not self._jobs.empty():
                left.append(self._jobs.get())
        waiting = [*unsettled, *(job for job in left if isinstance(job, _Job))]
        self._settle([_Ending(job, error=OutboxInDoubtError(_ENDED)) for job in waiting])
        self._let_go()
        for pause in left:
            if isinstance(pause, Pause):
                pause.skip()

    def _next_batch(self) -> tuple[list[_Job], Pause | Literal["go on"] | None]:
        """What waits, at least one job unless something else has come, and what comes after it; `None` is the end."""
        jobs: list[_Job] = []
        try:
            while len(jobs) < self._most_together:
                # Only the first is waited for; the others are those that came while the disk was busy.
                job = self._jobs.get(block=not jobs)
                if not isinstance(job, _Job):
                    return jobs, job
                jobs.append(job)
        except queue.Empty:
            pass
        return jobs, "go on"

    def _transact(self, jobs: Sequence[_Job]) -> list[_Ending]:
        try:
            self._connection.execute(self._begin)
            endings = [self._attempt(job, is_alone=len(jobs) == 1) for job in jobs]
            has_result = any(ending.error is None for ending in endings)
            self._connection.execute("COMMIT" if has_result else "ROLLBACK")
        except Exception as error:  # whatever it is, somebody waits for the answer
            self._roll_back()
            return [_Ending(job, error=_copy(error)) for job in jobs]
        return endings

    def _run_apart(self, job: _Job) -> _Ending:
        try:
            return _Ending(job, result=job.work(self._connection.execute))
        except Exception as error:  # whatever it is, somebody waits for the answer
            return _Ending(job, error=error)

    def _attempt(self, job: _Job, *, is_alone: bool) -> _Ending:
        """Do one job; if it raises, undo it and leave the others."""
        execute = self._connection.execute
        if not is_alone:
            execute("SAVEPOINT work")
        try:
            result = job.work(execute)
        except Exception as error:
            if not self._connection.in_transaction:
                # A full disk can end the whole transaction, and with it what others have written before.
                raise
            if not is_alone:
                execute("ROLLBACK TO work")
                execute("RELEASE work")
            return _Ending(job, error=error)
        if not is_alone:
            execute("RELEASE work")
        return _Ending(job, result=result)

    def _roll_back(self) -> None:
        # Should this fail too, the next BEGIN fails as well and its callers hear of it; the thread must live to say so.
        with contextlib.suppress(TiplineError):
            if self._open is not None and self._open.in_transaction:
                self._open.execute("ROLLBACK")

    def _settle(self, endings: Sequence[_Ending]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Ending]] = {}
        for ending in endings:
            by_loop.setdefault(ending.job.loop, []).append(ending)
        for loop, own in by_loop.items():
            try:
                loop.call_soon_threadsafe(_answer, own)
            except RuntimeError:
                # That loop is closed, so nobody waits there any more. The work is done all the same.
                continue


def _answer(endings: Sequence[_Ending]) -> None:
    for ending in endings:
        if ending.job.future.done():
            continue
        if ending.error is None:
            ending.job.future.set_result(ending.result)
        else:
            ending.job.future.set_exception(ending.error)


def _copy(error: Exception) -> Exception:
    """The storage's failure once more, so that each of many waiters raises its own."""
    if isinstance(error, OutboxUnavailableError):
        return OutboxUnavailableError(str(error), hint=error.hint)
    return error
