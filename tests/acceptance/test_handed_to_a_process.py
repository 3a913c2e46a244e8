"""What is handed to another process: the profile arrives, and a client says why it does not, and what to do."""

import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, Dispatcher, EndpointProfile, TiplineClient
from tipline_client.mock import MockEndpoint

WAY_OUT = r"belongs to the process that opened it, .+ open a client in each process"
PATIENCE = 120


def _queue(home: Path, profile: EndpointProfile, name: str) -> str:
    with TiplineClient.open(home, profile=profile) as client:
        return client.enqueue(sample_report(name), idempotency_key=name).id


def _find(client: TiplineClient) -> object:
    return client.find("nobody")


def test_pool_of_fresh_processes(tmp_path: Path) -> None:
    """A client as an argument is refused with the way out, which works: home and profile, and a client over there."""
    with (
        MockEndpoint() as endpoint,
        TiplineClient.open(tmp_path, profile=endpoint.profile) as client,
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        with pytest.raises(TypeError, match=f"this TiplineClient {WAY_OUT}"):
            pool.submit(_find, client).result(PATIENCE)
        queued = pool.submit(_queue, tmp_path, client.profile, "there").result(PATIENCE)

        assert client.deliver(queued).report_id


@pytest.mark.parametrize("copied", [pickle.dumps, deepcopy])
async def test_either_door(tmp_path: Path, copied: Callable[[object], object]) -> None:
    """Each door and what holds one is refused by the name of the client, and the client goes on."""
    with MockEndpoint() as endpoint:
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile) as client:
            with pytest.raises(TypeError, match=f"this AsyncTiplineClient {WAY_OUT}"):
                copied(client)
            await client.enqueue(sample_report())
        with TiplineClient.open(tmp_path, profile=endpoint.profile) as blocking:
            for thing in (blocking, {"client": blocking}, Dispatcher(blocking)):
                with pytest.raises(TypeError, match=f"TiplineClient {WAY_OUT}"):
                    copied(thing)
            assert blocking.find("nobody") is None


def test_profile_with_the_schema_of_its_endpoint(tmp_path: Path) -> None:
    """All of it arrives, and it is judged again where it does."""
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path, profile=endpoint.profile) as client:
        client.fetch_schema()
        profile = client.profile

    arrived: EndpointProfile = pickle.loads(pickle.dumps(profile))  # noqa: S301 - our own

    assert (profile.authorization, dict(profile.codes)) == (arrived.authorization, dict(arrived.codes))
    assert arrived.schema is not None
    assert profile.schema is not None
    assert (profile.schema.text, profile.newer_elements) == (arrived.schema.text, arrived.newer_elements)
    assert profile.with_schema(None) == arrived.with_schema(None)
