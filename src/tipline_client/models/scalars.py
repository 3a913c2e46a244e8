"""The values that elements hold: text counted as the wire counts it, instants with a zone, ids, flags, repetitions.

Each type is strict: no number is taken for a time, no text for a boolean. None of them knows which element uses it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tipline_client.models.xml_facts import PresenceFlag

__all__ = [
    "Age",
    "CalendarDate",
    "Degrees",
    "FileId",
    "Flag",
    "Instant",
    "Latitude",
    "Longitude",
    "Many",
    "MaxUnits",
    "Pattern",
    "Port",
    "ReportId",
    "Text50",
    "Text64",
    "Text100",
    "Text255",
    "Text256",
    "Text2083",
    "Text3000",
    "Truth",
    "WholeNumber",
    "WireText",
    "utf16_units",
    "write_instant",
]

T = TypeVar("T")

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_XML_SPACE = re.compile(r"[ \t\r\n]+")
_MAX_LONG = 2**63 - 1


def utf16_units(text: str) -> int:
    """Length of `text` in UTF-16 code units: never fewer than its code points, so safe under either reading."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _join_surrogates(text: str) -> str:
    # A member of an enumeration of strings is its text, whatever its class makes of `str` and of formatting.
    text = str.__str__(text)
    # Two halves of one character, side by side: JSON would join them on the next reading, so they are joined at once.
    if text.isascii() or _PAIR.search(text) is None:
        return text
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


class _AnyText:
    """Text of any characters. Those that XML cannot carry are a finding of validation, not of the type."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # pydantic's own string type refuses lone surrogates, which user-generated text does contain.
        text = core_schema.json_or_python_schema(
            json_schema=core_schema.str_schema(strict=True), python_schema=core_schema.is_instance_schema(str)
        )
        refused = core_schema.custom_error_schema(
            text, custom_error_type="text_expected", custom_error_message="text expected, as a JSON string"
        )
        return core_schema.no_info_after_validator_function(
            _join_surrogates, refused, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string"}


WireText = Annotated[str, _AnyText]
"""Plain text of an element or attribute, white space kept."""


@dataclass(frozen=True, slots=True)
class MaxUnits:
    """At most `units` UTF-16 code units; the documentation says characters and leaves open which."""

    units: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "maxLength": self.units}

    def _check(self, value: str) -> str:
        # Text shorter than half the limit cannot break it, whatever its characters.
        if len(value) * 2 > self.units and (units := utf16_units(value)) > self.units:
            raise PydanticCustomError(
                "too_long",
                "{units} UTF-16 units, {limit} allowed; shorten it or move the rest to additionalInfo",
                {"units": units, "limit": self.units},
            )
        return value


Text50 = Annotated[WireText, MaxUnits(50)]
Text64 = Annotated[WireText, MaxUnits(64)]
Text100 = Annotated[WireText, MaxUnits(100)]
Text255 = Annotated[WireText, MaxUnits(255)]
Text256 = Annotated[WireText, MaxUnits(256)]
Text2083 = Annotated[WireText, MaxUnits(2083)]
Text3000 = Annotated[WireText, MaxUnits(3000)]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The whole text must match `expression` (ASCII)."""

    expression: str
    meaning: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        matches = re.compile(self.expression, re.ASCII).fullmatch

        def check(value: str) -> str:
            if matches(value) is None:
                raise PydanticCustomError("wrong_form", "{meaning} expected", {"meaning": self.meaning})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^{self.expression}$"}


def _only_iso_text(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.fullmatch(value)):
        return value
    raise PydanticCustomError("instant_expected", "date and time with a zone expected, such as 2026-01-05T08:30:00Z")


def _to_milliseconds(value: datetime) -> datetime:
    # The wire carries milliseconds; keeping more would make a report differ from its own JSON form.
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


_FURTHEST_ZONE = timedelta(hours=14)
"""The range of a zone in XML Schema (https://www.w3.org/TR/xmlschema-2/#dateTime-timezones)."""


