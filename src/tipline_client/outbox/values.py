"""What the verbs of an outbox take and give besides entries. Plain values; what they are for is said in `contract`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tipline_client.delivery.acknowledgement import Acknowledgement
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.environment import Environment

__all__ = ["AcknowledgementRecord", "Claimed", "Lane", "StoredKey", "Stray", "Strays"]


@dataclass(frozen=True, slots=True)
class Lane:
    """Which entries a dispatcher serves: those of one profile in one environment."""

    profile: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class AcknowledgementRecord:
    """An acknowledgement with the record of the reply behind it, as kept.

    Attributes:
        entry_id: Whose.
        acknowledgement: The facts.
        reply: The record of the endpoint's acknowledging reply, sealed with the entry's data key.
        receipt: The signed receipt, once made, sealed.
    """

    entry_id: str
    acknowledgement: Acknowledgement
    reply: bytes
    receipt: bytes | None = None

    def __repr__(self) -> str:
        return f"AcknowledgementRecord(entry_id={self.entry_id!r}, report_id={self.acknowledgement.report_id})"


@dataclass(frozen=True, slots=True)
class Stray:
    """A row that nobody claims, in the row's own words, which may name what does not exist.

    Attributes:
        entry_id: Its id, as far as that can be read.
        profile: What it says.
        environment: Likewise.
        state: Likewise.
    """

    entry_id: str
    profile: str
    environment: str
    state: str


@dataclass(frozen=True, slots=True)
class Strays:
    """How many rows nobody claims, and the first of them."""

    count: int = 0
    first: tuple[Stray, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The wrapped data key of an entry, as it stands in its row."""

    entry_id: str
    data_key: str = field(repr=False)


class Claimed(list[Lease]):
    """The leases of one claim.

    Attributes:
        set_aside: Ids of entries that the same claim took out of the line, since their rows cannot be read back.
    """

    def __init__(self, leases: Iterable[Lease] = (), *, set_aside: Sequence[str] = ()) -> None:
        super().__init__(leases)
        self.set_aside = tuple(set_aside)
