"""Progress of deliveries on standard error: bars with bytes on a terminal, a line for each step elsewhere.

It is told of steps and bytes and shows them; it decides nothing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tipline_client.cli.output import Output
from tipline_client.delivery.checkpoint import Intent

__all__ = ["Watcher", "watching"]


class Watcher(Protocol):
    """What is told of progress."""

    def on_step(self, entry_id: str, intent: Intent, /) -> None:
        """A step is about to be sent."""
        ...

    def on_bytes(self, entry_id: str, index: int, sent: int, size: int, /) -> None:
        """So many bytes of a file are on their way."""
        ...


class _Silent:
    def on_step(self, _entry_id: str, _intent: Intent, /) -> None:
        """Nobody is watching."""

    def on_bytes(self, _entry_id: str, _index: int, _sent: int, _size: int, /) -> None:
        """Nobody is watching."""


class _Lines(_Silent):
    def __init__(self, output: Output) -> None:
        self._output = output

    def on_step(self, entry_id: str, intent: Intent, /) -> None:
        """One line."""
        file = "" if intent.index is None else f" evidence[{intent.index}]"
        self._output.note(f"{entry_id[:8]}: {intent.step}{file}")


@contextmanager
def watching(output: Output) -> Iterator[Watcher]:
    """Show progress for as long as the block lasts; none with `--json`."""
    if output.as_json:
        yield _Silent()
    elif not sys.stderr.isatty():
        yield _Lines(output)
    else:
        from tipline_client.cli.bars import bars

        with bars() as shown:
            yield shown
