"""Group commit: who shares a transaction, who is undone alone, and what a waiter that gives up leaves behind."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from tests.contract.values import new_entry
from tipline_client.errors import ConfigurationError, OutboxInDoubtError, OutboxUnavailableError
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import Connection, Execute, Row, Value, connect
from tipline_client.outbox.sqlite.worker import Worker


class Watched:
    """A connection that tells of its transactions, and whose commit can be made to fail or to wait."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.commits: list[str] = []
        self.fails = False
        self.gate = threading.Event()
        self.gate.set()
        self.has_begun = threading.Event()

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Mapping[str, Value] = {}, /) -> list[Row]:
        if sql.startswith("BEGIN"):
            self.has_begun.set()
        if sql == "COMMIT":
            self.gate.wait(10)
            if self.fails:
                raise OutboxUnavailableError("the disk is full; nothing was written")
        rows = self._connection.execute(sql, parameters)
        if sql in {"COMMIT", "ROLLBACK"}:
            self.commits.append(sql)
        return rows

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mugs.sqlite"
    path.touch()
    connection = connect(path, driver="apsw", busy_timeout=1)
    connection.execute("CREATE TABLE mugs (name TEXT)")
    connection.close()
    return path


def _connected(path: Path) -> Connection:
    return connect(path, driver="apsw", busy_timeout=1)


def _worker(connection: Connection, path: Path) -> Worker:
    return Worker(connection, again=lambda: _connected(path), begin="BEGIN IMMEDIATE")


@pytest.fixture
def watched(path: Path) -> Watched:
    return Watched(_connected(path))


@pytest.fixture
async def worker(watched: Watched, path: Path) -> AsyncIterator[Worker]:
    worker = _worker(watched, path)
    yield worker
    watched.gate.set()
    await anyio.to_thread.run_sync(worker.close)


def _names(path: Path) -> list[str]:
    connection = connect(path, driver="apsw", busy_timeout=1)
    rows = connection.execute("SELECT name FROM mugs ORDER BY name")
    connection.close()
    return [row[0] for row in rows]


class Add:
    """Work that adds a mug, and then perhaps fails."""

    def __init__(self, name: str, *, then: Exception | None = None) -> None:
        self.name, self.then = name, then

    def __call__(self, execute: Execute) -> str:
        execute("INSERT INTO mugs VALUES (:name)", {"name": self.name})
        if self.then:
            raise self.then
        return self.name


async def _held_back(worker: Worker, watched: Watched) -> asyncio.Task[str]:
    """A first write whose commit waits at the gate, so that the next ones gather behind it."""
    watched.gate.clear()
    first = asyncio.create_task(worker.run(Add("first")))
    await anyio.to_thread.run_sync(watched.has_begun.wait, 10)
    return first


async def test_writes_that_wait_together(worker: Worker, watched: Watched, path: Path) -> None:
    """Writes that arrive while a commit is under way share the next one, and each gets its own result."""
    first = await _held_back(worker, watched)
    others = [asyncio.create_task(worker.run(Add(f"mug {number}"))) for number in range(20)]
    await asyncio.sleep(0)

    watched.gate.set()
    results = await asyncio.gather(first, *others)

    assert ["first", *(f"mug {number}" for number in range(20))] == results
    assert ["COMMIT", "COMMIT"] == watched.commits
    assert 21 == len(_names(path))


async def test_one_of_several_raises(worker: Worker, watched: Watched, path: Path) -> None:
    """Work that raises is undone alone: its caller sees the error, the others are committed."""
    first = await _held_back(worker, watched)
    work = [Add("a"), Add("b", then=ValueError("b")), Add("c")]
    others = [asyncio.create_task(worker.run(one)) for one in work]
    await asyncio.sleep(0)

    watched.gate.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)

    assert ["first", "a", "c"] == [result for result in results if isinstance(result, str)]
    assert ["b"] == [str(result) for result in results if isinstance(result, ValueError)]
    assert ["a", "c", "first"] == _names(path)


async def test_single_write_raises(worker: Worker, watched: Watched, path: Path) -> None:
    """Work that is alone and raises leaves nothing, and the next is done."""
    with pytest.raises(ValueError, match="no"):
        await worker.run(Add("a", then=ValueError("no")))
    await worker.run(Add("b"))

    assert ["b"] == _names(path)
    assert ["ROLLBACK", "COMMIT"] == watched.commits


async def test_commit_fails(worker: Worker, watched: Watched, path: Path) -> None:
    """A commit that fails fails everybody in it with an error of their own, leaves nothing, and is survived."""
    first = await _held_back(worker, watched)
    others = [asyncio.create_task(worker.run(Add(f"mug {number}"))) for number in range(3)]
    await asyncio.sleep(0)

    watched.fails = True
    watched.gate.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    watched.fails = False

    assert 4 == len({id(result) for result in results})
    assert {OutboxUnavailableError} == {type(result) for result in results}
    assert [] == _names(path)
    assert "after" == await worker.run(Add("after"))
    assert ["after"] == _names(path)


async def test_nobody_is_answered_before_the_commit(worker: Worker, watched: Watched, path: Path) -> None:
    """Until the commit has happened no caller hears of success and no other connection sees the rows."""
    first = await _held_back(worker, watched)
    await asyncio.sleep(0)

    assert not first.done()
    assert [] == _names(path)
    watched.gate.set()
    assert "first" == await first
    assert ["first"] == _names(path)


