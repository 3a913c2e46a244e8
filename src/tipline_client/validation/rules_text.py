"""Rules about any text or element, wherever it stands: characters, length, emptiness, elements newer than the schema.

All of them are answered from the one walk over the submission.
"""

from collections.abc import Iterator

from tipline_client.models import (
    Email,
    EvidenceItem,
    IncidentSummary,
    IpCaptureEvent,
    LawEnforcement,
    OriginalFileHash,
    Phone,
    TextElement,
)
from tipline_client.models.newer import find_newer
from tipline_client.models.scalars import utf16_units
from tipline_client.models.substitution import unsendable
from tipline_client.validation.rule import (
    DOCUMENTATION,
    OBSERVED,
    RECOMMENDATION,
    SCHEMA,
    Check,
    Finding,
    error,
    warning,
)
from tipline_client.validation.shape import shape_of
from tipline_client.validation.subject import LONG_TEXT, Subject, Text

__all__ = ["CHECKS", "RULES"]

NEWER = error(
    "element-newer-than-schema",
    summary="An element that the schema of November 2025 lacks is sent only to an endpoint known to have it.",
    message="The endpoint's schema is not known to have this element of {owner}. Fetch it with `tipline schema "
    "fetch`, or leave the element out and say the fact in additionalInfo.",
    source=f"{DOCUMENTATION}, newer than the {SCHEMA}",
)
REPLACED = warning(
    "character-replaced",
    summary="Text holds only characters that XML 1.0 can carry.",
    message="{character} cannot be sent and becomes U+FFFD, {count} time(s) here; the receipt records it.",
    source="XML 1.0, section 2.2",
    why="The text at the hotline differs from the one that the user wrote, so keep the original.",
)
LONG = warning(
    "text-over-3000",
    summary=f"Text has at most {LONG_TEXT} UTF-16 units where no limit is documented.",
    message="{units} UTF-16 units. No limit is documented here, and one is used in practice at 3000. Move what is "
    "long into an evidence file; nothing is cut off.",
    source=f"{OBSERVED}: a production client keeps to 3000 in additionalInfo and termsOfService",
    why="What lies beyond may be refused, or be passed over by a reader.",
)
EMPTY = warning(
    "empty-text",
    summary="Optional text is left out rather than empty.",
    message="The text is empty and will be left out. Fill it in, or leave it out yourself.",
    source=RECOMMENDATION,
    why="An empty text often stands for a value that was lost on the way here.",
)
BLANK = warning(
    "blank-text",
    summary="Text that is sent has something to read.",
    message="The text is blank and is sent as it stands. Fill it in, or leave the element out.",
    source=RECOMMENDATION,
    why="An analyst cannot tell whether there was nothing or something was lost.",
)
VERY_LARGE = warning(
    "document-very-large",
    summary="All texts together have at most a million characters.",
    message="All texts together have {count} characters. Move logs and long content into evidence files.",
    source=f"{RECOMMENDATION}; no limit of the whole is documented",
    why="Gateways refuse documents beyond some size, and nobody reads such a report to its end.",
)

RULES = (NEWER, REPLACED, LONG, EMPTY, BLANK, VERY_LARGE)

_VERY_LARGE = 1_000_000
# Elsewhere a blank has a rule of its own.
_OWN_RULE_FOR_BLANK = (
    (IncidentSummary, "escalate_to_high_priority"),
    (LawEnforcement, "agency_name"),
    (IpCaptureEvent, "ip_address"),
    (OriginalFileHash, "value"),
    (OriginalFileHash, "hash_type"),
)


def check_newer_elements(subject: Subject) -> Iterator[Finding]:
    """Facts that the endpoint's schema is not known to hold."""
    known = subject.profile.newer_elements
    for element in find_newer(subject.submission):
        if (element.owner, element.name) not in known:
            yield NEWER.at(element.path, owner=element.owner)


def check_texts(subject: Subject) -> Iterator[Finding]:
    """Every text that is not plainly sendable."""
    for text in subject.texts:
        if isinstance(text.owner, EvidenceItem):
            continue  # where the file lies is ours and never sent
        for code_point, count in unsendable(text.value).items():
            yield REPLACED.at(text.path, character=f"U+{code_point:04X}", count=count)
        units = utf16_units(text.value)
        if units > LONG_TEXT:
            yield LONG.at(text.path, units=units)
        if not text.value.strip() and not _has_own_rule(text):
            yield (EMPTY if _is_left_out(text) else BLANK).at(text.path)
    if subject.characters > _VERY_LARGE:
        yield VERY_LARGE.at("report", count=subject.characters)


def _has_own_rule(text: Text) -> bool:
    if any(isinstance(text.owner, owner) and text.name == name for owner, name in _OWN_RULE_FOR_BLANK):
        return True
    if isinstance(text.owner, (Email, Phone)) and text.name == text.owner.text_field():
        return any(value is not None for name, value in text.owner.__dict__.items() if name != text.name)
    return False


def _is_left_out(text: Text) -> bool:
    is_own_text = isinstance(text.owner, TextElement) and text.name == text.owner.text_field()
    return text.value == "" and not is_own_text and not shape_of(type(text.owner)).fields[text.name].is_required


CHECKS: tuple[Check[Subject], ...] = (check_newer_elements, check_texts)
