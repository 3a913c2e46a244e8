"""From the bytes of a reply to an `Answer`: distrustful, bounded, and never taking silence for success.

The response code decides; the HTTP status only where there is no code, except that 401 and 403 mean the credentials
whatever the code. A success under any status but one of success proves nothing. A refusal is accepted in either of the
two reply documents, since no source shows a failed finish; a finish and a retraction are believed in their own alone.
"""

import re
from dataclasses import dataclass

from lxml import etree

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.profiles.codes import kind_of, phrase_of
from tipline_client.profiles.exchange import NoReply, Reply
from tipline_client.profiles.findings import safe_findings
from tipline_client.profiles.profile import EndpointProfile

__all__ = ["read_answer", "reply_description", "reply_file_ids", "reply_report_id"]

_ROOTS = {"reportResponse", "reportDoneResponse"}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_WORDS = re.compile(r"[^ \t\r\n]+")
_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MAX_LONG = 2**63 - 1
_NO_BODY = frozenset({Step.STATUS, Step.SCHEMA})
# What is said of one report, and so of no other: its states, and refusals of what was sent to it.
_OF_ONE_REPORT = {
    AnswerKind.NO_REPORT,
    AnswerKind.NO_FILE,
    AnswerKind.RETRACTED,
    AnswerKind.FINISHED,
    AnswerKind.NOT_STORED,
    AnswerKind.NOT_OURS,
    AnswerKind.INVALID,
    AnswerKind.MALFORMED_FILE,
}
# Answers of something in front of the endpoint: nobody's report is at fault.
_GATEWAY_STATUSES = {404, 405, 407, 408, 425, 429}


@dataclass(frozen=True, slots=True)
class _Document:
    """A reply document, as far as it could be read."""

    root: str
    code: int
    report_id: int | None
    names_bad_report_id: bool
    names_other_report: bool
    """It names a report, and which one cannot be told; a blank or a zero names none."""
    file_id: str | None
    file_hash: str | None
    file_ids: tuple[str, ...] | None
    description: str


def read_answer(
    step: Step, reply: Reply | NoReply, profile: EndpointProfile, *, report_id: int | None = None
) -> Answer:
    """Say what a reply means for the call that it answers.

    Args:
        step: Which call.
        reply: What came back, or why nothing did.
        profile: Whose dialect.
        report_id: The report that the call named; a reply about another one proves nothing.

    Returns:
        An answer; never an exception, whatever the bytes are.
    """
    if isinstance(reply, NoReply):
        return Answer(reply.kind, reply.reason)
    document, problem = (None, "the reply is larger than any real one") if reply.is_oversized else _parse(reply.body)
    kind, reason = _judge(step, reply, document, problem, profile, report_id)
    return Answer(
        kind,
        reason,
        code=document.code if document else None,
        http_status=reply.status,
        report_id=document.report_id if document else None,
        file_id=document.file_id if document else None,
        file_hash=document.file_hash if document else None,
        file_ids=document.file_ids if document else None,
        request_id=_bounded_id(reply.request_id),
        findings=safe_findings(document.description) if document and kind is AnswerKind.INVALID else (),
        request_sha256=reply.request_sha256,
        body=reply.body,
    )


def reply_file_ids(body: bytes) -> tuple[str, ...] | None:
    """The files that a raw reply lists; `None` when it has no list, or is no reply."""
    document, _ = _parse(body)
    return document.file_ids if document else None


def reply_report_id(body: bytes) -> int | None:
    """The report id that a raw reply names; `None` when it names none, or is no reply."""
    document, _ = _parse(body)
    return document.report_id if document else None


def reply_description(body: bytes) -> str:
    """What a raw reply says in words; content, since it may quote the report. Empty when it says nothing."""
    document, _ = _parse(body)
    return document.description if document else ""


def _judge(
    step: Step,
    reply: Reply,
    document: _Document | None,
    problem: str,
    profile: EndpointProfile,
    report_id: int | None,
) -> tuple[AnswerKind, str]:
    if reply.status in {401, 403}:
        return AnswerKind.DENIED, f"HTTP {reply.status}: the endpoint refuses these credentials"
    if step is Step.SCHEMA and reply.status == 200 and document is None and not reply.is_oversized:
        return AnswerKind.SUCCESS, "a document that is no reply; to be read as a schema"
    if document is None:
        return _judge_status(reply.status, problem)
    kind, phrase = kind_of(document.code, profile.codes), phrase_of(document.code, profile.codes)
    if kind is AnswerKind.SUCCESS:
        return _judge_success(step, reply.status, document, report_id)
    # What is said of another report is no statement about ours.
    names_other = document.names_other_report or document.report_id not in {None, report_id}
    if kind in _OF_ONE_REPORT and report_id is not None and names_other:
        return AnswerKind.UNUSABLE, f"code {document.code}, but the reply is about another report"
    return kind, f"code {document.code}: {phrase}"


