"""Delivery's values to JSON text and back, for the columns that keep them.

The work is pydantic's; this module only fixes how: defaults left out, wrong types refused without showing the value.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

__all__ = ["from_json", "to_json"]

T = TypeVar("T")


_adapters: dict[type[object], TypeAdapter[Any]] = {}


def _adapter(kind: type[object]) -> TypeAdapter[Any]:
    # Building an adapter compiles a schema; the handful of kinds is compiled once each.
    return _adapters.get(kind) or _adapters.setdefault(kind, TypeAdapter(kind))


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
        locations = [found["loc"] for found in error.errors(include_input=False)]
    else:
        return value
    # Raised outside the handler: pydantic's error holds the input, and would stay behind as the context.
    places = sorted({".".join(map(str, location)) or "the whole" for location in locations})
    raise ValueError(f"not a {kind.__name__}: wrong at {', '.join(places[:8])}")
