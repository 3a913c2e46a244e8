"""What every evidence store says of what it holds: complete, each entry once, and blind to what is not its own."""

from contextlib import aclosing

import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import Shelf, held, is_recent
from tipline_client.errors import EvidenceError
from tipline_client.evidence import Evidence, Holding
from tipline_client.vault import sealed_size

MANY = 230
"""More entries than one page of a list."""


async def test_empty_store(shelf: Shelf) -> None:
    """Before the first copy there is nothing, and nothing is made by looking."""
    assert {} == await held(shelf.store)
    assert [] == shelf.names()


async def test_copies_of_an_entry(shelf: Shelf) -> None:
    """The copies of an entry are one holding, with their number, their bytes and when the newest was written."""
    for index, size in enumerate((5, 7)):
        await shelf.store.add(Evidence.from_bytes(bytes(size), name="x"), key=key_of("e1"), index=index)

    found = await held(shelf.store)

    changed_at = found["e1"].changed_at
    size = sealed_size(5) + sealed_size(7)
    assert {"e1": Holding("e1", copies=2, size=size, has_draft=False, changed_at=changed_at)} == found
    assert is_recent(changed_at)


async def test_draft_left_by_a_crash(shelf: Shelf) -> None:
    """A draft is counted and named as one, beside a finished copy and alone."""
    shelf.put("e1/0.bin", b"mug")
    shelf.put("e1/1.part", bytes(10))
    shelf.put("e2/0.part", b"x")

    found = {
        entry_id: (holding.copies, holding.size, holding.has_draft)
        for entry_id, holding in (await held(shelf.store)).items()
    }

    assert {"e1": (2, 13, True), "e2": (1, 1, True)} == found


async def test_what_is_not_the_stores_own(shelf: Shelf) -> None:
    """What others laid there is no holding."""
    shelf.put("e1/0.bin", b"mug")
    for name in ("e1/note.txt", "file-beside.bin", "lost+found/0.bin", "strange/note.txt", "e2/deeper/0.bin"):
        shelf.put(name, bytes(1000))

    found = await held(shelf.store)

    assert {"e1": (1, 3)} == {entry_id: (holding.copies, holding.size) for entry_id, holding in found.items()}


async def test_ids_that_are_alike(shelf: Shelf) -> None:
    """Entries whose ids begin alike are never taken together."""
    for entry_id in ("e", "e-1", "e1", "e10", "E1", "e_1"):
        for index in range(2):
            shelf.put(f"{entry_id}/{index}.bin", b"mug")

    found = await held(shelf.store)

    assert dict.fromkeys(("e", "e-1", "e1", "e10", "E1", "e_1"), 2) == {
        entry_id: holding.copies for entry_id, holding in found.items()
    }


async def test_more_entries_than_one_page(shelf: Shelf) -> None:
    """Every one of many entries comes once, whatever number makes a page."""
    for number in range(MANY):
        shelf.put(f"e{number}/0.bin", b"mug")

    found = await held(shelf.store)

    assert {f"e{number}" for number in range(MANY)} == set(found)
    assert {(1, 3)} == {(holding.copies, holding.size) for holding in found.values()}


async def test_entries_discarded_while_looking(shelf: Shelf) -> None:
    """What vanishes during the look is no error: whatever stayed is told of."""
    for number in range(MANY):
        shelf.put(f"e{number}/0.bin", b"mug")
    seen: list[str] = []

    async with aclosing(shelf.store.holdings()) as holdings:
        async for holding in holdings:
            if not seen:
                for number in range(0, MANY, 2):
                    await shelf.store.discard(f"e{number}")
            seen.append(holding.entry_id)

    assert {f"e{number}" for number in range(1, MANY, 2)} <= set(seen)


async def test_looker_that_leaves_early(shelf: Shelf) -> None:
    """Whoever stops after the first holding has changed nothing."""
    for number in range(3):
        shelf.put(f"e{number}/0.bin", b"mug")
    lying = shelf.names()

    async with aclosing(shelf.store.holdings()) as holdings:
        await anext(holdings)

    assert lying == shelf.names()
    assert 3 == len(await held(shelf.store))


async def test_marks(shelf: Shelf) -> None:
    """Whose copies are kept is told once each, is no copy, and what else lies there is none of it."""
    assert () == await shelf.store.marks()

    for owner in ("e2", "e1", "e2"):
        await shelf.store.mark(owner)
    shelf.put(".outboxes/not an owner", b"")

    assert ("e1", "e2") == await shelf.store.marks()
    assert {} == await held(shelf.store)
    with pytest.raises(EvidenceError):
        await shelf.store.mark("../elsewhere")
