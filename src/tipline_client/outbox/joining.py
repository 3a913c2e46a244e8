"""A transaction of the caller's that an enqueue takes part in: what a store promises of it, and what is refused.

The entry is written by the caller's own connection, so it is there exactly if the caller's commit is. Nothing here
knows a driver or a table.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.errors import ConfigurationError
from tipline_client.outbox.values import Lane

__all__ = [
    "Caller",
    "Joinable",
    "Joined",
    "Unjoinable",
    "here",
    "not_this_kind",
    "nothing_open",
    "other_database",
    "over",
]

T = TypeVar("T")

_TWO_COMMITS: Final = (
    "To commit together, name the application's own database as the outbox of every client and dispatcher. Else it is "
    "two commits: commit the decision, then enqueue without `connection`, under an idempotency key made from the "
    "decision's own id, and do both again until both are done."
)


class RunHere(Protocol):
    """Runs a piece of blocking work where the caller's connection may be used."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """The result of `work`."""
        ...


async def here(work: Callable[[], T], /) -> T:
    """Run `work` in the thread of the event loop: who hands a blocking connection to a coroutine blocks for it."""
    return work()


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose transaction is joined.

    Attributes:
        connection: What the caller handed in: a connection, a session, or what Django calls one.
        run: Runs blocking work where that may be used, which is the caller's own thread.
        has_loop: Whether an asynchronous connection can be awaited, since it belongs to the running event loop.
    """

    connection: Any
    run: RunHere = here
    has_loop: bool = True


class Joined(Protocol):
    """The outbox, as the caller's transaction sees it."""

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """The entry that holds this key in this lane, if any; a store may leave those of this very transaction out."""
        ...

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Outbox.enqueue`; behind a savepoint, so that the transaction can go on whatever this raises."""
        ...


class Joinable(Protocol):
    """The part of an outbox that lets callers' transactions in."""

    async def join(self, caller: Caller, *, entry_id: str) -> Joined:
        """Take part in a transaction that the caller has open on the database of this outbox.

        Args:
            caller: Whose.
            entry_id: The entry that may be added. Until the transaction ends, `is_awaited` says so.

        Raises:
            ConfigurationError: It cannot be joined: it is on another database, there is none, it would not be durable,
                or nobody here knows how to speak to that kind of connection.
            OutboxUnavailableError: The database refused.
        """
        ...

    async def is_awaited(self, entry_id: str) -> bool:
        """Whether an open transaction of somebody else's may yet add the entry with this id.

        One that had ended before this was asked is not awaited: then the entry is there, or never will be. A store that
        cannot tell transactions apart may say so of all while any is open.
        """
        ...


class Unjoinable:
    """The part of a store in which nobody else has transactions."""

    async def join(self, caller: Caller, *, entry_id: str) -> Joined:  # noqa: ARG002 - the contract's
        """See `Joinable.join`."""
        raise other_database("in this process's memory")

    async def is_awaited(self, entry_id: str) -> bool:  # noqa: ARG002 - the contract's
        """See `Joinable.is_awaited`."""
        return False


def other_database(where: str) -> ConfigurationError:
    """The error for a transaction on a database that is not the outbox's."""
    return ConfigurationError(
        f"the connection is to another database than the outbox, which is {where}: they cannot commit together",
        hint=_TWO_COMMITS,
    )


def nothing_open(how: str) -> ConfigurationError:
    """The error for a connection on which there is nothing to join.

    Args:
        how: What opens a transaction on it.
    """
    return ConfigurationError(
        "the connection commits each statement by itself: there is no transaction to join",
        hint=f"Open one first, {how}; or leave out `connection`.",
    )


def over() -> ConfigurationError:
    """The error for a transaction that is not what it was when the enqueue in it began."""
    return ConfigurationError(
        "the transaction has ended before the enqueue in it, or a savepoint has been begun or has ended; nothing was "
        "written",
        hint="Let no block of a transaction or a savepoint begin or end on the connection before every enqueue on it "
        "has ended: with `asyncio.TaskGroup` inside of the block none ends, and with `asyncio.gather` it does when one "
        "of the tasks raises. Give tasks that need a savepoint each a connection of their own.",
    )


def not_this_kind(kind: str, *, hint: str) -> ConfigurationError:
    """The error for what is no connection that can be joined."""
    return ConfigurationError(f"connection is {kind}, which cannot be joined", hint=hint)
