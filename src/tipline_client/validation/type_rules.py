"""The rules that names, types and JSON itself keep, as data.

They are found while input is read, before there is a submission for other rules to look at. How a refused value becomes
a finding of one of them is said in `refusals`.
"""

from tipline_client.validation.rule import DOCUMENTATION, FORM, SCHEMA, Rule, error

__all__ = ["RULES"]

_JSON = "JSON, RFC 8259"

UNKNOWN_NAME = error(
    "unknown-name",
    summary="Every name is one of the schema's, or its spelling in Python.",
    message="The name is unknown here. {hint}",
    source=f"{SCHEMA}; {DOCUMENTATION}",
)
GIVEN_TWICE = error(
    "name-given-twice",
    summary="A name is given once, in one spelling.",
    message="The name is given twice. Keep one; two readers could believe different ones.",
    source=_JSON,
)
MISSING = error(
    "required-missing",
    summary="What is required is given.",
    message="The value is required and missing. Give it, or leave out what it belongs to.",
    source=SCHEMA,
)
TEXT = error(
    "text-expected",
    summary="Text is given as text, never as a number or boolean.",
    message="Text is expected, {given} is given. Put it in quotation marks.",
    source=SCHEMA,
)
OBJECT = error(
    "object-expected",
    summary="An element with children is given as an object.",
    message="An object is expected, {given} is given. Write the element's children in braces.",
    source=SCHEMA,
)
BOOLEAN = error(
    "boolean-expected",
    summary="Statements and flags are true or false.",
    message="true or false is expected, without quotation marks; {given} is given.",
    source=SCHEMA,
)
WHOLE = error(
    "whole-number-expected",
    summary="Whole numbers are given as JSON numbers.",
    message="A whole number is expected, without quotation marks; {given} is given.",
    source=SCHEMA,
)
NUMBER = error(
    "number-expected",
    summary="Degrees are given as JSON numbers.",
    message="A number is expected, without quotation marks; {given} is given.",
    source=SCHEMA,
)
INSTANT = error(
    "instant-expected",
    summary="Moments are given as date and time with a zone.",
    message="A date and time with its zone is expected, such as 2026-01-05T08:30:00Z.",
    source=SCHEMA,
)
ZONE = error(
    "zone-missing",
    summary="Every moment has its zone.",
    message="The zone is missing. Write Z for UTC or an offset such as +01:00; none is assumed.",
    source=f"{DOCUMENTATION}, incidentDateTime; the {SCHEMA} lets it be missing",
)
ZONE_TOO_FAR = error(
    "zone-implausible",
    summary="A zone is at most 14 hours from UTC.",
    message="No zone is further from UTC than 14 hours, so the offset is mistyped. Check it: it moves the moment.",
    source=f"xs:dateTime of the {SCHEMA}",
)
GAP = error(
    "instant-in-gap",
    summary="A local time exists.",
    message="This local time does not exist, because clocks went forward. Give the moment in UTC.",
    source="calendar",
)
INSTANT_RANGE = error(
    "instant-out-of-range",
    summary="A moment lies in the years 1 to 9999.",
    message="The moment lies outside the years 1 to 9999. Give the real one.",
    source=SCHEMA,
)
DATE = error(
    "date-expected",
    summary="Dates are given as YYYY-MM-DD.",
    message="A date is expected, as YYYY-MM-DD without a time.",
    source=SCHEMA,
)
REPORT_ID = error(
    "report-id-expected",
    summary="The id of a report is a whole number or its digits.",
    message="The id of a report is expected: a whole number, or its digits as text.",
    source=SCHEMA,
)
TOO_LONG = error(
    "too-long",
    summary="Text keeps to its documented length, counted in UTF-16 units.",
    message="{units} UTF-16 units are given, {limit} are allowed. Shorten it, or move the rest to additionalInfo.",
    source=f"{DOCUMENTATION}, lengths",
)
WRONG_FORM = error(
    "wrong-form",
    summary="Text with a pattern has that form.",
    message="The form is wrong. Expected: {meaning}.",
    source=SCHEMA,
)
NOT_ONE_OF = error(
    "not-one-of",
    summary="A word from a closed list is exactly one of them.",
    message="The value is none of those allowed. {hint}",
    source=SCHEMA,
)
OUT_OF_RANGE = error(
    "out-of-range",
    summary="Numbers keep to their range.",
    message="The number is out of range. {hint}",
    source=f"{SCHEMA}; {DOCUMENTATION}; degrees: recommendation",
)
SINGLE = error(
    "single-occurrence",
    summary="An array stands only where an element may occur more than once.",
    message="The element may occur once, an array is given. Give one value, without the brackets.",
    source=SCHEMA,
)
ONE_CHILD = error(
    "exactly-one-child",
    summary="internetDetails holds exactly one kind of incident.",
    message="{given} kinds of incident are given, exactly one is expected. Repeat internetDetails for more.",
    source=SCHEMA,
)
TOO_FEW = error(
    "too-few",
    summary="A list that must not be empty has an item.",
    message="At least one item is expected. Add it, or leave out what it belongs to.",
    source=SCHEMA,
)
MEME_TWICE = error(
    "potential-meme-twice",
    summary="potentialMeme at file level and fileAnnotations exclude each other.",
    message="potentialMeme stands beside fileAnnotations. Say it as fileAnnotations.potentialMeme alone.",
    source=SCHEMA,
)
KEY_TOO_LONG = error(
    "key-too-long",
    summary="The idempotency key has at most 255 UTF-16 units.",
    message="{units} UTF-16 units are given, {limit} are allowed. It is your own name for the report and nothing of it "
    "is sent: use a shorter one, or leave it out.",
    source=FORM,
)
KEY_NOT_TEXT = error(
    "key-not-text",
    summary="The idempotency key is text.",
    message="Text is expected, {given} is given. Write it in quotation marks, or leave it out.",
    source=FORM,
)
BLANK = error(
    "name-blank",
    summary="The idempotency key, where given, is not blank.",
    message="The text is blank. Fill it in, or leave it out.",
    source=FORM,
)
UNUSABLE = error(
    "value-unusable",
    summary="Every value has the type of its element.",
    message="The value does not fit here. Compare it with the exported JSON Schema.",
    source=SCHEMA,
)
BARE_REPORT = error(
    "bare-report",
    summary='A submission file holds its report under "report".',
    message='A report alone is given. Put it under "report", beside "idempotencyKey" and "evidence": '
    '{"report": {...}}.',
    source=FORM,
)
ARRAY = error(
    "submissions-in-an-array",
    summary="A submission file holds one submission, or one in each line.",
    message="An array is given. Write its items one in each line of a file whose name ends in .jsonl, or each into a "
    "file of its own.",
    source=FORM,
)
BAD_JSON = error(
    "json-syntax",
    summary="The input is one JSON document.",
    message="This is not JSON; reading stopped at line {line}, column {column}.",
    source=_JSON,
)
MORE_JSON = error(
    "json-continued",
    summary="Nothing follows the one JSON document.",
    message="Something follows the document, from line {line}, column {column}. "
    "Give one submission alone; a file with one in each line is named .jsonl.",
    source=_JSON,
)
NOT_UTF8 = error(
    "json-not-utf8",
    summary="The input is UTF-8.",
    message="The input is not UTF-8, from byte {byte}. Save it as UTF-8.",
    source=_JSON,
)
TOO_LARGE = error(
    "input-too-large",
    summary="The input keeps to the size allowed.",
    message="{size} bytes are given, {limit} are allowed. Move logs and long texts into evidence files.",
    source=FORM,
)
TOO_DEEP = error(
    "input-too-deep",
    summary="The input is not nested deeper than any submission.",
    message="The input is nested far deeper than any submission.",
    source=FORM,
)
BAD_NUMBER = error(
    "number-unusable",
    summary="Numbers are finite and fit into 64 bits.",
    message="The number is not finite or does not fit into 64 bits. Correct it, or give digits that are a name as "
    "text.",
    source=_JSON,
)

RULES: tuple[Rule, ...] = (
    UNKNOWN_NAME,
    GIVEN_TWICE,
    MISSING,
    TEXT,
    OBJECT,
    BOOLEAN,
    WHOLE,
    NUMBER,
    INSTANT,
    ZONE,
    ZONE_TOO_FAR,
    GAP,
    INSTANT_RANGE,
    DATE,
    REPORT_ID,
    TOO_LONG,
    WRONG_FORM,
    NOT_ONE_OF,
    OUT_OF_RANGE,
    SINGLE,
    ONE_CHILD,
    TOO_FEW,
    MEME_TWICE,
    KEY_TOO_LONG,
    KEY_NOT_TEXT,
    BLANK,
    UNUSABLE,
    BARE_REPORT,
    ARRAY,
    BAD_JSON,
    MORE_JSON,
    NOT_UTF8,
    TOO_LARGE,
    TOO_DEEP,
    BAD_NUMBER,
)
