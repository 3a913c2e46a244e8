"""The endpoint's response codes and what each says, as data.

The documented list declares itself incomplete, so every number has a kind: by its own row, else by its family, else
"unusable", which never counts as success.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tipline_client.delivery.answers import AnswerKind

__all__ = ["CYBERTIPLINE_CODES", "kind_of", "phrase_of"]

_Row = tuple[AnswerKind, str]

CYBERTIPLINE_CODES: Mapping[int, _Row] = MappingProxyType(
    {
        0: (AnswerKind.SUCCESS, "success"),
        1000: (AnswerKind.SERVER_ERROR, "server error"),
        # Seen in recordings of 2016 for documents that break the schema.
        1001: (AnswerKind.INVALID, "malformed document"),
        1100: (AnswerKind.NOT_STORED, "save failed"),
        1110: (AnswerKind.NOT_STORED, "upload failed"),
        1111: (AnswerKind.NOT_STORED, "file upload failed"),
        1210: (AnswerKind.INVALID, "resource not found"),
        1300: (AnswerKind.NOT_STORED, "update failed"),
        2000: (AnswerKind.DENIED, "authentication required"),
        3000: (AnswerKind.DENIED, "not authorized for this action"),
        3100: (AnswerKind.DENIED, "not authorized to make submissions"),
        # Plausible for one report that belongs to another account, so it must not stop the others.
        3300: (AnswerKind.NOT_OURS, "not authorized to update this report"),
        4000: (AnswerKind.INVALID, "invalid request"),
        4100: (AnswerKind.INVALID, "validation failed"),
        4110: (AnswerKind.INVALID, "malformed XML"),
        4200: (AnswerKind.MALFORMED_FILE, "malformed file"),
        5001: (AnswerKind.NO_REPORT, "report does not exist"),
        5002: (AnswerKind.NO_FILE, "file does not exist"),
        5101: (AnswerKind.RETRACTED, "report already retracted"),
        5102: (AnswerKind.FINISHED, "report already finished"),
    }
)
"""Code to kind and to a phrase of ours; CyberTipline documentation, list of response codes."""

_FAMILIES = {
    1: (AnswerKind.SERVER_ERROR, "an undocumented server error"),
    2: (AnswerKind.DENIED, "an undocumented refusal of the credentials"),
    3: (AnswerKind.DENIED, "an undocumented lack of permission"),
    4: (AnswerKind.INVALID, "an undocumented refusal of the request"),
}
_UNKNOWN = (AnswerKind.UNUSABLE, "a code that is not documented")


def _row(code: int, codes: Mapping[int, _Row]) -> _Row:
    return codes.get(code) or _FAMILIES.get(code // 1000, _UNKNOWN)


def kind_of(code: int, codes: Mapping[int, _Row] = CYBERTIPLINE_CODES) -> AnswerKind:
    """What `code` says about a call."""
    return _row(code, codes)[0]


def phrase_of(code: int, codes: Mapping[int, _Row] = CYBERTIPLINE_CODES) -> str:
    """What `code` means, in words of ours: the endpoint's own description may quote the report."""
    return _row(code, codes)[1]
