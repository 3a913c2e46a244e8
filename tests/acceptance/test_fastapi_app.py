"""The example application: what it answers, and what it files."""

import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from examples.fastapi_app.app import create_app
from examples.fastapi_app.settings import Settings
from fastapi import FastAPI

from tests.acceptance.web_host import PICTURE, decision
from tests.support.dispatcher_child import hasty
from tests.support.dispatchers import ROOT
from tests.support.postgres import PostgresServer
from tipline_client import AsyncDispatcher
from tipline_client.cli.sample import gradient_png
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.mock import MockEndpoint

CONTENT = ("sample_user", "192.0.2.10", "safety@example.com", "www.example.com", "case-1")


@pytest.fixture
def endpoint(_shared_endpoint: MockEndpoint) -> MockEndpoint:
    _shared_endpoint.reset()
    return _shared_endpoint


@pytest.fixture
def settings(endpoint: MockEndpoint, tmp_path: Path) -> Settings:
    media = tmp_path / "media"
    media.mkdir()
    (media / PICTURE).write_bytes(gradient_png(width=8, height=8))
    (media / "empty.png").touch()
    (tmp_path / "secret.txt").write_text("of this host", encoding="utf-8")
    return Settings(endpoint.profile, home=tmp_path / "home", media=media, options=hasty())


@dataclass(frozen=True)
class Tool:
    """What calls the application: requests without a socket, and what its lifespan has made."""

    http: httpx.AsyncClient
    state: dict[str, Any]

    async def post(self, content: Any, key: str = "case-1") -> httpx.Response:
        return await self.http.post("/decisions", json=content, headers={"Idempotency-Key": key})

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def await_filed(self, path: str) -> httpx.Response:
        with anyio.fail_after(90):
            while (status := await self.get(path)).json()["state"] != "acknowledged":
                await anyio.lowlevel.checkpoint()
        return status


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[Tool]:
    """The application in its lifespan."""
    async with app.router.lifespan_context(app) as state:

        async def served(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            # As a server hands it on.
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://moderation.example.com") as http:
            yield Tool(http, dict(state or {}))


@pytest.fixture
async def tool(settings: Settings) -> AsyncIterator[Tool]:
    async with running(create_app(settings)) as tool:
        yield tool


def with_files(*paths: str) -> dict[str, Any]:
    return decision(evidence=[{"path": path} for path in paths])


async def test_decision_that_is_filed(tool: Tool, endpoint: MockEndpoint) -> None:
    """It is taken with the id of its entry and the way to its status, which ends with the number of the report."""
    taken = await tool.post(decision())
    where = taken.headers["Location"]
    status = await tool.await_filed(where)
    [report] = endpoint.reports()

    assert 202 == taken.status_code
    assert ("queued", f"/decisions/{taken.json()['id']}") == (taken.json()["state"], where)
    assert (taken.json()["id"], int(report["report_id"])) == (status.json()["id"], status.json()["reportId"])
    assert not [part for part in CONTENT if part in status.text or part in taken.text]


async def test_decision_sent_again(tool: Tool, endpoint: MockEndpoint) -> None:
    """The same key gives the same id, before and after the filing; the key in the body does not count."""
    first = await tool.post(decision())
    await tool.await_filed(first.headers["Location"])
    again = [await tool.post(decision()), await tool.post(decision() | {"idempotencyKey": "something else"})]

    assert {first.json()["id"]} == {answer.json()["id"] for answer in again}
    assert {202} == {answer.status_code for answer in again}
    assert 1 == endpoint.summary()["finished"]


async def test_key_of_another_decision(tool: Tool) -> None:
    """It is refused, with the id of the entry that has it."""
    first = await tool.post(decision("case-1"))

    other = await tool.post(decision("case-2"), key="case-1")

    assert (409, first.json()["id"]) == (other.status_code, other.json()["id"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            {"report": {"incidentSummary": {"incidentType": "Cofee"}, "reporter": {}}},
            {
                ("report.incidentSummary.incidentType", "not-one-of"),
                ("report.incidentSummary.incidentDateTime", "required-missing"),
                ("report.reporter.reportingPerson", "required-missing"),
            },
        ),
        (with_files("missing.png", PICTURE), {("evidence[0].path", "media-file")}),
        (with_files(PICTURE, "../secret.txt"), {("evidence[1].path", "media-file")}),
        (with_files("../media/" + PICTURE, "/etc/hostname"), {(f"evidence[{n}].path", "media-file") for n in (0, 1)}),
        (with_files(".."), {("evidence[0].path", "media-file")}),
        (with_files("empty.png"), {("evidence", "media-file")}),
        (decision(evidence=[{"url": "s3://bucket/mug.png"}]), {("evidence[0].path", "media-file")}),
        (["no object"], {("submission", "submissions-in-an-array")}),
    ],
)
async def test_decision_that_is_refused(
    tool: Tool, endpoint: MockEndpoint, content: Any, found: set[tuple[str, str]]
) -> None:
    """Every issue is in the answer, with its path and rule; nothing is queued, and no path of the host is told."""
    refused = await tool.post(content)
    errors = {(one["path"], one["rule"]) for one in refused.json()["issues"] if one["severity"] == "error"}

    assert (422, found) == (refused.status_code, errors)
    assert "/tmp" not in refused.text  # noqa: S108 - where the tests have their folders
    assert 0 == (await tool.get("/health")).json()["waiting"]
    assert 0 == endpoint.summary()["requests"]


