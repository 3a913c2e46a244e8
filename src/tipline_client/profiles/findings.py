"""What of a schema validator's message is fit to show: rules, positions and the names of elements, never a value.

The endpoint's description of a refusal may quote the report. Element names are recognised because the models know all
of them; every other quoted word is hidden.
"""

import functools
import re
import typing
from collections.abc import Iterator

from pydantic import BaseModel

from tipline_client.models import FileDetails, Report

__all__ = ["MAX_FINDINGS", "RULE", "hide_values", "safe_findings"]

MAX_FINDINGS = 20
_QUOTED = re.compile(r"'([^']*)'", re.DOTALL)
_BEGINNING = re.compile(r"Element '[^']*'(, attribute '[^']*')?: (\[facet '[^']*'\] )?")
_ALL_QUOTED = re.compile(r"'.*'|'.*", re.DOTALL)
_LENGTHS = re.compile(
    r"The value has a length of '\d+'; this (exceeds|underruns|differs from) the allowed (\w+ )?length of '\d+'\."
)
_FACETS = frozenset(
    {
        "enumeration",
        "fractionDigits",
        "length",
        "maxExclusive",
        "maxInclusive",
        "maxLength",
        "minExclusive",
        "minInclusive",
        "minLength",
        "pattern",
        "totalDigits",
    }
)
# The validation rules of XML Schema (https://www.w3.org/TR/xmlschema-1/#outcome-cvc) and of its facets, by name: the
# text of a report can look like a rule, and must not be shown as one.
RULE = (
    r"cvc-(?:(?:complex|simple)-type|type|elt|attribute|au|id|identity-constraint|particle|model-group|accept|assess-attr"
    r"|assess-elt|resolve-instance|wildcard(?:-namespace)?|assertion|datatype-valid|facet-valid|enumeration-valid"
    r"|pattern-valid|(?:min|max)(?:Length|Inclusive|Exclusive)-valid|length-valid|(?:total|fraction)Digits-valid)"
    r"(?:\.(?:[0-9]{1,2}|[a-z])){0,5}"
)
_LINE = re.compile(rf"\[(\d{{1,9}}),\s?(\d{{1,9}})\] - ({RULE}): (.*)")
_WORDS = re.compile(r"[^\s{},:\"|()]+")


@functools.cache
def _wire_names() -> frozenset[str]:
    """Every element and attribute name of the two documents."""
    names = {"report", "fileDetails"}
    seen: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [Report, FileDetails]
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            names.add(field.alias or name)
            waiting.extend(_models_in(field.annotation))
    return frozenset(names)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)


def hide_values(message: str) -> str:
    """`message` with everything quoted hidden, except the names and lengths that the validator itself puts there.

    A value may hold apostrophes, and words that look like names. So only the beginning, where the validator says which
    element and facet it means, is read quote by quote; behind it, all from the first quote to the last is hidden.

    Args:
        message: A finding of libxml2. May quote the document.
    """
    beginning = _BEGINNING.match(message)
    start = beginning.end() if beginning else 0
    rest = message[start:]
    if _LENGTHS.fullmatch(rest) is None:
        rest = _ALL_QUOTED.sub("'…'", rest)
    return _QUOTED.sub(_shown_if_known, message[:start]) + rest


def _shown_if_known(quoted: re.Match[str]) -> str:
    return quoted.group() if quoted.group(1) in _wire_names() | _FACETS else "'…'"


def safe_findings(description: str) -> tuple[str, ...]:
    """The lines of an endpoint's refusal that follow the known form, made safe; the rest is left out.

    Args:
        description: The raw `responseDescription`. Content.

    Returns:
        At most twenty lines such as `[9,20] cvc-complex-type.2.4.a: lastName, {phone, email}`.
    """
    found = []
    for match in _LINE.finditer(description):
        line, column, rule, text = match.groups()
        known = _wire_names()
        quoted = [part for part in _QUOTED.findall(text) if (words := _WORDS.findall(part)) and known.issuperset(words)]
        found.append(f"[{line},{column}] {rule}" + (f": {', '.join(quoted)}" if quoted else ""))
        if len(found) == MAX_FINDINGS:
            break
    return tuple(found)
