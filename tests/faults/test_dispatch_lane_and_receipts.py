"""Failures that belong to the endpoint: one incident, however many wait. And what follows an acknowledgement."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from tests.support.stage import DAYS, Stage
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.dispatch import Conductor
from tipline_client.dispatch.delivering import deliver
from tipline_client.dispatch.receipting import receipt_bytes, receipt_of, sign_outstanding
from tipline_client.envelope import KeyRing
from tipline_client.envelope.receipts import open_receipt
from tipline_client.errors import (
    ConfigurationError,
    EnvelopeError,
    IllegalTransitionError,
    OutboxUnavailableError,
)
from tipline_client.mock import faults

MANY = 12


def _said(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)


async def _attempts_burned(stage: Stage) -> int:
    return sum(entry.attempts for entry in await stage.outbox.list_entries())


@pytest.mark.parametrize("fault", [faults.status, faults.lost_request])
async def test_outage_of_three_days(stage: Stage, caplog: pytest.LogCaptureFixture, fault: Callable[[], Any]) -> None:
    """An outage is one incident with one alert: nothing is counted or given up, and all is filed once it ends."""
    for number in range(MANY):
        await stage.enqueue(str(number), contents=())
    for step in ("submit", "status"):
        stage.endpoint.faults.script(step, *[fault() for _ in range(300)])

    down = await stage.conductor().drain(patience=timedelta(days=3))
    burned = await _attempts_burned(stage)
    stage.endpoint.faults.clear()
    paused = _said(caplog, "lane paused")
    up = await stage.conductor().drain(patience=DAYS)

    assert (1, 0, MANY) == (paused, burned, down.waiting)
    assert down.incident is not None
    assert (0, None, MANY) == (up.waiting, up.incident, stage.endpoint.summary()["finished"])
    assert 0 == stage.endpoint.summary()["duplicates"]


async def test_outage_before_two_dispatchers(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Two dispatchers of one lane pause together, share one alert and the probes, and resume together."""
    for number in range(MANY):
        await stage.enqueue(str(number), contents=())
    for step in ("submit", "status"):
        stage.endpoint.faults.script(step, *[faults.status() for _ in range(1000)])

    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(partial(stage.conductor(slots=2).drain, patience=timedelta(days=1)))
    probes = sum(call.step == "status" for call in stage.endpoint.requests)
    stage.endpoint.faults.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(partial(stage.conductor(slots=2).drain, patience=DAYS))

    assert (1, 1) == (_said(caplog, "lane paused"), _said(caplog, "lane resumed"))
    # One in each quarter of an hour, a dozen while the waits grow, and each dispatcher's own first one.
    assert 24 * 4 <= probes < 24 * 4 * 2
    assert (MANY, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["duplicates"])


async def test_dispatcher_started_while_the_lane_is_paused(stage: Stage) -> None:
    """Whoever mends the credentials and starts a dispatcher need not wait for the next probe of the old one."""
    await stage.enqueue(contents=())
    stage.endpoint.faults.script("submit", faults.code(3100), faults.code(3100))
    refused = await stage.conductor().drain(patience=DAYS)
    before = stage.clock.now()

    mended = await stage.conductor().drain(patience=timedelta(0))

    assert refused.incident is not None
    assert (None, 1) == (mended.incident, stage.endpoint.summary()["finished"])
    assert stage.clock.now() - before < timedelta(seconds=5)


