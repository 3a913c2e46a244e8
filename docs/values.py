"""Which classes come out of the public ones without being public names themselves.

An attribute holds one, or a method gives it. Whoever meets one wants to know what is in it, so the reference has them
too, after the names.
"""

import dataclasses
import importlib
import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import get_args, get_type_hints, is_typeddict

from tipline_client.models import WireModel

__all__ = ["INSIDE", "members_of", "types_in", "values_of"]

INSIDE = frozenset({"checkpoint_seal", "conductor", "deliver_with", "history_chain", "hooks", "reader", "record_keys"})
"""Methods that the command and the dispatcher call: what they take or give is of the inside of this package."""


def members_of(value: type) -> Iterator[tuple[str, object]]:
    """Methods and properties of this package, in the order of their definition; those of a base come after."""
    seen = set(INSIDE)
    for base in value.__mro__:
        if not base.__module__.startswith("tipline_client"):
            continue
        for name, member in vars(base).items():
            if name.startswith(("_", "model_")) or name in seen:
                continue
            plain = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
            if inspect.isfunction(plain) or isinstance(plain, property):
                seen.add(name)
                yield name, plain


def values_of(modules: Iterable[str]) -> tuple[type, ...]:
    """All of them, by name.

    Args:
        modules: Those whose names are public.
    """
    loaded = [importlib.import_module(name) for name in modules]
    public = [getattr(module, name) for module in loaded for name in module.__all__]
    found: dict[str, type] = {}
    waiting = [value for value in public if isinstance(value, type) and not issubclass(value, (WireModel, Exception))]
    while waiting:
        for kind in _come_from(waiting.pop()):
            if kind not in public and kind.__name__ not in found:
                found[kind.__name__] = kind
                waiting.append(kind)
    return tuple(found[name] for name in sorted(found))


def _come_from(value: type) -> Iterator[type]:
    hints = list(get_type_hints(value).values()) if dataclasses.is_dataclass(value) or is_typeddict(value) else []
    for _, member in members_of(value):
        function = member.fget if isinstance(member, property) else member
        hints.append(get_type_hints(function).get("return"))
    return (kind for hint in hints for kind in types_in(hint) if _is_value(kind))


def types_in(hint: object) -> Iterator[type]:
    """Every class that a type hint names, such as both of `Checkpoint | None`."""
    below = get_args(hint)
    if isinstance(hint, type) and not below:
        yield hint
    for part in below:
        yield from (kind for each in (part if isinstance(part, list) else [part]) for kind in types_in(each))


def _is_value(kind: type) -> bool:
    is_plain = dataclasses.is_dataclass(kind) or is_typeddict(kind) or issubclass(kind, Enum)
    # The clock is no value, but a form that a program may fill, as the one for tests does.
    return kind.__module__.startswith("tipline_client") and (is_plain or kind.__name__ == "Clock")
