"""Draws what people would rather look at: the states, the protocol, the rooms, the keys.

Each drawing is made from the table that the program itself goes by, or that a page prints, so that none of them can say
anything else; only the places on the paper are chosen here. What a table gains and no place was chosen for is an error.
"""

import importlib
import itertools
import re
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.svg import Drawing

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.states import State, check_transition
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.table import MOVES
from tipline_client.errors import IllegalTransitionError

__all__ = ["DRAWINGS"]

DOCS = Path(__file__).resolve().parent

_WIDE, _HIGH = 132, 44

_PLACES = {
    State.HELD: (40, 118),
    State.QUEUED: (236, 118),
    State.LEASED: (432, 118),
    State.ACKNOWLEDGED: (652, 118),
    State.DEAD_LETTER: (652, 24),
    State.RETRACTED: (138, 300),
    State.FILED_BY_HAND: (400, 300),
}

_UNDER_WAY = (State.HELD, State.QUEUED, State.LEASED)

_MOVES_OF_ENTRIES: Mapping[tuple[State, State], tuple[tuple[tuple[int, int], ...], tuple[int, int], str]] = {
    (State.HELD, State.QUEUED): (((172, 132), (236, 132)), (204, 108), "released"),
    (State.QUEUED, State.HELD): (((236, 148), (172, 148)), (204, 176), "switch"),
    (State.QUEUED, State.LEASED): (((368, 132), (432, 132)), (400, 108), "claimed"),
    (State.LEASED, State.QUEUED): (((432, 148), (368, 148)), (400, 176), "not yet"),
    (State.LEASED, State.HELD): (((498, 162), (498, 200), (106, 200), (106, 162)), (302, 217), "switch, lease over"),
    (State.LEASED, State.ACKNOWLEDGED): (((564, 140), (652, 140)), (610, 132), "filed"),
    (State.LEASED, State.DEAD_LETTER): (((498, 118), (498, 56), (652, 56)), (576, 74), "given up"),
    (State.DEAD_LETTER, State.QUEUED): (
        ((652, 36), (302, 36), (302, 118)),
        (446, 28),
        "requeued; or withdrawn, to be retracted",
    ),
    (State.DEAD_LETTER, State.FILED_BY_HAND): (
        ((784, 46), (806, 46), (806, 322), (532, 322)),
        (680, 314),
        "filed by hand",
    ),
    (State.RETRACTED, State.FILED_BY_HAND): (((270, 322), (400, 322)), (335, 314), "filed by hand"),
}
"""Move to the line that shows it, and to words with their middle at a point."""

_FROM_ALL: Mapping[State, tuple[tuple[tuple[int, int], ...], tuple[int, int], str]] = {
    State.RETRACTED: (((204, 236), (204, 300)), (212, 272), "withdrawn"),
    State.FILED_BY_HAND: (((466, 236), (466, 300)), (474, 272), "filed by hand"),
}
"""Ends that are reached from every state that is under way."""


def moves_of_entries() -> set[tuple[State, State]]:
    """Every move that the life of an entry knows."""
    found = set()
    for old, new in itertools.product(State, State):
        try:
            check_transition(old, new)
        except IllegalTransitionError:
            continue
        found.add((old, new))
    return found


def states() -> str:
    """The life of an entry."""
    said = "; ".join(f"{old} to {new}" for old, new in sorted(moves_of_entries()))
    drawing = Drawing(826, 364, title="The states of an entry", description=f"The moves are {said}.")
    drawing.frame(20, 82, 564, 154, "under way")
    for state in State:
        kind = "end" if state in {State.ACKNOWLEDGED, State.FILED_BY_HAND} else "given"
        drawing.box(*_PLACES[state], _WIDE, _HIGH, [state], kind=kind if state.is_terminal else "strong")
    drawn = {(old, new) for new in _FROM_ALL for old in _UNDER_WAY}
    for points, place, words in _FROM_ALL.values():
        drawing.arrow(*points)
        drawing.words(*place, words, look="small")
    for move in sorted(moves_of_entries() - drawn):
        points, place, words = _MOVES_OF_ENTRIES[move]
        drawing.arrow(*points)
        drawing.words(*place, words, anchor="middle", look="small")
    if missing := {*drawn, *_MOVES_OF_ENTRIES} - moves_of_entries():
        raise ValueError(f"drawn, though there is no such move: {sorted(missing)}")
    return str(drawing)


_CALLS = {
    Step.SUBMIT: "report id",
    Step.UPLOAD: "file id, MD5 of what arrived",
    Step.FILEINFO: "accepted",
    Step.FINISH: "list of the files: it is filed",
}
"""Step to what its answer brings."""

_FOLLOWED_BY: Mapping[Step, tuple[Step, ...]] = {
    Step.SUBMIT: (Step.UPLOAD, Step.FINISH),
    Step.UPLOAD: (Step.FILEINFO,),
    Step.FILEINFO: (Step.UPLOAD, Step.FINISH),
}
"""Step to what comes after it: the first or the next file, or none that is left."""

_OUTBOX, _DISPATCHER, _ENDPOINT, _NOTES = 115, 312, 520, 588


