"""Master keys in a service elsewhere: one host queues, another delivers, and a silence is never taken for an answer."""

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from examples.key_service.provider import ServiceKeys
from examples.key_service.service import DELIVERS as DELIVERING
from examples.key_service.service import QUEUES as QUEUING
from examples.key_service.service import KeyService

from tests.acceptance.world import World
from tests.docs.pages import ROOT
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, Options, TiplineClient
from tipline_client.delivery.states import State
from tipline_client.errors import (
    ConfigurationError,
    DeliveryRejectedError,
    DeliveryTransientError,
    EnvelopeError,
    KeyUnavailableError,
)
from tipline_client.mock import MockEndpoint
from tipline_client.mock.server import LoopbackServer
from tipline_client.vault import WrappedKey

QUEUES, DELIVERS = "token-of-the-backend", "token-of-the-dispatcher"
CALLERS = {QUEUES: QUEUING, DELIVERS: DELIVERING}
FOLDER = ROOT / "examples" / "key_service"


class Running:
    """The stand-in, and how to end it and start it again with the same keys."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._service = KeyService(CALLERS, log=log)
        self._server = LoopbackServer(self._service.app)
        self._server.start()
        self.address = self._server.origin

    def go_away(self) -> None:
        self._server.stop()

    def come_back(self) -> None:
        self._server = LoopbackServer(self._service.app, port=int(self.address.rpartition(":")[2]))
        self._server.start()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text(encoding="ascii").splitlines()]

    def used(self, action: str) -> int:
        return sum(line["action"] == action for line in self.lines())

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
        with pytest.raises(DeliveryTransientError, match="cannot be reached"):
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
            with pytest.raises(DeliveryTransientError, match="refuses"):
                client.deliver(entry.id)

            assert State.QUEUED is client.entry(entry.id).state
        assert 0 == endpoint.summary()["requests"]


def test_wrong_data_key(tmp_path: Path, service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that errs and gives the key of another entry gets nothing sent: the entry is a person's to look at."""
    with MockEndpoint() as endpoint:
        with _open(tmp_path, endpoint, service.keys(QUEUES)) as client:
            entry, other = (client.enqueue(sample_report(name), idempotency_key=name) for name in ("one", "other"))
        keys = service.keys(DELIVERS)
        wrong = WrappedKey.from_text(other.data_key)

        async def mixed_up(_: WrappedKey, *, context: bytes) -> bytes:
            assert entry.id.encode() == context
            return await ServiceKeys.unwrap(keys, wrong, context=other.id.encode())

        monkeypatch.setattr(keys, "unwrap", mixed_up)
        with _open(tmp_path, endpoint, keys) as client, pytest.raises(DeliveryRejectedError, match="does not open"):
            client.deliver(entry.id)
        assert 0 == endpoint.summary()["requests"]

        with _open(tmp_path, endpoint, service.keys(DELIVERS)) as client:
            assert State.DEAD_LETTER is client.entry(entry.id).state
            client.requeue(entry.id, reason="the service gave the wrong key")
            client.deliver(entry.id)

        assert (1, 0) == (endpoint.summary()["finished"], endpoint.summary()["duplicates"])


def test_audit_log(tmp_path: Path, service: Running) -> None:
    """Who asked, for which entry, and whether it was given are on record, refusals too; tokens and keys are not."""
    with MockEndpoint() as endpoint:
        with _open(tmp_path, endpoint, service.keys(QUEUES)) as client:
            entry = client.enqueue(sample_report(), idempotency_key="case-1")
        for token in ("guessed", QUEUES):
            keys = ServiceKeys(service.address, token=token, may_unwrap=True)
            with _open(tmp_path, endpoint, keys) as client, pytest.raises(DeliveryTransientError):
                client.deliver(entry.id)
        with _open(tmp_path, endpoint, service.keys(DELIVERS)) as client:
            client.deliver(entry.id)

    unwraps = [line for line in service.lines() if line["action"] == "unwrap"]
    seen = {(line["caller"], line["context"], line["worked"]) for line in unwraps}
    assert {("nobody known", "", False), ("queues", "", False), ("delivers", entry.id, True)} == seen
    assert [] == [secret for secret in (QUEUES, DELIVERS, "guessed") if secret in service.log.read_text()]


@pytest.mark.parametrize("address", ["http://keys.example.com", "http://192.0.2.10:8930", "ftp://127.0.0.1", "keys"])
def test_service_in_the_clear(address: str) -> None:
    """Neither a token nor a data key crosses the network unencrypted."""
    with pytest.raises(ConfigurationError, match="https"):
        ServiceKeys(address, token=QUEUES, may_unwrap=False)


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


async def test_service_that_never_answers() -> None:
    """After the time that it is given it counts as away."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        keys = ServiceKeys(address, token=DELIVERS, may_unwrap=True, timeout=0.1)

        with pytest.raises(KeyUnavailableError, match="ReadTimeout"):
            await keys.wrap(b"m" * 32, context=b"one")


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
    details = {check["name"]: check["detail"] for check in checks}
    assert details["this host"].startswith("can queue, sign")
    assert "ServiceKeys (TIPLINE_KEY_PROVIDER)" == details["setting key_provider"]
    assert 1 == bare_world.endpoint.summary()["finished"]


def test_dispatch_while_the_service_is_away(
    bare_world: World, service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits says why; once the service is back it is filed, once."""
    _environment(monkeypatch, service, "delivers")
    submission = str(bare_world.submission())
    bare_world.run("enqueue", submission)
    service.go_away()

    away = bare_world.run("dispatch", "--drain", "--patience", "0")
    [waiting] = bare_world.listed("queued")
    service.come_back()
    back = bare_world.run("submit", submission)

    assert (3, 0) == (away.code, back.code)
    assert "left to other hosts: the key service cannot be reached" in away.err
    assert ("key_unavailable", 0) == (waiting["lastError"]["class"], waiting["attempts"])
    assert (1, 0) == (bare_world.endpoint.summary()["finished"], bare_world.endpoint.summary()["duplicates"])


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("KEY_SERVICE_TOKEN", "", "KEY_SERVICE_TOKEN not set"),
        ("KEY_SERVICE_ROLE", "deliver", "KEY_SERVICE_ROLE is neither"),
        ("KEY_SERVICE", "http://keys.example.com", "neither at an https address"),
    ],
)
def test_provider_set_up_wrongly(
    bare_world: World, service: Running, monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    """What a provider says of its own settings is passed on, before anything is done."""
    _environment(monkeypatch, service, "delivers")
    monkeypatch.setenv(name, value)

    ran = bare_world.run("status")

    assert 5 == ran.code
    assert "the key provider provider:from_environment (TIPLINE_KEY_PROVIDER)" in ran.err
    assert problem in ran.err


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
    assert "the key service wrapped 1 and unwrapped 2 time(s)" in ran.stdout
