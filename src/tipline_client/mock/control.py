"""The control API beside the endpoint: what arrived, what shall go wrong, and what time it is.

Shows reports, names, sizes and digests; never evidence, which is not kept. Wrong input is answered 400 (no JSON), 422
(JSON of the wrong form) or 409 (of the right form, and impossible), in JSON. It changes scripts, clock and memory, and
takes no part in the protocol.
"""

import dataclasses
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypedDict

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tipline_client._version import __version__
from tipline_client.mock.counts import Summary, summarise
from tipline_client.mock.openapi import describe
from tipline_client.mock.routes import ServiceRoutes
from tipline_client.mock.script import IMPOSSIBLE, FaultBook, read_plan
from tipline_client.mock.state import Hotline, Report, StoredFile

__all__ = ["ControlRoutes", "FileView", "ReportView"]

_MAX_INPUT = 1024 * 1024
# RFC 3339, which the description asks for; what this reads and the calendar lacks is a moment that no clock shows.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class FileView(TypedDict):
    """A file as it is shown: never its bytes."""

    file_id: str
    name: str
    size: int
    md5: str
    sha256: str
    details: bool


class ReportView(TypedDict):
    """A report as it is shown. The id is a string of digits, as it may not fit a JSON number; times are ISO 8601."""

    report_id: str
    state: str
    opened_at: str
    last_change_at: str
    lapses_at: str
    files: list[FileView]


class _InputError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


class ControlRoutes:
    """The control API of one endpoint."""

    def __init__(self, *, hotline: Hotline, faults: FaultBook, service: ServiceRoutes) -> None:
        self._hotline = hotline
        self._faults = faults
        self._service = service

    def routes(self) -> list[Route]:
        """The routes, all below /_mock."""
        read = ["GET"]
        return [
            Route("/_mock/summary", self._show_summary, methods=read),
            Route("/_mock/reports", self._show_reports, methods=read),
            Route("/_mock/reports/{report_id}/xml", self._show_xml, methods=read),
            Route("/_mock/reports/{report_id}/files/{file_id}/xml", self._show_details, methods=read),
            Route("/_mock/requests", self._show_requests, methods=read),
            Route("/_mock/faults", self._guarded(self._faults_call), methods=["GET", "PUT"]),
            Route("/_mock/clock", self._guarded(self._clock_call), methods=["GET", "PUT"]),
            Route("/_mock/reset", self._reset_call, methods=["POST"]),
            Route("/_mock/ready", self._show_ready, methods=read),
            Route("/_mock/openapi.json", self._show_openapi, methods=read),
        ]

    def summary(self) -> Summary:
        """The counts."""
        with self._hotline.lock:
            return summarise(self._hotline.reports(), requests=self._service.request_count)

    def reports(self) -> list[ReportView]:
        """Every report, in the order of opening."""
        with self._hotline.lock:
            return [_view(report) for report in self._hotline.reports()]

    def reset(self) -> None:
        """Forget reports, requests, scripts and the turns of the clock, and calls that are under way."""
        with self._hotline.lock:
            self._hotline.reset()
            self._service.forget_requests()
            self._faults.clear()
            self._hotline.clock.reset()

    async def _show_summary(self, _request: Request) -> Response:
        return JSONResponse(self.summary())

    async def _show_reports(self, _request: Request) -> Response:
        return JSONResponse(self.reports())

    async def _show_xml(self, request: Request) -> Response:
        report = self._report(request)
        if report is None:
            return JSONResponse({"error": "no report with this id"}, status_code=404)
        return Response(report.xml, media_type="application/xml")

    async def _show_details(self, request: Request) -> Response:
        report = self._report(request)
        xml = None if report is None else report.details_xml.get(request.path_params["file_id"])
        if xml is None:
            return JSONResponse({"error": "no file with this id, or nothing was said of it"}, status_code=404)
        return Response(xml, media_type="application/xml")

    async def _show_requests(self, _request: Request) -> Response:
        records = [dataclasses.asdict(record) for record in list(self._service.requests)]
        return JSONResponse([{**record, "time": record["time"].isoformat()} for record in records])

    async def _show_ready(self, _request: Request) -> Response:
        return JSONResponse({"ready": True})

    async def _show_openapi(self, _request: Request) -> Response:
        return JSONResponse(describe(version=__version__))

    async def _reset_call(self, _request: Request) -> Response:
        self.reset()
        return JSONResponse(self.summary())

    async def _faults_call(self, request: Request) -> Response:
        if request.method == "PUT":
            value = await _read_json(request)
            try:
                self._faults.replace(read_plan(value))
            except ValidationError as error:
                is_impossible = all(item["type"] == IMPOSSIBLE for item in error.errors())
                raise _InputError(409 if is_impossible else 422, _explain(error)) from None
            except ValueError as error:
                raise _InputError(422, str(error)) from None
        return JSONResponse(self._faults.to_json())

    async def _clock_call(self, request: Request) -> Response:
        clock = self._hotline.clock
        if request.method == "PUT":
            self._turn_clock(await _read_json(request))
        return JSONResponse({"now": clock.now().isoformat(), "offset_seconds": clock.offset.total_seconds()})

    def _turn_clock(self, value: object) -> None:
        clock = self._hotline.clock
        try:
            match value:
                case {"now": str() as instant, **rest} if not rest and _INSTANT.fullmatch(instant):
                    clock.set(datetime.fromisoformat(instant.upper()))
                    return
                case {"advance_seconds": int() | float() as seconds, **rest} if not rest and not isinstance(
                    seconds, bool
                ):
                    clock.advance(timedelta(seconds=seconds))
                    return
        except (ValueError, OverflowError):
            raise _InputError(409, "the clock cannot show this: it has the years 1900 to 9000") from None
        raise _InputError(
            422, 'the clock takes {"now": "2026-01-15T09:30:00Z"}, with its zone, or {"advance_seconds": 3600}'
        )

    def _report(self, request: Request) -> Report | None:
        text = request.path_params["report_id"]
        is_id = text.isascii() and text.isdigit() and len(text) <= 19
        return self._hotline.find(int(text)) if is_id else None

    @staticmethod
    def _guarded(call: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                return await call(request)
            except _InputError as error:
                return JSONResponse({"error": error.reason}, status_code=error.status)

        return guarded


async def _read_json(request: Request) -> object:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_INPUT:
            raise _InputError(400, "the body is too long")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise _InputError(400, "the body is not JSON") from None
    return value


def _explain(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'value'}: {item['msg']}" for item in error.errors())


def _view(report: Report) -> ReportView:
    return ReportView(
        report_id=str(report.report_id),
        state=report.state,
        opened_at=report.opened_at.isoformat(),
        last_change_at=report.last_change_at.isoformat(),
        lapses_at=report.lapses_at.isoformat(),
        files=[_view_file(stored) for stored in report.files.values()],
    )


def _view_file(stored: StoredFile) -> FileView:
    return FileView(
        file_id=stored.file_id,
        name=stored.name,
        size=stored.size,
        md5=stored.md5,
        sha256=stored.sha256,
        details=stored.details,
    )
