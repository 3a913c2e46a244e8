"""How what names the command or a variable is said where a program with a command and settings of its own runs it.

Apart from those settings, since whatever speaks needs this, and a `--help` should import nothing more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["in_words_of_host", "worded_by"]

_wording: ContextVar[Callable[[str], str]] = ContextVar("wording", default=str)


def in_words_of_host(hint: str) -> str:
    """A hint in the words of the host whose settings are in force; as it is where there is none."""
    return _wording.get()(hint)


@contextmanager
def worded_by(wording: Callable[[str], str]) -> Iterator[None]:
    """Have hints said like this inside."""
    token = _wording.set(wording)
    try:
        yield
    finally:
        _wording.reset(token)
