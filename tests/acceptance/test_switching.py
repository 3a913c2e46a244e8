"""A dispatcher is switched from the test host to production, with a backlog: nothing of it is filed unasked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from tests.acceptance.world import World
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, Options, RetryPolicy, State
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.client import AsyncDispatcher
from tipline_client.delivery.environment import Environment
from tipline_client.errors import DeliveryTransientError
from tipline_client.home import Home
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import Lane
from tipline_client.profiles import MOCK_PASSWORD, MOCK_USERNAME, EndpointProfile
from tipline_client.profiles.known import PRODUCTION, TESTING, KnownProfile
from tipline_client.testing import TurnableClock

DAY = timedelta(days=1)


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


def profile_of(known: KnownProfile, endpoint: MockEndpoint) -> EndpointProfile:
    """A profile of the hotline's, by name and environment, with an address on this machine."""
    return EndpointProfile(
        name=known.name,
        environment=known.environment,
        base_url=endpoint.base_url,
        username=MOCK_USERNAME,
        password=MOCK_PASSWORD,
    )


async def test_switch_to_production_with_a_backlog(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """What testing left is not sent, what was queued before waits for a person; a test filing blocks no real one."""
    clock = TurnableClock()
    options = Options(clock=clock, policy=RetryPolicy(first=timedelta(milliseconds=1)))
    production, testing = (profile_of(known, endpoint) for known in (PRODUCTION, TESTING))

    async with AsyncTiplineClient.open(tmp_path / "home", profile=production, options=options) as client:
        early = await client.enqueue(sample_report("early"), idempotency_key="case-early")
    clock.advance(DAY)
    async with AsyncTiplineClient.open(tmp_path / "home", profile=testing, options=options) as client:
        rehearsal = await client.enqueue(sample_report("real"), idempotency_key="case-real")
        await AsyncDispatcher(client).drain(patience=timedelta(0))
        left = await client.enqueue(sample_report("left"), idempotency_key="case-left")
    clock.advance(DAY)
    async with AsyncTiplineClient.open(tmp_path / "home", profile=production, options=options) as client:
        real = await client.enqueue(sample_report("real"), idempotency_key="case-real")
        await AsyncDispatcher(client).drain(patience=timedelta(0))

        states = [(await client.entry(entry.id)).state for entry in (early, rehearsal, left, real)]
        assert [State.HELD, State.ACKNOWLEDGED, State.QUEUED, State.ACKNOWLEDGED] == states
        assert 2 == endpoint.summary()["finished"]
        with pytest.raises(DeliveryTransientError, match="held"):
            await client.deliver(early.id)
        await client.release(early.id, reason="looked at")
        await AsyncDispatcher(client).drain(patience=timedelta(0))
        assert (State.ACKNOWLEDGED, 3) == ((await client.entry(early.id)).state, endpoint.summary()["finished"])


async def test_one_try_by_name_is_a_switch_too(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """A script that delivers one entry in production sends nothing of before the switch either."""
    clock = TurnableClock()
    production, testing = (profile_of(known, endpoint) for known in (PRODUCTION, TESTING))
    async with AsyncTiplineClient.open(tmp_path / "home", profile=production, options=Options(clock=clock)) as client:
        early = await client.enqueue(sample_report("early"))
        clock.advance(DAY)
        await client.outbox.serve(Lane(testing.name, testing.environment))

        with pytest.raises(DeliveryTransientError, match="held"):
            await client.deliver(early.id)

        assert 0 == endpoint.summary()["finished"]


async def _hold_backlog(world: World) -> None:
    outbox = Home(world.home).open_outbox()
    await outbox.serve(Lane(TESTING.name, Environment.TESTING))
    await outbox.serve(Lane(PRODUCTION.name, Environment.PRODUCTION))
    await outbox.close()


@pytest.fixture
def held(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three entries of production that are held."""
    monkeypatch.setenv("TIPLINE_ENDPOINT", "production")
    monkeypatch.setenv("TIPLINE_REGISTERED_ESP", "yes")
    monkeypatch.setenv("TIPLINE_USERNAME", "sample")
    monkeypatch.setenv("TIPLINE_PASSWORD", "sample")
    reporter = {"reportingPerson": {"firstName": "Zoë", "email": ["safety@mugs.test"]}}
    for number in range(3):
        content = world.content(f"case-{number}")
        content["report"]["reporter"] = reporter
        assert ExitCode.OK == world.run("enqueue", str(world.submission(f"case-{number}", **content))).code
    anyio.run(_hold_backlog, world)
    return world


def test_released_by_name(held: World) -> None:
    """One entry is let go; `status` says what to do about the others."""
    ran = held.run("release", "case-1", "--reason", "looked at", "--json")

    status = held.run("status").out
    assert (ExitCode.OK, "queued") == (ran.code, ran.document["state"])
    assert "tipline release" in status
    assert ["case-0", "case-2"] == [entry["idempotencyKey"] for entry in held.listed("held")]


def test_released_all_at_once(held: World) -> None:
    """All that are held in this environment are let go, after a look at which they are."""
    dry = held.run("release", "--every", "--dry-run", "--reason", "looked at", "--json")
    ran = held.run("release", "--every", "--reason", "looked at", "--json")

    assert (3, 0) == (len(dry.document["meant"]), len(dry.document["released"]))
    assert (ExitCode.OK, dry.document["meant"]) == (ran.code, ran.document["released"])
    assert [] == held.listed("held")


def test_released_without_saying_which(held: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a name nor --every, or every entry of no endpoint, is refused, and nothing is let go."""
    unnamed = held.run("release", "--reason", "looked at")
    blank = held.run("release", "case-0", "--reason", " ")
    monkeypatch.delenv("TIPLINE_ENDPOINT")
    nowhere = held.run("release", "--every", "--reason", "looked at")

    assert [ExitCode.BAD_INPUT] * 3 == [unnamed.code, blank.code, nowhere.code]
    assert 3 == len(held.listed("held"))
