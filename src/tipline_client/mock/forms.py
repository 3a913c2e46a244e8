"""Reads the bodies of form calls as they stream in: the id, and of an uploaded file only its size and digests.

The multipart parser is the low-level one of python-multipart, so nothing is spooled to disk and no evidence byte
outlives its chunk. Knows no reports; what a form means is for others to say.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

__all__ = ["FormError", "Upload", "read_id_form", "read_upload"]

_MAX_FIELD = 4096
_MAX_FORM = 64 * 1024
_MAX_BOUNDARY = 70  # RFC 2046, section 5.1.1


class FormError(Exception):
    """The form is not what the call asks for.

    Attributes:
        code: 4000 for a wrong request, 4200 for a malformed or truncated file submittal.
        reason: What is wrong, without any value from the request.
    """

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code} {reason}")


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload leaves behind."""

    report_id: int
    name: str
    size: int
    md5: str
    sha256: str


class _FormReader:
    """Collects the parts of one multipart form: `id` first, then `file` where one is allowed."""

    def __init__(self, boundary: bytes, *, with_file: bool) -> None:
        self._with_file = with_file
        self.id_text: str | None = None
        self.file_name: str | None = None
        self.size = 0
        self.is_complete = False
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.sha256 = hashlib.sha256()
        self._field = bytearray()
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._part = ""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._name_part,
                "on_part_data": self._take_data,
                "on_part_end": self._end_part,
                "on_end": self._complete,
            },
        )

    async def read(self, chunks: AsyncIterator[bytes]) -> None:
        try:
            async for chunk in chunks:
                if chunk:
                    self._parser.write(chunk)
        except FormParserError:
            raise FormError(4200, "Malformed file submittal") from None
        if not self.is_complete:
            raise FormError(4200, "Malformed file submittal: the form has no end")

    def _begin_part(self) -> None:
        self._disposition = b""
        self._field.clear()

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = b""
        self._header_value = b""

    def _name_part(self) -> None:
        kind, options = parse_options_header(self._disposition)
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or self._part not in {"id", "file"}:
            raise FormError(4000, "Invalid request: the form holds a field that the call does not know")
        if self._part == "id":
            if self.id_text is not None:
                raise FormError(4000, "Invalid request: more than one id")
            return
        if not self._with_file or self.file_name is not None:
            raise FormError(4200, "Malformed file submittal: one file a call, and only for an upload")
        if self.id_text is None:
            raise FormError(4200, "Malformed file submittal: id must stand before file")
        if b"filename" not in options:
            raise FormError(4200, "Malformed file submittal: the file has no name")
        self.file_name = options[b"filename"].decode("utf-8", "replace")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "file":
            view = memoryview(data)[start:end]
            self.size += end - start
            self.md5.update(view)
            self.sha256.update(view)
            return
        self._field += data[start:end]
        if len(self._field) > _MAX_FIELD:
            raise FormError(4000, "Invalid request: the id is too long")

    def _end_part(self) -> None:
        if self._part == "id":
            self.id_text = self._field.decode("utf-8", "replace")

    def _complete(self) -> None:
        self.is_complete = True


async def read_upload(content_type: str, chunks: AsyncIterator[bytes]) -> Upload:
    """The id, and the size and digests of the one file, of a `multipart/form-data` upload.

    Raises:
        FormError: The form is truncated, out of order, or holds anything else.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not _is_boundary(options.get(b"boundary", b"")):
        raise FormError(4000, "Invalid request: the call takes multipart/form-data")
    form = _FormReader(options[b"boundary"], with_file=True)
    await form.read(chunks)
    report_id = _report_id(form.id_text)
    if form.file_name is None:
        raise FormError(4200, "Malformed file submittal: no file")
    return Upload(report_id, form.file_name, form.size, form.md5.hexdigest(), form.sha256.hexdigest())


async def read_id_form(content_type: str, chunks: AsyncIterator[bytes]) -> int:
    """The id of a form with that one field, sent as multipart or urlencoded: CyberTipline takes both.

    Raises:
        FormError: The form is malformed or holds anything else.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data" and _is_boundary(options.get(b"boundary", b"")):
        form = _FormReader(options[b"boundary"], with_file=False)
        await form.read(chunks)
        return _report_id(form.id_text)
    if kind != b"application/x-www-form-urlencoded":
        raise FormError(4000, "Invalid request: the call takes a form")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _MAX_FORM:
            raise FormError(4000, "Invalid request: the form is too long")
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if [name for name, _ in fields] != ["id"]:
        raise FormError(4000, "Invalid request: the form holds the one field id")
    return _report_id(fields[0][1])


def _is_boundary(value: bytes) -> bool:
    return 1 <= len(value) <= _MAX_BOUNDARY


def _report_id(text: str | None) -> int:
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        raise FormError(4000, "Invalid request: id must be a report id")
    return int(digits)
