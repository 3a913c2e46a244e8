"""The promise as a table: each step, met by each fault, with the dispatcher dying at each point around it.

Whatever the cell: exactly one finished report with each file once and described, and an acknowledged entry; or an entry
given up with a reason and nothing filed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from tests.support.crashes import Crash, CrashPoint, Death, die_at
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.acknowledgement import AlarmKind, FileSet
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.mock import faults
from tipline_client.mock.fault_kinds import Fault
from tipline_client.mock.script import Step as StepName

pytestmark = pytest.mark.slow

STEPS: tuple[StepName, ...] = ("submit", "upload", "fileinfo", "finish", "retract")

FAULTS: dict[str, Callable[[], Fault]] = {
    "none": faults.ok,
    "status-503": faults.status,
    "status-429": lambda: faults.status(429),
    "status-401": lambda: faults.status(401, body=b""),
    "status-403": lambda: faults.status(403),
    "unauthorized": faults.unauthorized,
    "lost-request": faults.lost_request,
    "lost-reply": faults.lost_reply,
    "truncate-0": lambda: faults.truncate(0),
    "truncate-40": lambda: faults.truncate(40),
    "garbage": faults.garbage,
    "garbage-worked": lambda: faults.garbage(worked=True),
    "empty-worked": lambda: faults.reply(b"", worked=True),
    "close": faults.close,
    "redirect": lambda: faults.redirect("http://127.0.0.1:9/elsewhere"),
    "huge": lambda: faults.huge(3_000_000),
    "wrong-report-id": faults.wrong_report_id,
    "no-report-id": faults.no_report_id,
    "wrong-hash": faults.wrong_hash,
    "no-hash": faults.no_hash,
    "upper-hash": faults.upper_hash,
    "fewer-files": faults.fewer_files,
    "more-files": faults.more_files,
    "other-files": faults.other_files,
}
# 5102 is left out: an endpoint that says "finished" of what it has not finished is believed, by design.
CODES: tuple[int, ...] = (
    *(1000, 1001, 1100, 1110, 1111, 1210, 1300, 1999, 2000, 3000, 3100, 3300),
    *(4000, 4100, 4110, 4200, 4999, 5001, 5002, 5101, 5999, 777, -1),
)

REFUSALS = {1001, 1210, 3300, 4000, 4100, 4110, 4200, 4999}
# A damaged upload gets one more chance; a finish that is refused is asked again; a retraction is repeated.
GIVEN_UP: dict[StepName, set[int]] = {
    "submit": REFUSALS,
    "upload": REFUSALS - {4200},
    "fileinfo": REFUSALS - {4200},
    "finish": set(),
    "retract": set(),
}


async def _live(stage: Stage, step: StepName, script: list[Fault], crash: Crash | None) -> str:
    """Enqueue, break, let the first dispatcher live or die, and let another finish the work. Returns the entry's id."""
    entry = await stage.enqueue()
    if step == "retract":
        # Retract is only ever sent when something before it was in doubt.
        stage.endpoint.faults.script("upload", faults.ok(), faults.lost_reply())
    stage.endpoint.faults.script(step, *script)
    if crash is not None:
        first = stage.conductor(outbox=crash.outbox(stage.outbox), open_transport=crash.open_transport)
        with pytest.raises(BaseExceptionGroup) as died:
            await first.drain(patience=DAYS)
        assert died.group_contains(Death)
    await stage.conductor().drain(patience=DAYS)
    return entry.id


async def _assert_filed_exactly_once(stage: Stage, entry_id: str) -> None:
    entry, summary = await stage.outbox.get(entry_id), stage.endpoint.summary()
    record = await stage.outbox.acknowledgement(entry_id)
    digests = sorted((item.sha256, True) for item in await _manifest(stage, entry_id))
    assert (State.ACKNOWLEDGED, [digests]) == (entry.state, stage.attached())
    assert (1, 0, 0) == (summary["finished"], summary["duplicates"], summary["stray_files"])
    assert record is not None
    [finished] = [report["report_id"] for report in stage.endpoint.reports() if report["state"] == "finished"]
    assert (finished, True) == (str(record.acknowledgement.report_id), record.receipt is not None)


async def _assert_given_up_with_reason(stage: Stage, entry_id: str) -> None:
    entry, summary = await stage.outbox.get(entry_id), stage.endpoint.summary()
    assert (State.DEAD_LETTER, 0) == (entry.state, summary["finished"])
    assert entry.last_failure is not None
    assert entry.last_failure.text
    assert entry.checkpoint.report_id is None
    assert summary["open"] == summary["orphans"]


async def _manifest(stage: Stage, entry_id: str) -> tuple[ManifestItem, ...]:
    entry = await stage.outbox.get(entry_id)
    return (await stage.reader.open(entry)).payload.manifest


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
async def test_one_fault_and_no_crash(stage: Stage, step: StepName, fault: str) -> None:
    """One fault at any step, and the report is filed exactly once, each file attached once."""
    entry_id = await _live(stage, step, [FAULTS[fault]()], None)

    await _assert_filed_exactly_once(stage, entry_id)
    assert FAULTS[fault]().model_dump()["fault"] in {
        call.fault for call in stage.endpoint.requests if call.step == step
    }


