"""How JSON is read strictly: UTF-8, each name once, numbers of 64 bits, nothing beyond the standard.

A text that is no JSON ends here with one finding. What JSON can write and no report can hold is marked in the tree, so
that whoever walks it can say where. Nothing here knows a report.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from tipline_client.validation import type_rules as rules
from tipline_client.validation.rule import Finding

__all__ = ["BAD_NUMBER", "ROOT", "RepeatedNames", "Unread", "parse"]

ROOT: Final = "submission"
"""The path of the whole, where no element can be named."""

_LONGEST_INTEGER = 20
_LEAST, _MOST = -(2**63), 2**63 - 1


class RepeatedNames(dict[str, Any]):
    """An object that gives a name twice.

    Attributes:
        repeated: The names given twice.
    """

    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _BadNumber:
    """Stands where a number is not finite or needs more than 64 bits."""


BAD_NUMBER: Final = _BadNumber()


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands where a reader of another form, such as a table, had no value that can be taken.

    Attributes:
        finding: Why; its path is that of the place where this stands.
    """

    finding: Finding


def parse(data: bytes | str, *, max_bytes: int) -> tuple[Any, Finding | None]:
    """Read one JSON document.

    A byte-order mark at its beginning is passed over: editors on some systems write one.

    Args:
        data: The document; bytes must be UTF-8.
        max_bytes: Largest size accepted, in bytes of UTF-8.

    Returns:
        The tree, or what keeps the whole from being read.
    """
    size = len(data) if isinstance(data, bytes) or len(data) > max_bytes else len(data.encode(errors="surrogatepass"))
    if size > max_bytes:
        return None, rules.TOO_LARGE.at(ROOT, size=size, limit=max_bytes)
    try:
        text = data.decode() if isinstance(data, bytes) else data
        return _parse_text(text.removeprefix("\ufeff")), None
    except UnicodeDecodeError as broken:
        return None, rules.NOT_UTF8.at(ROOT, byte=broken.start)
    except json.JSONDecodeError as broken:
        rule = rules.MORE_JSON if broken.msg == "Extra data" else rules.BAD_JSON
        return None, rule.at(ROOT, line=broken.lineno, column=broken.colno)
    except RecursionError:
        return None, rules.TOO_DEEP.at(ROOT)


def _parse_text(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=lambda _: BAD_NUMBER,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    counts = Counter(name for name, _ in pairs)
    marked = RepeatedNames(members)
    marked.repeated = frozenset(name for name in members if counts[name] > 1)
    return marked


def _integer(digits: str) -> Any:
    if len(digits) > _LONGEST_INTEGER or not _LEAST <= (number := int(digits)) <= _MOST:
        return BAD_NUMBER
    return number


def _float(digits: str) -> Any:
    number = float(digits)
    return number if math.isfinite(number) else BAD_NUMBER
