"""How a value that a type refused becomes a finding in our own words.

Nothing of pydantic's text is passed on, since it may quote the input. It must not know how input is repaired to find
more.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tipline_client.models import COUNTRIES, STATES
from tipline_client.models.outline import FieldOutline
from tipline_client.validation import type_rules as rules
from tipline_client.validation.rule import Finding, Rule
from tipline_client.validation.shape import join

__all__ = ["Refusal", "findings_of", "is_showable", "kind_of"]

_NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
_SHOWABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_GIVEN_BY_THE_ENDPOINT = {"fileId", "file_id", "reportId", "report_id"}
"""Elements of `fileDetails` that no caller can know."""
_LISTED = 12
_COMPARED = 200

_BY_TYPE = {
    "missing": rules.MISSING,
    "text_expected": rules.TEXT,
    "string_type": rules.TEXT,
    "model_type": rules.OBJECT,
    "model_attributes_type": rules.OBJECT,
    "dict_type": rules.OBJECT,
    "bool_type": rules.BOOLEAN,
    "float_type": rules.NUMBER,
    "finite_number": rules.OUT_OF_RANGE,
    "greater_than_equal": rules.OUT_OF_RANGE,
    "less_than_equal": rules.OUT_OF_RANGE,
    "int_parsing_size": rules.OUT_OF_RANGE,
    "zone_missing": rules.ZONE,
    "zone_implausible": rules.ZONE_TOO_FAR,
    "instant_in_gap": rules.GAP,
    "instant_out_of_range": rules.INSTANT_RANGE,
    "instant_expected": rules.INSTANT,
    "date_expected": rules.DATE,
    "report_id_expected": rules.REPORT_ID,
    "too_long": rules.TOO_LONG,
    "wrong_form": rules.WRONG_FORM,
    "literal_error": rules.NOT_ONE_OF,
    "unknown_code": rules.NOT_ONE_OF,
    "exactly_one_child": rules.ONE_CHILD,
    "too_short": rules.TOO_FEW,
    "meme_marked_twice": rules.MEME_TWICE,
    "blank": rules.BLANK,
}
_KEY = "idempotencyKey"
_OF_THE_KEY = {rules.TOO_LONG: rules.KEY_TOO_LONG, rules.TEXT: rules.KEY_NOT_TEXT}
"""The key is the caller's own: no schema says anything of it, and additionalInfo is no place for it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a type refused.

    Attributes:
        kind: pydantic's name of the error.
        context: Its facts.
        path: Where, in wire names.
        field: The field that stands there, if it is known.
        value: What was given; only ever looked at, never shown.
        is_item: Whether it is one item of an array.
    """

    kind: str
    context: Mapping[str, Any]
    path: str
    field: FieldOutline | None
    value: Any
    is_item: bool


def findings_of(refusal: Refusal) -> Iterator[Finding]:
    """The refusal in our words: one finding, or one for each name."""
    if refusal.kind == "unknown_name":
        for name, near in zip(refusal.context["names"], refusal.context["nearest"], strict=True):
            hint = f"Did you mean {near}?" if near else "Nothing here resembles it; leave it out."
            if name in _GIVEN_BY_THE_ENDPOINT and refusal.path.endswith("].details"):
                hint = "The endpoint gives it when the file is sent; leave it out."
            yield rules.UNKNOWN_NAME.at(join(refusal.path, name) if is_showable(name) else refusal.path, hint=hint)
    elif refusal.kind == "name_given_twice":
        for name in refusal.context["names"]:
            yield rules.GIVEN_TWICE.at(join(refusal.path, name))
    else:
        rule = _rule_of(refusal)
        path = join(refusal.path, "potentialMeme") if rule is rules.MEME_TWICE else refusal.path
        yield rule.at(path, **_facts(rule, refusal))


def is_showable(name: str) -> bool:
    """Whether an unknown name looks like a name; anything else might be content that slipped into its place."""
    return _SHOWABLE.fullmatch(name) is not None


def kind_of(value: object) -> str:
    """What JSON would call the value."""
    kinds = (
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "text"),
        (Mapping, "an object"),
        ((list, tuple), "an array"),
    )
    if value is None:
        return "null"
    return next((name for kind, name in kinds if isinstance(value, kind)), "something else")


def _rule_of(refusal: Refusal) -> Rule:
    field = refusal.field
    if isinstance(refusal.value, (list, tuple)) and field is not None and not (field.is_repeated or refusal.is_item):
        return rules.KEY_NOT_TEXT if refusal.path == _KEY else rules.SINGLE
    rule = _BY_TYPE.get(refusal.kind)
    if rule is None:
        rule = _by_family(refusal)
    if refusal.path == _KEY:
        rule = _OF_THE_KEY.get(rule, rule)
    if rule is rules.INSTANT and isinstance(refusal.value, str) and _NAIVE.fullmatch(refusal.value):
        return rules.ZONE
    return rule


def _by_family(refusal: Refusal) -> Rule:
    if refusal.kind.startswith("int_"):
        is_report_id = refusal.field is not None and refusal.field.wire.startswith("priorCTReport")
        return rules.REPORT_ID if is_report_id else rules.WHOLE
    if refusal.kind.startswith(("datetime_", "timezone_")):
        return rules.INSTANT
    if refusal.kind.startswith("date_"):
        return rules.DATE
    return rules.UNUSABLE


def _facts(rule: Rule, refusal: Refusal) -> dict[str, Any]:
    if rule in {rules.TEXT, rules.KEY_NOT_TEXT, rules.OBJECT, rules.BOOLEAN, rules.WHOLE, rules.NUMBER}:
        return {"given": kind_of(refusal.value)}
    if rule is rules.OUT_OF_RANGE:
        return {"hint": _bounds(refusal.context)}
    if rule is rules.NOT_ONE_OF:
        return {"hint": _choices(refusal)}
    return {key: refusal.context[key] for key in ("units", "limit", "meaning", "given") if key in refusal.context}


def _bounds(context: Mapping[str, Any]) -> str:
    if "ge" in context:
        return f"At least {context['ge']:g} is allowed." if abs(context["ge"]) < 1e6 else "It is too small."
    if "le" in context:
        return f"At most {context['le']:g} is allowed." if abs(context["le"]) < 1e6 else "It does not fit into 64 bits."
    return "It must be finite."


def _choices(refusal: Refusal) -> str:
    words = refusal.field.words if refusal.field is not None else ()
    if not words:
        near = _nearest_code(refusal)
        meaning = f"Expected: {refusal.context.get('meaning', 'one of the listed codes')}."
        return f"Did you mean {near!r}? {meaning}" if near else meaning
    listed = f"Allowed: {', '.join(map(repr, words))}." if len(words) <= _LISTED else ""
    near = _nearest_word(refusal.value, words)
    return " ".join(part for part in (f"Did you mean {near!r}?" if near else "", listed) if part)


def _nearest_word(value: object, words: tuple[str, ...]) -> str | None:
    if not isinstance(value, str) or len(value) > _COMPARED:
        return None
    folded = {word.casefold(): word for word in words}
    matches = difflib.get_close_matches(value.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def _nearest_code(refusal: Refusal) -> str | None:
    codes = STATES if refusal.field is not None and refusal.field.wire == "state" else COUNTRIES
    code = refusal.value.strip().upper() if isinstance(refusal.value, str) else ""
    return code if code and code in codes else None
