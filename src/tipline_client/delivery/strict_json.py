"""How JSON that must be believed or refused is read: closed to unknown and repeated members, bounded, silent.

Signed envelopes, manifests and receipts are read through these two functions. Every refusal names the member and
never its value. Nothing here knows what a document means.
"""

import json
from collections.abc import Mapping
from typing import Any

from tipline_client.errors import EnvelopeError

__all__ = ["read_json", "read_members", "write_json"]


def write_json(value: object) -> bytes:
    """JSON in its one spelling here: sorted members, no white space, ASCII alone.

    ASCII, so that lone surrogates of user-generated text survive the way through bytes.

    Args:
        value: Mappings with text keys, sequences, text, finite numbers, booleans, `None`.

    Raises:
        TypeError: `value` holds something else.
        ValueError: `value` holds a number that is not finite.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return text.encode("ascii")


def read_json(data: bytes, *, what: str, limit: int) -> Any:
    """Parse one JSON document.

    Args:
        data: The whole document, UTF-8.
        what: The document's name for messages: `envelope`.
        limit: Largest accepted size in bytes.

    Raises:
        EnvelopeError: Too large, not UTF-8, not JSON, nested too deeply, or a member is given twice.
    """
    if len(data) > limit:
        raise EnvelopeError(f"{what}: {len(data)} bytes, {limit} allowed")
    # The refusal is raised outside the handler: the parser's exception carries the document with it.
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_refuse_constant)
    except _RepeatedMemberError:
        reason = "a member is given twice"
    except (ValueError, RecursionError):
        reason = "not a JSON document"
    raise EnvelopeError(f"{what}: {reason}")


def read_members(
    value: object, *, what: str, kinds: Mapping[str, type], optional: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """Check that `value` is an object with exactly these members, each of its kind.

    Args:
        value: What `read_json` returned, or a part of it.
        what: The object's name for messages: `manifest[0]`.
        kinds: Member to `str`, `int`, `list`, `dict` or `bool`; a boolean is not taken for a number.
        optional: Likewise, for members that may be left out.

    Returns:
        The members.

    Raises:
        EnvelopeError: No object, a member is missing, unknown or of another kind.
    """
    if not isinstance(value, dict):
        raise EnvelopeError(f"{what}: an object is expected")
    missing = sorted(kinds.keys() - value.keys())
    if missing:
        raise EnvelopeError(f"{what}: missing {', '.join(missing)}")
    known = {**kinds, **(optional or {})}
    unknown = len(value.keys() - known.keys())
    if unknown:
        raise EnvelopeError(f"{what}: {unknown} unknown member(s)")
    for name, member in value.items():
        if type(member) is not known[name]:
            raise EnvelopeError(f"{what}: {name} is of the wrong kind")
    return value


class _RepeatedMemberError(Exception):
    """An object names one member twice, so two readers could believe different things."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedMemberError
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")