async def test_waiter_cancelled_before_its_transaction(worker: Worker, watched: Watched, path: Path) -> None:
    """Work whose caller gave up before its transaction began is left out; the others are not disturbed."""
    first = await _held_back(worker, watched)
    given_up = asyncio.create_task(worker.run(Add("given up")))
    kept = asyncio.create_task(worker.run(Add("kept")))
    await asyncio.sleep(0)

    given_up.cancel()
    await asyncio.sleep(0)
    watched.gate.set()
    await asyncio.gather(first, kept)

    assert given_up.cancelled()
    assert ["first", "kept"] == _names(path)


async def test_waiter_cancelled_during_its_transaction(worker: Worker, watched: Watched, path: Path) -> None:
    """Work whose transaction has begun is done wholly although nobody waits for it any more."""
    first = await _held_back(worker, watched)

    first.cancel()
    await asyncio.sleep(0)
    watched.gate.set()
    await worker.run(Add("next"))

    assert first.cancelled()
    assert ["first", "next"] == _names(path)


async def test_closing_finishes_what_was_handed_in(worker: Worker, watched: Watched, path: Path) -> None:
    """Closing does what waits and then refuses; nobody is left waiting for ever."""
    first = await _held_back(worker, watched)
    second = asyncio.create_task(worker.run(Add("second")))
    await asyncio.sleep(0)

    watched.gate.set()
    await anyio.to_thread.run_sync(worker.close)

    assert ["first", "second"] == [await first, await second]
    with pytest.raises(OutboxUnavailableError, match="closed"):
        await worker.run(Add("late"))
    assert ["first", "second"] == _names(path)


async def test_loop_that_ended_while_waiting(worker: Worker, watched: Watched, path: Path) -> None:
    """A caller whose event loop is gone by the time of the answer does not stop the worker for the others."""
    first = await _held_back(worker, watched)

    def leave() -> None:
        loop = asyncio.new_event_loop()
        task = loop.create_task(worker.run(Add("gone")))
        loop.call_later(0, loop.stop)
        loop.run_forever()
        left.append((loop, task))
        loop.close()

    left: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[str]]] = []
    await anyio.to_thread.run_sync(leave)
    watched.gate.set()
    await first

    assert "next" == await worker.run(Add("next"))
    assert ["first", "gone", "next"] == _names(path)
    # Python says when a task is dropped while waiting; here that is the situation under test.
    setattr(left[0][1], "_log_destroy_pending", False)  # noqa: B010


async def test_reads_during_a_write(tmp_path: Path) -> None:
    """Questions are answered while a write is under way, without what is not committed."""
    outbox = SqliteOutbox.open(tmp_path / "outbox.sqlite", driver="apsw")
    seen: list[int] = []

    def write_and_look(execute: Execute) -> None:
        execute("INSERT INTO counts VALUES ('mock', 'sample', 'queued', 7)")
        seen.append(anyio.run(_waiting, outbox))

    await outbox._writer.run(write_and_look)
    after = await _waiting(outbox)
    await outbox.close()

    assert ([0], 7) == (seen, after)


async def _waiting(outbox: SqliteOutbox) -> int:
    return (await outbox.count()).waiting


async def test_forked_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that was opened before a fork says so in the child instead of waiting for a thread that is not there."""
    outbox = SqliteOutbox.open(tmp_path / "outbox.sqlite")
    own = os.getpid()

    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: own + 1)
        with pytest.raises(OutboxUnavailableError, match="fork"):
            await outbox.enqueue(new_entry())

    await outbox.close()


async def test_work_outside_of_a_transaction(worker: Worker, watched: Watched, path: Path) -> None:
    """Work that allows no transaction is run after what shares one, by itself, and its failure is its own."""
    seen: list[bool] = []

    def look(_: Execute) -> None:
        seen.append(watched.in_transaction)

    def fail(_: Execute) -> None:
        raise ValueError("no such thing")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run, Add("apart"))
        await worker.run(look, is_apart=True)
    with pytest.raises(ValueError, match="no such thing"):
        await worker.run(fail, is_apart=True)
    await worker.run(Add("later"))

    assert [False] == seen
    assert ["apart", "later"] == _names(path)


def test_caller_without_asyncio(path: Path) -> None:
    """Whatever else runs the caller, such as trio, is told what it takes; nothing waits for ever."""
    worker = _worker(_connected(path), path)

    with pytest.raises(ConfigurationError, match="no event loop of asyncio") as refused:
        worker.run(lambda _: None).send(None)

    assert "asyncio" in str(refused.value.hint)
    worker.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_thread_that_has_ended(path: Path) -> None:
    """Whatever ended it, who waits is told at once, and who comes later too; nobody waits for ever."""
    worker = _worker(_connected(path), path)
    is_asked = threading.Event()

    def leave(_: Execute) -> None:
        is_asked.wait(10)
        raise SystemExit

    waiting = [asyncio.create_task(worker.run(work)) for work in (leave, Add("behind it"))]
    await asyncio.sleep(0)
    is_asked.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert [OutboxInDoubtError, OutboxInDoubtError] == [type(result) for result in results]
    with pytest.raises(OutboxUnavailableError, match="closed"):
        await worker.run(Add("later"))
    assert [] == _names(path)
    worker.close()
