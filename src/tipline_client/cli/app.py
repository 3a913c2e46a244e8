"""Which verbs there are, in which groups, with one sentence each; the files behind them are imported when used."""

import inspect
import re
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from cyclopts import App, Group, Parameter

from tipline_client import __version__
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.settings_file import FILE_NAME
from tipline_client.cli.variables import VARIABLE_NAMES

__all__ = ["build", "unknown_verb", "verb_of"]

_BEGIN = Group("Begin", sort_key=1)
_FILE = Group("File reports", sort_key=2)
_LOOK = Group("Look", sort_key=3)
_DECIDE = Group("Decide", sort_key=4)
_TEST = Group("Test", sort_key=5)

_VERBS: tuple[tuple[Group, str, str, str], ...] = (
    (_BEGIN, "demo", "demo:demo", "See the whole job once, against a mock endpoint: tipline demo"),
    (_BEGIN, "init", "init:init", "Make the home folder and its signing key: tipline init"),
    (_BEGIN, "migrate", "migrate:migrate", "Make the outbox's tables in PostgreSQL: tipline migrate"),
    (_BEGIN, "doctor", "doctor:doctor", "Check settings, keys, outbox, disk and endpoint: tipline doctor"),
    (_BEGIN, "help", "help:help_", "Say what a verb does and takes: tipline help submit"),
    (_BEGIN, "completion", "completion:completion", "Complete verbs and options in a shell: tipline completion bash"),
    (_FILE, "validate", "validate:validate", "List everything wrong with submission files: tipline validate case.json"),
    (_FILE, "render", "render:render", "Print the XML that would be sent: tipline render case.json"),
    (_FILE, "enqueue", "enqueue:enqueue", "Seal and queue reports durably: tipline enqueue case.json"),
    (_FILE, "submit", "submit:submit", "Queue and deliver now, and show the receipt: tipline submit case.json"),
    (_FILE, "dispatch", "dispatch:dispatch", "Deliver what is queued, until Ctrl-C or once: tipline dispatch --drain"),
    (_LOOK, "status", "status:status", "Show what waits, since when and why: tipline status"),
    (_LOOK, "list", "listing:list_entries", "List entries of the outbox: tipline list --state queued"),
    (_LOOK, "show", "show:show", "Was it filed? One entry with its history: tipline show case-4711"),
    (_LOOK, "orphans", "orphans:list_orphans", "List what may be open until it lapses: tipline orphans"),
    (_LOOK, "verify", "verify:verify", "Check signatures of receipts and entries: tipline verify --all"),
    (_DECIDE, "retract", "retract:retract", 'Withdraw a report that is not filed: tipline retract ID --reason "..."'),
    (_DECIDE, "release", "release:release", 'Let go what is held: tipline release ID --reason "..."'),
    (_DECIDE, "filed", "filed:filed", 'Record a filing by hand: tipline filed ID --report-id 4711 --reason "..."'),
    (
        _DECIDE,
        "destroy",
        "destroy:destroy",
        'Destroy content, with a certificate: tipline destroy ID --reason "..."',
    ),
    (_DECIDE, "rekey", "rekey:rekey", "Wrap every data key with the active master key: tipline rekey"),
    (_TEST, "mock", "mock:mock", "Run an endpoint that files nothing, for tests: tipline mock --port 0"),
)

