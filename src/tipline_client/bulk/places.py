"""Wire paths that a mapping file may name: found among the fields of a submission, with help for those that are not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from tipline_client.errors import ConfigurationError
from tipline_client.models import EvidenceItem, Submission, WireModel
from tipline_client.models.outline import FieldOutline, Kind, outline
from tipline_client.validation.shape import Loc, parse_path, shape_of

__all__ = ["Target", "as_lists", "item_target", "leaves", "resolve", "write"]

_FORM = re.compile(r"[A-Za-z_]\w*(\[\d{1,3}\])?(\.[A-Za-z_]\w*(\[\d{1,3}\])?)*")


@dataclass(frozen=True, slots=True)
class Target:
    """A place of one value.

    Attributes:
        path: As the wire has it.
        kind: What may stand there.
        segments: Names and positions.
    """

    path: str
    kind: Kind
    segments: Loc


def resolve(path: str, *, root: type[WireModel] = Submission) -> Target:
    """The place that a path names.

    Args:
        path: In wire names, from the root of the submission, or of an item of evidence.
        root: Which of the two.

    Raises:
        ConfigurationError: There is none, or it holds more than one value.
    """
    if not _FORM.fullmatch(path):
        raise ConfigurationError(f"{path!r} is no wire path", hint="Write one such as report.reporter.legalURL.")
    kind: type[WireModel] | None = root
    field: FieldOutline | None = None
    segments: list[str | int] = []
    for segment in parse_path(path):
        if isinstance(segment, int):
            if field is None or not field.is_repeated:
                hint = "Leave the position out."
                raise ConfigurationError(f"{path}: what stands before [{segment}] does not repeat", hint=hint)
            segments.append(segment)
            continue
        _close(segments, field)
        field = _member(path, segment, kind)
        kind = field.model
        segments.append(field.wire)
    if field is None:
        raise _unknown(path, path, root)
    _close(segments, field)
    if kind is None:
        return Target(_written(segments), field.kind, tuple(segments))
    text = shape_of(kind).text
    if text is None:
        names = ", ".join(inner.wire for inner in outline(kind))
        raise ConfigurationError(f"{path} holds no value itself", hint=f"Name one of its members: {names}.")
    # A bare value would exclude its attributes, for which another column may stand.
    segments.append(text.wire)
    return Target(_written(segments), text.kind, tuple(segments))


def _close(segments: list[str | int], field: FieldOutline | None) -> None:
    """What repeats and has no position is the first one."""
    if field is not None and field.is_repeated and not isinstance(segments[-1], int):
        segments.append(0)


def _member(path: str, segment: str, kind: type[WireModel] | None) -> FieldOutline:
    found = None if kind is None else shape_of(kind).fields.get(segment)
    if found is None or (kind is Submission and found.wire == "evidence"):
        raise _unknown(path, segment, kind)
    return found


def _unknown(path: str, segment: str, kind: type[WireModel] | None) -> ConfigurationError:
    names = [] if kind is None else [field.wire for field in outline(kind)]
    if kind is Submission:
        names.remove("evidence")
        if segment == "evidence":
            return ConfigurationError(f"{path}: evidence has tables of its own", hint="Write [[evidence]].")
    nearest = get_close_matches(segment, names, n=1, cutoff=0.5)
    hint = f"Did you mean {nearest[0]}?" if nearest else f"There are: {', '.join(names) or 'no members'}."
    return ConfigurationError(f"{path}: there is no {segment}", hint=hint)


def _written(segments: list[str | int]) -> str:
    words = [f"[{segment}]" if isinstance(segment, int) else f".{segment}" for segment in segments]
    return "".join(words).removeprefix(".")


def write(tree: dict[str, Any], target: Target, value: Any) -> None:
    """Put a value at its place; positions are keys until `as_lists` makes arrays of them."""
    node: Any = tree
    for segment in target.segments[:-1]:
        node = node.setdefault(segment, {})
    node[target.segments[-1]] = value


def as_lists(tree: Any) -> Any:
    """The tree with arrays where it has positions; those that nothing stands at are closed up."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(key, int) for key in tree):
        return [as_lists(tree[key]) for key in sorted(tree)]
    return {name: as_lists(value) for name, value in tree.items()}


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a tree with arrays that is neither object nor array, with its path."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}[{index}]")
    else:
        yield path, tree


def item_target(path: str) -> Target:
    """The place in an item of evidence."""
    return resolve(path, root=EvidenceItem)
