"""Who may write, by the simulation's own reckoning, and what was written: so a store that forgets its fence is seen.

It believes no store: it keeps the leases by what was granted and by the clock. It knows nothing of what goes over the
wire.
"""

from collections.abc import Callable
from datetime import datetime

from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.steps import Step

__all__ = ["Ledger"]


class Ledger:
    """What the store let through on one path.

    Args:
        now: The clock of the store.

    Attributes:
        violations: Promises broken in mid-path.
        recorded: Ids of all reports that were ever on record.
        acknowledgements: How many were accepted for each entry.
        intents: The checkpoint last made durable by each task, which says what it may send.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._holders: dict[str, tuple[str, datetime, str]] = {}
        self._withdrawn: set[str] = set()
        self.violations: list[str] = []
        self.recorded: set[int] = set()
        self.acknowledgements: dict[str, int] = {}
        self.intents: dict[object, Checkpoint] = {}

    def is_leasing(self, name: str) -> bool:
        """Whether the process of this name was granted a lease that nobody else has had since, live or not."""
        return any(holder == name for _, _, holder in self._holders.values())

    def note_claim(self, name: str, lease: Lease) -> None:
        """A lease was granted."""
        token, expires_at, _ = self._holders.get(lease.entry.id, ("", self._now(), ""))
        if token and expires_at > self._now():
            self.violations.append("a lease was granted while another one was live")
        if self.acknowledgements.get(lease.entry.id):
            self.violations.append("an acknowledged entry was leased again")
        self._holders[lease.entry.id] = (lease.token, lease.expires_at, name)

    def note_renewal(self, name: str, lease: Lease, renewed: Lease) -> None:
        """A lease was prolonged."""
        self._check_fence(name, "renew", lease)
        self._holders[lease.entry.id] = (renewed.token, renewed.expires_at, name)

    def note_withdrawal(self, entry_id: str) -> None:
        """A person's withdrawal was accepted; whoever held a lease that did not know of it holds none any more."""
        if entry_id not in self._withdrawn:
            self._holders.pop(entry_id, None)
        self._withdrawn.add(entry_id)

    def note_hand_filing(self, entry_id: str) -> None:
        """A person's filing was accepted; whoever held a lease holds none any more."""
        self._holders.pop(entry_id, None)
        self._withdrawn.add(entry_id)

    def note_write(self, name: str, verb: str, lease: Lease, checkpoint: Checkpoint) -> None:
        """A fenced write was accepted; every one but `record` ends its lease."""
        self._check_fence(name, verb, lease)
        if checkpoint.report_id is not None:
            self.recorded.add(checkpoint.report_id)
        if lease.entry.id in self._withdrawn and verb.startswith("record") and verb != f"record({Step.RETRACT})":
            self.violations.append(f"{verb} after the withdrawal of the entry")
        if not verb.startswith("record"):
            self._holders.pop(lease.entry.id, None)
        if verb == "acknowledge":
            self.acknowledgements[lease.entry.id] = self.acknowledgements.get(lease.entry.id, 0) + 1

    def _check_fence(self, name: str, verb: str, lease: Lease) -> None:
        token, expires_at, _ = self._holders.get(lease.entry.id, ("", self._now(), ""))
        if token != lease.token or expires_at <= self._now():
            self.violations.append(f"the store accepted {verb} from {name}, whose lease was not live")
        if self.acknowledgements.get(lease.entry.id):
            self.violations.append(f"{verb} after the acknowledgement of the entry")
