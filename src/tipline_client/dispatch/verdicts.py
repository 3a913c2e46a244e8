"""What follows from an answer: the words in which `settling` tells `walk` how to go on. Values alone, no rules."""

from dataclasses import dataclass
from typing import TypeVar

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.outcomes import Failure, Outcome

__all__ = ["Acknowledged", "Again", "GivenUp", "LeftToOthers", "Proceed", "Settled", "Verdict", "Withdrawn", "known"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Proceed:
    """The step succeeded: go on at once."""


@dataclass(frozen=True, slots=True)
class Again:
    """Not yet: wait, then do what the checkpoint asks for next."""

    failure: Failure
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LeftToOthers:
    """Not by this host, which lacks what another has; nothing is counted against the entry."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """It is filed."""

    acknowledgement: Acknowledgement
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It is not filed and will not be without a person."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It is proven not filed, as somebody asked."""


Verdict = Proceed | Again | LeftToOthers | Acknowledged | GivenUp | Withdrawn


@dataclass(frozen=True, slots=True)
class Settled:
    """The checkpoint with the answer worked in, and what follows."""

    checkpoint: Checkpoint
    verdict: Verdict


def known(value: T | None, what: str) -> T:
    """A value that must be there, since an earlier step has made sure of it.

    Args:
        value: The value.
        what: Its name, for whoever has to find out why it is not.

    Raises:
        ValueError: It is not there. Nothing may stand in for it: a made-up id could name another report.
    """
    if value is None:
        raise ValueError(f"{what} must be known by now, and is not")
    return value
