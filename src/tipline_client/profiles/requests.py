"""From a step to the HTTP call that carries it: paths, content types, multipart framing.

The framing of an upload is written here rather than by the HTTP library, so that the exact length is known before the
first byte and the file is never read into memory.
"""

import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.steps import Step
from tipline_client.profiles.exchange import Call, StreamedBody

__all__ = ["fileinfo_call", "finish_call", "retract_call", "schema_call", "status_call", "submit_call", "upload_call"]

_XML = "text/xml; charset=utf-8"
"""The documentation insists on the charset; without it non-ASCII text may be damaged."""

OpenEvidence = Callable[[ManifestItem], AsyncGenerator[bytes, None]]
"""Starts a pass over the bytes of an evidence file, verified while they stream."""


def status_call() -> Call:
    """Ask whether the endpoint and the credentials work; touches no report."""
    return Call(Step.STATUS, "GET", "/status")


def schema_call() -> Call:
    """Fetch the endpoint's own XSD."""
    return Call(Step.SCHEMA, "GET", "/xsd")


def submit_call(xml: bytes) -> Call:
    """Open a report. `xml` is a whole `report` document."""
    return Call(Step.SUBMIT, "POST", "/submit", _XML, xml)


def fileinfo_call(xml: bytes) -> Call:
    """Describe an uploaded file. `xml` is a whole `fileDetails` document."""
    return Call(Step.FILEINFO, "POST", "/fileinfo", _XML, xml)


def finish_call(report_id: int) -> Call:
    """File the report."""
    return _form(Step.FINISH, "/finish", report_id)


def retract_call(report_id: int) -> Call:
    """Cancel an unfinished report."""
    return _form(Step.RETRACT, "/retract", report_id)


def upload_call(report_id: int, item: ManifestItem, open_evidence: OpenEvidence) -> Call:
    """Attach an evidence file. Its true name travels in the file details; the header has an ASCII-safe one."""
    boundary = _boundary()
    head = _id_part(boundary, report_id) + (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{item.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode("ascii")
    tail = f"\r\n--{boundary}--\r\n".encode("ascii")

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield head
        async with aclosing(open_evidence(item)) as evidence:
            async for chunk in evidence:
                yield chunk
        yield tail

    body = StreamedBody(len(head) + item.size + len(tail), chunks)
    return Call(Step.UPLOAD, "POST", "/upload", f"multipart/form-data; boundary={boundary}", body)


def _form(step: Step, path: str, report_id: int) -> Call:
    # Multipart, though url-encoded works too: it is the form that the documentation shows.
    boundary = _boundary()
    body = _id_part(boundary, report_id) + f"--{boundary}--\r\n".encode("ascii")
    return Call(step, "POST", path, f"multipart/form-data; boundary={boundary}", body)


def _id_part(boundary: str, report_id: int) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="id"\r\n\r\n{report_id}\r\n'.encode("ascii")


def _boundary() -> str:
    # 128 random bits: no evidence contains it except by a chance that need not be considered.
    return f"tipline-{secrets.token_hex(16)}"
