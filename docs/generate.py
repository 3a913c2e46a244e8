"""Writes the parts of the documentation that the code itself knows: fields, rules, moves, errors, exit codes, names.

Run `make generate` after changing any of them; a test compares. A generated part stands in its page between two
comments, and all around it is written by hand. This script knows nothing of what the pages say beside that.
"""

import ast
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from annotated_types import Ge, Le
from docs.draw import DRAWINGS

import tipline_client
from tipline_client import errors, models, validation
from tipline_client.builders.unsaid import RULES as UNSAID
from tipline_client.cli import exit_codes
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.delivery import acknowledgement, answers
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.table import MOVES
from tipline_client.mock import faults
from tipline_client.models.geography import OneOf
from tipline_client.models.outline import FieldOutline, Kind, Place, outline
from tipline_client.models.scalars import MaxUnits, Pattern
from tipline_client.profiles.codes import CYBERTIPLINE_CODES

__all__ = ["PARTS", "pages", "rewrite"]

DOCS = Path(__file__).resolve().parent

_PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end of generated -->)", re.DOTALL)

_PLAIN_KINDS = {
    AnswerKind.NO_REPORT: "The endpoint does not know the report, or no longer.",
    AnswerKind.NO_FILE: "The endpoint does not know the file.",
    AnswerKind.RETRACTED: "The report is retracted, hence not filed.",
    AnswerKind.FINISHED: "The report is finished, hence filed.",
    AnswerKind.SUCCESS: "The call was carried out.",
}
"""Kinds of answers whose name says it all, so that the code has no sentence for them."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(inspect.cleandoc(text or "").partition("\n\n")[0].split())


def member_docstrings(module: ModuleType, class_name: str) -> Mapping[str, str]:
    """What stands below each member of a class, which Python itself does not keep."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    found = {}
    for member, text in itertools.pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            target = member.targets[0]
            assert isinstance(target, ast.Name)  # noqa: S101 - an enumeration's member has one name
            found[target.id] = first_paragraph(str(text.value.value))
    return found


def _answers() -> str:
    said = member_docstrings(answers, "AnswerKind")
    codes: dict[AnswerKind, list[str]] = {}
    for code, (kind, _) in CYBERTIPLINE_CODES.items():
        codes.setdefault(kind, []).append(str(code))
    rows = [
        (f"`{kind}`", said.get(kind.name) or _PLAIN_KINDS[kind], ", ".join(codes.get(kind, [])), str(kind.scope))
        for kind in AnswerKind
    ]
    return table(("answer", "what it says", "documented codes", "whose failure"), rows)


def _moves() -> str:
    columns = (Step.SUBMIT, Step.UPLOAD, Step.FINISH, Step.RETRACT)
    rows = [(f"`{kind}`", *(str(MOVES[step][kind]) for step in columns)) for kind in AnswerKind]
    return table(("answer", "to `submit`", "to `upload` and `fileinfo`", "to `finish`", "to `retract`"), rows)


def _alarms() -> str:
    said = member_docstrings(acknowledgement, "AlarmKind")
    plain = {
        AlarmKind.FILE_SET_DIFFERS: "The endpoint's list of filed files is not the list that was sent.",
        AlarmKind.HASH_MISSING: "The endpoint gave no hash for an upload, so nothing confirms its bytes.",
        AlarmKind.EVIDENCE_CHANGED: "A file is missing or is no longer the one that was sealed; it was not filed.",
    }
    rows = [(f"`{kind}`", said.get(kind.name) or plain[kind]) for kind in AlarmKind]
    return table(("alarm", "what happened"), rows)


def _rules() -> str:
    rows = [(f"`{rule.id}`", str(rule.severity), rule.summary, rule.source) for rule in validation.rules_reference()]
    return table(("rule", "severity", "what must hold", "source"), rows)


def _unsaid() -> str:
    return table(("rule", "what is looked for", "why"), [(f"`{rule.id}`", rule.summary, rule.why) for rule in UNSAID])


def _exit_codes() -> str:
    said = member_docstrings(exit_codes, "ExitCode")
    return table(("code", "name", "meaning"), [(str(int(code)), code.name, said[code.name]) for code in ExitCode])


def _errors() -> str:
    rows = []
    for name in sorted(errors.__all__):
        error = getattr(errors, name)
        if issubclass(error, errors.TiplineError):
            rows.append((f"`{name}`", first_paragraph(error.__doc__), error.default_hint))
    return table(("exception", "meaning", "way out"), rows)


def _names() -> str:
    rows = []
    for name in tipline_client.__all__:
        value = getattr(tipline_client, name)
        said = "The version, as text." if name == "__version__" else first_paragraph(value.__doc__)
        kind = "module" if isinstance(value, ModuleType) else "class" if isinstance(value, type) else "value"
        rows.append((f"`{name}`", "function" if inspect.isfunction(value) else kind, said))
    return table(("name", "kind", "what it is"), rows)


