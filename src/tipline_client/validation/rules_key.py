"""Rules about the idempotency key: it is a name in a database, storable there, and no twin of another by its looks."""

import unicodedata
from collections.abc import Iterator

from tipline_client.validation.rule import RECOMMENDATION, Check, Finding, error, warning
from tipline_client.validation.subject import Subject

__all__ = ["CHECKS", "RULES"]

HALF_A_CHARACTER = error(
    "key-half-a-character",
    summary="The idempotency key consists of whole characters.",
    message="idempotencyKey holds half of a character (a lone surrogate), which no database can store. Use another "
    "key, or leave it out: it is then derived from the content.",
    source=RECOMMENDATION,
)
SPACE_AROUND = error(
    "key-space-around",
    summary="The idempotency key neither begins nor ends with white space.",
    message="idempotencyKey begins or ends with white space. Take it away: keys are compared to the letter, so the "
    "same case under the key without it would be filed a second time.",
    source=RECOMMENDATION,
)
NOT_COMPOSED = warning(
    "key-not-composed",
    summary="The idempotency key is written in composed characters, Unicode's form NFC.",
    message="idempotencyKey has a letter and its accent as two characters where there is one for both. Bring your "
    "keys into the form NFC, unless this case was handed in so before.",
    source=f"{RECOMMENDATION}; Unicode Standard Annex 15",
    why="Keys are compared to the letter and never changed, so the same case under the key that looks alike is filed "
    "a second time.",
)

RULES = (HALF_A_CHARACTER, SPACE_AROUND, NOT_COMPOSED)


def check_key(subject: Subject) -> Iterator[Finding]:
    """The key can be written as UTF-8, and is not easily taken for another."""
    key = subject.submission.idempotency_key or ""
    try:
        key.encode()
    except UnicodeEncodeError:
        yield HALF_A_CHARACTER.at("idempotencyKey")
        return
    if key != key.strip():
        yield SPACE_AROUND.at("idempotencyKey")
    if not unicodedata.is_normalized("NFC", key):
        yield NOT_COMPOSED.at("idempotencyKey")


CHECKS: tuple[Check[Subject], ...] = (check_key,)
