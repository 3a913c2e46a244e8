"""All paths with at most so many disturbances, each walked once; and a seeded sample of the deeper ones.

Depth first: a path walked with script `s` shows which points come after the last one of `s`; each option of each of
them makes a script with one disturbance more. Every script of at most `limit` disturbances is made so exactly once,
because each has one last disturbance to be taken off.

Nothing is pruned: the point before an effect and the one after the effect before it are both walked, though they may
lead to the same states, since the product's own code between them is what is tried.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.explorer.choices import Point, Script, cost, write_script
from tests.explorer.path import Path, walk
from tests.explorer.setup import Setup

__all__ = ["Choose", "Found", "branches", "every_option", "explore", "sample"]

Choose = Callable[[Point], tuple[str, ...]]
"""Which of a point's options are searched."""


def every_option(point: Point) -> tuple[str, ...]:
    """All of them."""
    return point.options


@dataclass(slots=True)
class Found:
    """What a search has seen.

    Attributes:
        paths: How many paths were walked, by their number of disturbances.
        ends: How many entries ended in each state.
        choices: What was tried where: the places, whoever came by there, each with an option taken.
        histories: Digests of the effects of each path in their order: how many paths differ in what came about.
        endings: The ends that differ in more than numbers.
        digest: Of all scripts and histories in the order of the search: two runs that agree in it did the same.
        broken: Each promise that was broken, with the first path on which it was, in the order of the search.
        looks_for: A word of the promises that count; all of them if it is empty.
    """

    looks_for: str = ""
    paths: Counter[int] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    choices: set[tuple[str, str]] = field(default_factory=set)
    histories: set[bytes] = field(default_factory=set)
    endings: set[str] = field(default_factory=set)
    digest: bytes = b""
    broken: dict[str, Path] = field(default_factory=dict)

    @property
    def failed(self) -> Path | None:
        """The first path on which a promise was broken."""
        return next(iter(self.broken.values()), None)

    def note(self, path: Path) -> None:
        """Count one path."""
        self.paths[cost(path.script)] += 1
        self.ends.update(state.value for state in path.ends)
        self.choices.update((label.partition(" ")[2], option) for label, option in path.taken)
        self.histories.add(path.history)
        self.endings.update(path.endings)
        self._go_on(write_script(path.script).encode() + path.history)
        if any(self.looks_for in violation for violation in path.violations):
            for violation in path.violations:
                self.broken.setdefault(violation, path)

    def add(self, other: "Found") -> None:
        """Count what another search has seen, after this one's."""
        self.paths += other.paths
        self.ends += other.ends
        self.choices |= other.choices
        self.histories |= other.histories
        self.endings |= other.endings
        self._go_on(other.digest)
        for violation, path in other.broken.items():
            self.broken.setdefault(violation, path)

    def __str__(self) -> str:
        """The numbers, as lines to print."""
        by_cost = ", ".join(f"{count} with {number}" for number, count in sorted(self.paths.items()))
        ends = ", ".join(f"{count} {state}" for state, count in sorted(self.ends.items()))
        return (
            f"{self.paths.total()} paths ({by_cost} disturbances), digest {self.digest.hex()}\n"
            f"  {len(self.choices)} different choices, {len(self.histories)} different histories, "
            f"{len(self.endings)} different ends: {ends}"
        )

    def _go_on(self, more: bytes) -> None:
        self.digest = hashlib.blake2b(self.digest + more, digest_size=6).digest()


def branches(path: Path, choose: Choose = every_option) -> Iterator[Script]:
    """The scripts that go on from a path by one more option, in the order of its points."""
    for point in path.points:
        for option in choose(point):
            yield {**path.script, point.number: option}


def explore(
    setup: Setup,
    *,
    limit: int,
    root: Script | None = None,
    choose: Choose = every_option,
    looks_for: str = "",
    goes_on: bool = False,
) -> Found:
    """Walk every path that goes on from `root`, itself included, until a promise is broken.

    Args:
        setup: The installation.
        limit: How many disturbances a path may have.
        root: Where to begin; nothing happens on the first path by default.
        choose: Which options are searched.
        looks_for: See `Found`.
        goes_on: Whether to go on after a broken promise.
    """
    found = Found(looks_for)
    waiting: list[Script] = [root or {}]
    while waiting and (goes_on or found.failed is None):
        path = walk(setup, waiting.pop(), limit=limit)
        found.note(path)
        # The last comes off the stack first.
        waiting.extend(reversed(list(branches(path, choose))))
    return found


def sample(setup: Setup, *, seed: int, count: int, limit: int) -> Found:
    """Walk `count` paths of `limit` disturbances each, drawn by dice.

    Each disturbance is drawn evenly from all that can follow the one before it.
    """
    random = Random(seed)  # noqa: S311 - dice with a printed seed
    found = Found()
    for _ in range(count):
        path = walk(setup, {}, limit=limit)
        while cost(path.script) < limit and path.points and not path.violations:
            point = random.choice(path.points)
            path = walk(setup, {**path.script, point.number: random.choice(point.options)}, limit=limit)
        found.note(path)
        if found.failed is not None:
            break
    return found