def _faults() -> str:
    rows = []
    for name in sorted(faults.__all__):
        function: Callable[..., object] = getattr(faults, name)
        arguments = ", ".join(_argument(argument) for argument in inspect.signature(function).parameters.values())
        rows.append((f"`{name}({arguments})`", first_paragraph(function.__doc__)))
    return table(("fault", "what the endpoint does"), rows)


def _argument(argument: inspect.Parameter) -> str:
    if argument.default is argument.empty:
        return argument.name
    is_short = isinstance(argument.default, (int, bool, type(None))) or argument.default in ("", b"")
    return f"{argument.name}={argument.default!r}" if is_short else f"{argument.name}=…"


def _fields() -> str:
    parts = [_model(model) for model in _models_in_order()]
    return "\n".join([*parts, _codes("US states", models.STATES), _codes("Countries", models.COUNTRIES)])


def _models_in_order() -> list[type[models.WireModel]]:
    """Every model, each after the one that first needs it."""
    found: list[type[models.WireModel]] = []

    def visit(model: type[models.WireModel]) -> None:
        if model not in found:
            found.append(model)
            for field in outline(model):
                if field.model is not None:
                    visit(field.model)

    for root in (models.Submission, models.FileDetails, models.ReportResponse, models.ReportDoneResponse):
        visit(root)
    return found


def _model(model: type[models.WireModel]) -> str:
    rows = [
        (
            f"`{field.wire}`",
            f"`{field.name}`",
            _form(field),
            _occurrence(field),
            "; ".join(_limits(field)),
            first_paragraph(model.model_fields[field.name].description),
        )
        for field in outline(model)
    ]
    head = ("wire name", "Python name", "form", "occurs", "limits", "meaning")
    return f"## {model.__name__}\n\n{first_paragraph(model.__doc__)}\n\n{table(head, rows)}"


_FORMS = {
    Kind.TEXT: "text",
    Kind.WORD: "word",
    Kind.TRUTH: "boolean",
    Kind.FLAG: "flag",
    Kind.WHOLE: "whole number",
    Kind.DEGREES: "degrees",
    Kind.INSTANT: "instant",
    Kind.DATE: "date",
}
_PLACES = {
    Place.ELEMENT: "",
    Place.ATTRIBUTE: ", attribute",
    Place.TEXT: ", the element's text",
    Place.NOWHERE: ", not sent",
}


def _form(field: FieldOutline) -> str:
    form = f"[{field.model.__name__}](#{field.model.__name__.lower()})" if field.model else _FORMS[field.kind]
    return form + _PLACES[field.place]


def _occurrence(field: FieldOutline) -> str:
    least = "1" if field.is_required else "0"
    return f"{least} or more" if field.is_repeated else least if field.is_required else "0 or 1"


def _limits(field: FieldOutline) -> list[str]:
    said = [", ".join(f"`{word}`" for word in field.words)] if field.words else []
    bounds: dict[str, object] = {}
    for fact in field.facts:
        match fact:
            case MaxUnits(units=units):
                said.append(f"at most {units} UTF-16 units")
            case Pattern(meaning=meaning) | OneOf(meaning=meaning):
                said.append(meaning)
            case Ge(ge=bound):
                bounds["least"] = bound
            case Le(le=bound):
                bounds["most"] = bound
            case _:
                pass
    if bounds:
        said.append(f"{bounds.get('least', 'any')} to {bounds.get('most', 'any')}")
    if field.newer is not None:
        said.append("newer than the schema of November 2025")
    return said


def _codes(title: str, codes: Iterable[str]) -> str:
    listed = " ".join(f"`{code}`" for code in sorted(codes) if code)
    return f"## {title}\n\n{listed}\n"


PARTS: Mapping[str, Callable[[], str]] = {
    "alarms": _alarms,
    "answers": _answers,
    "errors": _errors,
    "exit-codes": _exit_codes,
    "faults": _faults,
    "fields": _fields,
    "moves": _moves,
    "names": _names,
    "rules": _rules,
    "unsaid": _unsaid,
}
"""Name of a generated part to what writes it."""


def rewrite(text: str) -> str:
    """A page with its generated parts as the code would have them now.

    Raises:
        KeyError: A part has a name that nothing writes.
    """
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part['name']]()}\n{part[3]}", text)


def pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted(DOCS.rglob("*.md"))


if __name__ == "__main__":
    for page in pages():
        page.write_text(rewrite(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, draw in DRAWINGS.items():
        (DOCS / "drawings" / f"{name}.svg").write_text(draw(), encoding="utf-8")
