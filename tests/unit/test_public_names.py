"""The package's root: names are there when they are used, the same ones for programs and for type checkers."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, get_args, get_type_hints

import pytest

import tipline_client
from tipline_client import Dispatcher, TiplineClient, errors, models, profiles


def _as_checked() -> dict[str, str]:
    """Name to module, as the type checker reads it."""
    tree = ast.parse(inspect.getsource(tipline_client))
    return {
        name.name: node.module or ""
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_import_of_the_package_alone() -> None:
    """Nothing else of the package is imported with its root."""
    code = "import sys, tipline_client; print([name for name in sys.modules if name.startswith('tipline_client.')])"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=20, check=True)

    assert b"[]\n" == ended.stdout


def test_names_for_the_type_checker() -> None:
    """What is imported in the type checker's sight is what is public."""
    assert sorted(_as_checked()) == sorted(tipline_client.__all__)


@pytest.mark.parametrize(("name", "module"), sorted(_as_checked().items()))
def test_name_at_its_first_use(name: str, module: str) -> None:
    """Each name is the very object that the type checker is told of."""
    room = import_module(module)
    expected = import_module(f"{module}.{name}") if module == "tipline_client" else getattr(room, name)

    assert expected is getattr(tipline_client, name)


def test_name_that_is_not_public() -> None:
    """A name that nobody promised is refused as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'TiplineServer'"):
        tipline_client.TiplineServer  # type: ignore[attr-defined]  # noqa: B018 - that is the test


def test_names_listed() -> None:
    """Whoever explores the package sees its names before using them."""
    assert set(tipline_client.__all__) <= set(dir(tipline_client))


def _verbs() -> Iterator[Callable[..., Any]]:
    """What a program calls at the synchronous doors; the others give the same back."""
    for door in (TiplineClient, Dispatcher):
        for name, member in vars(door).items():
            verb = member.fget if isinstance(member, property) else getattr(door, name)
            if not name.startswith("_") and verb is not None:
                yield verb


def _classes(hint: object) -> Iterator[type]:
    """Every class that a hint names."""
    if isinstance(hint, type):
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


def test_what_a_verb_gives_back_can_be_named() -> None:
    """A program that keeps the result of a verb can say its type, in the words of what is public."""
    rooms = (tipline_client, errors, models, profiles)
    public = {getattr(room, name) for room in rooms for name in room.__all__ if name != "__version__"}
    given = {kind for verb in _verbs() for kind in _classes(get_type_hints(verb)["return"])}

    unnamed = {kind for kind in given if kind.__module__.startswith("tipline_client")} - public

    assert set() == unnamed
    assert tipline_client.Receipt in given
