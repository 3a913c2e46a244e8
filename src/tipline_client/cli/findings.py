"""What one finding of `doctor` is. Nothing here looks at anything."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Check", "Grade"]


class Grade(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the doctor.

    Attributes:
        name: The subject.
        grade: What it came to.
        detail: In words.
        hint: The way out, where one is needed.
    """

    name: str
    grade: Grade
    detail: str
    hint: str = ""
