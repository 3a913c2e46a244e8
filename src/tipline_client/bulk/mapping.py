"""A mapping file: which column of a table stands at which wire path, what is constant, and how dates are written.

Strict: whatever it says that is not known is refused before the first record is read, with the nearest right name.
"""

import csv
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from tipline_client._closed import reason_of
from tipline_client.bulk.dates import DateForm, wrong_form, zone_of
from tipline_client.bulk.parts import Column, Part
from tipline_client.bulk.places import Target, as_lists, item_target, leaves, resolve, write
from tipline_client.errors import ConfigurationError, Issue
from tipline_client.models import EvidenceItem, Submission
from tipline_client.models.outline import Kind
from tipline_client.validation import Unread, rules_outside

__all__ = ["CsvMapping", "read_mapping"]

_MAX_BYTES: Final = 1024 * 1024
_TABLES: Final = ("columns", "constants", "dates", "evidence", "delimiter", "line_breaks")
_DELIMITERS: Final = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True, slots=True)
class _File:
    """One file of evidence for each record; its first column is the one with its place."""

    part: Part
    place: str


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """What a mapping file says.

    Attributes:
        own: For the report and the rest of the submission.
        files: For the evidence.
        delimiter: What stands between two cells.
        names: The columns that are mapped.
        line_breaks: The columns whose cells may hold line breaks.
    """

    own: Part
    files: tuple[_File, ...] = ()
    delimiter: str = ","
    names: frozenset[str] = field(default=frozenset())
    line_breaks: frozenset[str] = field(default=frozenset())

    def check_header(self, header: Sequence[str]) -> list[str]:
        """The columns of a table that are not mapped.

        Raises:
            ConfigurationError: It has one twice, or lacks one that is mapped.
        """
        twice = {name for name in header if header.count(name) > 1 and name in self.names}
        if twice:
            raise ConfigurationError(f"the table has column {min(twice)!r} twice", hint="Rename one of them.")
        missing = [name for name in sorted(self.names | self.line_breaks) if name not in header]
        if missing:
            self._check_delimiter(header)
            nearest = get_close_matches(missing[0], header, n=1)
            # Not what stands there: without a header that would be the first case.
            hint = f"Did you mean {nearest[0]!r}?" if nearest else "Begin the table with a line that names its columns."
            raise ConfigurationError(f"the table has no column {missing[0]!r}, which the mapping file names", hint=hint)
        return [name for name in header if name not in self.names]

    def _check_delimiter(self, header: Sequence[str]) -> None:
        """Look whether a header that lacks a column is one of a table with another delimiter.

        Raises:
            ConfigurationError: It is, by its one column, or by the names that there are with the other one.
        """
        whole = self.delimiter.join(header)
        for other, words in _DELIMITERS.items():
            if other == self.delimiter or other not in whole:
                continue
            if len(header) == 1 or self.names <= {*next(csv.reader([whole], delimiter=other))}:
                ours = _DELIMITERS.get(self.delimiter, repr(self.delimiter))
                raise ConfigurationError(
                    f"its columns seem to be separated by {words}, and the mapping file says {ours}",
                    hint=f"Write delimiter = {json.dumps(other)} in the mapping file.",
                )

    def apply(self, record: dict[str, str]) -> tuple[dict[str, Any], list[Issue], dict[str, str]]:
        """The submission that a record makes.

        Args:
            record: Cells by their columns.

        Returns:
            The submission, with `Unread` where a cell breaks the mapping; why it does; and which column stands at
            which path.
        """
        tree = self.own.cells(record, "")
        self.own.complete(tree, record)
        places = dict(self.own.places(tree, ""))
        items: list[dict[str, Any]] = []
        for file in self.files:
            prefix = f"evidence[{len(items)}]."
            item = file.part.cells(record, prefix)
            if file.place not in item:
                if not _says_something(item):
                    continue
                # Something is said of a file that the record does not name: left out, it would be lost in silence.
                write(item, file.part.columns[0].target, Unread(rules_outside.NO_PATH.at(prefix + file.place)))
            file.part.complete(item, record)
            places |= file.part.places(item, prefix)
            items.append(item)
        document = as_lists(tree)
        document.setdefault("report", {})
        if items:
            document["evidence"] = [as_lists(item) for item in items]
        issues = [
            replace(value.finding, path=path).as_issue()
            for path, value in leaves(document)
            if isinstance(value, Unread)
        ]
        return document, issues, places


def _says_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_says_something, value.values()))
    return value is not False


def read_mapping(path: Path) -> CsvMapping:
    """Read a mapping file, TOML or with a name in `.json` JSON.

    Raises:
        ConfigurationError: It cannot be read, or says something that no mapping is.
    """
    form = "JSON" if path.suffix.lower() == ".json" else "TOML"
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {reason_of(error, path)}", hint="Name a mapping file with --map.") from None
    except ValueError:
        raise ConfigurationError(f"{path}: the path is unusable", hint="Name a mapping file with --map.") from None
    if len(text) > _MAX_BYTES:
        raise ConfigurationError(f"{path} is longer than 1 MiB", hint="Name a mapping file with --map, not the table.")
    try:
        words = text.decode("utf-8-sig")
        data = json.loads(words) if form == "JSON" else tomllib.loads(words)
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path} is not UTF-8, in line {line}", hint="Save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        hint = "Correct it there; text in TOML and JSON stands in quotes."
        raise ConfigurationError(f"{path} is not {form}: {reason}", hint=hint) from None
    try:
        return _mapping(data)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}", hint=error.hint) from None


