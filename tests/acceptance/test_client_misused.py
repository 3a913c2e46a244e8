"""The Python door in wrong hands: closed too often or too early, given nonsense, with watchers that fail."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tipline_client import (
    AsyncDispatcher,
    Dispatcher,
    Evidence,
    IncidentSummary,
    KeyRing,
    Options,
    Person,
    Report,
    Reporter,
    RetryPolicy,
    State,
    TiplineClient,
    errors,
    profiles,
)
from tipline_client.delivery.steps import Step
from tipline_client.mock import MockEndpoint, faults
from tipline_client.outbox import MemoryOutbox, SqliteOutbox
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.transport import HttpTransport, Transport

QUICK = Options(policy=RetryPolicy(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5)))


def _report(**more: Any) -> Report:
    summary = IncidentSummary(
        incident_type="Misleading Domain Name", incident_date_time=datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    )
    person = Person.model_validate({"email": "safety@example.com"})
    return Report(incident_summary=summary, reporter=Reporter(reporting_person=person), **more)


def test_closed_twice(tmp_path: Path) -> None:
    """The second close does nothing, and every verb after it says that the client is closed."""
    with MockEndpoint() as endpoint:
        client = TiplineClient.open(tmp_path / "home", profile=endpoint.profile)
        dispatcher = Dispatcher(client)
        client.close()

        client.close()
        dispatcher.stop()

        with pytest.raises(errors.OutboxUnavailableError, match="closed"):
            client.enqueue(_report(), idempotency_key="late")


def test_outbox_of_another_home(tmp_path: Path) -> None:
    """An outbox that was opened with the secret of another home is refused; whoever has that secret uses it."""
    theirs = KeyRing.create(tmp_path / "theirs" / "keys")
    theirs.generate()
    outbox = MemoryOutbox(chain=theirs.history_chain())

    with pytest.raises(errors.ConfigurationError, match="another secret than the one in this home's keys"):
        TiplineClient.open(tmp_path / "ours", profile=profiles.mock("http://127.0.0.1:9/ispws"), outbox=outbox)

    TiplineClient.open(tmp_path / "theirs", profile=profiles.mock("http://127.0.0.1:9/ispws"), outbox=outbox).close()


def test_withdrawn_through_an_outbox_handed_in(tmp_path: Path) -> None:
    """What a program records in an outbox that it opened itself is believed by every other dispatcher of the home."""
    with MockEndpoint() as endpoint:
        TiplineClient.open(tmp_path, profile=endpoint.profile).close()
        outbox = SqliteOutbox.open(tmp_path / "outbox.sqlite")
        with TiplineClient.open(tmp_path, profile=endpoint.profile, outbox=outbox, options=QUICK) as ours:
            entry = ours.enqueue(_report())
            endpoint.faults.script("finish", *[faults.status(503)] * 4)
            with pytest.raises(errors.DeliveryError):
                ours.deliver(entry.id)
            endpoint.faults.script("retract", *[faults.status(503)] * 4)
            ours.retract(entry.id, reason="wrong account")
        endpoint.faults.clear()

        with TiplineClient.open(tmp_path, profile=endpoint.profile) as service, suppress(errors.DeliveryError):
            service.deliver(entry.id)
        with TiplineClient.open(tmp_path, profile=endpoint.profile) as service:
            assert State.RETRACTED is service.entry(entry.id).state
        assert (0, 0) == (endpoint.summary()["finished"], endpoint.summary()["open"])


def test_closed_while_a_dispatcher_runs(tmp_path: Path) -> None:
    """Closing ends the dispatcher cleanly instead of taking the outbox from under it."""
    with MockEndpoint() as endpoint:
        client = TiplineClient.open(tmp_path / "home", profile=endpoint.profile)
        dispatcher = Dispatcher(client)
        ended: list[object] = []
        thread = threading.Thread(target=lambda: ended.append(dispatcher.run()))
        thread.start()

        client.close()
        thread.join(10)

    assert not thread.is_alive()


@pytest.mark.parametrize(
    "wrong", [{"slots": 0}, {"slots": -1}, {"lease_for": timedelta(0)}, {"poll_every": timedelta(seconds=-1)}]
)
def test_options_that_could_never_deliver(wrong: dict[str, Any]) -> None:
    """They are refused by name when they are made."""
    with pytest.raises(errors.ConfigurationError, match=next(iter(wrong))):
        Options(**wrong)


@pytest.mark.parametrize("key", ["", "   ", "k" * 256, 4711, "\ud800"])
def test_idempotency_key_that_is_none(tmp_path: Path, key: Any) -> None:
    """It is refused as an issue with its path; nothing is queued."""
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        with pytest.raises(errors.ReportInvalidError) as caught:
            client.enqueue(_report(), idempotency_key=key)

        waiting = client.call(client.asynchronous.outbox.count).waiting

    assert ["idempotencyKey"] == [issue.path for issue in caught.value.issues]
    assert waiting == 0


@pytest.mark.parametrize("evidence", [["mug.jpg"], Evidence.from_bytes(b"mug", name="mug.jpg")])
def test_evidence_that_is_none(tmp_path: Path, evidence: Any) -> None:
    """The two likeliest slips get one sentence with the way out."""
    with (
        MockEndpoint() as endpoint,
        TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client,
        pytest.raises(errors.EvidenceError, match="Evidence") as caught,
    ):
        client.enqueue(_report(), evidence=evidence, idempotency_key="k")

    assert caught.value.hint


def test_report_that_is_a_dict(tmp_path: Path) -> None:
    """Validation gives an issue instead of raising."""
    not_a_report: Any = {"incidentSummary": {}}
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        issues = client.validate(not_a_report)

    assert ["report"] == [issue.path for issue in issues]


def test_long_text_after_the_schema_was_fetched(tmp_path: Path) -> None:
    """A text beyond the XML parser's caps is checked all the same; validation never raises."""
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        client.fetch_schema()

        issues = client.validate(_report(additional_info="mug " * 3_000_000))

    assert not [issue for issue in issues if issue.severity is errors.Severity.ERROR]


