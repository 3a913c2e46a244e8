"""Planted words are looked for wherever an operator, a log collector or a crash report could see them."""

import logging
import traceback
from dataclasses import replace

import pytest

from tests.support.crashes import CrashPoint, die_at
from tests.support.marked import MARK, QUOTING, enqueue_marked, marked_evidence, marked_report
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.delivering import deliver
from tipline_client.dispatch.receipting import receipt_of
from tipline_client.errors import ReportInvalidError, TiplineError
from tipline_client.mock import faults
from tipline_client.mock.fault_kinds import Fault
from tipline_client.mock.script import Step as StepName
from tipline_client.models import Person, Reporter


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="tipline_client")
    return caplog


def _logged(logs: pytest.LogCaptureFixture) -> str:
    formatter = logging.Formatter("%(message)s")
    ours = [record for record in logs.records if record.name.startswith("tipline_client")]
    return "\n".join(f"{formatter.format(record)} {record.args!r}" for record in ours)


def _told(error: BaseException) -> str:
    """An error as a log would show it, with every error behind it, hidden or not."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is None or found in seen:
            continue
        seen.append(found)
        waiting += [found.__cause__, found.__context__, *getattr(found, "exceptions", ())]
    texts = ["".join(traceback.format_exception(item)) + repr(item) + repr(item.args) for item in seen]
    hints = [item.hint for item in seen if isinstance(item, TiplineError)]
    return "\n".join((*texts, *hints))


async def _shown(stage: Stage, entry_id: str) -> str:
    """What the outbox lets be shown of an entry."""
    outbox = stage.outbox
    entry = await outbox.get(entry_id)
    record = await outbox.acknowledgement(entry_id)
    parts: list[object] = [entry, entry.checkpoint, entry.last_failure, record, await outbox.attempts(entry_id)]
    parts += [await outbox.alarms(), await outbox.count(), stage.profile, stage.conductor(), *marked_evidence()]
    if record is not None:
        receipt = await receipt_of(outbox, stage.keys, stage.vault, entry_id)
        parts += [record.acknowledgement, receipt, *receipt.files]
    return "\n".join(map(repr, parts))


_SCRIPTS: dict[str, tuple[StepName, list[Fault]]] = {
    "none": ("submit", []),
    "refused": ("submit", [faults.code(4100, description=QUOTING)]),
    "file-refused": ("upload", [faults.code(4000, description=QUOTING)]),
    "details-refused": ("fileinfo", [faults.code(4100, description=QUOTING, http_status=200)]),
    "finish-refused": ("finish", [faults.code(4999, description=QUOTING)] * 30),
    "server-error": ("fileinfo", [faults.code(1000, description=QUOTING)] * 3),
    "unknown-code": ("finish", [faults.code(777, description=QUOTING)] * 3),
    "denied": ("submit", [faults.unauthorized(QUOTING)]),
    "garbage": ("upload", [faults.garbage(body=f"<html>{MARK}</html>")] * 9),
    "gateway": ("submit", [faults.status(502, body=MARK)] * 5),
    "redirect": ("finish", [faults.redirect(f"http://127.0.0.1:9/{MARK}")] * 4),
    "foreign-hash": ("upload", [faults.wrong_hash()] * 30),
    "lost-reply": ("upload", [faults.lost_reply()]),
    "truncated": ("finish", [faults.truncate(50)]),
    "withdrawn-late": ("retract", [faults.code(4000, description=QUOTING)]),
}


@pytest.mark.parametrize("script", _SCRIPTS)
async def test_planted_words_on_every_path(stage: Stage, logs: pytest.LogCaptureFixture, script: str) -> None:
    """Whatever happens to an entry, its words are in no log, repr, failure, attempt, alarm or receipt's repr."""
    step, planned = _SCRIPTS[script]
    stage.endpoint.faults.script(step, *planned)
    if step == "retract":
        stage.endpoint.faults.script("upload", faults.lost_reply())

    entry_id = (await enqueue_marked(stage)).id
    await stage.conductor().drain(patience=DAYS)

    seen = _logged(logs) + await _shown(stage, entry_id)
    assert entry_id in seen
    assert MARK not in seen


@pytest.mark.parametrize("script", ["refused", "garbage", "denied", "finish-refused", "file-refused"])
async def test_planted_words_in_errors(stage: Stage, logs: pytest.LogCaptureFixture, script: str) -> None:
    """An error that a single delivery raises tells codes and ids, as do all the errors behind it."""
    step, planned = _SCRIPTS[script]
    stage.endpoint.faults.script(step, *planned)
    entry_id = (await enqueue_marked(stage)).id

    with pytest.raises(TiplineError) as raised:
        await deliver(stage.conductor(), stage.outbox, stage.keys, stage.vault, entry_id)

    assert MARK not in _told(raised.value) + _logged(logs)


async def test_planted_words_in_refused_reports(stage: Stage) -> None:
    """A report that breaks rules is refused with paths, not with what stands there."""
    report = marked_report()
    silent = Reporter(reporting_person=Person(first_name=MARK, last_name=MARK))
    broken = report.model_copy(update={"reporter": silent})

    with pytest.raises(ReportInvalidError) as raised:
        await enqueue_marked(stage, broken)

    assert "report.reporter.reportingPerson.email" in _told(raised.value)
    assert MARK not in _told(raised.value)


async def test_planted_words_in_missing_evidence(stage: Stage, logs: pytest.LogCaptureFixture) -> None:
    """A copy that vanished is named by its place, not by the file's name or bytes."""
    entry_id = (await enqueue_marked(stage)).id
    for path in (stage.folder / "evidence").rglob("*"):
        if path.is_file():
            path.unlink()

    await stage.conductor().drain(patience=DAYS)

    seen = _logged(logs) + await _shown(stage, entry_id)
    assert "evidence[0]" in seen
    assert MARK not in seen


async def test_planted_words_after_a_death(stage: Stage, logs: pytest.LogCaptureFixture) -> None:
    """The traceback of a dispatcher that died shows no word of the report."""
    await enqueue_marked(stage)
    crash = die_at(Step.FILEINFO, CrashPoint.BEFORE_RECORD)

    with pytest.raises(BaseExceptionGroup) as died:
        await stage.conductor(open_transport=crash.open_transport).drain()

    assert MARK not in _told(died.value) + _logged(logs)


async def test_credentials_in_sight(stage: Stage, logs: pytest.LogCaptureFixture) -> None:
    """Neither user name nor password is in a repr or a log, whether they work or not."""
    entry_id = (await enqueue_marked(stage)).id
    stage.profile = replace(stage.profile, username=f"{MARK}-user", password=f"{MARK}-password")

    await stage.conductor().drain(patience=DAYS)

    seen = _logged(logs) + await _shown(stage, entry_id) + repr(stage.profile)
    assert MARK not in seen
    assert "lane paused" in seen


async def test_words_that_would_be_found(stage: Stage, logs: pytest.LogCaptureFixture) -> None:
    """The search finds what is there, or the other tests here would prove nothing."""
    logging.getLogger("tipline_client.dispatch").warning("said by mistake: %s", MARK)

    entry_id = (await enqueue_marked(stage)).id

    assert MARK in _logged(logs)
    assert MARK in str(marked_report().to_json_dict())
    assert MARK not in await _shown(stage, entry_id)
