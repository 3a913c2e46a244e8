"""The moves that an entry's life knows, and no others."""

from itertools import product

import pytest

from tipline_client.delivery.states import State, check_transition
from tipline_client.errors import IllegalTransitionError

ALLOWED = {
    ("held", "queued"),
    ("held", "retracted"),
    ("queued", "held"),
    ("queued", "leased"),
    ("queued", "retracted"),
    ("leased", "held"),
    ("leased", "queued"),
    ("leased", "acknowledged"),
    ("leased", "dead_letter"),
    ("leased", "retracted"),
    ("dead_letter", "queued"),
    ("held", "filed_by_hand"),
    ("queued", "filed_by_hand"),
    ("leased", "filed_by_hand"),
    ("dead_letter", "filed_by_hand"),
    ("retracted", "filed_by_hand"),
}


@pytest.mark.parametrize(("old", "new"), sorted(ALLOWED))
def test_allowed_move(old: str, new: str) -> None:
    """A move of the documented life of an entry passes without a word."""
    check_transition(State(old), State(new))


@pytest.mark.parametrize(("old", "new"), sorted(set(product(map(str, State), map(str, State))) - ALLOWED))
def test_any_other_move(old: str, new: str) -> None:
    """Every other move is refused with both states named; nothing leads away from an acknowledgement."""
    with pytest.raises(IllegalTransitionError, match=f"{old} cannot become {new}"):
        check_transition(State(old), State(new))


def test_ends() -> None:
    """Exactly the four ends are terminal."""
    terminal = {state for state in State if state.is_terminal}

    assert {State.ACKNOWLEDGED, State.DEAD_LETTER, State.RETRACTED, State.FILED_BY_HAND} == terminal
