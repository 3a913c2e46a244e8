"""The application: its life, and its three routes.

It has no authentication of its own, and listens to loopback: put yours in front of it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from tipline_client import (
    AsyncDispatcher,
    AsyncTiplineClient,
    Entry,
    Evidence,
    Issue,
    Severity,
    Submission,
    read_submission,
)
from tipline_client.errors import (
    DuplicateKeyError,
    EntryNotFoundError,
    EvidenceError,
    OutboxUnavailableError,
    ReportInvalidError,
)

from .settings import Settings
from .webhook import NAME, webhook

router = APIRouter()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """Open the outbox, dispatch as long as requests are served, and end what is under way before closing."""
    settings: Settings = app.state.settings
    async with httpx.AsyncClient() as http:
        hooks = [webhook(settings.webhook, http)] if settings.webhook else []
        options = replace(settings.options, hooks=hooks)
        async with (
            AsyncTiplineClient.open(
                settings.home, profile=settings.profile, outbox=settings.outbox, options=options
            ) as client,
            AsyncDispatcher(client) as dispatcher,
        ):
            yield {"settings": settings, "client": client, "dispatcher": dispatcher}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; with settings from the environment unless others are given."""
    app = FastAPI(title="Moderation", lifespan=lifespan)
    app.state.settings = settings or Settings.from_environ(os.environ)
    app.include_router(router)
    app.exception_handler(ReportInvalidError)(_refused)
    app.exception_handler(RequestValidationError)(_without_key)
    app.exception_handler(DuplicateKeyError)(_taken)
    app.exception_handler(EntryNotFoundError)(_unknown)
    app.exception_handler(OutboxUnavailableError)(_unavailable)
    return app


def client_of(request: Request) -> AsyncTiplineClient:
    """The client that the lifespan has opened."""
    client: AsyncTiplineClient = request.state.client
    return client


Client = Annotated[AsyncTiplineClient, Depends(client_of)]


@router.post("/decisions", status_code=202)
async def decide(
    request: Request, response: Response, client: Client, idempotency_key: Annotated[str, Header()]
) -> dict[str, Any]:
    """Take a decision to report. Once this answers 202, a crash loses nothing.

    The body is a submission: a report in the JSON form, `knownAt`, and `evidence` that names files of the media folder.
    A caller that got no answer asks again with the same key, as often as it likes: there is one report.
    """
    read = read_submission(await request.body(), profile=client.profile)
    if not read.is_acceptable or read.submission is None:
        raise ReportInvalidError(read.issues)
    try:
        entry = await client.enqueue(
            read.submission.report,
            evidence=evidence_of(read.submission, request.state.settings),
            # What the body says of a key does not count here.
            idempotency_key=idempotency_key,
            known_at=read.submission.known_at,
        )
    except EvidenceError as error:
        # Without its text, which names paths of this host.
        raise ReportInvalidError([_no_such_file("evidence")]) from error
    response.headers["Location"] = request.app.url_path_for("status", entry_id=entry.id)
    return status_of(entry)


@router.get("/decisions/{entry_id}")
async def status(entry_id: str, client: Client) -> dict[str, Any]:
    """How far a report has got, without any of its content."""
    return status_of(await client.entry(entry_id))


@router.get("/health")
async def health(request: Request, response: Response, client: Client) -> dict[str, Any]:
    """200 as long as reports are delivered from here; and what a person should look at."""
    dispatcher: AsyncDispatcher = request.state.dispatcher
    counts, hook = await client.outbox.count(), await client.outbox.hook_state(NAME)
    if not dispatcher.is_running:
        # What was taken is safe, and waits; whoever watches this route starts the program again.
        response.status_code = 503
    return {
        "isDispatching": dispatcher.is_running,
        "waiting": counts.waiting,
        "openAlarms": counts.open_alarms,
        "webhook": {"failures": hook.failures, "givenUp": hook.given_up, "lastError": hook.last_error},
    }


def evidence_of(submission: Submission, settings: Settings) -> list[Evidence]:
    """The files that a decision names. A caller names files of the media folder, and never paths of this host."""
    found, issues = [], []
    for index, item in enumerate(submission.evidence):
        name = item.path or ""
        path = settings.media / name
        if name in {"", ".", ".."} or "/" in name or "\0" in name or not path.is_file():
            issues.append(_no_such_file(f"evidence[{index}].path"))
        else:
            found.append(Evidence.from_path(path, details=item.details))
    if issues:
        raise ReportInvalidError(issues)
    return found


def status_of(entry: Entry) -> dict[str, Any]:
    """What anybody may know of an entry."""
    failure = entry.last_failure
    return {
        "id": entry.id,
        # If somebody altered the row, its state is not to be believed.
        "state": "altered" if entry.contradiction else entry.state,
        "queuedAt": entry.enqueued_at.isoformat(),
        "reportId": entry.report_id,
        "acknowledgedAt": entry.acknowledged_at.isoformat() if entry.acknowledged_at else None,
        "lastFailure": {"kind": failure.kind, "step": failure.step, "code": failure.code} if failure else None,
    }


def _no_such_file(path: str) -> Issue:
    return _issue(path, "media-file", "a file of the media folder is expected, by its name, and with something in it")


def _issue(path: str, rule: str, message: str) -> Issue:
    return Issue(path, rule, Severity.ERROR, message, "this application")


def _refused(_: Request, error: ReportInvalidError) -> Response:
    return JSONResponse({"issues": [asdict(issue) for issue in error.issues]}, status_code=422)


def _without_key(request: Request, _: RequestValidationError) -> Response:
    # FastAPI's own answer repeats what was sent, and has another form.
    missing = _issue("Idempotency-Key", "key-missing", "a header is expected that names the decision, as a case number")
    return _refused(request, ReportInvalidError([missing]))


def _taken(_: Request, error: DuplicateKeyError) -> Response:
    return JSONResponse({"error": "the key names another report", "id": error.entry_id}, status_code=409)


def _unknown(_: Request, __: EntryNotFoundError) -> Response:
    return JSONResponse({"error": "there is no such decision"}, status_code=404)


def _unavailable(_: Request, __: OutboxUnavailableError) -> Response:
    # Nothing is promised of this request; the same again, with the same key, is right in any case.
    return JSONResponse({"error": "nothing can be taken now"}, status_code=503, headers={"Retry-After": "5"})