def _exists_with_zone(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return _to_milliseconds(value)
    offset = value.utcoffset()
    if offset is None:
        raise PydanticCustomError("zone_missing", "a time zone is required, such as 2026-01-05T08:30:00Z")
    if abs(offset) > _FURTHEST_ZONE:
        raise PydanticCustomError("zone_implausible", "no zone is further from UTC than 14 hours; check the offset")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instant_out_of_range", "the instant lies outside the years 1 to 9999") from None
    if instant.astimezone(value.tzinfo).replace(tzinfo=None) != value.replace(tzinfo=None):
        raise PydanticCustomError(
            "instant_in_gap", "this local time does not exist (clocks went forward); give the instant in UTC"
        )
    return _to_milliseconds(instant)


def write_instant(value: datetime) -> str:
    """The one form in which an instant leaves: UTC, `Z`, whole seconds or milliseconds."""
    milliseconds = value.microsecond // 1000
    return value.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + (f".{milliseconds:03d}Z" if milliseconds else "Z")


Instant = Annotated[
    datetime,
    BeforeValidator(_only_iso_text),
    AfterValidator(_exists_with_zone),
    PlainSerializer(write_instant, return_type=str, when_used="json"),
]
"""A moment with its zone, kept and written in UTC, to the millisecond."""


def _only_iso_date(value: Any) -> Any:
    if (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and _DATE.fullmatch(value)
    ):
        return value
    raise PydanticCustomError("date_expected", "date expected, as YYYY-MM-DD without a time")


CalendarDate = Annotated[date, BeforeValidator(_only_iso_date)]
"""A calendar date without a zone."""


def _read_report_id(value: Any) -> Any:
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise PydanticCustomError("report_id_expected", "report id expected: a whole number, or its digits as text")
        return int(value)
    return value


ReportId = Annotated[
    int,
    Strict(),
    Ge(0),
    Le(_MAX_LONG),
    BeforeValidator(_read_report_id),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": "^[0-9]{1,19}$"}, {"type": "integer", "minimum": 0}]},
        mode="validation",
    ),
]
"""The endpoint's number of a report: 64 bits. Written to JSON as digits in text, since JSON readers lose large numbers;
both forms are accepted."""


def _collapse(value: str) -> str:
    token = " ".join(_XML_SPACE.split(value.strip(" \t\r\n")))
    if not token:
        raise PydanticCustomError("file_id_expected", "file id expected: text that is not blank")
    return token


FileId = Annotated[WireText, AfterValidator(_collapse)]
"""The endpoint's name of a file: opaque text, surrounding white space dropped; never a number."""

WholeNumber = Annotated[int, Strict()]
"""A whole number; text and booleans are not taken for one."""

Age = Annotated[WholeNumber, Ge(0), Le(150)]
"""Whole years, 0 to 150 as documented."""

Port = Annotated[WholeNumber, Ge(1), Le(65535)]
"""A TCP or UDP port, 1 to 65535 as documented."""

Truth = Annotated[bool, Strict()]
"""A statement with three states: true, false, and left out."""

Flag = Annotated[bool, Strict(), PresenceFlag()]
"""A statement that can only be made or left out; `False` is the same as leaving it out."""


Degrees = Annotated[float, Strict(), AllowInfNan(False)]
"""A finite number of degrees."""

Latitude = Annotated[Degrees, Ge(-90), Le(90)]
"""Degrees north; the schema admits any number, the earth does not."""

Longitude = Annotated[Degrees, Ge(-180), Le(180)]
"""Degrees east."""


class _Repeated:
    """An array; one item alone is accepted for it. Kept as a tuple, so that it cannot change."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (item,) = source.__args__
        return core_schema.no_info_before_validator_function(
            cls._as_tuple, core_schema.tuple_variable_schema(handler.generate_schema(item))
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        array = handler(schema)
        return {"anyOf": [array, array["items"]]}

    @staticmethod
    def _as_tuple(value: Any) -> Any:
        if value is None:
            return ()
        return tuple(value) if isinstance(value, (list, tuple)) else (value,)


Many = Annotated[Sequence[T], _Repeated]
"""A repeating element: `Many[Email]`."""
