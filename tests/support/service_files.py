"""Reads the examples of the service: units of systemd, files of settings, the container's file and the compose file.

Each reader knows only what these examples use, and refuses the rest loudly, so that nothing escapes a test by its form.
What the values ought to be is for the tests.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

__all__ = [
    "COMPOSE",
    "DISPATCH",
    "ONE_HOST",
    "ONE_HOST_UNITS",
    "SERVICE",
    "SERVICES",
    "UNITS",
    "containerfile",
    "duration",
    "env_file",
    "of_container",
    "unit_environ",
    "values_of",
]

SERVICE = Path(__file__).resolve().parents[2] / "examples" / "service"

_UNITS_OF_TIME = {"s": 1, "m": 60, "min": 60, "h": 3600}
_KEY = re.compile(r"(?P<indent> *)(?P<key>[\w-]+):(?: (?P<value>\S.*))?")

Unit = Mapping[str, Sequence[tuple[str, str]]]


def _read_unit(text: str) -> dict[str, list[tuple[str, str]]]:
    """Section to its settings in order; a setting may come again. Continued and quoted lines are refused."""
    sections: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in _lines(text):
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
            continue
        name, equals, value = line.partition("=")
        assert equals, line
        assert not value.endswith("\\"), line
        assert '"' not in value, line
        current.append((name, value))
    return sections


def values_of(unit: Unit, name: str, *, section: str = "Service") -> list[str]:
    """All values of a setting, in order."""
    return [value for key, value in unit[section] if key == name]


def unit_environ(unit: Unit, *, settings: Mapping[str, str], state: Path, credentials: Path) -> dict[str, str]:
    """The variables that the service would have.

    Args:
        unit: Which unit.
        settings: What its settings file says; that wins over the unit, as with systemd.
        state: Stands for the folder of all state, `%S`.
        credentials: Stands for the folder of the credentials, `%d`.
    """
    own = dict(value.partition("=")[::2] for value in values_of(unit, "Environment"))
    return {
        name: value.replace("%S", str(state)).replace("%d", str(credentials))
        for name, value in {**own, **settings}.items()
    }


def _with_drop_in(unit: Unit, drop_in: Unit) -> Unit:
    """The unit with what stands beside it: a further value is one more, and an empty one takes back all before it."""
    merged = {section: list(settings) for section, settings in unit.items()}
    for section, settings in drop_in.items():
        for name, value in settings:
            if value:
                merged[section].append((name, value))
            else:
                merged[section] = [one for one in merged[section] if one[0] != name]
    return merged


def env_file(text: str) -> dict[str, str]:
    """The variables of a settings file, which systemd and containers read alike when nothing in it is quoted."""
    pairs = [line.partition("=") for line in _lines(text)]
    assert all(equals and not {*value} & set("\"' $#") for _, equals, value in pairs), text
    return {name: value for name, _, value in pairs}


def of_container(name: str, folder: Path = SERVICE) -> list[str]:
    """What an example's container file says to one instruction, in order."""
    return [value for instruction, value in containerfile(folder) if instruction == name]


def _instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a container's file in order, continued lines joined."""
    joined = re.sub(r" *\\\n *", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line]


def containerfile(folder: Path = SERVICE) -> list[tuple[str, str]]:
    """The instructions of an example."""
    return _instructions((folder / "Containerfile").read_text(encoding="utf-8"))


def _read_compose(text: str) -> dict[str, Any]:
    """Mappings inside mappings, by two spaces; lists and empty mappings are written as JSON, the rest is plain text."""
    root: dict[str, Any] = {}
    open_ones = [root]
    for line in _lines(text):
        found = _KEY.fullmatch(line)
        assert found, line
        depth, odd = divmod(len(found["indent"]), 2)
        assert not odd, line
        assert depth < len(open_ones), line
        del open_ones[depth + 1 :]
        value = found["value"]
        assert found["key"] not in open_ones[depth], line
        if value is None:
            value = {}
            open_ones.append(value)
        elif value[0] in "[{":
            value = json.loads(value)
        else:
            assert value[0] not in "\"'|>&*!%@`", line
            assert " #" not in value, line
            assert ": " not in value, line
        open_ones[depth][found["key"]] = value
    return root


def duration(text: str) -> timedelta:
    """A span such as `5min`, as systemd writes it, or `5m`, as compose does."""
    found = re.fullmatch(r"(\d+)([a-z]+)", text)
    assert found, text
    return timedelta(seconds=int(found[1]) * _UNITS_OF_TIME[found[2]])


def _lines(text: str) -> Iterator[str]:
    """Lines that say something; a comment has a line of its own in all these files."""
    return (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


UNITS = {path.stem: _read_unit(path.read_text(encoding="utf-8")) for path in sorted(SERVICE.glob("*.service"))}
"""The units by their names."""
DISPATCH = UNITS["tipline-dispatch"]
_DROP_IN = _read_unit((SERVICE / "one-host.conf").read_text(encoding="utf-8"))
ONE_HOST_UNITS = {name: _with_drop_in(unit, _DROP_IN) for name, unit in UNITS.items()}
"""The same, as they are on a host that shares nothing."""
COMPOSE = _read_compose((SERVICE / "compose.yaml").read_text(encoding="utf-8"))
ONE_HOST = _read_compose((SERVICE / "one-host.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if service["image"] == "tipline"
}
"""Those services of the compose file that run the command, by their names."""