def test_watchers_that_fail(tmp_path: Path) -> None:
    """A progress bar that raises does not stop a filing."""

    def fail(*_: object) -> None:
        raise KeyError("bar")

    with (
        MockEndpoint() as endpoint,
        TiplineClient.open(
            tmp_path / "home", profile=endpoint.profile, options=Options(on_step=fail, on_bytes=fail)
        ) as client,
    ):
        entry = client.enqueue(
            _report(), evidence=[Evidence.from_bytes(b"mug", name="mug.jpg")], idempotency_key="case-4711"
        )

        client.deliver(entry.id)

        assert endpoint.summary()["finished"] == 1


def test_network_that_cannot_be_opened(tmp_path: Path) -> None:
    """The run ends with the reason, and the entry waits as if nothing had been tried."""

    @asynccontextmanager
    async def broken(profile: EndpointProfile) -> AsyncIterator[Transport]:
        raise errors.ConfigurationError(f"no network for {profile.name}")
        yield

    with (
        MockEndpoint() as endpoint,
        TiplineClient.open(
            tmp_path / "home", profile=endpoint.profile, options=Options(open_transport=broken)
        ) as client,
    ):
        entry = client.enqueue(_report(), idempotency_key="case-4711")

        with pytest.raises(errors.ConfigurationError, match="no network"):
            Dispatcher(client).drain()

        after = client.entry(entry.id)

    assert (State.QUEUED, 0) == (after.state, after.attempts)


