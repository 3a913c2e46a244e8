"""Master keys in a service elsewhere: one host queues, another delivers, and a silence is never taken for an answer."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from examples.key_service.provider import ServiceKeys
from examples.key_service.service import KeyService

from tests.acceptance.world import World
from tests.docs.pages import ROOT
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, Options, TiplineClient
from tipline_client.delivery.states import State
from tipline_client.errors import EnvelopeError, KeyUnavailableError
from tipline_client.mock import MockEndpoint
from tipline_client.mock.server import LoopbackServer
from tipline_client.vault import WrappedKey

QUEUES, DELIVERS = "token-of-the-backend", "token-of-the-dispatcher"
RIGHTS = {QUEUES: frozenset({"wrap"}), DELIVERS: frozenset({"wrap", "unwrap", "turn"})}
FOLDER = ROOT / "examples" / "key_service"


class Running:
    """The stand-in, and how to end it and start it again with the same keys."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._service = KeyService(RIGHTS, log=log)
        self._server = LoopbackServer(self._service.app)
        self._server.start()
        self.address = self._server.origin

    def go_away(self) -> None:
        self._server.stop()

    def come_back(self) -> None:
        self._server = LoopbackServer(self._service.app, port=int(self.address.rpartition(":")[2]))
        self._server.start()

    def used(self, action: str) -> int:
        lines = self.log.read_text(encoding="ascii").splitlines()
        return sum(json.loads(line)["action"] == action for line in lines)

    def keys(self, token: str) -> ServiceKeys:
        return ServiceKeys(self.address, token=token, may_unwrap=token == DELIVERS)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "audit.jsonl")
    yield running
    running.go_away()


def _open(folder: Path, endpoint: MockEndpoint, keys: ServiceKeys) -> TiplineClient:
    return TiplineClient.open(folder / "home", profile=endpoint.profile, options=Options(master_keys=keys))


def test_queued_here_and_delivered_there(tmp_path: Path, service: Running) -> None:
    """The host that queues reads nothing and delivers nothing; the other one files, and no key lies in the home."""
    with MockEndpoint() as endpoint:
        with _open(tmp_path, endpoint, service.keys(QUEUES)) as client:
            entry = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-1")
            with pytest.raises(KeyUnavailableError):
                client.deliver(entry.id)
        with _open(tmp_path, endpoint, service.keys(DELIVERS)) as client:
            receipt = client.deliver(entry.id)

        assert (1, 0) == (endpoint.summary()["finished"], endpoint.summary()["duplicates"])
    assert entry.id == receipt.entry_id
    assert [] == list((tmp_path / "home" / "keys").glob("master/*"))
    assert 1 == service.used("wrap")


def test_service_that_is_away(tmp_path: Path, service: Running) -> None:
    """Queueing is refused, what waits is left with no attempt burned, and filed once when the service is back."""
    with MockEndpoint() as endpoint, _open(tmp_path, endpoint, service.keys(DELIVERS)) as client:
        entry = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-1")
        service.go_away()
        with pytest.raises(KeyUnavailableError, match="cannot be reached"):
            client.enqueue(sample_report("other"), idempotency_key="case-2")
        with pytest.raises(Exception, match="key service"):
            client.deliver(entry.id)
        left = client.entry(entry.id)
        assert (State.QUEUED, 0, 0) == (left.state, left.attempts, endpoint.summary()["requests"])
        service.come_back()

        client.deliver(entry.id)

        assert (1, 0) == (endpoint.summary()["finished"], endpoint.summary()["duplicates"])


def test_token_of_nobody(tmp_path: Path, service: Running) -> None:
    """A refusal says nothing against what waits."""
    with MockEndpoint() as endpoint:
        with _open(tmp_path, endpoint, service.keys(QUEUES)) as client:
            entry = client.enqueue(sample_report(), idempotency_key="case-1")
        stranger = ServiceKeys(service.address, token="guessed", may_unwrap=True)
        with _open(tmp_path, endpoint, stranger) as client:
            with pytest.raises(Exception, match="refuses"):
                client.deliver(entry.id)

            assert State.QUEUED is client.entry(entry.id).state
        assert 0 == endpoint.summary()["requests"]


