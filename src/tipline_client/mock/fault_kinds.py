"""Every way in which a call can go wrong on purpose, as a frozen value.

A fault says how long to wait, whether the endpoint does its work, and what is then answered. Its JSON form is the
fault's name and its arguments. The constructors that scripts use stand in `faults`. Sockets and state are unknown here.
"""

import base64
import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tipline_client.mock.answers import DONE_ROOT, RESPONSE_ROOT, XML_CONTENT_TYPE, Answer, Reply

__all__ = [
    "GATEWAY_PAGE",
    "HTML",
    "ChangedAnswer",
    "Close",
    "Code",
    "Fault",
    "Garbage",
    "Huge",
    "LostReply",
    "LostRequest",
    "Ok",
    "Redirect",
    "ScriptedReply",
    "Slow",
    "Status",
    "Truncate",
    "Unauthorized",
]

GATEWAY_PAGE = b"<html><head><title>Out of service</title></head><body><h1>Out of service</h1></body></html>"
HTML = "text/html; charset=utf-8"
_OTHER_FILE = "f" * 32


def _read_body(value: object) -> object:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and set(value) == {"base64"} and isinstance(value["base64"], str):
        return base64.b64decode(value["base64"], validate=True)
    return value


def _show_body(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_BASE64_SCHEMA = {
    "type": "object",
    "properties": {"base64": {"type": "string", "pattern": _BASE64}},
    "required": ["base64"],
    "additionalProperties": False,
}
Body = Annotated[
    bytes,
    BeforeValidator(_read_body),
    PlainSerializer(_show_body, when_used="json"),
    WithJsonSchema({"oneOf": [{"type": "string"}, _BASE64_SCHEMA]}),
]
HttpStatus = Annotated[int, Field(ge=200, le=599)]


class Fault(BaseModel):
    """One planned answer to one call. Without changes of its own it lets the call through.

    Attributes:
        does_work: Whether the endpoint carries the call out before the answer is changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    does_work: ClassVar[bool] = True

    @property
    def works(self) -> bool:
        """Whether the call is carried out."""
        return self.does_work

    @property
    def delay(self) -> float:
        """Seconds to wait before the call is carried out."""
        return 0.0

    def change_answer(self, answer: Answer) -> Answer:
        """The document to send in place of `answer`; only asked when the call was carried out."""
        return answer

    def change_reply(self, reply: Reply, /) -> Reply:
        """The response to send in place of `reply`."""
        return reply


class Ok(Fault):
    """Lets the call through, so that a script can speak of the third one."""

    fault: Literal["ok"] = "ok"


class Status(Fault):
    """An HTTP status that a gateway gives, with its page; nothing is done."""

    fault: Literal["status"] = "status"
    status: HttpStatus = 503
    body: Body = GATEWAY_PAGE
    headers: dict[str, str] = Field(default_factory=dict)
    does_work: ClassVar[bool] = False

    def change_reply(self, _reply: Reply, /) -> Reply:
        """The gateway's page."""
        return Reply(status=self.status, body=self.body, headers=_headers(self.headers, content_type=HTML))


class Code(Fault):
    """A documented refusal; nothing is done."""

    fault: Literal["code"] = "code"
    code: int = 1000
    http_status: HttpStatus = 400
    root: Literal["reportResponse", "reportDoneResponse"] = RESPONSE_ROOT
    description: str = "Scripted refusal"
    report_id: int | None = None
    does_work: ClassVar[bool] = False

    def change_reply(self, _reply: Reply, /) -> Reply:
        """The refusal as a document with the chosen root."""
        return Answer(
            self.code,
            self.description,
            http_status=self.http_status,
            root=self.root,
            report_id=0 if self.report_id is None and self.root == DONE_ROOT else self.report_id,
        ).to_reply()


class LostRequest(Fault):
    """The connection drops before anything is done."""

    fault: Literal["lost_request"] = "lost_request"
    does_work: ClassVar[bool] = False

    def change_reply(self, reply: Reply, /) -> Reply:
        """Nothing at all."""
        return dataclasses.replace(reply, is_dropped=True)


class LostReply(Fault):
    """The work is done, and the connection drops before the answer."""

    fault: Literal["lost_reply"] = "lost_reply"

    def change_reply(self, reply: Reply, /) -> Reply:
        """Nothing at all."""
        return dataclasses.replace(reply, is_dropped=True)


class Slow(Fault):
    """Waits, then works and answers properly."""

    fault: Literal["slow"] = "slow"
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0

    @property
    def delay(self) -> float:
        """Seconds to wait."""
        return self.seconds


class Truncate(Fault):
    """The work is done, the answer breaks off after some bytes of its body."""

    fault: Literal["truncate"] = "truncate"
    size: Annotated[int, Field(ge=0)] = 20

    def change_reply(self, reply: Reply, /) -> Reply:
        """The first bytes, under the headers of the whole."""
        return dataclasses.replace(reply, cut_at=self.size)


class Garbage(Fault):
    """A status of 200 with a body that is no answer."""

    fault: Literal["garbage"] = "garbage"
    body: Body = GATEWAY_PAGE
    content_type: str = HTML
    worked: bool = False

    @property
    def works(self) -> bool:
        """As the script says."""
        return self.worked

    def change_reply(self, _reply: Reply, /) -> Reply:
        """The body with its content type."""
        return Reply(status=200, body=self.body, headers=(("content-type", self.content_type),))


class Close(Fault):
    """A proper answer, after which the kept-alive connection is closed without a word."""

    fault: Literal["close"] = "close"

    def change_reply(self, reply: Reply, /) -> Reply:
        """The same answer, and then the end."""
        return dataclasses.replace(reply, closes=True)


class ScriptedReply(Fault):
    """Any response, byte for byte."""

    fault: Literal["reply"] = "reply"
    body: Body = b""
    status: HttpStatus = 200
    headers: dict[str, str] = Field(default_factory=dict)
    worked: bool = False

    @property
    def works(self) -> bool:
        """As the script says."""
        return self.worked

    def change_reply(self, _reply: Reply, /) -> Reply:
        """The scripted response; an XML content type unless another is given."""
        return Reply(status=self.status, body=self.body, headers=_headers(self.headers, content_type=XML_CONTENT_TYPE))


class Redirect(Fault):
    """Points elsewhere; nothing is done."""

    fault: Literal["redirect"] = "redirect"
    location: str
    status: Annotated[int, Field(ge=300, le=399)] = 307
    does_work: ClassVar[bool] = False

    def change_reply(self, _reply: Reply, /) -> Reply:
        """An empty redirection."""
        return Reply(status=self.status, body=b"", headers=(("location", self.location),))


class Huge(Fault):
    """An endless-looking answer: a document followed by so many bytes of white space; nothing is done."""

    fault: Literal["huge"] = "huge"
    size: Annotated[int, Field(ge=0)] = 100_000_000
    does_work: ClassVar[bool] = False

    def change_reply(self, _reply: Reply, /) -> Reply:
        """The opening of a document, then padding."""
        return Reply(status=200, body=f"<{RESPONSE_ROOT}>".encode(), padding=self.size)


class Unauthorized(Fault):
    """Refuses the credentials although they are right; nothing is done."""

    fault: Literal["unauthorized"] = "unauthorized"
    body: Body = b""
    does_work: ClassVar[bool] = False

    def change_reply(self, _reply: Reply, /) -> Reply:
        """Status 401 with its challenge."""
        challenge = ("www-authenticate", 'Basic realm="ESP Web Services"')
        return Reply(status=401, body=self.body, headers=(("content-type", XML_CONTENT_TYPE), challenge))


class ChangedAnswer(Fault):
    """The work is done; the answer lies about one thing."""

    fault: Literal[
        "wrong_hash",
        "upper_hash",
        "no_hash",
        "wrong_report_id",
        "no_report_id",
        "fewer_files",
        "more_files",
        "other_files",
    ]

    def change_answer(self, answer: Answer) -> Answer:
        """The same answer with the one thing changed."""
        return dataclasses.replace(answer, **_CHANGES[self.fault](answer))


_CHANGES: dict[str, Callable[[Answer], dict[str, Any]]] = {
    "wrong_hash": lambda _: {"hash": "0" * 32},
    "upper_hash": lambda answer: {"hash": answer.hash and answer.hash.upper()},
    "no_hash": lambda _: {"hash": None},
    "wrong_report_id": lambda answer: {"report_id": (answer.report_id or 0) + 1},
    "no_report_id": lambda _: {"report_id": None},
    "fewer_files": lambda answer: {"files": answer.files[:-1]},
    "more_files": lambda answer: {"files": (*answer.files, _OTHER_FILE)},
    "other_files": lambda answer: {"files": (*answer.files[:-1], _OTHER_FILE)},
}


def _headers(given: dict[str, str], *, content_type: str) -> tuple[tuple[str, str], ...]:
    lowered = {name.lower(): value for name, value in given.items()}
    return tuple({"content-type": content_type, **lowered}.items())
