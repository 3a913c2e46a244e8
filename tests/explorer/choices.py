"""What may go wrong at each point of a path, and the script that says where it does.

A path is wholly determined by its script: the points are numbered as the path comes to them, and each one that the
script names takes the option that stands there; everywhere else nothing happens. So a script is also how a failing path
is told and replayed. This module knows options by name only.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FREE", "Choices", "Point", "Script", "ScriptError", "cost", "read_script", "write_script"]

Script = Mapping[int, str]
"""Number of a point to the option taken there."""

FREE = frozenset({"arrives"})
"""Options that belong to a disturbance already counted: when a request that was held up reaches the endpoint."""
_NOTHING = "(nothing happens)"


class ScriptError(Exception):
    """The script does not fit the path: it was written for other code, or another world."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a path where something may happen.

    Attributes:
        number: Counted from 0 along the path.
        label: Who is about to do what.
        options: What may happen instead of nothing.
    """

    number: int
    label: str
    options: tuple[str, ...]


def cost(script: Script) -> int:
    """How many disturbances a script holds."""
    return sum(option not in FREE for option in script.values())


def write_script(script: Script) -> str:
    """A script as one line, `12=reply_lost 17=die`."""
    return " ".join(f"{number}={option}" for number, option in sorted(script.items())) or _NOTHING


def read_script(text: str) -> dict[int, str]:
    """Read what `write_script` wrote.

    Raises:
        ScriptError: It is no such line.
    """
    script = {}
    for word in text.replace(_NOTHING, "").replace(",", " ").split():
        number, equals, option = word.partition("=")
        if not (number.isdigit() and equals and option):
            raise ScriptError(f"not a step of a script: {word!r}")
        script[int(number)] = option
    return script


class Choices:
    """The points of one path, as it comes to them.

    Args:
        script: What happens where.
        limit: How many disturbances there may be in all; points are offered only while one is left.

    Attributes:
        points: The points after the script's last, each with the options that were open there.
        story: What happened where, as lines to print.
        taken: The options taken so far, each with the label of its point.
    """

    def __init__(self, script: Script, *, limit: int) -> None:
        self._script = script
        self._is_open = True
        self._has_budget = cost(script) < limit
        self._last = max(script, default=-1)
        self._count = 0
        self._misfit = ""
        self._effects = hashlib.blake2b(digest_size=12)
        self.points: list[Point] = []
        self.story: list[str] = []
        self.taken: list[tuple[str, str]] = []

    @property
    def history(self) -> bytes:
        """A digest of all effects in their order: equal for two paths on which the same things came about."""
        return self._effects.digest()

    def close(self) -> None:
        """From here on nothing happens any more, and nothing is offered."""
        self._is_open = False

    def pick(self, label: str, options: Sequence[str]) -> str | None:
        """What happens at this point; `None` for nothing."""
        number = self._count
        self._count += 1
        option = self._script.get(number)
        if option is None:
            if self._is_open and number > self._last:
                open_options = options if self._has_budget else [each for each in options if each in FREE]
                if open_options:
                    self.points.append(Point(number, label, tuple(open_options)))
            return None
        if option not in options:
            # Said at the end: an error raised here would be the product's to handle.
            self._misfit = self._misfit or f"point {number} ({label}) does not offer {option}"
            return None
        self.story.append(f"{number:4} {label}: {option}")
        self.taken.append((label, option))
        return option

    def tell(self, effect: str) -> None:
        """Add an effect to the story: something of which the path's end may depend."""
        self._effects.update(effect.encode() + b"\n")
        self.story.append(f"     {effect}")

    def check_fit(self) -> None:
        """Refuse a script that names points beyond the path's end, or options that its points do not have.

        Raises:
            ScriptError: It does.
        """
        if self._misfit:
            raise ScriptError(self._misfit)
        if self._last >= self._count:
            raise ScriptError(f"the path has {self._count} points, the script names point {self._last}")