async def test_key_of_another_entry(service: Running) -> None:
    """What was wrapped for one entry opens as no other's; and an unknown key proves nothing."""
    keys = service.keys(DELIVERS)
    wrapped = await keys.wrap(b"m" * 32, context=b"one")

    assert b"m" * 32 == await keys.unwrap(wrapped, context=b"one")
    with pytest.raises(EnvelopeError):
        await keys.unwrap(wrapped, context=b"another")
    with pytest.raises(KeyUnavailableError):
        await keys.unwrap(WrappedKey("key-service/mugs/77", wrapped.wrapped), context=b"one")


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"secret": 7}', b'{"secret": "not base64!"}'])
async def test_answer_that_is_none(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a proxy is neither a key nor a proof that the row was altered."""

    async def said(*_: Any, **__: Any) -> httpx.Response:
        return httpx.Response(200, content=answer)

    monkeypatch.setattr(httpx.AsyncClient, "request", said)
    keys = ServiceKeys("http://127.0.0.1:9", token=DELIVERS, may_unwrap=True)

    with pytest.raises(KeyUnavailableError, match="no usable answer"):
        await keys.unwrap(WrappedKey("one", b"x"), context=b"one")


async def test_key_turned(tmp_path: Path, service: Running) -> None:
    """What the key before wrapped is read, and wrapped anew with the one that is active now."""
    keys = service.keys(DELIVERS)
    with MockEndpoint() as endpoint:
        async with AsyncTiplineClient.open(
            tmp_path / "home", profile=endpoint.profile, options=Options(master_keys=keys)
        ) as client:
            entry = await client.enqueue(sample_report(), idempotency_key="case-1")
            async with httpx.AsyncClient(headers={"Authorization": f"Bearer {DELIVERS}"}, trust_env=False) as network:
                await network.post(f"{service.address}/turn")

            done = await client.rewrap_keys()
            receipt = await client.deliver(entry.id)

            now = (await client.entry(entry.id)).data_key
    assert (1, entry.id) == (done.count, receipt.entry_id)
    assert "key-service/mugs/2" == now.partition(" ")[0]


def _environment(monkeypatch: pytest.MonkeyPatch, service: Running, role: str) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("TIPLINE_KEY_PROVIDER", "provider:from_environment")
    monkeypatch.setenv("KEY_SERVICE", service.address)
    monkeypatch.setenv("KEY_SERVICE_TOKEN", DELIVERS if role == "delivers" else QUEUES)
    monkeypatch.setenv("KEY_SERVICE_ROLE", role)


def test_command_with_a_key_service(bare_world: World, service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verbs queue, deliver and read with it, and `doctor` asks it and says what this host can do."""
    _environment(monkeypatch, service, "queues")
    queued = bare_world.run("enqueue", str(bare_world.submission()))
    here = bare_world.run("dispatch", "--drain")
    checks = bare_world.run("doctor", "--json").document["checks"]
    _environment(monkeypatch, service, "delivers")

    there = bare_world.run("dispatch", "--drain")
    shown = bare_world.run("show", "case-1", "--content", "--purpose", "order 7")

    assert (0, 5, 0, 0) == (queued.code, here.code, there.code, shown.code)
    [powers] = [check["detail"] for check in checks if check["name"] == "this host"]
    assert powers.startswith("can queue, sign")
    assert 1 == bare_world.endpoint.summary()["finished"]


def test_doctor_while_the_service_is_away(bare_world: World, service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a problem of this host, named as what it is."""
    _environment(monkeypatch, service, "delivers")
    bare_world.run("init")
    service.go_away()

    ran = bare_world.run("doctor", "--offline")

    assert 8 == ran.code
    assert "the key service cannot be reached" in ran.out
    service.come_back()


@pytest.mark.parametrize("name", ["no_such_module:made", "json:no_such", "json:dumps", "os:getpid", "json"])
def test_provider_that_is_none(bare_world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with where it was set, before anything is done."""
    monkeypatch.setenv("TIPLINE_KEY_PROVIDER", name)

    ran = bare_world.run("status")

    assert 5 == ran.code
    assert f"the key provider {name} (TIPLINE_KEY_PROVIDER)" in ran.err


def test_provider_beside_a_master_key(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that would wrap are refused: nobody chooses between them in silence."""
    monkeypatch.setenv("TIPLINE_KEY_PROVIDER", "provider:from_environment")
    monkeypatch.setenv("TIPLINE_MASTER_KEY", base64.b64encode(b"any").decode())

    ran = bare_world.run("status")

    assert 5 == ran.code
    assert "TIPLINE_MASTER_KEY" in ran.err


def test_example_as_one_command(tmp_path: Path) -> None:
    """The example runs from any folder, with the service in a process of its own, and ends with a report filed."""
    command = [sys.executable, str(FOLDER / "file_reports.py")]

    ran = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120, env=os.environ)

    assert "this host does not deliver" in ran.stdout
    assert "filed as report" in ran.stdout
    assert "the key service wrapped 1 and unwrapped" in ran.stdout
