"""Data keys wrapped anew: which are found, and that nobody's change is written over."""

import pytest

from tests.contract.values import CHAIN, LANE, MINUTE, new_entry
from tipline_client.delivery.events import KeyRewrapped
from tipline_client.errors import EntryNotFoundError
from tipline_client.outbox import Outbox
from tipline_client.outbox.values import StoredKey

MASTER = "newer"


async def _enqueue(outbox: Outbox, *names: str) -> None:
    for name in names:
        await outbox.enqueue(new_entry(name))


async def test_keys_of_another_master(outbox: Outbox) -> None:
    """Keys that another master key wraps come page by page, in the order of their entries."""
    await _enqueue(outbox, "one", "two", "three")

    first = await outbox.archive.keys_to_rewrap(MASTER, limit=2)
    rest = await outbox.archive.keys_to_rewrap(MASTER, limit=2, after=first[-1].entry_id)

    assert [StoredKey(f"id-{name}", f"master wrapped/{name}") for name in ("one", "two", "three")] == [*first, *rest]


async def test_keys_of_this_master(outbox: Outbox) -> None:
    """A key that the named master key wraps already is not found, and one whose name only begins alike is."""
    await _enqueue(outbox, "one")

    assert [] == await outbox.archive.keys_to_rewrap("master")
    assert 1 == len(await outbox.archive.keys_to_rewrap("mast"))


async def test_key_rewrapped(outbox: Outbox) -> None:
    """A key that is as it was read is replaced, with a line in the history that names the master key."""
    await _enqueue(outbox, "one")

    is_replaced = await outbox.archive.rewrap("id-one", old="master wrapped/one", new="newer x", master=MASTER)

    lines = await outbox.history("id-one")
    assert (True, "newer x") == (is_replaced, (await outbox.get("id-one")).data_key)
    assert KeyRewrapped(MASTER) == lines[-1].event.what
    assert () == CHAIN.problems(lines)
    assert [] == await outbox.archive.keys_to_rewrap(MASTER)


async def test_key_changed_meanwhile(outbox: Outbox) -> None:
    """A key that somebody replaced in the meantime stays, and no line is written."""
    await _enqueue(outbox, "one")
    await outbox.archive.rewrap("id-one", old="master wrapped/one", new="newer x", master=MASTER)

    is_replaced = await outbox.archive.rewrap("id-one", old="master wrapped/one", new="newer y", master=MASTER)

    assert (False, "newer x") == (is_replaced, (await outbox.get("id-one")).data_key)
    assert 2 == len(await outbox.history("id-one"))


async def test_key_of_a_leased_entry(outbox: Outbox) -> None:
    """The lease of an entry outlives that its key is wrapped anew."""
    await _enqueue(outbox, "one")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.archive.rewrap("id-one", old="master wrapped/one", new="newer x", master=MASTER)

    assert lease.token == (await outbox.renew(lease, lease_for=MINUTE)).token


async def test_page_after_no_entry(outbox: Outbox) -> None:
    """A page after an id that nothing has is refused."""
    with pytest.raises(EntryNotFoundError):
        await outbox.archive.keys_to_rewrap(MASTER, after="id-none")
