"""Writes every public name with what it takes and gives: module by module, from the docstrings and signatures.

A name that several modules have is described where it comes first, the package's own names before all others. What
other generated pages have in full, which are the fields of models and the exceptions, is linked to.
"""

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import ModuleType
from typing import get_type_hints, is_typeddict

from docs.fields import models_in_order
from docs.tables import Docstring, assigned_docstrings, first_paragraph, member_docstrings, signature, table
from docs.values import members_of, types_in, values_of
from pydantic import BaseModel

import tipline_client
from tipline_client.models import WireModel

__all__ = ["MODULES", "names", "python_reference"]

_SAID = str(tipline_client.__doc__).partition("the modules ")[2].partition(";")[0]
_FOR_TESTS = ("tipline_client.testing.factories", "tipline_client.testing.strategies")

MODULES = ("tipline_client", *(f"tipline_client.{name}" for name in re.findall(r"`(\w+)`", _SAID)), *_FOR_TESTS)
"""Every module whose names are public: the package says which, and testing has two more beside its own names."""

_VALUES = "## Values that come with them"
_SAID_OF_VALUES = "What attributes above hold and methods give, and no program has to name."


def names() -> str:
    """The names of the package itself, in one table."""
    return table(("name", "kind", "what it is"), [_row(tipline_client, name) for name in tipline_client.__all__])


def _row(module: ModuleType, name: str) -> tuple[str, str, str]:
    value = getattr(module, name)
    return f"`{name}`", _kind(value), _meaning(name, value)


def _kind(value: object) -> str:
    if isinstance(value, ModuleType):
        return "module"
    if isinstance(value, type):
        return "exception" if issubclass(value, Exception) else "class"
    return "function" if _is_function(value) else "value"


def _is_function(value: object) -> bool:
    # Whatever wraps a function has the words of that function.
    return inspect.isfunction(value) or inspect.isfunction(getattr(value, "__wrapped__", None))


def _meaning(name: str, value: object) -> str:
    if name == "__version__":
        return "The version, as text."
    if isinstance(value, (type, ModuleType)) or _is_function(value):
        return first_paragraph(value.__doc__)
    return _values().get(name, "")


@cache
def _values() -> Mapping[str, str]:
    """What stands below the values and types of the package that have no docstring of their own."""
    found: dict[str, str] = {}
    for info in pkgutil.walk_packages(tipline_client.__path__, "tipline_client."):
        if info.name.split(".")[1] in {"models", "profiles", "mock", "delivery", "testing"}:
            found |= assigned_docstrings(importlib.import_module(info.name))
    return found


def python_reference() -> str:
    """Every public module with its names, each described once."""
    described: dict[int, str] = {}
    parts = [_module(importlib.import_module(name), described) for name in MODULES]
    values = [_details(value.__name__, value) for value in _came_with()]
    return "\n\n".join([*parts, _VALUES, _SAID_OF_VALUES, *values]) + "\n"


@cache
def _came_with() -> tuple[type, ...]:
    return values_of(MODULES)


def _linked(hint: object) -> str:
    """Links to the values that a type hint names, in brackets; empty where it names none."""
    named = [kind.__name__ for kind in dict.fromkeys(types_in(hint)) if kind in _came_with()]
    return f" ({', '.join(f'[`{name}`](#{name.lower()})' for name in named)})" if named else ""


def _module(module: ModuleType, described: dict[int, str]) -> str:
    parts = [f"## {module.__name__}", Docstring.of(module).paragraphs[0]]
    rows, details = [], []
    for name in module.__all__:
        value = getattr(module, name)
        rows.append((_link(module, name, value), *_row(module, name)[1:]))
        if _has_details(value) and id(value) not in described:
            described[id(value)] = name
            details.append(_details(name, value))
    return "\n\n".join([*parts, table(("name", "kind", "what it is"), rows).rstrip(), *details])


def _link(module: ModuleType, name: str, value: object) -> str:
    if isinstance(value, ModuleType):
        place = f"#{value.__name__.replace('.', '')}" if value.__name__ in MODULES else "../testing.md#faults"
        return f"[`{name}`]({place})"
    if isinstance(value, type) and issubclass(value, WireModel):
        return f"[`{name}`](fields.md#{name.lower()})" if value in models_in_order() else f"`{name}`"
    if isinstance(value, type) and issubclass(value, Exception) and module.__name__ != "tipline_client.testing":
        return f"[`{name}`](../errors.md#{name.lower()})"
    return f"[`{name}`](#{name.lower().strip('_')})" if _has_details(value) else f"`{name}`"


def _has_details(value: object) -> bool:
    if inspect.isfunction(value):
        return True
    return isinstance(value, type) and not issubclass(value, (WireModel, Exception))


def _details(name: str, value: object) -> str:
    said = Docstring.of(value)
    lines = [f"### {name}", *said.paragraphs]
    if inspect.isfunction(value):
        return "\n\n".join([*lines[:1], f"`{signature(value, name=name)}`", *lines[1:], *_bullets(said)])
    assert isinstance(value, type)  # noqa: S101 - `_has_details`
    if not _is_never_called(value):
        lines.insert(1, f"`{signature(value, name=name)}`")
    return "\n\n".join([*lines, *_bullets(said, but=("Attributes", "Example")), *_members(value, said)])


def _is_never_called(value: type) -> bool:
    """Whether nobody makes an instance by the name of the class: it is opened, or there are no others than its own."""
    is_form = bool(getattr(value, "_is_protocol", False)) or is_typeddict(value)
    return is_form or issubclass(value, Enum) or inspect.isabstract(value) or "open" in dir(value)


def _bullets(said: Docstring, *, but: tuple[str, ...] = ("Example",), indent: str = "") -> list[str]:
    """Arguments, returned values and errors as a list."""
    lines = []
    for section, items in said.sections.items():
        if section in but:
            continue
        for name, meaning in items.items():
            word = {"Returns": "gives", "Yields": "gives, one after the other", "Raises": "raises"}.get(section)
            label = f"{word} `{name}`" if word and name else word or f"`{name}`"
            lines.append(f"{indent}- {label}: {meaning}")
    return ["\n".join(lines)] if lines else []


def _members(value: type, said: Docstring) -> list[str]:
    kinds = get_type_hints(value)
    links = {name: _linked(kinds.get(name)) for name in _facts(value, said)}
    lines = [
        f"- `{name}`{links[name]}: {meaning}" if meaning else f"- `{name}`{links[name]}"
        for name, meaning in _facts(value, said).items()
    ]
    for name, member in members_of(value):
        about = Docstring.of(member)
        summary = about.paragraphs[0] if about.paragraphs else ""
        link = _linked(get_type_hints(member.fget if isinstance(member, property) else member).get("return"))
        if isinstance(member, property):
            lines.append(f"- `{name}`{link}: {summary}")
        else:
            lines.append(f"- **`{signature(member, name=name)}`**{link} {summary}")
            lines += _bullets(about, indent="  ")
    return ["\n".join(lines)] if lines else []


def _facts(value: type, said: Docstring) -> Mapping[str, str]:
    """The values that an instance holds, or the members of an enumeration."""
    if issubclass(value, Enum):
        below = member_docstrings(sys.modules[value.__module__], value.__name__)
        return {f"{member.name}": below.get(member.name, f"`{member.value}`") for member in value}
    if issubclass(value, BaseModel):
        return {name: first_paragraph(field.description) for name, field in value.model_fields.items()}
    if is_typeddict(value):
        return dict.fromkeys(get_type_hints(value), "") | dict(said.sections.get("Attributes", {}))
    return said.sections.get("Attributes", {})