@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FINISH])
def test_failure_that_nobody_foresaw(tmp_path: Path, step: Step) -> None:
    """The entry goes back with the class of the failure, its intent kept, and the next try files it once."""

    class Breaking:
        def __init__(self, wrapped: Transport) -> None:
            self._wrapped = wrapped

        async def send(self, call: Call) -> Reply | NoReply:
            reply = await self._wrapped.send(call)
            if call.step is step and not broken:
                broken.append(call.step)
                raise ZeroDivisionError
            return reply

    @asynccontextmanager
    async def breaking(profile: EndpointProfile) -> AsyncIterator[Transport]:
        async with HttpTransport.open(profile) as wrapped:
            yield Breaking(wrapped)

    broken: list[Step] = []
    with (
        MockEndpoint() as endpoint,
        TiplineClient.open(
            tmp_path / "home", profile=endpoint.profile, options=Options(open_transport=breaking)
        ) as client,
    ):
        evidence = [Evidence.from_bytes(b"mug", name="mug.jpg")]
        entry = client.enqueue(_report(), evidence=evidence, idempotency_key="case-4711")
        with pytest.raises(ZeroDivisionError):
            client.deliver(entry.id)
        waiting = client.entry(entry.id)

        client.deliver(entry.id)

        summary = endpoint.summary()

    assert waiting.last_failure is not None
    assert (State.QUEUED, "internal_error", step) == (
        waiting.state,
        waiting.last_failure.kind,
        waiting.checkpoint.intent and waiting.checkpoint.intent.step,
    )
    assert (1, 0, 0) == (summary["finished"], summary["duplicates"], summary["stray_files"])


def test_opened_with_something_else(tmp_path: Path) -> None:
    """Each argument of another type is named, with the way out, and no home is made."""
    profile = profiles.mock("http://127.0.0.1:8765/ispws")
    wrong: list[dict[str, Any]] = [
        {"profile": "testing"},
        {"profile": None},
        {"profile": profile, "home": 3},
        {"profile": profile, "outbox": tmp_path / "outbox.sqlite"},
        {"profile": profile, "options": {"slots": 1}},
    ]

    for given in wrong:
        with pytest.raises(errors.ConfigurationError, match=f"^{[*given][-1]} is ") as caught:
            TiplineClient.open(**{"home": tmp_path / "home", **given})
        assert caught.value.hint
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("deliver", {}),
        ("retract", {"reason": "a sample"}),
        ("file_by_hand", {"reason": "a sample", "report_id": 77}),
        ("requeue", {"reason": "a sample"}),
        ("release", {"reason": "a sample"}),
        ("entry", {}),
        ("find", {}),
        ("receipt", {}),
        ("receipt_bytes", {}),
    ],
)
def test_entry_in_the_place_of_its_id(tmp_path: Path, verb: str, more: dict[str, Any]) -> None:
    """Every verb says what it wants and how to get it."""
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        entry = client.enqueue(_report(), idempotency_key="sample")

        for given in (entry, None, 7):
            with pytest.raises(errors.EntryNotFoundError, match=r"^(entry_id|idempotency_key) is ") as caught:
                getattr(client, verb)(given, **more)
            assert caught.value.hint

        assert State.QUEUED is client.entry(entry.id).state


def test_dispatcher_without_a_client() -> None:
    """The other door's client, or none, is named."""
    for kind in (Dispatcher, AsyncDispatcher):
        with pytest.raises(errors.ConfigurationError, match=r"^client is "):
            kind("home")  # type: ignore[arg-type]


def test_evidence_of_something_else(tmp_path: Path) -> None:
    """Text for bytes, a number for either, and no list are named as what they are."""
    given: Any
    for given in ("abc", 5, None):
        with pytest.raises(errors.EvidenceError, match=r"^data is of type ") as caught:
            Evidence.from_bytes(given, name="mug.txt")
        assert caught.value.hint
    for given in (5, None, b"mug.jpg"):
        with pytest.raises(errors.EvidenceError, match=r"^path is of type "):
            Evidence.from_path(given)
    name: Any = 7
    with pytest.raises(errors.EvidenceError, match=r"^name is of type "):
        Evidence.from_bytes(b"mug", name=name)
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        for given in (None, 3, iter([Evidence.from_bytes(b"mug", name="mug.txt")])):
            with pytest.raises(errors.EvidenceError, match=r"^evidence is of type "):
                client.enqueue(_report(), evidence=given)