async def test_status_is_well_and_nothing_else_is(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """A probe that succeeds ends no incident: one entry tries, and while it fails nobody is told again."""
    for number in range(MANY):
        await stage.enqueue(str(number), contents=())
    stage.endpoint.faults.script("submit", *[faults.status() for _ in range(60)])
    caplog.set_level(logging.INFO)

    await stage.conductor().drain(patience=DAYS)

    assert (1, 1) == (_said(caplog, "lane paused"), _said(caplog, "lane resumed"))
    # Only the try that filed an entry counts.
    assert (MANY, MANY) == (stage.endpoint.summary()["finished"], await _attempts_burned(stage))


async def test_permission_denied_although_status_is_well(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An account that may not submit pauses the lane at once; a drain does not wait for people."""
    for number in range(MANY):
        await stage.enqueue(str(number), contents=())
    stage.endpoint.faults.script("submit", *[faults.code(3100) for _ in range(300)])

    summary = await stage.conductor(slots=1).drain(patience=DAYS)

    tried = [call for call in stage.endpoint.requests if call.step == "submit"]
    assert summary.incident is not None
    assert (True, MANY, 1) == (summary.incident.is_denial, summary.waiting, _said(caplog, "lane paused"))
    assert (2, 0) == (len(tried), await _attempts_burned(stage))


@pytest.mark.slow
@pytest.mark.parametrize("fault", [faults.status, lambda: faults.code(1000), faults.lost_reply, faults.garbage])
async def test_uploads_fail_and_nothing_else_does(
    stage: Stage, caplog: pytest.LogCaptureFixture, fault: Callable[[], Any]
) -> None:
    """The lane pauses and tries one entry now and then, instead of opening and retracting reports for days."""
    for number in range(MANY):
        await stage.enqueue(str(number))
    stage.endpoint.faults.script("upload", *[fault() for _ in range(1000)])

    down = await stage.conductor(slots=4).drain(patience=timedelta(days=1))
    opened = stage.endpoint.summary()
    stage.endpoint.faults.clear()
    up = await stage.conductor(slots=4).drain(patience=DAYS)

    assert down.incident is not None
    assert (1, Step.UPLOAD, MANY) == (_said(caplog, "lane paused"), down.incident.confined_to, down.waiting)
    # A dozen while the waits grow, then one trial in each quarter of an hour.
    assert 24 * 4 <= opened["open"] + opened["retracted"] + opened["lapsed"] < 24 * 4 * 2
    assert (0, MANY) == (up.waiting, stage.endpoint.summary()["finished"])
    assert (0, 0) == (stage.endpoint.summary()["duplicates"], stage.endpoint.summary()["stray_files"])


async def test_entry_that_the_endpoint_chokes_on(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """One entry whose upload always fails slows down alone; all others are filed."""
    await stage.enqueue("first")
    stage.endpoint.faults.script("upload", *[faults.code(1000) for _ in range(8)])
    first = stage.conductor(slots=1)

    await first.drain(patience=timedelta(seconds=30))
    opened = stage.endpoint.summary()
    for number in range(MANY):
        await stage.enqueue(str(number))
    await stage.conductor(slots=1).drain(patience=DAYS)

    assert 0 == _said(caplog, "lane paused")
    assert opened["retracted"] + opened["open"] <= 8
    assert MANY + 1 == stage.endpoint.summary()["finished"]


async def test_one_hiccup(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """A single failure is no incident."""
    await stage.enqueue()
    stage.endpoint.faults.script("submit", faults.status())

    await stage.conductor().drain(patience=DAYS)

    assert (0, 1) == (_said(caplog, "lane paused"), stage.endpoint.summary()["finished"])


async def test_outbox_that_fails_during_a_drain(stage: Stage) -> None:
    """A drain that cannot read its outbox raises that error as it is, not wrapped in a group."""

    class Unreadable:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.outbox, name)

        async def count(self, **_: object) -> None:
            raise OutboxUnavailableError("the disk is gone")

    outbox: Any = Unreadable()

    with pytest.raises(OutboxUnavailableError):
        await stage.conductor(outbox=outbox).drain()


async def _acknowledged(stage: Stage) -> str:
    entry = await stage.enqueue()
    await stage.conductor().drain(patience=DAYS)
    return entry.id


async def test_receipt_for_a_stranger(stage: Stage) -> None:
    """A receipt says what was filed, and verifies with the public key alone."""
    entry_id = await _acknowledged(stage)

    receipt = open_receipt(
        await receipt_bytes(stage.outbox, stage.keys, stage.vault, entry_id), trusted=stage.keys.trusted()
    )

    [report] = stage.endpoint.reports()
    assert (str(receipt.report_id), entry_id, 0) == (report["report_id"], receipt.entry_id, receipt.code)
    assert {file["sha256"] for file in report["files"]} == {file.sha256 for file in receipt.files}
    assert [file["file_id"] for file in report["files"]] == list(receipt.file_ids)
    steps = [exchange.step for exchange in receipt.exchanges]
    assert ["submit", "upload", "fileinfo", "upload", "fileinfo", "finish"] == steps
    assert all(exchange.request_id and exchange.request_sha256 for exchange in receipt.exchanges)


async def test_receipt_altered_by_one_byte(stage: Stage) -> None:
    """Any byte of a receipt's signed part changed, and it is refused."""
    signed = await receipt_bytes(stage.outbox, stage.keys, stage.vault, await _acknowledged(stage))
    places = range(0, len(signed), 37)

    accepted = []
    for place in places:
        altered = bytearray(signed)
        altered[place] ^= 1
        try:
            found = open_receipt(bytes(altered), trusted=stage.keys.trusted())
        except EnvelopeError:
            continue
        accepted.append(found)

    original = open_receipt(signed, trusted=stage.keys.trusted())
    assert [original] * len(accepted) == accepted
    assert len(accepted) < len(places) / 10


async def test_receipt_of_a_stranger(stage: Stage, tmp_path: Path) -> None:
    """A receipt that somebody else signed is refused."""
    signed = await receipt_bytes(stage.outbox, stage.keys, stage.vault, await _acknowledged(stage))
    others = KeyRing.create(tmp_path / "other-keys")
    others.generate()

    with pytest.raises(EnvelopeError):
        open_receipt(signed, trusted=others.trusted())


async def test_receipt_asked_for_too_early(stage: Stage) -> None:
    """An entry that is not acknowledged has no receipt."""
    entry = await stage.enqueue()

    with pytest.raises(IllegalTransitionError):
        await receipt_of(stage.outbox, stage.keys, stage.vault, entry.id)


async def test_receipt_asked_for_twice(stage: Stage) -> None:
    """The first receipt stays for ever, to the byte."""
    entry_id = await _acknowledged(stage)

    first, second = [await receipt_bytes(stage.outbox, stage.keys, stage.vault, entry_id) for _ in range(2)]

    assert first == second


async def test_signing_key_that_cannot_be_read(stage: Stage, tmp_path: Path) -> None:
    """A missing signing key leaves the report filed; the receipt is made once the key is back."""
    keys = KeyRing.create(tmp_path / "keys")
    keys.generate()
    stage.keys = keys
    entry = await stage.enqueue()
    [private] = [path for path in (tmp_path / "keys").iterdir() if "private" in path.name]
    private.rename(tmp_path / "away.pem")

    with pytest.raises(ConfigurationError, match="is filed as report"):
        await deliver(stage.conductor(), stage.outbox, stage.keys, stage.vault, entry.id)
    filed, made = await stage.outbox.get(entry.id), await sign_outstanding(stage.outbox, stage.keys, stage.vault)
    (tmp_path / "away.pem").rename(private)
    made_later = await sign_outstanding(stage.outbox, stage.keys, stage.vault)

    assert (State.ACKNOWLEDGED, 0, 1) == (filed.state, made, made_later)
    assert (await receipt_of(stage.outbox, stage.keys, stage.vault, entry.id)).report_id == filed.report_id


@pytest.mark.parametrize("error", [ConfigurationError("no key"), OSError(28, "no space"), RuntimeError("hook")])
async def test_failure_after_the_acknowledgement(stage: Stage, error: Exception) -> None:
    """Whatever fails after the acknowledgement, the entry stays filed and the dispatcher goes on to the next."""
    entries = [await stage.enqueue(name) for name in ("one", "two")]

    async def fail(_: str | None) -> None:
        raise error

    conductor = stage.conductor(slots=1)
    failing = Conductor(conductor._road, conductor._open_transport, make_receipts=fail, slots=1)
    summary = await failing.drain(patience=DAYS)

    states = [(await stage.outbox.get(entry.id)).state for entry in entries]
    assert ({Outcome.ACKNOWLEDGED: 2}, [State.ACKNOWLEDGED] * 2) == (summary.outcomes, states)
    assert 2 == await sign_outstanding(stage.outbox, stage.keys, stage.vault)


async def test_disk_full_when_the_acknowledgement_is_written(stage: Stage) -> None:
    """An acknowledgement that cannot be written is asked for again: the endpoint says finished, and files nothing."""
    entry = await stage.enqueue()
    is_full = True

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.outbox, name)

        async def acknowledge(self, *arguments: Any, **named: Any) -> None:
            nonlocal is_full
            if is_full:
                is_full = False
                raise OutboxUnavailableError("the disk is full")
            await stage.outbox.acknowledge(*arguments, **named)

    outbox: Any = Full()
    await stage.conductor(outbox=outbox).drain(patience=DAYS)

    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state
    assert (1, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["retracted"])


async def test_heartbeat_during_the_last_write(stage: Stage) -> None:
    """A renewal that finds the entry ended by our own last write takes nothing back from a delivery that succeeded."""
    entry = await stage.enqueue()

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.outbox, name)

        async def acknowledge(self, *arguments: Any, **named: Any) -> None:
            await stage.outbox.acknowledge(*arguments, **named)
            release.set()
            for _ in range(9):
                await anyio.lowlevel.checkpoint()

    release = anyio.Event()

    async def heartbeat(_: float) -> None:
        await release.wait()
        await anyio.lowlevel.checkpoint()

    stage.road["heartbeat"] = heartbeat
    outbox: Any = Slow()
    conductor = stage.conductor(outbox=outbox)
    outcome = await conductor.deliver(entry.id)

    assert Outcome.ACKNOWLEDGED == outcome
