"""What the endpoint says: the two reply documents as values, and their bytes.

Roots, element order and the recorded response headers follow CyberTipline's public documentation and recordings. It
knows neither state nor the network.
"""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

__all__ = ["DONE_ROOT", "RESPONSE_ROOT", "XML_CONTENT_TYPE", "Answer", "Reply"]

RESPONSE_ROOT: Final = "reportResponse"
DONE_ROOT: Final = "reportDoneResponse"

# Recorded as it is: the header names one charset while the document declares, and uses, another.
XML_CONTENT_TYPE = "application/xml;charset=ISO-8859-1"

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response as bytes, and what becomes of it on its way.

    Attributes:
        cut_at: Send only this many bytes of the body, then drop the connection; None sends all.
        is_dropped: Send nothing at all and drop the connection.
        closes: Drop the connection after the complete answer, without having announced it.
        padding: This many bytes of white space follow the body, streamed.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", XML_CONTENT_TYPE), ("content-language", "en-US"))
    cut_at: int | None = None
    is_dropped: bool = False
    closes: bool = False
    padding: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply document before it is written: `reportResponse`, or `reportDoneResponse` for a finished report.

    Attributes:
        files: The file ids that `reportDoneResponse` lists.
        hash: MD5 of an uploaded file, as 32 hexadecimal digits.
    """

    code: int
    description: str = "Success"
    http_status: int = 200
    root: str = RESPONSE_ROOT
    report_id: int | None = None
    file_id: str | None = None
    hash: str | None = None
    files: tuple[str, ...] = ()

    def to_reply(self) -> Reply:
        """The document as an HTTP response."""
        return Reply(status=self.http_status, body=self.to_xml())

    def to_xml(self) -> bytes:
        """The document's bytes in UTF-8, elements in the documented order."""
        parts = [f"<responseCode>{self.code}</responseCode>"]
        if self.root == RESPONSE_ROOT:
            parts.append(f"<responseDescription>{escape(self.description)}</responseDescription>")
        for name, value in (("reportId", self.report_id), ("fileId", self.file_id), ("hash", self.hash)):
            if value is not None:
                parts.append(f"<{name}>{escape(str(value))}</{name}>")
        if self.root == DONE_ROOT:
            listed = "".join(f"<fileId>{escape(file_id)}</fileId>" for file_id in self.files)
            parts.append(f"<files>{listed}</files>")
        return f"{_DECLARATION}<{self.root}>{''.join(parts)}</{self.root}>".encode()
