"""Writes every verb of the command with its arguments and options, as `tipline VERB --help` has them."""

from collections.abc import Iterator

from cyclopts import App
from cyclopts.argument import Argument
from docs.tables import first_paragraph, table

from tipline_client.cli.app import build

__all__ = ["verbs"]

_HEAD = ("argument or option", "otherwise", "meaning")
_SHARED = "Shared options"


def verbs() -> str:
    """The shared options once, then each verb with its own."""
    found = list(_verbs(build(), ""))
    shared: dict[str, tuple[str, str, str]] = {}
    for _, app in found:
        shared |= {row[0]: row for row in _rows(app, is_shared=True)}
    parts = [f"## Shared options\n\n{table(_HEAD, list(shared.values()))}"]
    parts += [_verb(name, app) for name, app in found]
    return "\n".join(parts)


def _verbs(app: App, before: str) -> Iterator[tuple[str, App]]:
    for name in app:
        if str(name).startswith("-"):
            continue
        verb = app[str(name)]
        below = list(_verbs(verb, f"{before}{name} "))
        yield from below or [(f"{before}{name}", verb)]


def _verb(name: str, app: App) -> str:
    function = app.default_command
    said = first_paragraph(getattr(function, "__doc__", None))
    shared = ", ".join(row[0] for row in _rows(app, is_shared=True))
    rows = list(_rows(app, is_shared=False))
    parts = [f"## tipline {name}", said, *([table(_HEAD, rows).rstrip()] if rows else []), f"Shared: {shared}."]
    return "\n\n".join(parts) + "\n"


def _rows(app: App, *, is_shared: bool) -> Iterator[tuple[str, str, str]]:
    for argument in app.assemble_argument_collection(parse_docstring=True):
        if argument.show and is_shared == (_SHARED in {str(getattr(group, "name", "")) for group in _groups(argument)}):
            yield _name(argument), _otherwise(argument), " ".join((argument.parameter.help or "").split())


def _groups(argument: Argument) -> tuple[object, ...]:
    group = argument.parameter.group
    return tuple(group) if isinstance(group, (list, tuple)) else (group,)


def _name(argument: Argument) -> str:
    names = [name for name in argument.names if not name.startswith(("--no-", "--empty-"))]
    is_placed = argument.field_info.kind.name != "KEYWORD_ONLY"
    if is_placed:
        names = [names[0].removeprefix("--").upper()]
    return ", ".join(f"`{name}`" for name in names)


def _otherwise(argument: Argument) -> str:
    if argument.required:
        return "must be given"
    default = argument.field_info.default
    is_plain = isinstance(default, (str, int, float)) and not isinstance(default, bool)
    return f"`{default}`" if is_plain and argument.parameter.show_default is not False else ""
