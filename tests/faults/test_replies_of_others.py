"""Replies that belong to another call or another entry: never a success, and nobody else's report is touched."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.support.serving import serving
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import deliver
from tipline_client.errors import DeliveryInDoubtError
from tipline_client.mock import faults
from tipline_client.mock.fault_kinds import Fault


def _opened(report_id: int) -> str:
    return f"<reportResponse><responseCode>0</responseCode><reportId>{report_id}</reportId></reportResponse>"


async def _filed(stage: Stage, name: str) -> int:
    entry = await stage.enqueue(name)
    await stage.conductor().drain(patience=DAYS)
    report_id = (await stage.outbox.get(entry.id)).report_id
    assert report_id is not None
    return report_id


async def test_submit_answered_with_a_filed_report_of_another_entry(stage: Stage) -> None:
    """A reply that was given before is nobody's second report: the entry is submitted again and filed as its own."""
    first = await _filed(stage, "first")
    stage.endpoint.faults.script("submit", faults.reply(_opened(first)))
    second = await stage.enqueue("second")

    await stage.conductor().drain(patience=DAYS)

    found, summary = await stage.outbox.get(second.id), stage.endpoint.summary()
    assert State.ACKNOWLEDGED is found.state
    assert first != found.report_id
    assert (2, 0, 0) == (summary["finished"], summary["duplicates"], summary["stray_files"])
    assert 1 == len(found.checkpoint.orphans)


async def test_submit_answered_with_an_open_report_of_another_entry(stage: Stage) -> None:
    """Nothing is attached to, finished in or retracted from a report that another entry has open."""
    first = await stage.enqueue("first", contents=(b"a mug of the first",))
    stage.endpoint.faults.script("finish", *[faults.status(503)] * 8)
    with pytest.raises(DeliveryInDoubtError):
        await deliver(stage.conductor(), stage.outbox, stage.keys, stage.vault, first.id)
    report_id = (await stage.outbox.get(first.id)).checkpoint.report_id
    assert report_id is not None
    stage.endpoint.faults.clear()
    stage.endpoint.faults.script("submit", faults.reply(_opened(report_id)))
    second = await stage.enqueue("second", contents=(b"a mug of the second",))

    await deliver(stage.conductor(), stage.outbox, stage.keys, stage.vault, second.id)
    await stage.conductor().drain(patience=DAYS)

    own = [await stage.outbox.get(entry.id) for entry in (first, second)]
    assert [State.ACKNOWLEDGED] * 2 == [entry.state for entry in own]
    assert report_id == own[0].report_id != own[1].report_id
    assert [1, 1] == [len(files) for files in stage.attached()]
    assert (2, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["stray_files"])


async def test_first_finish_called_finished_already(stage: Stage) -> None:
    """Somebody finished a report that this entry had never asked to finish: it counts as filed, and a person looks."""
    entry = await stage.enqueue()
    done = "<reportDoneResponse><responseCode>5102</responseCode></reportDoneResponse>"
    stage.endpoint.faults.script("finish", faults.reply(done, status=400))

    await stage.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED is (await stage.outbox.get(entry.id)).state
    assert AlarmKind.FINISHED_BY_ANOTHER in {alarm.kind for alarm in await stage.outbox.alarms()}


def _done(report_id: int) -> str:
    return f"<reportDoneResponse><responseCode>0</responseCode><reportId>{report_id}</reportId></reportDoneResponse>"


@pytest.mark.parametrize(("body", "status"), [(_done, 500), (_done, 302), (_opened, 200)])
@pytest.mark.parametrize("worked", [False, True])
async def test_finish_whose_success_is_not_to_be_believed(
    stage: Stage, body: Callable[[int], str], status: int, worked: bool
) -> None:
    """Under a failing status, a redirect or in the other root code 0 settles nothing: the finish is asked again."""
    first = await _filed(stage, "first")
    entry = await stage.enqueue("second", contents=())
    stage.endpoint.faults.script("finish", faults.reply(body(first + 1), status=status, worked=worked))

    await stage.conductor().drain(patience=DAYS)

    found = await stage.outbox.get(entry.id)
    assert (State.ACKNOWLEDGED, first + 1) == (found.state, found.report_id)
    assert (2, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["open"])
    assert 3 == sum(request.step == "finish" for request in stage.endpoint.requests)
    assert [] == await stage.outbox.alarms()


@pytest.mark.parametrize("answer", [faults.unauthorized(), faults.reply("<html/>", status=403, worked=True)])
async def test_upload_refused_by_something_in_front(stage: Stage, answer: Fault) -> None:
    """A refusal may hide that the endpoint took the file, so the file is never sent into the same report again."""
    entry = await stage.enqueue(contents=(b"one mug",))
    stage.endpoint.faults.script("upload", answer)

    await stage.conductor().drain(patience=DAYS)

    found, summary = await stage.outbox.get(entry.id), stage.endpoint.summary()
    assert (State.ACKNOWLEDGED, 2) == (found.state, found.checkpoint.reports_opened)
    assert (1, 1, 0) == (summary["finished"], summary["retracted"], summary["stray_files"])
    assert [1] == [len(files) for files in stage.attached()]


@asynccontextmanager
async def _stuttering(port: int) -> AsyncIterator[int]:
    """A proxy that says the endpoint's first reply twice, in one piece, and then goes on with the connection."""
    is_first = True

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        upstream, downstream = await asyncio.open_connection("127.0.0.1", port)

        async def there() -> None:
            while data := await reader.read(65536):
                downstream.write(data)
                await downstream.drain()

        forward = asyncio.create_task(there())
        try:
            while data := await upstream.read(65536):
                writer.write(data * 2 if is_first else data)
                is_first = False
                await writer.drain()
        finally:
            forward.cancel()
            downstream.close()

    async with serving(passed_on) as other:
        yield other


async def test_reply_that_is_said_twice(stage: Stage) -> None:
    """What is left of one reply is never taken for the answer to the next call: the finish is still to be made."""
    entry = await stage.enqueue(contents=())
    stage.endpoint.faults.script("finish", *[faults.status(503)] * 8)
    _, _, port = stage.profile.base_url.removesuffix("/ispws").rpartition(":")
    async with _stuttering(int(port.partition("/")[0])) as other:
        stage.profile = replace(stage.profile, base_url=stage.profile.base_url.replace(port, str(other)))

        with pytest.raises(DeliveryInDoubtError):
            await deliver(stage.conductor(), stage.outbox, stage.keys, stage.vault, entry.id)

    assert (State.QUEUED, 0) == ((await stage.outbox.get(entry.id)).state, stage.endpoint.summary()["finished"])
