"""The endpoint's own paths under /ispws: the seven calls, strictly read and answered as CyberTipline documents.

Credentials come first, then the fault that is scripted for the step, then the work. Every response carries a
Request-ID. Bodies are judged and counted here, never logged. How connections drop, and what a test may ask, is decided
elsewhere.
"""

import asyncio
import base64
import dataclasses
import hmac
import itertools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Literal

from python_multipart.multipart import parse_options_header
from starlette.types import Receive, Scope, Send

from tipline_client.mock import rules
from tipline_client.mock.answers import DONE_ROOT, Answer, Reply
from tipline_client.mock.clock import MockClock
from tipline_client.mock.delivery import Channel, ClientGoneError
from tipline_client.mock.forms import FormError, read_id_form, read_upload
from tipline_client.mock.grammar import DocumentRefusedError, Grammar
from tipline_client.mock.script import STEPS, FaultBook, Step
from tipline_client.mock.state import Hotline, StateError

__all__ = ["Era", "RequestRecord", "ServiceRoutes"]

Era = Literal["2026", "2016"]

_READ_ONLY: frozenset[str] = frozenset({"status", "xsd"})
_MAX_DOCUMENT = 32 * 1024 * 1024
_KEPT_REQUESTS = 10_000
_KEPT_UNEXPECTED = 100
_CHALLENGE = ("www-authenticate", 'Basic realm="ESP Web Services"')


@dataclasses.dataclass(frozen=True, slots=True)
class RequestRecord:
    """One call that arrived: no body, no credentials.

    Attributes:
        step: The last part of the path, if it is a step; else "unknown".
        status: The HTTP status answered; None where the connection was dropped without an answer.
        fault: The name of the fault that the call met.
        unexpected: Why no client that works can have sent this call, whatever went wrong before it; None for any other.
    """

    step: str
    status: int | None
    request_id: str
    time: datetime
    fault: str | None
    unexpected: str | None = None


class _RefusalError(Exception):
    """A call that ends with a code instead of success."""

    def __init__(self, code: int, description: str, *, http_status: int | None = None) -> None:
        self.code = code
        self.description = description
        self.http_status = http_status
        super().__init__(f"refused with code {code}")


class _ForgottenError(Exception):
    """The endpoint was reset while the call was under way."""


