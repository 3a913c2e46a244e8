"""Which dead letters are meant: by the reason that they were given up for, and by when.

It reads; putting them back is for the verb.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.paging import every_entry
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import FAILURE_KINDS
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.outbox import Outbox

__all__ = ["ANY", "Filter", "FilterOptions", "find_dead_letters"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters; all of the conditions given must hold.

    Attributes:
        code: The endpoint's code that an entry was given up with. Repeatable.
        kind: The kind of failure, as `show` names it: invalid, evidence_changed, ... Repeatable.
        step: The step at which it failed. Repeatable.
        since: Given up at this moment or later, with its zone: 2026-01-05T03:00Z.
        until: Given up before this moment.
    """

    code: tuple[int, ...] = ()
    kind: tuple[str, ...] = ()
    step: tuple[Step, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_any(self) -> bool:
        """Whether it lets every dead letter pass."""
        return self == ANY

    def check(self) -> None:
        """Refuse kinds that there are none of, and moments without a zone.

        Raises:
            CommandError: Naming the option.
        """
        for kind in self.kind:
            if kind not in FAILURE_KINDS:
                raise CommandError(f"--kind {kind}: there is no such kind", hint=f"One of {', '.join(FAILURE_KINDS)}.")
        for name, moment in (("--since", self.since), ("--until", self.until)):
            if moment is not None and moment.tzinfo is None:
                raise CommandError(f"{name} has no zone", hint="Write it as 2026-01-05T03:00Z or with +01:00.")

    def holds(self, entry: Entry, *, given_up_at: datetime | None) -> bool:
        """Whether this dead letter is meant; one whose moment is not on record is meant by no moment."""
        failure = entry.last_failure
        if self.since is not None and (given_up_at is None or given_up_at < self.since):
            return False
        if self.until is not None and (given_up_at is None or given_up_at >= self.until):
            return False
        if failure is None:
            return not (self.code or self.kind or self.step)
        return (
            (not self.code or failure.code in self.code)
            and (not self.kind or failure.kind in self.kind)
            and (not self.step or failure.step in self.step)
        )


ANY = Filter()
FilterOptions = Annotated[Filter, Parameter(name="*")]


async def find_dead_letters(
    outbox: Outbox, wanted: Filter, *, environment: Environment | None
) -> AsyncGenerator[Entry, None]:
    """The dead letters that are meant, in the order of their enqueueing."""
    needs_moment = wanted.since is not None or wanted.until is not None
    async for entry in every_entry(outbox, states=(State.DEAD_LETTER,), environment=environment):
        tries = await outbox.attempts(entry.id, limit=1) if needs_moment else []
        if wanted.holds(entry, given_up_at=tries[-1].ended_at if tries else None):
            yield entry
