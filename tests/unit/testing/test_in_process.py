"""Calls to an endpoint in the same process: the same answers as over a socket, and breaks that are told as such."""

import pytest

from tipline_client.delivery.answers import AnswerKind
from tipline_client.mock import faults
from tipline_client.mock.fault_kinds import Fault
from tipline_client.profiles.exchange import NoReply, Reply
from tipline_client.profiles.requests import status_call
from tipline_client.testing import TiplineEndpoint

pytestmark = pytest.mark.anyio


async def called(endpoint: TiplineEndpoint) -> Reply | NoReply:
    with endpoint:
        async with endpoint.open_transport(endpoint.profile) as transport:
            return await transport.send(status_call())


async def test_whole_answer() -> None:
    """Status, body and request id arrive; no port is opened for it."""
    endpoint = TiplineEndpoint(in_process=True)

    reply = await called(endpoint)

    assert isinstance(reply, Reply)
    assert (200, "mock-00000001") == (reply.status, reply.request_id)
    assert b"<responseCode>0</responseCode>" in reply.body
    assert "http://127.0.0.1:1/ispws" == endpoint.base_url


@pytest.mark.parametrize(
    "fault", [faults.lost_request(), faults.lost_reply(), faults.truncate(5)], ids=lambda f: f.fault
)
async def test_dropped_connection(fault: Fault) -> None:
    """However it drops, there is no reply, and the request may have arrived."""
    endpoint = TiplineEndpoint(in_process=True)
    endpoint.faults.script("status", fault)

    reply = await called(endpoint)

    assert isinstance(reply, NoReply)
    assert AnswerKind.UNANSWERED is reply.kind


async def test_endless_answer() -> None:
    """More than a client reads is cut there."""
    endpoint = TiplineEndpoint(in_process=True)
    endpoint.faults.script("status", faults.huge(3_000_000))

    reply = await called(endpoint)

    assert isinstance(reply, Reply)
    assert reply.is_oversized
