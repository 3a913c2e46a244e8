"""Opens the outbox or the whole client for one piece of asynchronous work, and closes it again.

A home for a real endpoint is never made by the way: a mistyped folder must not become a second outbox that nobody
dispatches. For a mock endpoint it is, with a word about it.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import anyio

from tipline_client.cli.settings import Settings
from tipline_client.client import AsyncTiplineClient, Options
from tipline_client.delivery.clock import SystemClock
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.dispatch.keeping import Keeper
from tipline_client.errors import EntryNotFoundError
from tipline_client.outbox import Lane, Outbox
from tipline_client.profiles import KNOWN_PROFILES
from tipline_client.vault import Vault

__all__ = ["LANES", "find_entry", "opening_arguments", "with_client", "with_keeper", "with_outbox"]

T = TypeVar("T")

_log = logging.getLogger("tipline_client.cli")

LANES = tuple(Lane(known.name, known.environment) for known in KNOWN_PROFILES)
"""What the command line serves."""


def with_outbox(settings: Settings, work: Callable[[Outbox], Awaitable[T]], *, only_looks: bool = False) -> T:
    """Run `work` on the outbox of an existing home; no endpoint is needed. None is made.

    Args:
        settings: Which home, and which outbox.
        work: What to do.
        only_looks: Whether it changes nothing, so that it needs no keys either.

    Raises:
        ConfigurationError: There is no home, or the database has no tables of this version.
        OutboxUnavailableError: The outbox cannot be opened.
    """
    home = settings.place
    open_outbox = home.open_outbox_to_look if only_looks else partial(home.open_outbox, makes=False)

    async def run() -> T:
        outbox = open_outbox(settings.outbox)
        try:
            return await work(outbox)
        finally:
            await outbox.close()

    return anyio.run(run)


def with_client(
    settings: Settings,
    work: Callable[[AsyncTiplineClient], Awaitable[T]],
    *,
    options: Options | None = None,
    sends: bool = True,
    makes: bool = True,
) -> T:
    """Run `work` with a client of the named endpoint and its home.

    Args:
        settings: Which ones.
        work: What to do.
        options: How the client behaves.
        sends: Whether it is to address the endpoint, for which it needs credentials.
        makes: Whether an outbox is made where there is none.

    Raises:
        ConfigurationError: There is no home for a real endpoint, or no endpoint is named or usable.
        OutboxUnavailableError: The outbox cannot be opened.
    """
    if not makes:
        settings.place.known_outboxes.check(settings.outbox)
        settings.place.known_outboxes.check_there(settings.outbox)
    arguments = opening_arguments(settings, options=options, sends=sends)

    async def run() -> T:
        async with AsyncTiplineClient.open(**arguments) as client:
            return await work(client)

    return anyio.run(run)


def opening_arguments(settings: Settings, *, options: Options | None = None, sends: bool = True) -> dict[str, Any]:
    """What a client of these settings is opened with; makes the home of a mock endpoint that has none.

    Args:
        settings: The settings.
        options: How the client behaves.
        sends: Whether it is to address the endpoint.

    Raises:
        ConfigurationError: There is no home for a real endpoint, or no endpoint is named or usable.
    """
    profile = settings.profile(sends=sends)
    home = settings.place
    if profile.environment is Environment.MOCK and not home.exists:
        home.keys_or_create(beside=settings.outbox)
        _log.warning("made the home %s with a new signing key", home.path)
    home.keys()
    options = options or Options()
    return {
        "home": settings.home,
        "profile": profile,
        "outbox": None if settings.outbox is None else settings.outbox.url,
        "evidence": settings.evidence,
        "options": replace(
            options,
            slots=settings.slots,
            deadline=settings.deadline,
            regimes=settings.regimes,
            master_keys=home.master_keys(),
            keep_free=settings.keep_free,
            remembers_outbox=settings.remembers_outbox,
            hooks=(*options.hooks, *settings.hooks),
        ),
    }


def with_keeper(settings: Settings, work: Callable[[Keeper], Awaitable[T]], *, only_looks: bool = False) -> T:
    """Run `work` with what keeps the outbox of an existing home; no endpoint is needed.

    Args:
        settings: Which home, and which outbox.
        work: What to do.
        only_looks: Whether it changes nothing.

    Raises:
        ConfigurationError: There is no home, its keys cannot be read, or the database has no tables of this version.
        OutboxUnavailableError: The outbox cannot be opened.
    """
    home = settings.place
    keys, vault = home.keys(), Vault(home.master_keys())

    def begin(outbox: Outbox) -> Awaitable[T]:
        keeper = Keeper(
            outbox=outbox,
            evidence=settings.copies(),
            keys=keys,
            vault=vault,
            clock=SystemClock(),
            chain=keys.history_chain(),
        )
        return work(keeper)

    return with_outbox(settings, begin, only_looks=only_looks)


async def find_entry(outbox: Outbox, name: str, *, settings: Settings) -> Entry:
    """The entry with this id or idempotency key.

    A key may be in use in several environments; then the one of the named endpoint is meant. An entry that another
    profile than the known ones has filed already is found by its id alone.

    Raises:
        EntryNotFoundError: There is none, or the key does not say which one.
    """
    try:
        return await outbox.get(name)
    except EntryNotFoundError as error:
        missing = error
    found = [entry for lane in await _lanes(outbox) if (entry := await outbox.find(lane, name)) is not None]
    if len(found) > 1 and settings.lane is not None:
        found = [entry for entry in found if (entry.profile, entry.environment) == settings.lane]
    if len(found) > 1:
        where = ", ".join(f"{entry.id} ({entry.environment})" for entry in found)
        raise EntryNotFoundError(f"the key names several entries: {where}", hint="Give the entry's id.")
    if not found:
        raise EntryNotFoundError("no entry has this id or idempotency key", hint=missing.hint) from None
    return found[0]


async def _lanes(outbox: Outbox) -> list[Lane]:
    """The lanes that a key is looked for in: those of the known profiles, and others in which something waits."""
    environments = {environment.value: environment for environment in Environment}
    others = [
        Lane(stray.profile, environments[stray.environment])
        for stray in (await outbox.strays(LANES)).first
        if stray.environment in environments
    ]
    return list(dict.fromkeys((*LANES, *others)))
