"""What can go wrong on purpose: one constructor a fault, so that a script reads like a sentence.

    endpoint.faults.script("finish", lost_reply(), status(503))

Every fault has a JSON form with the constructor's name and arguments, `{"step": "finish", "fault": "lost_reply"}`. This
module builds values and does nothing with them.
"""

from typing import Literal

from tipline_client.mock.answers import RESPONSE_ROOT
from tipline_client.mock.fault_kinds import (
    GATEWAY_PAGE,
    HTML,
    ChangedAnswer,
    Close,
    Code,
    Garbage,
    Huge,
    LostReply,
    LostRequest,
    Ok,
    Redirect,
    ScriptedReply,
    Slow,
    Status,
    Truncate,
    Unauthorized,
)

__all__ = [
    "close",
    "code",
    "fewer_files",
    "garbage",
    "huge",
    "lost_reply",
    "lost_request",
    "more_files",
    "no_hash",
    "no_report_id",
    "ok",
    "other_files",
    "redirect",
    "reply",
    "slow",
    "status",
    "truncate",
    "unauthorized",
    "upper_hash",
    "wrong_hash",
    "wrong_report_id",
]


def ok() -> Ok:
    """Let one call through."""
    return Ok()


def status(status: int = 503, *, body: bytes | str = GATEWAY_PAGE, headers: dict[str, str] | None = None) -> Status:
    """Answer with an HTTP status and, by default, an HTML page; do nothing."""
    return Status(status=status, body=_as_bytes(body), headers=headers or {})


def code(
    code: int,
    *,
    http_status: int = 400,
    root: Literal["reportResponse", "reportDoneResponse"] = RESPONSE_ROOT,
    description: str = "Scripted refusal",
    report_id: int | None = None,
) -> Code:
    """Answer with a response code under either root and any HTTP status; do nothing."""
    return Code(code=code, http_status=http_status, root=root, description=description, report_id=report_id)


def lost_request() -> LostRequest:
    """Drop the connection before doing anything."""
    return LostRequest()


def lost_reply() -> LostReply:
    """Do the work, then drop the connection."""
    return LostReply()


def slow(seconds: float) -> Slow:
    """Wait so many seconds, then work and answer properly."""
    return Slow(seconds=seconds)


def truncate(size: int) -> Truncate:
    """Do the work, send so many bytes of the body, then drop the connection."""
    return Truncate(size=size)


def garbage(*, body: bytes | str = GATEWAY_PAGE, content_type: str = HTML, worked: bool = False) -> Garbage:
    """Answer 200 with something that is no answer; `worked` says whether the work was done."""
    return Garbage(body=_as_bytes(body), content_type=content_type, worked=worked)


def close() -> Close:
    """Answer properly, then close the kept-alive connection unannounced."""
    return Close()


def reply(
    body: bytes | str, *, status: int = 200, headers: dict[str, str] | None = None, worked: bool = False
) -> ScriptedReply:
    """Answer with exactly this; `worked` says whether the work was done."""
    return ScriptedReply(body=_as_bytes(body), status=status, headers=headers or {}, worked=worked)


def redirect(location: str, *, status: int = 307) -> Redirect:
    """Point elsewhere; do nothing."""
    return Redirect(location=location, status=status)


def huge(size: int) -> Huge:
    """Answer with so many bytes; do nothing."""
    return Huge(size=size)


def unauthorized(body: bytes | str = b"") -> Unauthorized:
    """Refuse right credentials; do nothing."""
    return Unauthorized(body=_as_bytes(body))


def wrong_hash() -> ChangedAnswer:
    """Do the work and report an MD5 that is not the file's."""
    return ChangedAnswer(fault="wrong_hash")


def upper_hash() -> ChangedAnswer:
    """Do the work and report the right MD5 in upper case."""
    return ChangedAnswer(fault="upper_hash")


def no_hash() -> ChangedAnswer:
    """Do the work and leave the MD5 out."""
    return ChangedAnswer(fault="no_hash")


def wrong_report_id() -> ChangedAnswer:
    """Do the work and echo another report's id."""
    return ChangedAnswer(fault="wrong_report_id")


def no_report_id() -> ChangedAnswer:
    """Do the work and leave the report id out."""
    return ChangedAnswer(fault="no_report_id")


def fewer_files() -> ChangedAnswer:
    """Do the work and list one file too few."""
    return ChangedAnswer(fault="fewer_files")


def more_files() -> ChangedAnswer:
    """Do the work and list one file that was never sent."""
    return ChangedAnswer(fault="more_files")


def other_files() -> ChangedAnswer:
    """Do the work and list an unknown file in the place of the last one."""
    return ChangedAnswer(fault="other_files")


def _as_bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body
