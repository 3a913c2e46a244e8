"""An outbox that fails while a dispatcher runs, and rows of it that cannot be read: what a drain and a service do."""

from datetime import timedelta
from typing import Any

import anyio
import pytest

from tests.support.stage import DAYS, Stage
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.dispatch import Conductor
from tipline_client.dispatch.delivering import deliver
from tipline_client.errors import DeliveryRejectedError, OutboxClosedError, OutboxInDoubtError, OutboxUnavailableError
from tipline_client.outbox.sqlite.driver import connect


class Failing:
    """An outbox of which some verbs fail so many times."""

    def __init__(self, stage: Stage, **times: int) -> None:
        self._stage = stage
        self.times = times
        self.conductor: Conductor | None = None

    def __getattr__(self, name: str) -> Any:
        if self.times.get(name, 0) > 0:
            self.times[name] -= 1
            return self._fail
        return getattr(self._stage.outbox, name)

    async def _fail(self, *_: object, **__: object) -> None:
        raise OutboxUnavailableError("the outbox is locked")


def _by_hand(stage: Stage, sql: str) -> None:
    connection = connect(stage.folder / "outbox.sqlite", driver="apsw", busy_timeout=1)
    connection.execute(sql)
    connection.close()


def _said(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("verb", ["claim", "count"])
async def test_drain_without_an_outbox(stage: Stage, verb: str) -> None:
    """A drain with nothing in flight ends at once with the outbox's error, whichever question it was."""
    outbox: Any = Failing(stage, **{verb: 99})

    with pytest.raises(OutboxUnavailableError, match="is locked"):
        await stage.conductor(outbox=outbox).drain(patience=DAYS)

    assert 98 == outbox.times[verb]


async def test_drain_whose_outbox_fails_while_something_is_in_flight(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """A drain goes on as long as a delivery is under way; the outbox is back by then, and all is filed."""
    for number in range(2):
        await stage.enqueue(str(number))
    outbox: Any = Failing(stage)

    def lock(*_: object) -> None:
        # From the first step on: while it is under way, the outbox cannot be claimed from.
        if "claim" not in outbox.times:
            outbox.times["claim"] = 1

    async def acknowledge(*arguments: object, **named: object) -> None:
        # The first one to be filed leaves its slot to a claim that fails; until then the other one stays in flight.
        filed.append(1)
        while len(filed) > 1 and outbox.times["claim"]:
            await anyio.lowlevel.checkpoint()
        await stage.outbox.acknowledge(*arguments, **named)  # type: ignore[arg-type]  # handed through as they are

    filed: list[int] = []
    outbox.acknowledge = acknowledge
    stage.road["on_step"] = lock
    summary = await stage.conductor(outbox=outbox, slots=2).drain(patience=DAYS)

    assert ({Outcome.ACKNOWLEDGED: 2}, 0) == (summary.outcomes, outbox.times["claim"])
    assert (1, 1) == (_said(caplog, "the outbox cannot be used"), _said(caplog, "can be used again"))


async def test_service_whose_outbox_fails_for_a_while(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """A service waits, says so once, and delivers when the outbox is back."""
    entry = await stage.enqueue()
    outbox: Any = Failing(stage, claim=20)
    conductor = stage.conductor(outbox=outbox)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(conductor.run)
        with anyio.fail_after(30):
            while State.ACKNOWLEDGED is not (await stage.outbox.get(entry.id)).state:
                await anyio.lowlevel.checkpoint()
        conductor.stop()

    assert (1, 1) == (_said(caplog, "the outbox cannot be used"), _said(caplog, "can be used again"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_service_whose_outbox_never_comes_back(durable: Stage) -> None:
    """A service whose outbox's thread has ended does not wait for ever: it ends, and may be started anew."""
    store: Any = durable.outbox
    failure: list[OutboxClosedError] = []

    async def serve() -> None:
        try:
            await durable.conductor().run()
        except OutboxClosedError as error:
            failure.append(error)

    def end_the_thread(_: object) -> None:
        raise SystemExit

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve)
            await anyio.lowlevel.checkpoint()
            with pytest.raises(OutboxInDoubtError):
                await store._writer.run(end_the_thread)

    assert "Waiting does not help" in failure[0].hint


async def test_unreadable_rows_in_a_drain(durable: Stage) -> None:
    """Rows that cannot be read back are given up, counted and named; those behind them are filed in the same drain."""
    entries = [await durable.enqueue(str(number), contents=()) for number in range(5)]
    _by_hand(durable, "UPDATE entries SET checkpoint = 'coffee' WHERE number <= 3")

    summary = await durable.conductor(slots=1).drain(patience=DAYS)

    assert {Outcome.REJECTED: 3, Outcome.ACKNOWLEDGED: 2} == summary.outcomes
    assert {entry.id for entry in entries[:3]} == set(summary.given_up)
    assert (0, 2) == (summary.waiting, durable.endpoint.summary()["finished"])


async def test_unreadable_row_delivered_alone(durable: Stage) -> None:
    """Whoever delivers one entry whose row cannot be read back is told that it is given up."""
    entry = await durable.enqueue()
    _by_hand(durable, "UPDATE entries SET available_at = 4611686018427387904")

    with pytest.raises(DeliveryRejectedError, match="available_at"):
        await deliver(durable.conductor(), durable.outbox, durable.keys, durable.vault, entry.id)

    assert State.DEAD_LETTER is (await durable.outbox.get(entry.id)).state


async def test_neighbour_in_the_same_environment(durable: Stage) -> None:
    """A drain neither counts nor waits for the entries of another profile in its environment."""
    await durable.enqueue("own")
    await durable.enqueue("moved")
    _by_hand(
        durable,
        "UPDATE entries SET profile = 'other', available_at = available_at + 60000000 "
        "WHERE idempotency_key = 'case-moved'",
    )
    before = durable.clock.now()

    summary = await durable.conductor().drain(patience=timedelta(minutes=5))

    assert (0, {Outcome.ACKNOWLEDGED: 1}) == (summary.waiting, summary.outcomes)
    assert durable.clock.now() - before < timedelta(seconds=60)
    assert 1 == (await durable.outbox.count(environment=Environment.MOCK)).waiting
