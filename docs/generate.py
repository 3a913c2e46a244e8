"""Writes the parts of the documentation that the code itself knows: fields, rules, moves, errors, exit codes, names.

Run `make generate` after changing any of them; a test compares. A generated part stands in its page between two
comments, and all around it is written by hand. This script knows nothing of what the pages say beside that.
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.draw import DRAWINGS
from docs.fields import fields
from docs.names import names, python_reference
from docs.tables import first_paragraph, member_docstrings, signature, table
from docs.verbs import verbs

from tipline_client import errors, validation
from tipline_client.builders.unsaid import RULES as UNSAID
from tipline_client.cli import exit_codes
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.delivery import acknowledgement, answers
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.table import MOVES
from tipline_client.mock import faults
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


def _error_tree() -> str:
    # Its words are those of the module; that it has every exception at its place is tested.
    tree = inspect.cleandoc(str(errors.__doc__)).partition("The tree::\n\n")[2].partition("\n\n")[0]
    return f"```text\n{textwrap.dedent(tree)}\n```\n"


def _faults() -> str:
    functions: dict[str, Callable[..., object]] = {name: getattr(faults, name) for name in sorted(faults.__all__)}
    rows = [
        (f"`{signature(function, name=name)}`", first_paragraph(function.__doc__))
        for name, function in functions.items()
    ]
    return table(("fault", "what the endpoint does"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "alarms": _alarms,
    "answers": _answers,
    "error-tree": _error_tree,
    "errors": _errors,
    "exit-codes": _exit_codes,
    "faults": _faults,
    "fields": fields,
    "moves": _moves,
    "names": names,
    "python": python_reference,
    "rules": _rules,
    "unsaid": _unsaid,
    "verbs": verbs,
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
