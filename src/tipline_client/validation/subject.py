"""What the rules look at: one submission, walked once, with the present moment and the endpoint.

The walk collects every element by its class with its path, every text that deserves a second look, and every instant.
Checks then ask for what they need. Nothing here knows a rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar, cast

from tipline_client.models import Report, Submission, WireModel
from tipline_client.validation.rule import EndpointRules
from tipline_client.validation.shape import shape_of

__all__ = ["LONG_TEXT", "Subject", "Text", "is_blank"]

ModelT = TypeVar("ModelT", bound=WireModel)

LONG_TEXT = 3000
"""UTF-16 code units above which text is worth a warning."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is empty, blank, long, or holds characters that are not printable.

    Attributes:
        path: Where it stands.
        owner: The element that holds it.
        name: Python name of its field.
        value: The text.
    """

    path: str
    owner: WireModel
    name: str
    value: str


class Subject:
    """A submission under validation.

    Attributes:
        submission: What was handed in.
        profile: The endpoint it is meant for.
        now: The present moment, in UTC.
        clock_skew: How far the two clocks may differ.
        texts: Texts that deserve a second look.
        instants: Every date and time, with its path.
        characters: How many characters all texts have together.
    """

    def __init__(self, submission: Submission, *, profile: EndpointRules, now: datetime, clock_skew: timedelta) -> None:
        self.submission = submission
        self.profile = profile
        self.now = now
        self.clock_skew = clock_skew
        self.texts: list[Text] = []
        self.instants: list[tuple[str, datetime]] = []
        self.characters = 0
        self._elements: dict[type[WireModel], list[tuple[str, WireModel]]] = {}
        self._walk(submission.report, "report")
        for index, item in enumerate(submission.evidence):
            self._walk(item, f"evidence[{index}]")

    @property
    def report(self) -> Report:
        """The report of the submission."""
        return self.submission.report

    def each(self, kind: type[ModelT]) -> Sequence[tuple[str, ModelT]]:
        """Every element of a class, with its path; those of the report first, then those of the evidence."""
        return cast("Sequence[tuple[str, ModelT]]", self._elements.get(kind, ()))

    def _walk(self, element: WireModel, path: str) -> None:
        kind = type(element)
        for family in _families(kind):
            self._elements.setdefault(family, []).append((path, element))
        endings = shape_of(kind).endings
        for name, value in element.__dict__.items():
            if value is None or value is True or value is False:
                continue
            place = path + endings[name]
            if isinstance(value, (tuple, list)):
                for index, item in enumerate(value):
                    self._see(element, name, item, f"{place}[{index}]")
            else:
                self._see(element, name, value, place)

    def _see(self, owner: WireModel, name: str, value: object, path: str) -> None:
        if isinstance(value, str):
            self.characters += len(value)
            # What is printable and not blank can be sent as it stands; that settles nearly every text at once.
            if not value.isprintable() or len(value) * 2 > LONG_TEXT or not value.strip():
                self.texts.append(Text(path, owner, name, value))
        elif isinstance(value, WireModel):
            self._walk(value, path)
        elif isinstance(value, datetime):
            self.instants.append((path, value))


@cache
def _families(kind: type[WireModel]) -> tuple[type[WireModel], ...]:
    """The class and the models it derives from: whoever asks for one also means what is built on it."""
    return tuple(base for base in kind.__mro__ if issubclass(base, WireModel) and base is not WireModel)


def is_blank(text: str | None) -> bool:
    """Whether there is nothing to read: left out, empty or white space."""
    return text is None or not text.strip()