class ServiceRoutes:
    """An ASGI application for everything below the base path.

    Args:
        era: How errors are transported: "2026" with HTTP 400 and an empty 401, "2016" with HTTP 200, code 1001 for
            schema errors and a document in the 401, both as recorded.
        sleep: Waits for a slow fault.
    """

    def __init__(
        self,
        *,
        hotline: Hotline,
        faults: FaultBook,
        grammar: Grammar,
        username: str,
        password: str,
        era: Era = "2026",
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._hotline = hotline
        self._faults = faults
        self._grammar = grammar
        self._username = username
        self._expected = b"Basic " + base64.b64encode(f"{username}:{password}".encode())
        self._era = era
        self._sleep = sleep
        self._steps: dict[str, Step] = {f"/{step}": step for step in STEPS}
        self._work: dict[Step, Callable[[_Call], Awaitable[Answer]]] = {
            "submit": self._submit,
            "upload": self._upload,
            "fileinfo": self._fileinfo,
            "finish": self._finish,
            "retract": self._retract,
        }
        self._serials = itertools.count(1)
        self.requests: deque[RequestRecord] = deque(maxlen=_KEPT_REQUESTS)
        self.unexpected: list[RequestRecord] = []
        self.request_count = 0
        self._resets = 0

    @property
    def _clock(self) -> MockClock:
        return self._hotline.clock

    def forget_requests(self) -> None:
        """Start counting anew. A call that is under way is forgotten too: it changes nothing and is not answered."""
        with self._hotline.lock:
            self.requests.clear()
            self.unexpected.clear()
            self.request_count = 0
            self._resets += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        call = _Call(scope, receive)
        request_id = f"mock-{next(self._serials):08d}"
        step = self._steps.get(call.path)
        channel = Channel(scope, receive, send)
        # In one go, or the count that begins with a reset could have a call in it that the reset forgets.
        with self._hotline.lock:
            call.resets = self._resets
            self.request_count += 1
        try:
            reply = await self._answer(step, call)
            self._record(step, None if reply.is_dropped else reply.status, request_id, call)
        except ClientGoneError:
            with suppress(_ForgottenError):
                self._record(step, None, request_id, call)
            return
        except _ForgottenError:
            reply = Reply(status=0, body=b"", is_dropped=True)
        await channel.deliver(dataclasses.replace(reply, headers=(*reply.headers, ("request-id", request_id))))

    async def _answer(self, step: Step | None, call: "_Call") -> Reply:
        if not hmac.compare_digest(call.headers.get(b"authorization", b""), self._expected):
            await call.drain()
            call.unexpected = "its credentials are not those of this endpoint"
            return self._unauthorized()
        if step is None:
            await call.drain()
            call.unexpected = "there is no such call"
            return Answer(1210, "Resource not found", http_status=404).to_reply()
        return await self._meet_fault(step, call)

    async def _meet_fault(self, step: Step, call: "_Call") -> Reply:
        # What is scripted after a reset is for calls after it. Whoever resets takes these two locks in this order too.
        with self._remembering(call):
            fault = self._faults.take(step)
        if fault is None:
            return await self._perform(step, call)
        call.fault = str(getattr(fault, "fault", "fault"))
        if fault.delay:
            await self._sleep(fault.delay)
        if not fault.works:
            await call.drain()
            return fault.change_reply(Reply(status=200, body=b""))
        return fault.change_reply(await self._perform(step, call, change=fault.change_answer))

    async def _perform(self, step: Step, call: "_Call", *, change: Callable[[Answer], Answer] | None = None) -> Reply:
        try:
            self._check_method(step, call)
            if step == "xsd":
                return Reply(
                    status=200, body=self._grammar.schema, headers=(("content-type", "text/xml;charset=UTF-8"),)
                )
            answer = self._status(call) if step == "status" else await self._work[step](call)
        except (_RefusalError, FormError, StateError, DocumentRefusedError) as error:
            await call.drain()
            call.unexpected = _why_unexpected(error)
            return self._refuse(error)
        if change is not None:
            answer = change(answer)
        if answer.report_id is not None:
            self._hotline.tell(answer.report_id)
        return answer.to_reply()

    def _status(self, call: "_Call") -> Answer:
        return Answer(0, f"Remote User : {self._username}, Remote Ip : {call.client}")

    async def _submit(self, call: "_Call") -> Answer:
        document = await self._document(call)
        tree = self._grammar.read(document, root="report")
        rules.check_report(tree, document=document, now=self._clock.now())
        with self._remembering(call):
            return Answer(0, report_id=self._hotline.open(document).report_id)

    async def _upload(self, call: "_Call") -> Answer:
        upload = await read_upload(call.content_type, call.chunks())
        with self._remembering(call):
            stored = self._hotline.attach(
                upload.report_id, name=upload.name, size=upload.size, md5=upload.md5, sha256=upload.sha256
            )
        return Answer(0, report_id=upload.report_id, file_id=stored.file_id, hash=stored.md5)

    async def _fileinfo(self, call: "_Call") -> Answer:
        document = await self._document(call)
        tree = self._grammar.read(document, root="fileDetails")
        report_id = int(tree.findtext("reportId") or 0)
        file_id = " ".join((tree.findtext("fileId") or "").split())
        with self._remembering(call):
            self._hotline.file_of(report_id, file_id)
            rules.check_file_details(tree, document=document, now=self._clock.now())
            self._hotline.describe(report_id, file_id, xml=document)
        return Answer(0, report_id=report_id, file_id=file_id)

    async def _finish(self, call: "_Call") -> Answer:
        report_id = await read_id_form(call.content_type, call.chunks())
        with self._remembering(call):
            files = tuple(self._hotline.finish(report_id).files)
        return Answer(0, root=DONE_ROOT, report_id=report_id, files=files)

    async def _retract(self, call: "_Call") -> Answer:
        report_id = await read_id_form(call.content_type, call.chunks())
        with self._remembering(call):
            self._hotline.retract(report_id)
        return Answer(0, report_id=report_id)

    async def _document(self, call: "_Call") -> bytes:
        kind, options = parse_options_header(call.content_type)
        if kind != b"text/xml" or options.get(b"charset", b"").lower() not in {b"utf-8", b"utf8"}:
            raise _RefusalError(4000, "Invalid request: the call takes text/xml; charset=utf-8")
        body = bytearray()
        async for chunk in call.chunks():
            body += chunk
            if len(body) > _MAX_DOCUMENT:
                raise _RefusalError(4000, "Invalid request: the document is too long")
        return bytes(body)

    @staticmethod
    def _check_method(step: Step, call: "_Call") -> None:
        wanted = "GET" if step in _READ_ONLY else "POST"
        if call.method != wanted:
            raise _RefusalError(4000, f"Invalid request: {step} is a {wanted}", http_status=405)

    def _refuse(self, error: _RefusalError | FormError | StateError | DocumentRefusedError) -> Reply:
        usual = 400 if self._era == "2026" else 200
        match error:
            case DocumentRefusedError():
                return self._refuse_document(error, http_status=usual)
            case _RefusalError():
                return Answer(error.code, error.description, http_status=error.http_status or usual).to_reply()
        return Answer(error.code, error.reason, http_status=usual).to_reply()

    def _refuse_document(self, error: DocumentRefusedError, *, http_status: int) -> Reply:
        if self._era == "2016":
            first = error.problems[0].text
            return Answer(1001, f"Malformed (xml) report submittal - {first}", http_status=http_status).to_reply()
        headline = "Validation failed" if error.code == 4100 else "Malformed XML submittal"
        description = "\n".join((headline, *map(str, error.problems)))
        return Answer(error.code, description, http_status=http_status).to_reply()

    def _unauthorized(self) -> Reply:
        reply = Answer(1000, "Authentication Required", http_status=401).to_reply()
        body = reply.body if self._era == "2016" else b""
        return dataclasses.replace(reply, body=body, headers=(*reply.headers, _CHALLENGE))

    def _record(self, step: Step | None, status: int | None, request_id: str, call: "_Call") -> None:
        record = RequestRecord(step or "unknown", status, request_id, self._clock.now(), call.fault, call.unexpected)
        with self._remembering(call):
            self.requests.append(record)
            if record.unexpected is not None and len(self.unexpected) < _KEPT_UNEXPECTED:
                self.unexpected.append(record)

    @contextmanager
    def _remembering(self, call: "_Call") -> Iterator[None]:
        """No reset comes between; one that came since the call began ends it.

        Raises:
            _ForgottenError: There was one.
        """
        with self._hotline.lock:
            if call.resets != self._resets:
                raise _ForgottenError
            yield


def _why_unexpected(error: _RefusalError | FormError | StateError | DocumentRefusedError) -> str | None:
    # What a document's findings say may quote it, and requests are shown without their content.
    match error:
        case StateError():
            return f"it names what this endpoint never gave: {error}" if error.was_never_given else None
        case DocumentRefusedError():
            return str(error)
        case _RefusalError():
            return error.description
    return error.reason


class _Call:
    """One request, with its body as it streams in.

    Attributes:
        resets: How often the endpoint had been reset when the call was counted.
        fault: See `RequestRecord`; set when the call has met it.
        unexpected: See `RequestRecord`; set when the call was judged.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._has_more = True
        self.method = str(scope["method"])
        self.path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.content_type = self.headers.get(b"content-type", b"").decode("latin-1")
        self.client = scope["client"][0] if scope.get("client") else "unknown"
        self.resets = 0
        self.fault: str | None = None
        self.unexpected: str | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body's chunks.

        Raises:
            ClientGoneError: The client left before the body was complete; nothing of it may count.
        """
        while self._has_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            self._has_more = message.get("more_body", False)
            yield message.get("body", b"")

    async def drain(self) -> None:
        """Read and forget the rest, so that the client is not cut off in mid-sentence."""
        async for _ in self.chunks():
            pass
