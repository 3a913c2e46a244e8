"""A user reported a picture to the company: the report of it, with what the user said as the user's word.

What a user chose or wrote is no statement of the company. It goes into `additionalInfo` as a quotation, and never
becomes an incident type, a mark on the file, or a claim that somebody viewed it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tipline_client.builders import unsaid
from tipline_client.builders.arguments import (
    evidence_of,
    instant_of,
    kind_of,
    make_report,
    optional_text,
    refuse,
    tuple_of,
)
from tipline_client.builders.draft import Draft, make_draft
from tipline_client.evidence import Evidence
from tipline_client.models import (
    IncidentSummary,
    IntendedRecipient,
    InternetDetails,
    PersonOrUserReported,
    Reporter,
    Victim,
)
from tipline_client.models.scalars import write_instant
from tipline_client.validation import EndpointRules
from tipline_client.validation.rule import Finding

__all__ = ["UserReport", "user_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReport:
    """What a user reported to the company. What is not known is left out.

    Attributes:
        reported_at: When the user did, aware; kept in UTC.
        category: What the user chose from your form, in its words.
        words: What the user wrote.
        reporting_user: Your identifier of the user's account, if your policy allows to name it.

    Raises:
        ReportInvalidError: A value is of another type, blank, has no zone, or has lines where one is expected; it
            names the argument.
    """

    reported_at: datetime | None = None
    category: str | None = None
    words: str | None = field(default=None, repr=False)
    reporting_user: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("category", "words", "reporting_user"):
            text = optional_text(name, getattr(self, name))
            if name != "words" and text is not None and len(text.splitlines()) > 1:
                refuse(name, "One line is expected; what the user wrote freely goes into `words`.")
        if self.reported_at is not None:
            object.__setattr__(self, "reported_at", instant_of("reported_at", self.reported_at))

    def as_text(self, pictures: int) -> str:
        """What is said of it in the report, a line for each fact.

        Args:
            pictures: How many pictures the user reported.
        """
        what = "the attached picture" if pictures == 1 else f"the {pictures} attached pictures"
        when = "" if self.reported_at is None else f" at {write_instant(self.reported_at)}"
        lines = [f"A user of the service reported {what} to the reporting company{when}."]
        if self.category is not None:
            lines.append(f'Category that the user chose: "{self.category}"')
        if self.words is not None:
            # Each line is marked, so that no line of theirs can pass for one of the company's.
            lines += [
                "In the words of the user, each line after a '>':",
                *(f"> {row}" for row in self.words.splitlines()),
            ]
        if self.reporting_user is not None:
            lines.append(f"Account of the user who reported it: {self.reporting_user}")
        return "\n".join(lines)


def user_report(
    incident: IncidentSummary,
    *,
    pictures: Evidence | Sequence[Evidence],
    said: UserReport,
    reporter: Reporter,
    profile: EndpointRules,
    reported: PersonOrUserReported | None = None,
    where: Sequence[InternetDetails] = (),
    intended_recipients: Sequence[IntendedRecipient] = (),
    victims: Sequence[Victim] = (),
    additional_info: str | None = None,
    now: datetime | None = None,
) -> Draft:
    """A report of pictures that a user reported to the company.

    Args:
        incident: What happened and when; both are yours to say, whatever the user chose.
        pictures: The pictures, with what is said of each; one alone may be given without a list.
        said: What the user reported; it is added to `additionalInfo` of the report.
        reporter: The company that files the report; not the user.
        profile: The endpoint that the draft is meant for; `missing` depends on it.
        reported: The one person whom the report accuses.
        where: On which kinds of service it happened.
        intended_recipients: For whom the pictures were meant.
        victims: Children who were harmed or are at risk.
        additional_info: Anything else; it comes before what the user said.
        now: The present moment, aware; the system's clock by default.

    Returns:
        The draft, and what an analyst will miss in it.

    Raises:
        ReportInvalidError: An argument is wrong; it names the argument.
        ValueError: `now` has no zone.
    """
    found = (pictures,) if isinstance(pictures, Evidence) else tuple_of("pictures", pictures)
    if not found:
        refuse("pictures", "At least one picture is expected.")
    evidence = [evidence_of(f"pictures[{index}]", picture) for index, picture in enumerate(found)]
    if not isinstance(said, UserReport):
        refuse("said", f"A UserReport is expected, and this is {kind_of(said)}.")
    before = optional_text("additional_info", additional_info)
    text = said.as_text(len(evidence))
    report = make_report(
        incident=incident,
        reporter=reporter,
        reported=reported,
        where=where,
        intended_recipients=intended_recipients,
        victims=victims,
        additional_info=text if before is None else f"{before}\n{text}",
    )
    return make_draft(report, evidence, profile=profile, now=now, unsaid=_unsaid(said, evidence, now=now))


def _unsaid(said: UserReport, evidence: Sequence[Evidence], *, now: datetime | None) -> Iterator[Finding]:
    place = "report.additionalInfo"
    if said.reported_at is None:
        yield unsaid.FLAG_TIME.at(place)
    elif unsaid.is_ahead(said.reported_at, now=now):
        yield unsaid.FLAG_AHEAD.at(place)
    if said.category is None and said.words is None:
        yield unsaid.FLAG_REASON.at(place)
    if said.reporting_user is None:
        yield unsaid.FLAG_USER.at(place)
    for index, picture in enumerate(evidence):
        yield from unsaid.check_upload(picture, f"evidence[{index}]")
