"""Every text of the package that names a variable, a file or the command, in a Django project's own words."""

import ast
import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.docs.pages import ROOT
from tipline_client.cli.app import verb_of
from tipline_client.django.wording import in_words_of_django

SAID_ELSEWHERE = {
    "cli/app.py": "the help, which Django's own stands in for",
    "cli/receipt_page.py": "a document, for whoever gets it",
    "cli/settings_file.py": "the file's name",
    "cli/variables.py": "the variables",
    "cli/verbs/demo.py": "it has settings of its own",
    "delivery/run_of_tests.py": "a variable that no setting stands for",
}


def is_of_no_project(text: str) -> bool:
    """Whether it names what a Django project does not have."""
    verbs = re.findall(r"(?<!manage\.py )\btipline ([a-z-]+)", text)
    return any(verb_of([verb]) for verb in verbs) or bool(
        re.search(r"`tipline |\bTIPLINE_(?!TEST_)[A-Z]|tipline\.toml", text)
    )


class Text(NamedTuple):
    """A text that is no docstring.

    Attributes:
        place: File and line.
        said: What it says in the package's own words.
        is_worded: Whether whoever shows it puts it into other words.
    """

    place: str
    said: str
    is_worded: bool


@functools.cache
def texts_of_the_package() -> list[Text]:
    """All of them."""
    texts = []
    room = ROOT / "src" / "tipline_client"
    for file in sorted(room.rglob("*.py")):
        name = file.relative_to(room).as_posix()
        if name not in SAID_ELSEWHERE:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            texts += [Text(f"{name}:{line}", said, worded) for line, said, worded in texts_of(tree, is_worded=False)]
    return texts


def texts_of(node: ast.AST, *, is_worded: bool) -> Iterator[tuple[int, str, bool]]:
    """What is computed stands as `...`."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in parts)
        yield node.lineno, text, is_worded or text.lstrip().startswith("hint: ")
    for child in ast.iter_child_nodes(node):
        # A part of a text that is computed may have texts in it.
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from texts_of(child, is_worded=is_worded or names_a_hint(node))


def names_a_hint(node: ast.AST) -> bool:
    """Whether what is in it is shown as a hint, or put into words at once."""
    names: list[Any] = []
    if isinstance(node, ast.keyword):
        names = [node.arg]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [getattr(target, "id", getattr(target, "attr", "")) for target in targets]
    elif isinstance(node, ast.Call):
        called = node.func
        owner = getattr(called, "value", None)
        names = [getattr(called, "id", ""), getattr(owner, "id", ""), getattr(owner, "attr", "")]
    return any(re.search(r"hint|^in_words_of_host$|^Check$|_NAME_ONE$", name or "", re.IGNORECASE) for name in names)


def test_every_text_of_the_package() -> None:
    """None is left that names a variable, a file or a command which a project does not have."""
    texts = [(text.place, in_words_of_django(text.said)) for text in texts_of_the_package()]

    left = [(place, text) for place, text in texts if is_of_no_project(text)]

    assert [] == left
    said = "".join(text for _, text in texts)
    assert 'settings.TIPLINE["REGISTERED_ESP"] = yes.' in said
    assert "leave out `connection`" not in said
    assert said.count("manage.py tipline") > 100


def test_every_text_of_the_command() -> None:
    """What is no hint is put into the project's words where it is made: a line of a verb is said as it is."""
    left = [
        text.place
        for text in texts_of_the_package()
        if text.place.startswith("cli/") and not text.is_worded and text.said != in_words_of_django(text.said)
    ]

    assert [] == left
