"""Records that wait until it is known where they end: their bytes, and a few more for each, since a great many may."""

from array import array
from collections.abc import Iterator

__all__ = ["Held"]


class Held:
    """Records that stand one behind the other in a file."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._lengths = array("I")
        self._why = array("I")
        self._problems = {"": 0}
        self._line = self._position = 0

    def add(self, line: int, raw: bytes, position: int, problem: str) -> None:
        """Hold one more.

        Args:
            line: The number of its first line.
            raw: Its bytes.
            position: How many bytes of the file are behind it.
            problem: Why it is none of this table.
        """
        if not self._lengths:
            self._line, self._position = line, position - len(raw)
        self._raw += raw
        self._lengths.append(len(raw))
        # There are a few kinds of them, in however many records.
        self._why.append(self._problems.setdefault(problem, len(self._problems)))

    @property
    def has_problem(self) -> bool:
        """Whether one of them is none of this table."""
        return len(self._problems) > 1

    def __iter__(self) -> Iterator[tuple[int, bytes, int, str]]:
        """Each as it was added."""
        problems = list(self._problems)
        line, start = self._line, 0
        for length, why in zip(self._lengths, self._why, strict=True):
            raw = bytes(self._raw[start : start + length])
            start += length
            yield line, raw, self._position + start, problems[why]
            line += raw.count(b"\n")

    def joined(self) -> tuple[int, bytes, int]:
        """All of them as one: the number of its first line, its bytes, and how many of the file are behind it."""
        return self._line, bytes(self._raw), self._position + len(self._raw)
