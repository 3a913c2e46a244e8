"""The links of a history: each part of a line is in them, apart from the others, and under its own purpose."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.values import START
from tipline_client.delivery.events import HistoryLine
from tipline_client.envelope import HistoryChain

CHAIN = HistoryChain(b"a secret of these tests")


def _history(chain: HistoryChain = CHAIN) -> list[HistoryLine]:
    lines: list[HistoryLine] = []
    for number, facts in enumerate(('{"a": 1}', '{"b": 2}', '{"c": 3}')):
        said: dict[str, Any] = {
            "at": START + timedelta(seconds=number),
            "profile": "sample",
            "environment": "mock",
            "entry_id": "id-one",
            "kind": "queued",
            "facts": facts,
        }
        link = chain.link(lines[-1].link if lines else "", **said)
        lines.append(HistoryLine(position=number + 1, link=link, **said))
    return lines


def test_history_as_it_was_written() -> None:
    """Nothing is wrong with it, in whichever order it is read."""
    lines = _history()

    assert () == CHAIN.problems(lines)
    assert () == CHAIN.problems(lines[::-1])


@pytest.mark.parametrize(
    "change",
    [
        {"at": START + timedelta(microseconds=1)},
        {"profile": "other"},
        {"environment": "production"},
        {"kind": "acknowledged"},
        {"facts": '{"b": 3}'},
        # The same text in all, cut elsewhere.
        {"profile": "samplem", "environment": "ock"},
        {"kind": "queue", "facts": 'd{"b": 2}'},
    ],
)
def test_line_that_was_edited(change: dict[str, Any]) -> None:
    """Whatever of a line is changed, that line is named."""
    first, second, third = _history()

    problems = CHAIN.problems([first, replace(second, **change), third])

    # Nothing shows in the third line: its own link is over the one that stands before it.
    assert ("line 2 was edited, or one before it removed",) == problems


def test_history_given_to_another_entry() -> None:
    """Whose history it is stands in each line of it."""
    lines = [replace(line, entry_id="id-two") for line in _history()]

    assert 3 == len(CHAIN.problems(lines))


def test_line_that_was_removed() -> None:
    """The line after the gap does not fit."""
    first, _, third = _history()

    assert ("line 2 was edited, or one before it removed",) == CHAIN.problems([first, third])


def test_links_that_were_kept_from_earlier() -> None:
    """The form of a link is fixed: what an earlier version wrote must verify for as long as it is kept."""
    keyed, plain = _history()[0].link, _history(HistoryChain())[0].link

    assert "keyed:28b17fcf04baceb239ad2519bea91b2b23fbdb08c711ff3f4f90abd8efda7986" == keyed
    assert "plain:bebcc798c9f9fef8edd5a41ab619f4b4224a2e4df6355ac9a5ee87e94e14a4ac" == plain


def test_line_without_the_secret() -> None:
    """A line that anybody could have made is named where there is a secret, and fits where there is none."""
    lines = _history(HistoryChain())

    assert () == HistoryChain().problems(lines)
    assert ["without the secret" in problem for problem in CHAIN.problems(lines)] == [True] * 3
