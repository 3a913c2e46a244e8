"""Which entries nobody will ever deliver, since their rows were altered: named by id, with the reason.

It looks at what waits, at what is held or at an end without being filed, whether its history tells the same, and among
what is filed only for entries that say so and have no acknowledgement;
`tipline verify --all` looks at everything. Nothing is changed.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.opening import LANES
from tipline_client.cli.paging import every_entry
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import said_of
from tipline_client.delivery.states import State
from tipline_client.dispatch.reader import Reader
from tipline_client.errors import (
    EntryNotFoundError,
    EnvelopeError,
    KeyUnavailableError,
    UnknownSignerError,
    UnreadableRowError,
)
from tipline_client.outbox import Outbox, Stray
from tipline_client.outbox.history_checks import standing_problem

__all__ = ["Suspect", "Suspects", "find_suspects", "suspects_lines", "suspects_view"]

_ALTERED_HINT: Final = (
    "Find out who changed the rows, and restore them from a backup; `tipline verify --all` looks at every row."
)
_WAITING = (State.QUEUED, State.LEASED, State.HELD)
_SET_ASIDE = (State.HELD, State.DEAD_LETTER, State.RETRACTED, State.FILED_BY_HAND)
_NAMED = 20
_LONGEST_WORD = 60
_Reason = tuple[str, bool]
"""Why, and whether it is only that the signer is not known here."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An entry that is not filed and will not be delivered.

    Attributes:
        entry_id: Its id, as far as it can be read.
        where: Profile, environment and state, in the row's own words.
        reason: Why.
        is_stranger: Whether all that is wrong is that this host does not know who signed it.
    """

    entry_id: str
    where: str
    reason: str
    is_stranger: bool = False


@dataclass(frozen=True, slots=True)
class Suspects:
    """What was found among what was looked at.

    Attributes:
        count: How many there are.
        named: The first of them.
        looked_at: How many of the waiting entries were looked at, the oldest ones.
        not_looked_at: How many more wait.
        is_verified: Whether signatures were looked at too.
        strangers: How many of them are signed by keys that this host does not know; a host that does delivers them.
        keyless: How many more could not be opened here, for want of a master key or of its service.
        want: What was wanting for the first of those.
    """

    count: int = 0
    named: tuple[Suspect, ...] = ()
    looked_at: int = 0
    not_looked_at: int = 0
    is_verified: bool = True
    strangers: int = 0
    keyless: int = 0
    want: str = ""

    @property
    def headline(self) -> str:
        """How many there are, and of which kind."""
        if not self.strangers:
            return f"{self.count} altered, which nobody will deliver"
        strangers = f"{self.strangers} signed by keys that this host does not know, which it leaves to hosts that do"
        altered = self.count - self.strangers
        return strangers if not altered else f"{altered} altered, which nobody will deliver, and {strangers}"

    @property
    def hint(self) -> str:
        """The way out."""
        return UnknownSignerError.default_hint if self.count == self.strangers else _ALTERED_HINT


async def find_suspects(outbox: Outbox, *, reader: Reader | None, most: int) -> Suspects:
    """Look at what waits, first in lanes that no dispatcher serves, then the oldest; and at the oldest filed entries.

    Args:
        outbox: Where to look.
        reader: Opens and verifies them; without one, or on a host that cannot read what is sealed, only what cannot be
            read back is found.
        most: How many entries are looked at.
    """
    if reader is not None and not reader.vault.can_open:
        reader = None
    found: dict[str, Suspect] = {}
    strays = await outbox.strays(LANES, limit=most)
    for stray in strays.first:
        reason = await _stray_reason(outbox, stray, reader)
        if reason is not None:
            found[stray.entry_id] = Suspect(stray.entry_id, _place(stray), *reason)
    # Of those that were not looked at it is only known that nobody serves them.
    unseen = strays.count - len(strays.first)
    looked_at, wants = 0, list[str]()
    async for entry in every_entry(outbox, states=_WAITING, most=most):
        looked_at += 1
        try:
            reason = None if entry.id in found else await _reason(entry, reader)
        except KeyUnavailableError as error:
            # It waits for its key; nothing is known for or against the row.
            wants.append(str(error))
            continue
        if reason is not None:
            where = f"{entry.profile}, {entry.environment}, {entry.state}"
            found[entry.id] = Suspect(entry.id, where, *reason)
    async for suspect in _not_as_told(outbox, most=most):
        found.setdefault(suspect.entry_id, suspect)
    waiting = (await outbox.count()).waiting if looked_at >= most else looked_at
    return Suspects(
        len(found) + unseen,
        tuple(found.values())[:_NAMED],
        looked_at=looked_at,
        not_looked_at=max(0, waiting - looked_at),
        is_verified=reader is not None,
        strangers=sum(suspect.is_stranger for suspect in found.values()),
        keyless=len(wants),
        want=wants[0] if wants else "",
    )


async def _stray_reason(outbox: Outbox, stray: Stray, reader: Reader | None) -> _Reason | None:
    try:
        entry = await outbox.get(stray.entry_id)
    except (UnreadableRowError, EntryNotFoundError) as error:
        return (str(error) if isinstance(error, UnreadableRowError) else "its id cannot be read back"), False
    try:
        return await _reason(entry, reader)
    except KeyUnavailableError:
        return None


async def _reason(entry: Entry, reader: Reader | None) -> _Reason | None:
    """Why a dispatcher would refuse the entry or never see it; `None` when its row is what was signed.

    Raises:
        KeyUnavailableError: It cannot be opened here.
    """
    if entry.unreadable:
        return f"its row cannot be read back: {', '.join(entry.unreadable)}", False
    if reader is None:
        return None
    try:
        await reader.open(entry)
    except EnvelopeError as error:
        return said_of(entry.id, error), isinstance(error, UnknownSignerError)
    return None


async def _not_as_told(outbox: Outbox, *, most: int) -> AsyncIterator[Suspect]:
    """Entries that wait no longer by their state alone."""
    async for entry in every_entry(outbox, states=_SET_ASIDE, most=most):
        problem = None if entry.unreadable else await _standing_problem(outbox, entry)
        if problem is not None:
            yield Suspect(entry.id, f"{entry.profile}, {entry.environment}, {entry.state}", problem)
    async for entry in every_entry(outbox, states=(State.ACKNOWLEDGED,), most=most):
        if entry.contradiction is not None:
            where = f"{entry.profile}, {entry.environment}, {entry.state}"
            yield Suspect(entry.id, where, f"it is {entry.contradiction}")


async def _standing_problem(outbox: Outbox, entry: Entry) -> str | None:
    """Why the state of an entry cannot be how its delivery went; whether the lines are genuine is not asked here."""
    problem = standing_problem(await outbox.history(entry.id), state=entry.state)
    if problem is not None and (now := await outbox.get(entry.id)).state is not entry.state:
        # Somebody moved it on since it was read.
        return standing_problem(await outbox.history(entry.id), state=now.state)
    return problem


def _place(stray: Stray) -> str:
    return ", ".join(word[:_LONGEST_WORD] for word in (stray.profile, stray.environment, stray.state))


def suspects_view(suspects: Suspects) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "count": suspects.count,
        "signedByUnknownKeys": suspects.strangers,
        "entries": [
            {"id": suspect.entry_id, "where": suspect.where, "reason": suspect.reason} for suspect in suspects.named
        ],
        "notReadableHere": suspects.keyless,
        "lookedAt": suspects.looked_at,
        "notLookedAt": suspects.not_looked_at,
        "signaturesVerified": suspects.is_verified,
    }


def suspects_lines(suspects: Suspects) -> Sequence[str]:
    """The same for people; of a look that was not a whole one, how far it went."""
    limits = []
    if suspects.not_looked_at:
        limits.append(
            f"only the {suspects.looked_at} oldest of {suspects.looked_at + suspects.not_looked_at} waiting entries "
            "were looked at for alterations; " + in_words_of_host("`tipline verify --all` looks at every row")
        )
    if suspects.looked_at and not suspects.is_verified:
        limits.append("no signature of what waits was verified, since this host does not have the keys to")
    if suspects.keyless:
        limits.append(f"{suspects.keyless} could not be opened here, so nothing is known of them: {suspects.want}")
    if not suspects.count:
        return limits
    lines = [f"{suspects.headline}:"]
    lines += [f"  {suspect.entry_id} ({suspect.where}): {suspect.reason}" for suspect in suspects.named]
    if suspects.count > len(suspects.named):
        lines.append(f"  and {suspects.count - len(suspects.named)} more")
    return [*lines, f"  hint: {suspects.hint}", *limits]