def _judge_status(status: int, problem: str) -> tuple[AnswerKind, str]:
    if status >= 500 or 300 <= status < 400 or status in _GATEWAY_STATUSES:
        return AnswerKind.OUTAGE, f"HTTP {status} without a response code of the endpoint"
    return AnswerKind.UNUSABLE, f"HTTP {status} with a body that proves nothing: {problem}"


def _judge_success(step: Step, status: int, document: _Document, report_id: int | None) -> tuple[AnswerKind, str]:
    if not 200 <= status < 300:
        return AnswerKind.UNUSABLE, f"HTTP {status} with code {document.code}: the two contradict each other"
    contradicted_by = None if step in _NO_BODY else _contradiction(step, document, report_id)
    if contradicted_by is not None:
        return AnswerKind.UNUSABLE, f"code 0 {contradicted_by}"
    return AnswerKind.SUCCESS, "success"


def _contradiction(step: Step, document: _Document, report_id: int | None) -> str | None:
    """What keeps a success from being believed, if anything does."""
    if document.names_bad_report_id or document.report_id is None:
        return "without a usable report id"
    if step is not Step.SUBMIT and document.report_id != report_id:
        return "for another report"
    if _answers_another_call(step, document):
        return "in the reply to another call"
    return "without a file id" if step is Step.UPLOAD and not document.file_id else None


def _answers_another_call(step: Step, document: _Document) -> bool:
    """Whether the reply is, or holds, what only another call is answered with.

    The root alone proves that where asking again settles it, with the state that the report is in by then: at a finish,
    and at a retraction that is told that the report is done.
    """
    if step is Step.FINISH:
        return document.root != "reportDoneResponse"
    if step is Step.RETRACT and document.root == "reportDoneResponse":
        return True
    is_about_a_file = document.file_id is not None or document.file_hash is not None
    return document.file_ids is not None or (step in {Step.SUBMIT, Step.RETRACT} and is_about_a_file)


def _parse(body: bytes) -> tuple[_Document | None, str]:
    """The document in `body`, or why there is none. The XML declaration decides the encoding, not the header."""
    if not body.strip():
        return None, "the body is empty"
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None, "the body is not well-formed XML"
    if root.getroottree().docinfo.internalDTD is not None:
        return None, "the body has a DOCTYPE"
    if root.tag not in _ROOTS:
        return None, "the root is neither of the two reply documents"
    code = _integer(_texts(root, "responseCode"))
    if code is None:
        return None, "there is no single response code"
    return _document(root, code), ""


def _document(root: etree._Element, code: int) -> _Document:
    ids = _texts(root, "reportId")
    report_id = _integer(ids)
    is_bad = bool(ids) and (report_id is None or not 0 < report_id <= _MAX_LONG)
    files = root.findall("files")
    return _Document(
        root=str(root.tag),
        code=code,
        report_id=None if is_bad else report_id,
        names_bad_report_id=is_bad,
        names_other_report=is_bad and not (len(ids) == 1 and (report_id == 0 or _is_blank(root.find("reportId")))),
        file_id=_single(_texts(root, "fileId")),
        file_hash=_hash_in(root),
        file_ids=tuple(_collapsed(item) for item in files[0].findall("fileId")) if len(files) == 1 else None,
        description="".join(_text(element) for element in root.findall("responseDescription"))[:100_000],
    )


def _hash_in(root: etree._Element) -> str | None:
    """The one hash of the reply; whatever else stands there is a wrong one, never a missing one."""
    elements = root.findall("hash")
    if all(_is_blank(element) for element in elements):
        return None
    digest = _collapsed(elements[0]).lower() if len(elements) == 1 else ""
    return digest if _MD5.fullmatch(digest) else digest[:64] or "unreadable"


def _texts(root: etree._Element, name: str) -> list[str]:
    return [_collapsed(element) for element in root.findall(name)]


def _collapsed(element: etree._Element) -> str:
    # A code or an id has no elements inside; what it would spell together was never said.
    return "" if len(element) else " ".join(_WORDS.findall(_text(element)))


def _is_blank(element: etree._Element | None) -> bool:
    return element is not None and not len(element) and not _collapsed(element)


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _integer(texts: list[str]) -> int | None:
    text = _single(texts)
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def _single(texts: list[str]) -> str | None:
    return texts[0] if len(texts) == 1 and texts[0] else None


def _bounded_id(request_id: str | None) -> str | None:
    return request_id[:200] if request_id else None