_GROUPS: tuple[tuple[Group, str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        _FILE,
        "map",
        "Tables by a mapping file: tipline map check cases.csv --map cases.toml",
        (("check", "mapping:check", "Show the first rows of a table as they would be filed."),),
    ),
    (
        _LOOK,
        "receipts",
        "Signed receipts of what was filed: tipline receipts export ID --out receipt.json",
        (
            ("list", "receipts:list_receipts", "List acknowledged entries."),
            ("show", "receipts:show_receipt", "Show one receipt, verified."),
            ("export", "receipts:export_receipt", "Write one signed receipt to a file."),
            ("render", "receipts:render_receipt", "Write one receipt as a page for people."),
        ),
    ),
    (
        _DECIDE,
        "dead-letter",
        'Entries given up; to try one again: tipline dead-letter requeue ID --reason "..."',
        (
            ("list", "dead_letter:list_dead_letters", "List what was given up, with reasons."),
            ("show", "dead_letter:show_dead_letter", "Show why one entry was given up."),
            ("requeue", "dead_letter:requeue", "Put an entry back into the queue."),
        ),
    ),
    (
        _DECIDE,
        "hold",
        "What must be kept, until when: tipline hold list --due 30d",
        (
            ("list", "hold:list_holds", "List what must be kept, by its end."),
            ("extend", "hold:extend", "Keep an entry's content longer."),
            ("release", "hold:release", "End a hold before its time."),
        ),
    ),
    (
        _DECIDE,
        "evidence",
        "Copies of evidence: tipline evidence collect",
        (
            ("collect", "evidence:collect", "Find copies that no entry names, and with --yes remove them."),
            ("export", "evidence:export", "Write one file, with a purpose that is kept."),
        ),
    ),
    (
        _DECIDE,
        "alarm",
        "What a person must look at: tipline alarm list",
        (
            ("list", "alarm:list_alarms", "List alarms."),
            ("close", "alarm:close_alarm", "Record that a person looked."),
        ),
    ),
    (
        _BEGIN,
        "schema",
        "The endpoint's own XSD, and the JSON Schema of submission files: tipline schema fetch",
        (
            ("fetch", "schema:fetch", "Fetch and keep the endpoint's XSD."),
            ("show", "schema:show", "Say which schema is kept."),
            ("export", "schema:export", "Print the JSON Schema of a submission file."),
        ),
    ),
)

_ROOM = "tipline_client.cli.verbs."
_CODES = (f"{code.value} {code.name.lower()}".replace("_", " ") for code in ExitCode)
_ENDING = (
    f"Settings come from arguments, then from {', '.join(VARIABLE_NAMES)}, then from {FILE_NAME}. "
    f"Every verb takes --json.\n\nExit codes: {', '.join(_CODES)}."
)


_BRIEF_ENDING = "Variables and exit codes: tipline --help."


def build(named: Sequence[str] = ()) -> App:
    """The command with its verbs.

    Args:
        named: The first words of the command line. The verb that they name is described by its own text in full, the
            others by their sentence, which keeps their files from being imported.
    """
    app = App(
        name="tipline",
        help="Report to a child-protection hotline: validated, signed, queued durably, filed exactly once.",
        help_epilogue=_ENDING if verb_of(named) is None else _BRIEF_ENDING,
        version=__version__,
        help_format="plaintext",
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    for order, (group, name, place, sentence) in enumerate(_VERBS):
        shown = _text_of(place) if name in named[:1] else sentence
        app.command(_ROOM + place, name=name, help=shown, group=group, sort_key=order)
    for group, name, sentence, verbs in _GROUPS:
        inner = App(name=name, help=sentence, group=group, help_format="plaintext")
        for verb, place, words in verbs:
            inner.command(_ROOM + place, name=verb, help=_text_of(place) if [name, verb] == [*named[:2]] else words)
        app.command(inner)
    return app


def _text_of(place: str) -> str:
    """What a verb's own text says before its arguments, each paragraph in one line: the terminal breaks it anew."""
    module, function = place.split(":")
    verb = getattr(import_module(_ROOM + module), function)
    # The parser would show the line breaks within what is said of an argument.
    text = verb.__doc__ = re.sub(r"\n {8,}(?=\S)", " ", inspect.getdoc(verb) or "")
    said = re.split(r"\n\n(?=Args:|Returns:|Raises:)", text)[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in said.split("\n\n"))


def verb_of(tokens: Sequence[str]) -> str | None:
    """The verb that a command line begins with, with the group that it is in; `None` where it names none."""
    inner = {name: {verb for verb, _, _ in verbs} for _, name, _, verbs in _GROUPS}
    first = tokens[0] if tokens else ""
    if first in inner:
        return f"{first} {tokens[1]}" if len(tokens) > 1 and tokens[1] in inner[first] else first
    return first if any(first == name for _, name, _, _ in _VERBS) else None


def unknown_verb(word: str, *, group: str | None = None) -> str:
    """What to say of a verb that there is not, with the nearest one. The parser's own words would import every verb.

    Args:
        word: What was written.
        group: The verb before it, which has verbs of its own.
    """
    names = next(([verb for verb, _, _ in verbs] for _, name, _, verbs in _GROUPS if name == group), None)
    if names is None:
        names = [*(name for _, name, _, _ in _VERBS), *(name for _, name, _, _ in _GROUPS)]
    nearest = [f'Did you mean "{name}"?' for name in get_close_matches(word, names, n=1)]
    return " ".join([f'Unknown verb "{word}".', *nearest, f"There are {', '.join(sorted(names))}."])
