"""What the generated pages have in common: tables, and what docstrings say. It knows no page and no table."""

import ast
import inspect
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from types import ModuleType

__all__ = ["Docstring", "assigned_docstrings", "first_paragraph", "member_docstrings", "signature", "table"]

_LONGEST = 32
_SECTION = re.compile(r"^(Args|Attributes|Example|Returns|Raises|Yields):$", re.MULTILINE)
_ITEM = re.compile(r"^(\*{0,2}\w+(?:\.\w+)*): ", re.MULTILINE)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring, in one line."""
    return _one_line(inspect.cleandoc(text or "").partition("\n\n")[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True)
class Docstring:
    """A docstring, cut into what it says and its sections.

    Attributes:
        paragraphs: What stands before the first section, each in one line.
        sections: Name of a section to its items: name to meaning, the name empty where there is one item alone.
    """

    paragraphs: tuple[str, ...]
    sections: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, thing: object) -> "Docstring":
        """The docstring of a class, function or module."""
        before, *parts = _SECTION.split(inspect.getdoc(thing) or "")
        paragraphs = tuple(_one_line(part) for part in before.split("\n\n") if part.strip())
        sections = {name: _items(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}
        return cls(paragraphs, sections)


def _items(text: str) -> Mapping[str, str]:
    before, *parts = _ITEM.split(inspect.cleandoc(text))
    if not parts:
        return {"": _one_line(before)}
    return {name: _one_line(said) for name, said in zip(parts[::2], parts[1::2], strict=True)}


def member_docstrings(module: ModuleType, class_name: str) -> Mapping[str, str]:
    """What stands below each member of a class, which Python itself does not keep."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    return _below_assignments(body)


def assigned_docstrings(module: ModuleType) -> Mapping[str, str]:
    """What stands below each value of a module."""
    return _below_assignments(ast.parse(inspect.getsource(module)).body)


def _below_assignments(body: Sequence[ast.stmt]) -> dict[str, str]:
    found = {}
    for value, text in itertools.pairwise(body):
        if not isinstance(text, ast.Expr) or not isinstance(text.value, ast.Constant):
            continue
        targets = value.targets if isinstance(value, ast.Assign) else [getattr(value, "target", None)]
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            found[targets[0].id] = first_paragraph(str(text.value.value))
    return found


def signature(function: object, *, name: str) -> str:
    """How something is called: its arguments without types, and with those defaults that are short."""
    assert callable(function)  # noqa: S101 - nothing else has arguments
    said = []
    is_after_star = False
    made = _made_anew(function)
    for argument in inspect.signature(function).parameters.values():
        if argument.name in {"self", "cls"}:
            continue
        if argument.kind is argument.VAR_POSITIONAL or (argument.kind is argument.KEYWORD_ONLY and not is_after_star):
            is_after_star = True
            if argument.kind is not argument.VAR_POSITIONAL:
                said.append("*")
        said.append(_argument(argument, made=made.get(argument.name)))
    return f"{name}({', '.join(said)})"


def _made_anew(value: object) -> Mapping[str, object]:
    """Fields of a dataclass to what makes their defaults."""
    return {field.name: field.default_factory for field in fields(value)} if is_dataclass(value) else {}


def _argument(argument: inspect.Parameter, *, made: object) -> str:
    if argument.default is argument.empty:
        stars = "*" if argument.kind is argument.VAR_POSITIONAL else "**" * (argument.kind is argument.VAR_KEYWORD)
        return f"{stars}{argument.name}"
    return f"{argument.name}={f'{made.__name__}()' if isinstance(made, type) else _shown(argument.default)}"


def _shown(default: object) -> str:
    """A default as a reader would write it; `…` where that is long, or is made anew for each."""
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g} s"
    if isinstance(default, datetime):
        return f"{default:%Y-%m-%dT%H:%MZ}"
    if inspect.isbuiltin(default):
        return default.__name__
    if inspect.isroutine(default) or repr(default) == "<factory>" or is_dataclass(default):
        return "…"
    text = repr(str(default) if isinstance(default, str) else default)
    return text if len(text) <= _LONGEST else "…"
