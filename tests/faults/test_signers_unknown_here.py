"""A host that lacks a key: what it cannot verify it leaves to others, and never ends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stage import DAYS, Stage
from tipline_client.cli.suspects import find_suspects, suspects_lines
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.states import State
from tipline_client.envelope import KeyRing
from tipline_client.mock import faults


@contextmanager
def _elsewhere(stage: Stage, keys: KeyRing) -> Iterator[None]:
    """Another host with these keys."""
    own, stage.keys = stage.keys, keys
    yield
    stage.keys = own


@pytest.fixture
def strange_keys(tmp_path: Path, stage: Stage) -> KeyRing:
    """The keys of a host before a rotation elsewhere: the same secret, another signing key."""
    keys = KeyRing.create(tmp_path / "strange")
    (keys.folder / "checkpoints.key").write_bytes((stage.keys.folder / "checkpoints.key").read_bytes())
    keys.generate()
    return keys


async def test_backlog_signed_by_a_key_that_is_missing_here(
    stage: Stage, strange_keys: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    """The host leaves all of it alone and says so once; a host with the key files it, with no try counted."""
    entries = [await stage.enqueue(name) for name in ("one", "two", "three")]
    with _elsewhere(stage, strange_keys), caplog.at_level(logging.ERROR):
        await stage.conductor().drain(patience=timedelta(0))
    waiting = [await stage.outbox.get(entry.id) for entry in entries]
    said = [record for record in caplog.records if "left to other hosts" in record.getMessage()]

    await stage.conductor().drain(patience=DAYS)

    assert [(State.QUEUED, 0, "unknown_signer")] * 3 == [
        (entry.state, entry.attempts, entry.last_failure and entry.last_failure.kind) for entry in waiting
    ]
    assert 1 == len(said)
    assert [] == await stage.outbox.alarms()
    assert [State.ACKNOWLEDGED] * 3 == [(await stage.outbox.get(entry.id)).state for entry in entries]


async def test_finish_in_doubt_met_by_a_host_without_the_key(stage: Stage, strange_keys: KeyRing) -> None:
    """What may be filed is never given up for want of a key: the record stays, and whoever has the key settles it."""
    entry = await stage.enqueue()
    stage.endpoint.faults.script("finish", *[faults.lost_reply()] * 8)
    await stage.conductor().deliver(entry.id)
    stage.endpoint.faults.clear()
    before = await stage.outbox.get(entry.id)

    with _elsewhere(stage, strange_keys):
        await stage.conductor().deliver(entry.id)
    waiting = await stage.outbox.get(entry.id)
    await stage.conductor().drain(patience=DAYS)

    assert (State.QUEUED, before.checkpoint) == (waiting.state, waiting.checkpoint)
    assert State.ACKNOWLEDGED is (await stage.outbox.get(entry.id)).state
    assert (1, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["duplicates"])


async def test_drain_by_a_host_that_lacks_the_key(stage: Stage, strange_keys: KeyRing) -> None:
    """However short the waits for the endpoint are, a drain does not wait for a key: it ends, and says what waits."""
    await stage.enqueue()
    moment = timedelta(milliseconds=10)
    stage.policy = RetryPolicy(first=moment, longest=moment)
    before = stage.clock.now()

    with _elsewhere(stage, strange_keys):
        summary = await stage.conductor().drain(patience=timedelta(seconds=5))

    assert 1 == summary.waiting
    assert stage.clock.now() - before < timedelta(seconds=5)


async def test_key_that_never_comes(stage: Stage, strange_keys: KeyRing) -> None:
    """The entry is looked at less and less often, up to the longest wait, and nothing is ever sent for it."""
    entry = await stage.enqueue()
    requests = stage.endpoint.summary()["requests"]
    waits = []

    with _elsewhere(stage, strange_keys):
        conductor = stage.conductor()
        for _ in range(12):
            await conductor.deliver(entry.id)
            waits.append((await stage.outbox.get(entry.id)).available_at - stage.clock.now())

    assert waits[0] < waits[3] < waits[6]
    assert stage.policy.longest * (1 - stage.policy.jitter) <= waits[-1] <= stage.policy.longest
    assert requests == stage.endpoint.summary()["requests"]


async def test_named_for_a_person(stage: Stage, strange_keys: KeyRing) -> None:
    """Whoever looks is told that the key is not known here, and not that the row was altered."""
    entry = await stage.enqueue()

    suspects = await find_suspects(stage.outbox, reader=replace(stage.reader, trusted=strange_keys.trusted()), most=10)

    [headline, named, hint] = suspects_lines(suspects)
    assert (1, 1) == (suspects.count, suspects.strangers)
    assert "1 signed by keys that this host does not know, which it leaves to hosts that do:" == headline
    assert entry.id in named
    assert "tipline init --trust" in hint
