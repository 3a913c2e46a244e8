"""Entries that are to be delivered: each once, in the order in which it came first."""

from contextlib import closing

from tipline_client.bulk.notes import Spool


def test_entries_named_again_and_again() -> None:
    """They count once."""
    with closing(Spool()) as spool:
        for entry_id in ("b", "a", "b", "c", "a"):
            spool.add(entry_id)

        assert 3 == len(spool)
        assert [["b", "a"], ["c"]] == list(spool.parts(2))
