"""The way out, in a Django project's own words: `settings.TIPLINE` for a variable, `manage.py tipline` for the command.

The errors of this package say how the command and the environment would do it. A project has neither: what a variable
says elsewhere is a setting here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tipline_client.cli.variables import VARIABLES
from tipline_client.errors import TiplineError

__all__ = ["in_words_of_django", "telling"]

_VARIABLE: Final = re.compile(rf"\b({'|'.join(sorted(VARIABLES.values(), key=len, reverse=True))})\b(=?)")
_FILE: Final = re.compile(r",? or (`\w+`|\w+ = \w+) in tipline\.toml")

_COMMAND: Final = re.compile(r"(`|[:;,] )tipline (?=\w)")
"""Quoted, or at the end of a line of a verb's."""
_MIGRATE: Final = "`manage.py migrate` (where settings.TIPLINE names no DATABASE, `manage.py tipline migrate`)"
"""Django makes the tables of an outbox in its own database, with its own."""

_WORDS: Final = {
    "`tipline migrate`": _MIGRATE,
    "Name it with TIPLINE_OUTBOX; in Python with `outbox=`": 'Name it as settings.TIPLINE["DATABASE"]',
    # What Django's own `--help` does not know.
    "`tipline --help`": "`manage.py tipline help`",
    "leave out `connection`": "call `client().enqueue`",
    "hand in its `connection`": "call `tipline_client.django.enqueue` in it",
}


def in_words_of_django(hint: str) -> str:
    """The same hint, for somebody who has the project before them."""
    hint = _FILE.sub("", hint)
    for words, of_django in _WORDS.items():
        hint = hint.replace(words, of_django)
    hint = _COMMAND.sub(r"\1manage.py tipline ", hint)
    return _VARIABLE.sub(
        lambda found: f'settings.TIPLINE["{found[1].removeprefix("TIPLINE_")}"]' + (" = " if found[2] else ""), hint
    )


@contextmanager
def telling() -> Iterator[None]:
    """Have every error that leaves the block say its way out in these words."""
    try:
        yield
    except TiplineError as error:
        error.hint = in_words_of_django(error.hint)
        raise
