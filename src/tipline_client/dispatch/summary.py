"""What a run of the dispatcher comes to, in numbers and names. It only counts what it is told."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from tipline_client.delivery.lane_state import Incident
from tipline_client.delivery.outcomes import Outcome

__all__ = ["DispatchSummary", "Tally"]

_NAMED: Final = 100
"""How many of the given-up entries are named: a service may run for years."""


@dataclass(frozen=True, slots=True)
class DispatchSummary:
    """How a run of the dispatcher ended.

    Attributes:
        outcomes: How many leased tries ended in each way. An entry whose row could not be read back, and which was
            given up for that, counts as rejected.
        incident: The endpoint's failure that was not over at the end, if one was not.
        is_on_trial: Whether the endpoint answers its probes again, so that the next entry that it takes ends the
            incident.
        waiting: Entries of this lane that are neither filed nor given up.
        given_up: Ids of the entries that were given up, the most recent ones.
    """

    outcomes: dict[Outcome, int] = field(default_factory=dict)
    incident: Incident | None = None
    is_on_trial: bool = False
    waiting: int = 0
    given_up: tuple[str, ...] = ()


class Tally:
    """Counts the ends of tries."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._given_up: deque[str] = deque(maxlen=_NAMED)

    def add(self, outcome: Outcome, *, entry_id: str) -> None:
        """One try has ended."""
        self._outcomes[outcome] += 1
        if outcome is Outcome.REJECTED:
            self._given_up.append(entry_id)

    def summary(self, *, incident: Incident | None, is_on_trial: bool, waiting: int) -> DispatchSummary:
        """What has been counted, with the rest of what there is to say."""
        return DispatchSummary(
            outcomes=dict(self._outcomes),
            incident=incident,
            is_on_trial=is_on_trial,
            waiting=waiting,
            given_up=tuple(self._given_up),
        )
