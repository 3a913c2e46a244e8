"""How far a hook has got with the events of an outbox, as all dispatchers that run it share it. Plain values."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["HookState"]


@dataclass(frozen=True, slots=True)
class HookState:
    """Where a hook stands.

    Attributes:
        read_at: The moment of the look, by the outbox's clock.
        position: The last event that is done with; `None` before the hook was ever run.
        since: What happened before this moment is passed over: the hook was first run then.
        failures: How often the next event has failed so far.
        next_at: It is not tried again before.
        last_error: What the last failure was: the name of its class, nothing more.
        given_up: How many events were passed over after too many failures.
        holder: Which dispatcher runs it now; empty when none does.
        held_until: Its turn passes to another then, unless it is taken again.
        version: Counts the changes; a change is written only over the version that it was made from.
    """

    read_at: datetime
    position: int | None = None
    since: datetime | None = None
    failures: int = 0
    next_at: datetime | None = None
    last_error: str = ""
    given_up: int = 0
    holder: str = ""
    held_until: datetime | None = None
    version: int = 0
