"""What is searched: how many entries, files and dispatchers, which disturbances, how many of them; and the two plans.

The short plan is the test's; the long one is for a machine that has some minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.explorer.answers import SMALL, answers_to
from tests.explorer.choices import Point, Script, ScriptError
from tests.explorer.path import Path
from tests.explorer.search import Choose, every_option
from tests.explorer.setup import Door, Setup, make_setup
from tests.explorer.stores import Kept
from tipline_client.delivery.steps import Step

__all__ = ["ALONE", "BY_HAND", "TWO", "WAYS_INTO_TROUBLE", "Scenario", "long_plan", "short_plan"]

ALONE: tuple[Door, ...] = ("drain",)
TWO: tuple[Door, ...] = ("drain", "drain")
BY_HAND: tuple[Door, ...] = ("drain", "deliver")

WAYS_INTO_TROUBLE = (
    "A send submit: reply_lost",
    "A send submit: http_401",
    "A send submit: code_4100",
    "A send upload: request_lost",
    "A before send upload: die",
    "A before record(fileinfo): pause_25h",
    "A before send upload: withdraw_seen",
    "A before send finish: overtaken_0",
    "A send finish: reply_lost",
)
"""One first disturbance for each state of affairs that differs from the smooth way: everything is tried in each."""

_ANSWERS = frozenset(answers_to(Step.UPLOAD, names_a_report=True)) | frozenset(
    answers_to(Step.FINISH, names_a_report=True)
)
_SOME_OVERTAKINGS = {"overtaken_0", "overtaken_3", "overtaken_8"}


def one_of_each_class(point: Point) -> tuple[str, ...]:
    """Of the answers to a call one of each class, of the overtakings three; everything else that may happen.

    A retraction and a probe come about by a disturbance only, so they are tried in full wherever they come about.
    """
    if point.label.endswith((f"send {Step.RETRACT}", f"send {Step.STATUS}")):
        return point.options
    return tuple(
        option
        for option in point.options
        if (option in SMALL or option not in _ANSWERS)
        and (option in _SOME_OVERTAKINGS or not option.startswith("overtaken"))
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is searched.

    Attributes:
        files: Of each entry.
        entries: How many.
        doors: See `Setup`.
        limit: How many disturbances a path may have.
        is_small: Whether only one answer of each class is tried.
        firsts: If there are any, the only first disturbances, each as `label: option`.
        kept: In which store.
        looks_for: See `Found`.
        goes_on: Whether to go on after a broken promise.
    """

    files: int = 1
    entries: int = 1
    doors: tuple[Door, ...] = ALONE
    limit: int = 1
    is_small: bool = False
    firsts: tuple[str, ...] = ()
    kept: Kept = "memory"
    looks_for: str = ""
    goes_on: bool = False

    def __str__(self) -> str:
        """For the printed summary."""
        firsts = f" after {len(self.firsts)} chosen ones" if self.firsts else ""
        return (
            f"{self.entries} x {self.files} files, {'+'.join(self.doors)}, store in {self.kept}, "
            f"{'one answer of each class' if self.is_small else 'every answer'}, "
            f"up to {self.limit} disturbances{firsts}"
        )

    @property
    def arguments(self) -> str:
        """The options of the command line that name this installation."""
        return (
            f"--files {self.files} --entries {self.entries} --doors {' '.join(self.doors)} --store {self.kept} "
            f"--faults {self.limit}"
        )

    @property
    def choose(self) -> Choose:
        """Which options are searched."""
        return one_of_each_class if self.is_small else every_option

    def make_setup(self) -> Setup:
        """The installation."""
        return make_setup(files=self.files, entries=self.entries, doors=self.doors, kept=self.kept)

    def first_scripts(self, smooth: Path) -> Iterator[Script]:
        """The scripts of the chosen first disturbances, found on the path on which nothing happens.

        Raises:
            ScriptError: One is not to be found there.
        """
        for first in self.firsts:
            label, _, option = first.partition(": ")
            numbers = [point.number for point in smooth.points if point.label == label and option in point.options]
            if not numbers:
                raise ScriptError(f"nowhere on the smooth path: {first}")
            yield {numbers[0]: option}


def short_plan() -> list[Scenario]:
    """Every single disturbance in each installation; with two dispatchers also every second one after chosen ones."""
    return [
        Scenario(files=0, doors=TWO),
        Scenario(files=1, doors=ALONE),
        Scenario(files=1, doors=TWO),
        Scenario(files=2, doors=TWO, is_small=True),
        Scenario(files=1, doors=BY_HAND),
        Scenario(files=1, entries=2, doors=TWO, is_small=True),
        Scenario(files=1, doors=TWO, limit=2, firsts=WAYS_INTO_TROUBLE, is_small=True),
    ]


def long_plan(limit: int) -> list[Scenario]:
    """Everything up to `limit` disturbances where that can be paid for, one less where there is more to disturb."""
    less = max(limit - 1, 1)
    return [
        Scenario(files=1, doors=TWO, limit=1, kept="sqlite"),
        Scenario(files=2, entries=2, doors=TWO, limit=less),
        Scenario(files=1, doors=BY_HAND, limit=less),
        Scenario(files=0, doors=TWO, limit=limit),
        Scenario(files=1, doors=ALONE, limit=limit),
        Scenario(files=1, doors=TWO, limit=limit),
        Scenario(files=2, doors=TWO, limit=limit, is_small=True),
    ]
