"""The states of an entry and the moves between them.

"In doubt" is an outcome and progress is the checkpoint: neither is a state.
"""

from enum import StrEnum

from tipline_client.errors import IllegalTransitionError

__all__ = ["State", "check_transition"]


class State(StrEnum):
    """Where an entry stands.

    `HELD` waits for a person's release, `QUEUED` for a dispatcher, `LEASED` is being worked on; the others are ends.
    `DEAD_LETTER` can be left again, by requeue, and what is not filed can be `FILED_BY_HAND` by a person.
    """

    HELD = "held"
    QUEUED = "queued"
    LEASED = "leased"
    ACKNOWLEDGED = "acknowledged"
    DEAD_LETTER = "dead_letter"
    RETRACTED = "retracted"
    FILED_BY_HAND = "filed_by_hand"
    """A person filed it outside of this program, which is proven to have filed nothing of it."""

    @property
    def is_terminal(self) -> bool:
        """Whether no dispatcher will touch the entry any more."""
        return self in {State.ACKNOWLEDGED, State.DEAD_LETTER, State.RETRACTED, State.FILED_BY_HAND}


_ALLOWED = {
    State.HELD: {State.QUEUED, State.RETRACTED, State.FILED_BY_HAND},
    # Held by a switch to production: what waits, or was left behind by a dispatcher whose lease is over.
    State.QUEUED: {State.HELD, State.LEASED, State.RETRACTED, State.FILED_BY_HAND},
    State.LEASED: {
        State.HELD,
        State.QUEUED,
        State.ACKNOWLEDGED,
        State.DEAD_LETTER,
        State.RETRACTED,
        State.FILED_BY_HAND,
    },
    State.ACKNOWLEDGED: set[State](),
    State.DEAD_LETTER: {State.QUEUED, State.FILED_BY_HAND},
    State.RETRACTED: {State.FILED_BY_HAND},
    State.FILED_BY_HAND: set[State](),
}


def check_transition(old: State, new: State) -> None:
    """Refuse a move that the life of an entry does not know.

    Raises:
        IllegalTransitionError: The move is not in the table.
    """
    if new not in _ALLOWED[old]:
        raise IllegalTransitionError(f"an entry that is {old} cannot become {new}")
