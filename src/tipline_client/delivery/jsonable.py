"""Delivery's values to JSON text and back, for the columns that keep them.

The work is pydantic's; this module only fixes how: defaults left out, wrong types refused without showing the value.
"""

import functools
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

__all__ = ["from_json", "to_json"]

T = TypeVar("T")


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_json(value: object) -> str:
    """`value`, one of delivery's frozen dataclasses, as compact JSON; members at their default are left out."""
    return _adapter(type(value)).dump_json(value, exclude_defaults=True).decode()


def from_json(kind: type[T], text: str | bytes) -> T:
    """Read what `to_json` wrote.

    Raises:
        ValueError: The text is no such value. The message names the members, never what stands in them.
    """
    try:
        value: T = _adapter(kind).validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(map(str, found["loc"])) or "the whole" for found in error.errors(include_input=False)})
        raise ValueError(f"not a {kind.__name__}: wrong at {', '.join(places[:8])}") from None
    return value