@pytest.mark.parametrize("http_status", [200, 400])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("step", STEPS)
async def test_one_refusal_and_no_crash(stage: Stage, step: StepName, code: int, http_status: int) -> None:
    """One refusal with any code: filed exactly once, or given up with the reason, as the table of moves says."""
    entry_id = await _live(stage, step, [faults.code(code, http_status=http_status)], None)

    if code in GIVEN_UP[step]:
        await _assert_given_up_with_reason(stage, entry_id)
        entry = await stage.outbox.get(entry_id)
        assert entry.last_failure is not None
        assert (code, step) == (entry.last_failure.code, entry.last_failure.step)
    else:
        await _assert_filed_exactly_once(stage, entry_id)


@pytest.mark.parametrize(("step", "fault", "point"), list(product(STEPS, FAULTS, CrashPoint)))
async def test_one_fault_and_one_crash(stage: Stage, step: StepName, fault: str, point: CrashPoint) -> None:
    """One fault and one death around any step, and the report is still filed exactly once."""
    entry_id = await _live(stage, step, [FAULTS[fault]()], die_at(Step(step), point))

    await _assert_filed_exactly_once(stage, entry_id)


@pytest.mark.parametrize("point", CrashPoint)
@pytest.mark.parametrize("step", STEPS)
async def test_one_crash_and_no_fault(stage: Stage, step: StepName, point: CrashPoint) -> None:
    """A dispatcher that dies at any point of any step leaves nothing that the next one cannot finish."""
    entry_id = await _live(stage, step, [], die_at(Step(step), point))

    await _assert_filed_exactly_once(stage, entry_id)


@pytest.mark.parametrize("point", CrashPoint)
@pytest.mark.parametrize(("step", "code"), [("submit", 4100), ("upload", 4000), ("fileinfo", 4100), ("finish", 4999)])
async def test_refusal_that_stays_and_one_crash(stage: Stage, step: StepName, code: int, point: CrashPoint) -> None:
    """A refusal that is met again by whoever takes over ends in a dead letter with the code, and nothing is filed."""
    script: list[Fault] = [faults.code(code) for _ in range(40)]

    entry_id = await _live(stage, step, script, die_at(Step(step), point))

    await _assert_given_up_with_reason(stage, entry_id)
    entry = await stage.outbox.get(entry_id)
    assert entry.last_failure is not None
    assert code == entry.last_failure.code


@pytest.mark.parametrize("fault", ["status-503", "lost-request", "lost-reply", "garbage-worked", "truncate-40", "huge"])
@pytest.mark.parametrize("step", STEPS)
async def test_fault_that_lasts_for_a_while(stage: Stage, step: StepName, fault: str) -> None:
    """The same fault nine times in a row, and the report is filed exactly once all the same."""
    entry_id = await _live(stage, step, [FAULTS[fault]() for _ in range(9)], None)

    await _assert_filed_exactly_once(stage, entry_id)


@pytest.mark.parametrize("step", STEPS)
async def test_reply_slower_than_the_progress_timeout(stage: Stage, step: StepName) -> None:
    """An endpoint that works long after we gave up waiting changes nothing about the end."""
    stage.profile = replace(stage.profile, progress_timeout=timedelta(seconds=0.2))

    entry_id = await _live(stage, step, [faults.slow(0.5)], None)

    await _assert_filed_exactly_once(stage, entry_id)


async def test_hash_that_is_never_right(stage: Stage) -> None:
    """An endpoint that never holds our bytes gets no report finished: a person must look."""
    entry_id = await _live(stage, "upload", [faults.wrong_hash() for _ in range(40)], None)

    await _assert_given_up_with_reason(stage, entry_id)
    assert "hash_mismatch" == (await stage.outbox.get(entry_id)).last_failure.kind  # type: ignore[union-attr] # given up


async def test_damaged_upload_twice(stage: Stage) -> None:
    """An upload that arrives damaged gets one more chance, and then a person."""
    entry_id = await _live(stage, "upload", [faults.code(4200), faults.code(4200)], None)

    await _assert_given_up_with_reason(stage, entry_id)


@pytest.mark.parametrize("fault", ["fewer-files", "more-files", "other-files"])
async def test_file_list_that_is_not_ours(stage: Stage, fault: str) -> None:
    """A list of files that is not the one that was uploaded: filed, with an alarm that a person must close."""
    entry_id = await _live(stage, "finish", [FAULTS[fault]()], None)

    [alarm] = await stage.outbox.alarms(entry_id=entry_id, is_open=True)
    assert AlarmKind.FILE_SET_DIFFERS == alarm.kind


async def test_upload_without_a_hash(stage: Stage) -> None:
    """An endpoint that gives no hash files our report, with an alarm: nothing proves that the copy is ours."""
    entry_id = await _live(stage, "upload", [faults.no_hash()], None)

    [alarm] = await stage.outbox.alarms(entry_id=entry_id, is_open=True)
    assert AlarmKind.HASH_MISSING == alarm.kind


async def test_connection_lost_after_finish_was_processed(stage: Stage) -> None:
    """The reply to a finish is lost: asked again, the endpoint says finished, and that is the acknowledgement."""
    entry_id = await _live(stage, "finish", [faults.lost_reply()], None)

    record = await stage.outbox.acknowledgement(entry_id)
    assert record is not None
    assert (5102, FileSet.UNCONFIRMED) == (record.acknowledgement.code, record.acknowledgement.file_set)
    assert (1, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["retracted"])
