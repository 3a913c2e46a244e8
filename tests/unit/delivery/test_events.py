"""Every kind of event is a frozen value that is public, and that the history gives back as it was."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import get_args

import pytest

from tipline_client import events
from tipline_client.delivery.acknowledgement import AlarmKind, FileSet
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import Happening, HistoryLine, words_of
from tipline_client.delivery.hold import Part
from tipline_client.delivery.lane_state import Incident
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FAILURE = Failure(kind="outage", text="no answer within 30 s")
INCIDENT = Incident(since=AT, failure=FAILURE)
SAMPLES: tuple[Happening, ...] = (
    events.EntryQueued("digest", is_held=True),
    events.EntryHeld(),
    events.EntryReleased("digest of the reason"),
    events.EntryAttempted(Attempt(AT, AT, Outcome.TRANSIENT, FAILURE, burns=True)),
    events.EntryAcknowledged(4711, FileSet.CONFIRMED, "digest of the reply"),
    events.HandFilingNoted(4711, "digest of the reason"),
    events.EntryFiledByHand(4711, "digest of the reason"),
    events.EntryGivenUp(FAILURE),
    events.EntryRetracted(),
    events.WithdrawalAsked("digest of the reason"),
    events.EntryRequeued("digest of the reason", was_vouched_for=True),
    events.ReceiptSigned("digest of the receipt"),
    events.AlarmRaised(1, AlarmKind.HASH_MISSING),
    events.AlarmClosed(1, "digest of the note"),
    events.DeadlineNear(AT, AT),
    events.HoldOpened(1, "us", Part.CONTENT, AT, is_limit=True, actor="a person", note_sha256="digest of the reason"),
    events.HoldExtended(1, AT, "a person", "digest of the reason"),
    events.HoldReleased(1, "a person", "digest of the reason"),
    events.ContentRead("report", "a person", "digest of the purpose"),
    events.KeyRewrapped("id of the master key"),
    events.DestructionBegun("a person", "digest of the reason", "digest of the request", (1, 2)),
    events.ContentErased(),
    events.EntryDestroyed("digest of the certificate"),
    events.LanePaused(INCIDENT, 3, AT),
    events.LaneResumed(INCIDENT, 3, AT),
)
named = pytest.mark.parametrize("what", SAMPLES, ids=lambda what: type(what).__name__)


def test_kinds_without_a_sample() -> None:
    """Each kind that there is is tried below."""
    assert set(get_args(Happening)) == {type(what) for what in SAMPLES}


@named
def test_event_is_frozen_and_public(what: Happening) -> None:
    """Nobody who is told of an event can change it for the next one, and each kind can be asked for by name."""
    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(what, "report_id", 1)  # noqa: B010 - not every kind has this member, and none may take it

    assert getattr(events, type(what).__name__) is type(what)


@named
def test_event_read_back(what: Happening) -> None:
    """A line of the history gives back the very value that was told."""
    kind, facts = words_of(what)
    line = HistoryLine(1, AT, "sample", "mock", "id-one", kind, facts, link="")

    event = line.event

    assert what == event.what
    assert (AT, "sample", Environment.MOCK, "id-one") == (event.at, event.profile, event.environment, event.entry_id)
