"""Which characters of an instance XML 1.0 cannot carry, and where they stand.

User-generated text contains control characters, lone surrogates and non-characters. XML has no way to write them, not
even as references, so the writer puts U+FFFD in their place. Validation warns of it and the receipt keeps it on record.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tipline_client.models.base import WireModel
from tipline_client.models.outline import FieldOutline, Kind, Place, outline

__all__ = ["REPLACEMENT", "Substitution", "find_substitutions", "replace_unsendable", "unsendable"]

REPLACEMENT = "\ufffd"
"""What stands in place of a character that cannot be sent."""

_UNSENDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Substitution:
    """One character, replaced in one text.

    Attributes:
        path: The text, in the wire's names from the root of the instance: `personOrUserReported[0].displayName[1]`.
        code_point: The character's number.
        count: How many times it was replaced there, at least 1.
    """

    path: str
    code_point: int
    count: int


def unsendable(text: str) -> Mapping[int, int]:
    """The code points in `text` that XML 1.0 cannot carry, lowest first, with how often each occurs."""
    if _UNSENDABLE.search(text) is None:
        return {}
    return dict(sorted(Counter(ord(character) for character in _UNSENDABLE.findall(text)).items()))


def replace_unsendable(text: str) -> str:
    """The text with each such character replaced; its length in characters stays the same."""
    return _UNSENDABLE.sub(REPLACEMENT, text)


def find_substitutions(model: WireModel) -> tuple[Substitution, ...]:
    """Every replacement that sending `model` entails, in document order.

    Args:
        model: Any instance; of a submission, what never crosses the wire is passed over.
    """
    return tuple(
        Substitution(path, code_point, count)
        for path, text in _texts(model, "")
        for code_point, count in unsendable(text).items()
    )


def _texts(model: WireModel, prefix: str) -> Iterator[tuple[str, str]]:
    values = model.__dict__
    for field in _fields_with_text(type(model)):
        value = values[field.name]
        if value is None or value == ():
            continue
        path = prefix + field.wire
        items = (
            [(f"{path}[{index}]", item) for index, item in enumerate(value)] if field.is_repeated else [(path, value)]
        )
        for place, item in items:
            if field.kind is Kind.TEXT:
                yield place, item
            else:
                yield from _texts(item, f"{place}.")


@cache
def _fields_with_text(model: type[WireModel]) -> tuple[FieldOutline, ...]:
    return tuple(
        field
        for field in outline(model)
        if field.place is not Place.NOWHERE
        and (field.kind is Kind.TEXT or (field.model is not None and _fields_with_text(field.model)))
    )
