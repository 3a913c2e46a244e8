"""Both doors against the mock endpoint over real HTTP, as a newcomer uses them."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stage import sample_evidence, sample_report
from tipline_client import (
    AsyncTiplineClient,
    Dispatcher,
    KeyRing,
    Options,
    RetryPolicy,
    State,
    TiplineClient,
    open_receipt,
)
from tipline_client.errors import (
    ConfigurationError,
    DeliveryInDoubtError,
    DeliveryRejectedError,
    DeliveryTransientError,
    DuplicateKeyError,
    EvidenceError,
    IllegalTransitionError,
    ReportInvalidError,
)
from tipline_client.evidence import Evidence
from tipline_client.mock import MockEndpoint, faults
from tipline_client.mock.fault_kinds import Fault
from tipline_client.models import Person, Reporter
from tipline_client.testing import TurnableClock

QUICK = Options(
    policy=RetryPolicy(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5)),
    poll_every=timedelta(milliseconds=10),
)


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def client(endpoint: MockEndpoint, tmp_path: Path) -> Iterator[TiplineClient]:
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=QUICK) as client:
        yield client


def test_quick_start(client: TiplineClient, endpoint: MockEndpoint, tmp_path: Path) -> None:
    """A report with files ends in a receipt that verifies with the public key alone."""
    entry = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-4711")

    receipt = client.deliver(entry.id)

    signed = client.receipt_bytes(entry.id)
    assert receipt == client.receipt(entry.id)
    assert receipt == open_receipt(signed, trusted=KeyRing(tmp_path / "home" / "keys").trusted())
    [report] = endpoint.reports()
    assert ("finished", str(receipt.report_id)) == (report["state"], report["report_id"])


async def test_quick_start_with_an_event_loop(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """The other door is the same with `await`."""
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        entry = await client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-4711")

        receipt = await client.deliver(entry.id)

    assert (entry.id, 1) == (receipt.entry_id, endpoint.summary()["finished"])


def test_delivered_twice(client: TiplineClient, endpoint: MockEndpoint) -> None:
    """Handing in and delivering again files nothing again, and gives the same receipt."""
    receipts = []
    for _ in range(2):
        entry = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-4711")
        receipts.append(client.deliver(entry.id))

    assert receipts[0] == receipts[1]
    assert (1, 0) == (endpoint.summary()["finished"], endpoint.summary()["duplicates"])


def test_second_report_on_one_user(client: TiplineClient, endpoint: MockEndpoint) -> None:
    """A second offence is a second report: only a key or the same content makes two reports one."""
    for name in ("first", "second"):
        client.deliver(client.enqueue(sample_report(name)).id)

    assert 2 == endpoint.summary()["finished"]


def test_key_for_other_content(client: TiplineClient) -> None:
    """A key that names other content is refused, and nothing is queued."""
    client.enqueue(sample_report("one"), idempotency_key="case-4711")

    with pytest.raises(DuplicateKeyError):
        client.enqueue(sample_report("two"), idempotency_key="case-4711")

    assert 1 == client.call(client.asynchronous.outbox.count).waiting


def test_report_that_breaks_a_rule(client: TiplineClient) -> None:
    """A report that breaks a rule is refused with every issue, the same ones that `validate` gives."""
    silent = sample_report().model_copy(update={"reporter": Reporter(reporting_person=Person(first_name="Zoë"))})

    with pytest.raises(ReportInvalidError) as raised:
        client.enqueue(silent)

    assert client.validate(silent) == raised.value.issues
    assert 0 == client.call(client.asynchronous.outbox.count).waiting


def test_evidence_that_is_missing(client: TiplineClient, tmp_path: Path) -> None:
    """A file that is not there leaves nothing half-queued."""
    with pytest.raises(EvidenceError):
        client.enqueue(sample_report(), evidence=[*sample_evidence(), Evidence.from_path(tmp_path / "none.jpg")])

    assert 0 == client.call(client.asynchronous.outbox.count).waiting
    assert [] == [path for path in (tmp_path / "home" / "evidence").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("step", "script", "error"),
    [
        ("submit", [faults.code(4100)], DeliveryRejectedError),
        ("submit", [faults.status()] * 9, DeliveryInDoubtError),
        ("submit", [faults.unauthorized()] * 9, DeliveryTransientError),
        ("finish", [faults.lost_request()] * 9, DeliveryInDoubtError),
    ],
)
def test_delivery_that_fails(
    client: TiplineClient,
    endpoint: MockEndpoint,
    step: str,
    script: list[Fault],
    error: type[Exception],
) -> None:
    """A single try raises what the caller can act on, and the entry stands where the error says."""
    entry = client.enqueue(sample_report())
    endpoint.faults.script(step, *script)  # type: ignore[arg-type] # the names are checked by the mock

    with pytest.raises(error) as raised:
        client.deliver(entry.id)

    expected = State.DEAD_LETTER if error is DeliveryRejectedError else State.QUEUED
    assert (expected, step) == (client.entry(entry.id).state, getattr(raised.value, "step", None))


def test_dead_letter_put_back(client: TiplineClient, endpoint: MockEndpoint) -> None:
    """A dead letter that a person puts back is delivered."""
    entry = client.enqueue(sample_report(), evidence=sample_evidence())
    endpoint.faults.script("upload", faults.code(4000))
    with pytest.raises(DeliveryRejectedError):
        client.deliver(entry.id)

    client.requeue(entry.id, reason="a sample reason")
    client.deliver(entry.id)

    assert (1, 1) == (endpoint.summary()["finished"], endpoint.summary()["retracted"])


def test_withdrawn_before_and_after(client: TiplineClient, endpoint: MockEndpoint) -> None:
    """What is queued is withdrawn without a word to the endpoint; what is filed cannot be."""
    queued, filed = client.enqueue(sample_report("one")), client.enqueue(sample_report("two"))
    client.deliver(filed.id)

    withdrawn = client.retract(queued.id, reason="a sample reason")

    assert (State.RETRACTED, 1) == (withdrawn.state, endpoint.summary()["finished"])
    with pytest.raises(IllegalTransitionError):
        client.retract(filed.id, reason="a sample reason")
    with pytest.raises(DeliveryRejectedError):
        client.deliver(queued.id)


def test_dispatcher_stopped_from_another_thread(client: TiplineClient, endpoint: MockEndpoint) -> None:
    """A service delivers what comes in, and ends cleanly when another thread says so."""
    dispatcher = Dispatcher(client)
    is_first_there = threading.Event()
    summaries = []

    def serve() -> None:
        is_first_there.set()
        summaries.append(dispatcher.run())

    thread = threading.Thread(target=serve)
    thread.start()
    is_first_there.wait()
    entries = [client.enqueue(sample_report(str(number))) for number in range(5)]
    while any(client.entry(entry.id).state is not State.ACKNOWLEDGED for entry in entries):
        threading.Event().wait(0.01)
    dispatcher.stop()
    thread.join(timeout=10)

    assert ([0], 5, False) == ([item.waiting for item in summaries], endpoint.summary()["finished"], thread.is_alive())


def test_switched_environment_with_a_backlog(client: TiplineClient, endpoint: MockEndpoint, tmp_path: Path) -> None:
    """What was queued for one endpoint is never sent to another, and the same key is free there."""
    queued = client.enqueue(sample_report(), idempotency_key="case-4711")
    other = replace(endpoint.profile, name="other")

    with TiplineClient.open(tmp_path / "home", profile=other, options=QUICK) as switched:
        summary = Dispatcher(switched).drain()
        with pytest.raises(ConfigurationError):
            switched.deliver(queued.id)
        own = switched.enqueue(sample_report(), idempotency_key="case-4711")

    assert ({}, State.QUEUED) == (summary.outcomes, client.entry(queued.id).state)
    assert own.id != queued.id


def test_schema_fetched(client: TiplineClient, tmp_path: Path, endpoint: MockEndpoint) -> None:
    """A fetched schema is kept, and known to whoever opens the home next."""
    schema = client.fetch_schema()

    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as again:
        assert again.profile.schema is not None
        assert schema.text == again.profile.schema.text
        again.deliver(again.enqueue(sample_report(), evidence=sample_evidence()).id)


def test_suspected_orphans_from_python(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """Both doors name the entries of which a report may be open, with the moment at which each of these lapses."""
    clock = TurnableClock()
    endpoint.faults.script("submit", faults.lost_reply())
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=replace(QUICK, clock=clock)) as client:
        entry = client.enqueue(sample_report(), idempotency_key="case-4711")
        client.deliver(entry.id)

        [found] = client.orphaned()

        assert (entry.id, State.ACKNOWLEDGED) == (found.id, found.state)
        [orphan] = found.checkpoint.orphans
        assert timedelta(hours=24) == orphan.lapses_at - orphan.since
        assert [] == client.orphaned(after=entry.id)
        assert not orphan.has_lapsed(clock.now())
        clock.advance(timedelta(hours=24))
        assert orphan.has_lapsed(clock.now())
        assert [] == client.call(client.asynchronous.orphaned)