def _mapping(data: Any) -> CsvMapping:
    return _Reader(_table(data, "the file")).mapping()


class _Reader:
    """Reads the tables of one file, and remembers what they have named."""

    def __init__(self, data: dict[str, Any]) -> None:
        _only(data, _TABLES, "the file")
        self._data = data
        self._forms = {name: _form(name, form) for name, form in _table(data.get("dates", {}), "dates").items()}
        self._unused = set(self._forms)
        self._taken: set[tuple[str, str]] = set()

    def mapping(self) -> CsvMapping:
        """What the file says."""
        data = self._data
        own = tuple(self._columns(data.get("columns", {}), "columns"))
        if not own:
            raise ConfigurationError("no column is mapped", hint='Write [columns] with lines such as "Case" = "..."')
        fixed = tuple(self._constants(data.get("constants", {}), "constants"))
        files = tuple(self._file(table, f"evidence[{at}]") for at, table in enumerate(_list(data.get("evidence", []))))
        if self._unused:
            name = min(self._unused)
            raise ConfigurationError(f"dates.{name}: no such column is mapped", hint="Map it, or take it out.")
        delimiter = data.get("delimiter", ",")
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
            raise ConfigurationError("delimiter is not one character", hint='Write one such as delimiter = ";".')
        names = frozenset(column.name for column in (*own, *(each for file in files for each in file.part.columns)))
        return CsvMapping(Part(Submission, own, fixed), files, delimiter, names, self._line_breaks())

    def _line_breaks(self) -> frozenset[str]:
        given = self._data.get("line_breaks")
        if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
            # Asked for, since only a person knows it, and a wrong quote means something else in either case.
            raise ConfigurationError(
                "line_breaks is expected, a list of the columns whose cells may hold line breaks",
                hint='Write line_breaks = [] above the tables if no cell does, or the columns, as ["Chat"].',
            )
        return frozenset(given)

    def _file(self, given: Any, where: str) -> _File:
        table = _table(given, where)
        _only(table, ("path", "url", "mode", "columns", "constants"), where)
        place = "url" if "url" in table else "path"
        if ("path" in table) is ("url" in table) or not isinstance(table[place], str):
            raise ConfigurationError(f"{where}: path or url is expected, the name of a column", hint="Give one.")
        mode = [(item_target("mode"), table["mode"])] if "mode" in table else []
        if mode and table["mode"] not in ("copy", "reference"):
            raise ConfigurationError(f"{where}: mode is copy or reference", hint="Leave it out for a copy.")
        first = Column(table[place], item_target(place))
        rest = tuple(self._columns(table.get("columns", {}), where, is_item=True))
        fixed = (*mode, *self._constants(table.get("constants", {}), where, is_item=True))
        return _File(Part(EvidenceItem, (first, *rest), fixed), place)

    def _columns(self, given: Any, where: str, *, is_item: bool = False) -> Iterator[Column]:
        for name, wanted in _table(given, where).items():
            for path in wanted if isinstance(wanted, list) else [wanted]:
                target = self._target(path, where, is_item=is_item)
                self._unused.discard(name)
                if name in self._forms and target.kind not in (Kind.INSTANT, Kind.DATE):
                    raise ConfigurationError(f"dates.{name}: {target.path} is no date", hint="Take it out of dates.")
                if name in self._forms and (reason := wrong_form(self._forms[name], target.kind)):
                    raise ConfigurationError(f"dates.{name}: {reason}", hint='Write a format such as "%d.%m.%Y %H:%M".')
                yield Column(name, target, self._forms.get(name))

    def _constants(self, given: Any, where: str, *, is_item: bool = False) -> Iterator[tuple[Target, Any]]:
        for path, value in _table(given, where).items():
            yield (
                self._target(path, where, is_item=is_item),
                value.isoformat() if isinstance(value, date) else value,
            )

    def _target(self, path: Any, where: str, *, is_item: bool) -> Target:
        """The place of a path that nothing else has."""
        target = _target(path, where, prefix="details." if is_item else "", is_item=is_item)
        key = (where if is_item else "", target.path)
        if key in self._taken:
            raise ConfigurationError(f"{target.path} is given twice", hint="Map one column or constant to it.")
        self._taken.add(key)
        return target


def _target(path: Any, where: str, *, prefix: str, is_item: bool) -> Target:
    if not isinstance(path, str):
        raise ConfigurationError(f"{where}: a wire path is expected", hint='Write one such as "report.additionalInfo".')
    try:
        return item_target(prefix + path) if is_item else resolve(path)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}", hint=error.hint) from None


def _form(name: str, given: Any) -> DateForm:
    where = f"dates.{name}"
    table = _table(given, where)
    _only(table, ("format", "zone"), where)
    form, zone = table.get("format"), table.get("zone")
    if not isinstance(form, str) or "%" not in form:
        raise ConfigurationError(f"{where}: format is expected", hint='Write one such as "%d.%m.%Y %H:%M".')
    found = zone_of(zone) if isinstance(zone, str) else None
    if zone is not None and found is None:
        raise ConfigurationError(f"{where}: the zone is unknown", hint='Write "Europe/Berlin", "+01:00" or "UTC".')
    return DateForm(form, found)


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where}: a table is expected", hint="See the page on bulk filing.")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigurationError("evidence: tables are expected", hint="Write [[evidence]].")
    return value


def _only(table: dict[str, Any], known: Sequence[str], where: str) -> None:
    for name in table:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            hint = f"Did you mean {nearest[0]}?" if nearest else f"There are: {', '.join(known)}."
            raise ConfigurationError(f"{where}: there is no {name}", hint=hint)
