"""One task: it gets the id of a decision, and has its report in the outbox when it ends. A dispatcher files it.

    celery -A tasks worker --beat

The broker is a folder, so that the example needs no server. It forgets what a worker had in hands that died whole, as
many brokers may; what is left is looked for at each start, and every minute.
"""

import functools
import os
import sys
from typing import Any

import decisions
from celery import Celery
from celery.signals import worker_init, worker_process_shutdown, worker_ready

from tipline_client import (
    Entry,
    IncidentSummary,
    InternetDetails,
    Person,
    Report,
    Reporter,
    TiplineClient,
    profiles,
)
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, ReportInvalidError
from tipline_client.models import Email, WebPageIncident

BROKER = decisions.DATA / "broker"
for name in ("messages", "control"):
    (BROKER / name).mkdir(mode=0o700, parents=True, exist_ok=True)

app = Celery("desk", broker="filesystem://localhost")
# A message is done with when its task has ended, also if the process under it was killed.
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True
app.conf.worker_prefetch_multiplier = 1
# The outbox is the record; a result in a second place would only be another one to protect.
app.conf.task_ignore_result = True

app.conf.worker_enable_remote_control = False
app.conf.broker_transport_options = {
    "data_folder_in": str(BROKER / "messages"),
    "data_folder_out": str(BROKER / "messages"),
    "control_folder": str(BROKER / "control"),
    "polling_interval": 0.2,
}
app.conf.beat_schedule = {"what is left": {"task": "report_what_is_left", "schedule": 60.0}}
# In memory: a kill could leave half of the file that the usual scheduler keeps, and a sweep too many harms nothing.
app.conf.beat_scheduler = "celery.beat:Scheduler"
app.conf.beat_max_loop_interval = 1


@functools.cache
def client() -> TiplineClient:
    """The client of this process; a task first asks for it once the pool has forked."""
    return TiplineClient.open(decisions.DATA / "tipline-home", profile=profiles.mock(os.environ["TIPLINE_ENDPOINT"]))


@worker_init.connect  # type: ignore[untyped-decorator]  # Celery bears no types
def look_at_settings(**_: Any) -> None:
    """Start no worker with settings that open no client: each of its tasks would fail, and it would look alive."""
    try:
        client().close()
    except OutboxUnavailableError:
        # It may be there again before the tasks are, which are tried until it is.
        pass
    except ConfigurationError as error:
        sys.exit(f"{error}\n{error.hint}")
    finally:
        # None is carried over into the pool.
        client.cache_clear()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def close_client(**_: Any) -> None:
    """End with nothing open."""
    if client.cache_info().currsize:
        client().close()


@app.task(  # type: ignore[untyped-decorator]
    name="report_decision", autoretry_for=(OutboxUnavailableError,), max_retries=None, retry_backoff=True
)
def report_decision(decision_id: int) -> None:
    """Have the report of a decision in the outbox: once, however often this is run, and by however many at once."""
    key = f"decision-{decision_id}"
    try:
        # Looked for first: what is signed stands, also where this program has changed since.
        entry = client().find(key) or queue(decisions.find(decision_id), key)
    except ReportInvalidError as error:
        # No try will help; which paths and rules it names is no content.
        decisions.mark_refused(decision_id, str(error))
        raise
    decisions.mark_queued(decision_id, entry.id)


def queue(decision: decisions.Decision, key: str) -> Entry:
    """Have it in the outbox; two at once get one entry."""
    report = Report(
        incident_summary=IncidentSummary(
            incident_type="Misleading Domain Name", incident_date_time=decision.decided_at
        ),
        internet_details=[InternetDetails(web_page_incident=WebPageIncident(url=[decision.url]))],
        reporter=Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")])),
    )
    return client().enqueue(report, idempotency_key=key, known_at=decision.decided_at)


@app.task(name="report_what_is_left")  # type: ignore[untyped-decorator]
def report_what_is_left() -> None:
    """Send the task again for every decision that is not marked: its message may be lost."""
    for decision_id in decisions.unqueued():
        report_decision.delay(decision_id)


@worker_ready.connect  # type: ignore[untyped-decorator]
def look_at_start(**_: Any) -> None:
    """A worker that starts may follow one that died."""
    report_what_is_left.delay()
