"""Random reports for Hypothesis: every element of the models, with text as unkind as users write it.

Derived from the models' own fields, so an element that is added is generated too. All of it is synthetic: sample words,
documentation addresses, random characters. Needs the `hypothesis` package; nothing else in this package imports it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any, TypeVar

from annotated_types import Ge, Le

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ImportError(
        'these strategies need Hypothesis: pip install "tipline-client[testing]"', name=error.name
    ) from error

from tipline_client.models.base import WireModel
from tipline_client.models.file_details import EvidenceDetails, FileDetails
from tipline_client.models.geography import OneOf
from tipline_client.models.incident import InternetDetails
from tipline_client.models.outline import FieldOutline, Kind, outline
from tipline_client.models.report import Report
from tipline_client.models.scalars import MaxUnits, Pattern, utf16_units
from tipline_client.models.submission import Submission

__all__ = ["evidence_details", "file_details", "instances", "nasty_text", "reports", "submissions"]

M = TypeVar("M", bound=WireModel)

_SNIPPETS = (
    "A & B <c>",
    "]]>",
    "<![CDATA[",
    "&amp;",
    "007",
    "1e5",
    "true",
    "null",
    "\r\n",
    "\r",
    "\n",
    "\t",
    " padded ",
    "\x00",
    "\x0b\x1f",
    "\x7f\x85\u2028",
    "\ud83d",
    "\udfff",
    "\ufffe\uffff",
    "\ufffd",
    "\u202eleft",
    "☕🏺",
    "\U0010ffff",
    "Zoë",
    "\"quoted\" 'twice'",
)
_URLS = ("https://www.example.com/page", "http://192.0.2.7:8080/a?b=c&d=e#f", "https://example.net/%E2%98%95")
_ADDRESSES = ("192.0.2.10", "198.51.100.7", "203.0.113.255", "2001:db8::10")
_URL_FIELDS = frozenset({"url", "profile_url", "legal_url", "location_of_file"})
_MAX_OPTIONAL = 8
_LONGEST = 40
_ZONES = (UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=9)))


def nasty_text(*, max_units: int = _LONGEST) -> st.SearchStrategy[str]:
    """Text with markup, control characters, lone surrogates, emoji, line ends and right-to-left marks.

    Args:
        max_units: UTF-16 code units at most.
    """

    def fit(parts: list[str]) -> str:
        text = "".join(parts)
        while utf16_units(text) > max_units:
            text = text[:-1]
        return text

    return st.lists(st.sampled_from(_SNIPPETS) | st.characters(), max_size=4).map(fit)


def reports(*, valid: bool = True, newer: bool = False) -> st.SearchStrategy[Report]:
    """Reports.

    Args:
        valid: Only such as validation finds no error in, for any time of validation from 2026 on; otherwise any
            instance of the model.
        newer: Also elements that the schema of November 2025 lacks.
    """
    return instances(Report, valid=valid, newer=newer)


def evidence_details(*, valid: bool = True, newer: bool = False) -> st.SearchStrategy[EvidenceDetails]:
    """What is known of a file before its upload; arguments as for `reports`."""
    return instances(EvidenceDetails, valid=valid, newer=newer)


def file_details(*, valid: bool = True, newer: bool = False) -> st.SearchStrategy[FileDetails]:
    """Details of an uploaded file; arguments as for `reports`."""
    return instances(FileDetails, valid=valid, newer=newer)


def submissions(*, valid: bool = True, newer: bool = False) -> st.SearchStrategy[Submission]:
    """Submissions; arguments as for `reports`. Paths of evidence name no existing file."""
    return instances(Submission, valid=valid, newer=newer)


@cache
def instances(model: type[M], *, valid: bool = True, newer: bool = False) -> st.SearchStrategy[M]:
    """Instances of any model class; arguments as for `reports`.

    Raises:
        TypeError: `model` is no class of `tipline_client.models`.
    """
    given: object = model
    if not isinstance(given, type) or not issubclass(given, WireModel):
        raise TypeError(f"instances takes a model class such as Report, not {model!r}")
    fields = [field for field in outline(model) if _is_wanted(model, field, valid=valid, newer=newer)]
    values = {field.name: _values(model, field, valid=valid, newer=newer) for field in fields}
    needed = [field.name for field in fields if _is_needed(model, field, valid=valid)]
    optional = [name for name in values if name not in needed]

    @st.composite
    def build(draw: st.DrawFn) -> M:
        chosen = draw(_names(model, optional))
        given = {name: draw(values[name]) for name in (*needed, *chosen)}
        if valid:
            given = _REPAIRS.get(model, _as_it_is)(given)
        return model.model_validate(given)

    return build()


def _names(model: type[WireModel], optional: list[str]) -> st.SearchStrategy[list[str]]:
    if model is InternetDetails:
        return st.sampled_from(optional).map(lambda name: [name])
    if not optional:
        return st.just([])
    some = st.lists(st.sampled_from(optional), unique=True, max_size=_MAX_OPTIONAL)
    if issubclass(model, EvidenceDetails):
        return some.map(
            lambda names: [name for name in names if not (name == "potential_meme" and "file_annotations" in names)]
        )
    return some


def _is_wanted(model: type[WireModel], field: FieldOutline, *, valid: bool, newer: bool) -> bool:
    if field.newer is not None and not newer:
        return False
    undocumented = {"file_name", "potential_meme"} if issubclass(model, EvidenceDetails) else set()
    return not (valid and field.name in undocumented)


def _is_needed(model: type[WireModel], field: FieldOutline, *, valid: bool) -> bool:
    return field.is_required or (valid and model.__name__ == "Person" and field.name == "email")


def _values(model: type[WireModel], field: FieldOutline, *, valid: bool, newer: bool) -> st.SearchStrategy[Any]:
    item = instances(field.model, valid=valid, newer=newer) if field.model is not None else _scalar(field, valid=valid)
    if not field.is_repeated:
        return item
    single = valid and (model.__name__, field.name) in {
        ("Report", "person_or_user_reported"),
        ("IntendedRecipient", "additional_info"),
    }
    fewest = 1 if field.is_required or _is_needed(model, field, valid=valid) else 0
    return st.lists(item, min_size=fewest, max_size=1 if single else 2)


def _scalar(field: FieldOutline, *, valid: bool) -> st.SearchStrategy[Any]:
    if field.kind is Kind.WORD:
        return st.sampled_from(field.words)
    if field.kind in (Kind.TRUTH, Kind.FLAG):
        return st.booleans()
    if field.kind in (Kind.WHOLE, Kind.DEGREES):
        bounds: list[Any] = [fact.ge for fact in field.facts if isinstance(fact, Ge)]
        bounds += [fact.le for fact in field.facts if isinstance(fact, Le)]
        lowest, highest = bounds
        return st.integers(lowest, highest) if field.kind is Kind.WHOLE else st.floats(lowest, highest)
    if field.kind in (Kind.INSTANT, Kind.DATE):
        return _moment(valid=valid) if field.kind is Kind.INSTANT else _day(valid=valid)
    return _text(field, valid=valid)


def _moment(*, valid: bool) -> st.SearchStrategy[datetime]:
    # A day is kept free at both ends, so that every zone's instant stays within the years 1 to 9999.
    first, last = (date(2001, 1, 1), date(2025, 12, 31)) if valid else (date(1, 1, 2), date(9999, 12, 30))
    midnight = time()
    bounds = datetime.combine(first, midnight), datetime.combine(last, midnight)
    return st.datetimes(*bounds, timezones=st.sampled_from(_ZONES))


def _day(*, valid: bool) -> st.SearchStrategy[date]:
    return st.dates(date(1930, 1, 1), date(2025, 1, 1)) if valid else st.dates()


def _text(field: FieldOutline, *, valid: bool) -> st.SearchStrategy[str]:
    words = _closed_list(field, valid=valid)
    if words:
        return st.sampled_from(words)
    patterns = [fact.expression for fact in field.facts if isinstance(fact, Pattern)]
    if patterns:
        return st.from_regex(patterns[0], fullmatch=True, alphabet="+0123456789")
    limit = min([_LONGEST, *(fact.units for fact in field.facts if isinstance(fact, MaxUnits))])
    if valid or field.name in {"file_id", "idempotency_key"}:
        # Some texts must not be blank; a letter in front leaves the rest as unkind as before.
        return nasty_text(max_units=limit - 1).map(lambda text: f"x{text}")
    return nasty_text(max_units=limit)


def _closed_list(field: FieldOutline, *, valid: bool) -> Sequence[str]:
    for fact in field.facts:
        if isinstance(fact, OneOf):
            return sorted(fact.codes)
    if valid and field.name in _URL_FIELDS:
        return _URLS
    return _ADDRESSES if valid and field.name == "ip_address" else ()


def _as_it_is(given: dict[str, Any]) -> dict[str, Any]:
    return given


def _repair_file(given: dict[str, Any]) -> dict[str, Any]:
    """Hold what the documentation asks of claims about a file that depend on each other."""
    if given.get("exif_viewed_by_esp"):
        given["file_viewed_by_esp"] = True
    if given.get("file_relevance") == "Supplemental Reported":
        given.pop("industry_classification", None)
        given.pop("file_annotations", None)
    return given


def _repair_submission(given: dict[str, Any]) -> dict[str, Any]:
    """Hold what is asked of a key: whole characters, and no space around it."""
    if given.get("idempotency_key"):
        given["idempotency_key"] = given["idempotency_key"].encode(errors="replace").decode().strip() or "case"
    return given


_REPAIRS: Mapping[type[WireModel], Callable[[dict[str, Any]], dict[str, Any]]] = {
    EvidenceDetails: _repair_file,
    FileDetails: _repair_file,
    Submission: _repair_submission,
}
