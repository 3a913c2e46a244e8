"""Progress bars for a terminal: one for each file under way, with bytes, rate and time left.

In a module of its own, since the library behind it takes a while to import.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tipline_client.delivery.checkpoint import Intent

__all__ = ["Bars", "bars"]


class Bars:
    """Turns what a delivery says into bars.

    Attributes:
        progress: The bars as they are.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._entries: dict[str, TaskID] = {}
        self._files: dict[tuple[str, int], TaskID] = {}

    def on_step(self, entry_id: str, intent: Intent, /) -> None:
        """Name the step on the entry's own line."""
        words = f"{entry_id[:8]} {intent.step}"
        if entry_id in self._entries:
            self.progress.update(self._entries[entry_id], description=words)
        else:
            self._entries[entry_id] = self.progress.add_task(words, total=None)

    def on_bytes(self, entry_id: str, index: int, sent: int, size: int, /) -> None:
        """Move the bar of one file."""
        key = (entry_id, index)
        if key not in self._files:
            self._files[key] = self.progress.add_task(f"{entry_id[:8]} evidence[{index}]", total=size)
        self.progress.update(self._files[key], completed=sent)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars on standard error; gone when the block ends."""
    parts = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)