@pytest.mark.parametrize(("headers", "path"), [({}, "Idempotency-Key"), ({"Idempotency-Key": " "}, "idempotencyKey")])
async def test_decision_without_a_key(tool: Tool, headers: dict[str, str], path: str) -> None:
    """It is refused in the same form, and nothing of it is repeated."""
    refused = await tool.http.post("/decisions", json=decision(), headers=headers)

    assert (422, [path]) == (refused.status_code, [one["path"] for one in refused.json()["issues"]])
    assert "sample_user" not in refused.text


async def test_body_that_is_no_json(tool: Tool) -> None:
    """It is an issue like any other."""
    refused = await tool.http.post("/decisions", content=b"{coffee", headers={"Idempotency-Key": "case-1"})

    assert 422 == refused.status_code
    assert 1 == len(refused.json()["issues"])
    assert "coffee" not in refused.text


async def test_status_of_nothing(tool: Tool) -> None:
    """There is no such decision."""
    assert 404 == (await tool.get("/decisions/01K00000000000000000000000")).status_code


async def test_outbox_that_fails(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told to come again, and does with the same key."""
    client = tool.state["client"]

    async def fail(*_: object, **__: object) -> None:
        raise OutboxUnavailableError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(client.outbox, "enqueue", fail)
        refused = await tool.post(decision())
    taken = await tool.post(decision())

    assert (503, "5") == (refused.status_code, refused.headers["Retry-After"])
    assert 202 == taken.status_code


async def test_dispatcher_that_broke_off(tool: Tool) -> None:
    """Whoever watches the health of the application sees it; decisions are taken all the same."""
    well = await tool.get("/health")
    dispatcher: AsyncDispatcher = tool.state["dispatcher"]
    dispatcher.stop()
    with anyio.fail_after(90):
        while dispatcher.is_running:
            await anyio.lowlevel.checkpoint()

    ill, taken = await tool.get("/health"), await tool.post(decision())

    assert (200, 503, 202) == (well.status_code, ill.status_code, taken.status_code)
    assert (True, False) == (well.json()["isDispatching"], ill.json()["isDispatching"])


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "no such endpoint"),
        ({"TIPLINE_ENDPOINT": "production", "TIPLINE_USERNAME": "sample"}, "registered_esp"),
        ({"TIPLINE_ENDPOINT": "testing", "TIPLINE_USERNAME": "sample"}, "password"),
    ],
)
def test_settings_that_are_missing(environ: dict[str, str], says: str) -> None:
    """No endpoint is a default, and production is an explicit act."""
    with pytest.raises(ConfigurationError, match=says):
        Settings.from_environ(environ)


def test_settings_of_production(tmp_path: Path) -> None:
    """All of them together, with the password in a file."""
    secret = tmp_path / "password"
    secret.write_text("mug\n", encoding="utf-8")
    environ = {
        "TIPLINE_ENDPOINT": "production",
        "TIPLINE_USERNAME": "sample",
        "TIPLINE_PASSWORD_FILE": str(secret),
        "TIPLINE_REGISTERED_ESP": "yes",
        "MODERATION_WEBHOOK": "https://moderation.example.com/hook",
    }

    settings = Settings.from_environ(environ)

    assert ("cybertipline-production", "mug") == (settings.profile.name, settings.profile.password)
    assert (environ["MODERATION_WEBHOOK"], None) == (settings.webhook, settings.outbox)


async def test_application_from_the_environment(
    endpoint: MockEndpoint, server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server's factory makes it, with its outbox in a database that several hosts share."""
    address = tmp_path / "outbox"
    address.write_text(server.url() + "\n", encoding="utf-8")
    monkeypatch.setenv("TIPLINE_ENDPOINT", endpoint.base_url)
    monkeypatch.setenv("TIPLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TIPLINE_OUTBOX_FILE", str(address))
    monkeypatch.setenv("MODERATION_MEDIA", str(ROOT / "examples"))

    async with running(create_app()) as tool:
        taken = await tool.post(json.loads((ROOT / "examples" / "submission.json").read_bytes()))
        await tool.await_filed(taken.headers["Location"])

    assert 1 == endpoint.summary()["finished"]
    assert not (tmp_path / "home" / "outbox.sqlite").exists()
