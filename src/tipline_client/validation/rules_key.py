"""The rule about the idempotency key: it is a name in a database, and must be storable there."""

from collections.abc import Iterator

from tipline_client.validation.rule import RECOMMENDATION, Check, Finding, error
from tipline_client.validation.subject import Subject

__all__ = ["CHECKS", "RULES"]

HALF_A_CHARACTER = error(
    "key-half-a-character",
    summary="The idempotency key consists of whole characters.",
    message="idempotencyKey holds half of a character (a lone surrogate), which no database can store. Use another "
    "key, or leave it out: it is then derived from the content.",
    source=RECOMMENDATION,
)

RULES = (HALF_A_CHARACTER,)


def check_key(subject: Subject) -> Iterator[Finding]:
    """The key can be written as UTF-8."""
    try:
        (subject.submission.idempotency_key or "").encode()
    except UnicodeEncodeError:
        yield HALF_A_CHARACTER.at("idempotencyKey")


CHECKS: tuple[Check[Subject], ...] = (check_key,)