def protocol() -> str:
    """The steps of a filing, and what is durable when."""
    unanswered = {step: str(MOVES[step][AnswerKind.UNANSWERED]) for step in _CALLS}
    said = " ".join(
        f"Before {step} its intent is committed. If no answer comes, or the process dies: {unanswered[step]}."
        for step in _CALLS
    )
    drawing = Drawing(
        840,
        606,
        title="A filing step by step, and what is durable when",
        description=f"{said} Upload and fileinfo come once for each file; without one, finish follows submit. "
        "The answer to finish is committed alone as the acknowledgement; then the receipt is made.",
    )
    for x, name in ((_OUTBOX, "outbox: a box, a commit"), (_DISPATCHER, "dispatcher"), (_ENDPOINT, "endpoint")):
        drawing.words(x, 30, name, anchor="middle", look="title")
        drawing.line((x, 40), (x, 590), look="lifeline")
    drawing.words(_NOTES, 30, "no answer, or the process died", look="title")
    drawing.frame(12, 152, 532, 214, "")
    drawing.words((_OUTBOX + _DISPATCHER + 95) / 2, 170, "for each file", anchor="middle", look="small")
    drawing.words((_DISPATCHER + _ENDPOINT) / 2, 170, "no file: submit, then finish", anchor="middle", look="small")
    before = {after: [step for step in _FOLLOWED_BY if after in _FOLLOWED_BY[step]] for after in _CALLS}
    y = 54
    for step, answer in _CALLS.items():
        # The first intent is a commit of whoever claims; the others go with the result before them.
        results = " or ".join(before[step])
        words = [f"intent of {step}", *([f"+ result of {results}"] if results else [])]
        _commit(drawing, y, words)
        drawing.arrow((_DISPATCHER, y + 50), (_ENDPOINT, y + 50))
        drawing.words((_DISPATCHER + _ENDPOINT) / 2, y + 44, step, anchor="middle", look="title")
        drawing.arrow((_ENDPOINT, y + 82), (_DISPATCHER, y + 82))
        drawing.words((_DISPATCHER + _ENDPOINT) / 2, y + 76, answer, anchor="middle", look="small")
        drawing.paragraph(_NOTES, y + 54, unanswered[step], letters=36)
        y += 108
    _commit(drawing, y, ["acknowledged", "alone, in a commit of its own"], kind="end")
    _commit(drawing, y + 60, ["receipt, signed", "now, or made later"], kind="box")
    drawing.paragraph(_NOTES, y + 18, "nothing after the acknowledgement can undo it", letters=36)
    return str(drawing)


def _commit(drawing: Drawing, y: int, words: list[str], *, kind: str = "strong") -> None:
    drawing.box(_OUTBOX - 95, y, 190, _HIGH, words, kind=kind)
    drawing.arrow((_DISPATCHER, y + _HIGH / 2), (_OUTBOX + 95, y + _HIGH / 2))


_ROW, _COLUMN = 62, 174


def rooms() -> str:
    """The rooms of the package, each above those that it may import."""
    settings = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [each["layers"] for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]
    rows = [re.split(r"\s*[|:]\s*", layer) for layer in layers]
    said = "; ".join(" and ".join(row) for row in rows)
    drawing = Drawing(
        860,
        34 + _ROW * len(rows),
        title="The rooms of the package",
        description=f"From top to bottom, each importing only from those below it: {said}.",
    )
    drawing.arrow((24, 34), (24, _ROW * len(rows)))
    drawing.words(20, 22, "imports run down", look="small")
    for number, row in enumerate(rows):
        width = (800 - 12 * (len(row) - 1)) // len(row)
        for place, room in enumerate(row):
            x = 44 + place * (width + 12)
            drawing.box(x, 34 + number * _ROW, width, 50, [room, _purpose(room)], kind="strong")
    return str(drawing)


def _purpose(room: str) -> str:
    """What a room says of itself, as far as it fits."""
    said = str(importlib.import_module(f"tipline_client.{room}").__doc__)
    clause = " ".join(re.split(r"[:.;]\s|\.$", said)[0].split())
    clause = clause if len(clause) < 48 else clause.partition(",")[0]
    return clause.capitalize() if clause.isupper() else clause


def keys() -> str:
    """Which host holds which keys, and what lies where without any."""
    page = (DOCS / "keys.md").read_text(encoding="utf-8")
    page = page.partition("## Which host holds what")[2].partition("\n## ")[0]
    head, _, *rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    held = {host: dict(zip(head[1:], cells, strict=True)) for host, *cells in rows}
    said = " ".join(
        f"{host}: {', '.join(f'{key} {has}' for key, has in cells.items())}." for host, cells in held.items()
    )
    below = 98 + _ROW * (len(head) - 1)
    drawing = Drawing(
        24 + _COLUMN * len(held),
        below + 126,
        title="Which host holds which keys",
        description=f"{said} Outbox and place of the evidence hold what is sealed, and no key.",
    )
    for number, (host, cells) in enumerate(held.items()):
        x = 24 + number * _COLUMN
        lines = host.split(": ") if ":" in host else textwrap.wrap(host, 20)
        drawing.box(x, 20, _COLUMN - 24, 50, lines, kind="strong", bold=1 if ":" in host else 2)
        for row, (key, has) in enumerate(cells.items()):
            y = 82 + row * _ROW
            if re.match(r"no\b", has):
                drawing.words(x + _COLUMN / 2 - 12, y + 31, "–", anchor="middle", look="small")
            else:
                drawing.box(x, y, _COLUMN - 24, 54, [key, *textwrap.wrap(re.sub(r"^yes(, )?", "", has), 24)])
    stores = (
        ("outbox: a file, or PostgreSQL", "sealed envelopes, replies, receipts; wrapped data keys"),
        ("place of the evidence", "sealed copies: a folder, or a bucket"),
    )
    width = (_COLUMN * len(held) - 48) // 2
    for number, (name, holds) in enumerate(stores):
        drawing.box(24 + number * (width + 24), below + 36, width, 60, [name, f"{holds}; no key"], kind="end")
    drawing.frame(12, below, _COLUMN * len(held), 110, "shared by the hosts; without a key nobody reads what lies here")
    return str(drawing)


DRAWINGS: Mapping[str, Callable[[], str]] = {"states": states, "protocol": protocol, "rooms": rooms, "keys": keys}
"""Name of a drawing to what draws it."""
