"""What callers hand to a builder by mistake, refused with the argument's name. No message shows the value itself."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from tipline_client.errors import Issue, ReportInvalidError
from tipline_client.evidence import Evidence
from tipline_client.models import (
    IncidentSummary,
    IntendedRecipient,
    InternetDetails,
    PersonOrUserReported,
    Report,
    Reporter,
    Victim,
)
from tipline_client.models.scalars import Instant
from tipline_client.validation import rules_outside

__all__ = ["evidence_of", "instant_of", "make_report", "optional_text", "refuse", "text_of", "tuple_of"]

_HINT = "Correct the named argument of the builder."
_ARGUMENT_OF = {
    "incidentSummary": "incident",
    "reporter": "reporter",
    "personOrUserReported": "reported",
    "internetDetails": "where",
    "intendedRecipient": "intended_recipients",
    "victim": "victims",
    "additionalInfo": "additional_info",
}
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def refuse(argument: str, expected: str) -> NoReturn:
    """Refuse an argument.

    Args:
        argument: Its name, with the index of the item where there are several.
        expected: What is wrong and what is expected, in words; free of content.

    Raises:
        ReportInvalidError: Always.
    """
    raise ReportInvalidError([_issue(argument, expected)], hint=_HINT)


def _issue(argument: str, expected: str) -> Issue:
    return rules_outside.ARGUMENT.at(argument, expected=expected).as_issue()


def kind_of(value: object) -> str:
    """What a value is, in words that show nothing of it."""
    return "None" if value is None else f"of type {type(value).__name__}"


def text_of(argument: str, value: object) -> str:
    """Text that is not blank.

    Raises:
        ReportInvalidError: It is something else.
    """
    if not isinstance(value, str):
        refuse(argument, f"Text is expected, and this is {kind_of(value)}.")
    if not value.strip():
        refuse(argument, "Text that is not blank is expected.")
    return value


def optional_text(argument: str, value: object) -> str | None:
    """Text that is not blank, or `None`.

    Raises:
        ReportInvalidError: It is something else.
    """
    return None if value is None else text_of(argument, value)


def instant_of(argument: str, value: object) -> datetime:
    """A moment in UTC, with its microseconds.

    Raises:
        ReportInvalidError: It is no datetime, has no zone, or never was.
    """
    if not isinstance(value, datetime):
        refuse(argument, f"A datetime with a zone is expected, and this is {kind_of(value)}.")
    try:
        _INSTANT.validate_python(value)
    except ValidationError as error:
        refuse(argument, f"The datetime cannot be taken: {error.errors()[0]['msg']}.")
    return value.astimezone(UTC)


def tuple_of(argument: str, value: object) -> tuple[Any, ...]:
    """A list of things as a tuple; text is no list.

    Raises:
        ReportInvalidError: It is something else.
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        refuse(argument, f"A list is expected, and this is {kind_of(value)}.")
    return tuple(value)


def evidence_of(argument: str, value: object) -> Evidence:
    """A file of evidence.

    Raises:
        ReportInvalidError: It is something else.
    """
    if not isinstance(value, Evidence):
        refuse(argument, f"Evidence is expected, such as Evidence.from_path(...), and this is {kind_of(value)}.")
    return value


def make_report(
    *,
    incident: IncidentSummary,
    reporter: Reporter,
    reported: PersonOrUserReported | None,
    where: Sequence[InternetDetails],
    intended_recipients: Sequence[IntendedRecipient],
    victims: Sequence[Victim],
    additional_info: str | None,
) -> Report:
    """The report, from what the caller said and nothing else.

    Raises:
        ReportInvalidError: With every argument that is wrong; two persons reported are one of them.
    """
    if isinstance(reported, Sequence):
        refuse(
            "reported",
            f"One PersonOrUserReported is expected, and this is a list of {len(reported)}. "
            "A report accuses one person: build a report for each.",
        )
    given = {
        "incidentSummary": incident,
        "internetDetails": where,
        "reporter": reporter,
        "personOrUserReported": reported,
        "intendedRecipient": intended_recipients,
        "victim": victims,
        "additionalInfo": additional_info,
    }
    try:
        return Report.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    raise ReportInvalidError(
        list(dict.fromkeys(_issue(_place(problem["loc"]), f"{_sentence(problem)}.") for problem in problems)),
        hint=_HINT,
    )


def _place(location: Sequence[int | str]) -> str:
    """The argument that holds what was refused, and where in it."""
    first, *rest = location
    parts = [_ARGUMENT_OF[str(first)], *rest]
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", ".".join(map(str, parts)))


def _sentence(problem: Mapping[str, Any]) -> str:
    words = str(problem["msg"]).rstrip(".")
    return words[:1].upper() + words[1:]
