"""How far a bulk run is: a bar on a terminal, a line now and then elsewhere. Numbers alone, never what a line holds."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tipline_client.cli.output import Output

__all__ = ["Told", "progress_words", "watching_bulk"]

Told = Callable[[str, str, int, int, int | None], object]
"""Is told what is done, the counts in words, how many are done, and how far that is of how much."""

_EVERY: Final = 5.0
_REFRESH: Final = 0.2
_WINDOW: Final = 30.0
_NAME: Final = 20


def progress_words(done: int, position: int, size: int | None, *, seconds: float) -> str:
    """Rate and time left.

    Args:
        done: How many are done.
        position: How far that is.
        size: Of how much, if that is known.
        seconds: Since the beginning.
    """
    rate = done / seconds if seconds > 0 else 0.0
    words = f"{rate:.0f}/s"
    if size and 0 < position <= size:
        left = seconds * (size - position) / position
        words += f", about {left:.0f} s left" if left < 120 else f", about {left / 60:.0f} min left"
    return words


class _Pace:
    """Rate and time left as the latest half a minute has them: long lines at the beginning say little of the rest."""

    def __init__(self, began: float) -> None:
        self._seen: deque[tuple[float, int, int]] = deque([(began, 0, 0)])

    def words(self, now: float, done: int, position: int, size: int | None) -> str:
        """See `progress_words`."""
        if now - self._seen[-1][0] >= 1:
            self._seen.append((now, done, position))
        while len(self._seen) > 1 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        since, before, passed = self._seen[0]
        left = None if size is None else size - passed
        return progress_words(done - before, position - passed, left, seconds=now - since)


class _Lines:
    def __init__(self, output: Output, clock: Callable[[], float]) -> None:
        self._output = output
        self._clock = clock
        self._said = clock()
        self._pace = _Pace(self._said)
        self._what = ""

    def __call__(self, what: str, counts: str, done: int, position: int, size: int | None) -> None:
        now = self._clock()
        if what != self._what:
            self._what, self._pace, self._said = what, _Pace(now), now
        pace = self._pace.words(now, done, position, size)
        if now - self._said >= _EVERY:
            self._said = now
            self._output.note(f"{what}: {done} done, {pace}: {counts}")


@contextmanager
def watching_bulk(output: Output, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Told]:
    """Show progress for as long as the block lasts, on standard error; as lines where a program reads the result.

    Args:
        output: Where lines go.
        clock: Seconds that only go on.
    """
    if output.as_json or not sys.stderr.isatty():
        yield _Lines(output, clock)
    else:
        with _bar() as told:
            yield told


@contextmanager
def _bar() -> Iterator[Told]:
    # Here, since the library takes a while to import.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    parts = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[pace]}", markup=False),
    )
    with Progress(*parts, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None, pace="")
        shown = time.monotonic()
        pace = _Pace(shown)
        last = ""

        def told(what: str, counts: str, done: int, position: int, size: int | None) -> None:
            nonlocal pace, shown, last
            now = time.monotonic()
            if what != last:
                pace, last = _Pace(now), what
            elif now - shown < _REFRESH:
                return
            shown = now
            words = f"{pace.words(now, done, position, size)}\n{counts}"
            progress.update(task, description=Path(what).name[:_NAME], total=size, completed=position, pace=words)

        yield told
