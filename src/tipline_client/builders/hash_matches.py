"""A file matched a list of hashes: the report of it, with the match as the caller states it.

A match says that a digest is in a list. It does not say that anybody viewed the file, nor what class it is, and the
class that a list gives is the list's word: it is passed on as such and never becomes `industryClassification`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from tipline_client.builders import unsaid
from tipline_client.builders.arguments import (
    evidence_of,
    kind_of,
    make_report,
    optional_text,
    refuse,
    text_of,
    tuple_of,
)
from tipline_client.builders.draft import Draft, make_draft, with_details
from tipline_client.evidence import Evidence
from tipline_client.models import (
    Details,
    EvidenceDetails,
    IncidentSummary,
    IntendedRecipient,
    InternetDetails,
    NameValuePair,
    OriginalFileHash,
    PersonOrUserReported,
    Reporter,
    Victim,
)
from tipline_client.validation import EndpointRules
from tipline_client.validation.rule import Finding

__all__ = ["HashMatch", "MatchedFile", "hash_match"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashMatch:
    """One digest of a file that is in a list.

    Attributes:
        algorithm: Name of the algorithm, such as `MD5`, `SHA1` or `PDQ`; at most 64 UTF-16 units.
        digest: The digest of the file as the user uploaded it, in the usual text form of the algorithm.
        hash_list: Name of the list, as whoever reads the report knows it.
        listed_digest: The digest in the list, where the comparison tolerates a distance.
        distance: How far the two are apart, in the algorithm's own measure, 0 or more.
        listed_as: The class that the list gives; passed on in its words.

    Raises:
        ReportInvalidError: A value is of another type, blank, or too long; it names the argument.
    """

    algorithm: str
    digest: str = field(repr=False)
    hash_list: str | None = None
    listed_digest: str | None = field(default=None, repr=False)
    distance: int | None = None
    listed_as: str | None = None

    def __post_init__(self) -> None:
        text_of("algorithm", self.algorithm)
        text_of("digest", self.digest)
        for name in ("hash_list", "listed_digest", "listed_as"):
            optional_text(name, getattr(self, name))
        for name in ("algorithm", "digest", "listed_digest"):
            value = getattr(self, name)
            if value is not None and value != value.strip():
                refuse(name, "No white space is expected around it: whoever compares it would find no match.")
        distance: object = self.distance
        if distance is not None and (not isinstance(distance, int) or isinstance(distance, bool) or distance < 0):
            refuse("distance", "A whole number, 0 or more, is expected.")
        try:
            self.as_hash()
        except ValidationError:
            refuse("algorithm", "At most 64 UTF-16 units are expected.")

    def as_hash(self) -> OriginalFileHash:
        """The file's digest as the wire has it."""
        return OriginalFileHash(value=self.digest, hash_type=self.algorithm)

    def as_metadata(self) -> Details:
        """The match as the wire has it: names and values about a hash."""
        pairs = {
            "Algorithm": self.algorithm,
            "Digest of the file": self.digest,
            "Hash list": self.hash_list,
            "Digest in the list": self.listed_digest,
            "Distance": None if self.distance is None else str(self.distance),
            "Class given by the list": self.listed_as,
        }
        said = [NameValuePair(name=name, value=value) for name, value in pairs.items() if value is not None]
        return Details(type="HASH", name_value_pair=said)


@dataclass(frozen=True, slots=True)
class MatchedFile:
    """A file with its matches.

    Attributes:
        evidence: The file, with what is said of it; claims such as `file_viewed_by_esp` are yours to make here.
        matches: Its matches, at least one; one alone may be given without a list.

    Raises:
        ReportInvalidError: An argument is of another type, or there is no match.
    """

    evidence: Evidence
    matches: Sequence[HashMatch]

    def __init__(self, evidence: Evidence, matches: HashMatch | Sequence[HashMatch]) -> None:
        found = (matches,) if isinstance(matches, HashMatch) else tuple_of("matches", matches)
        if not found:
            refuse("matches", "At least one HashMatch is expected.")
        for index, match in enumerate(found):
            if not isinstance(match, HashMatch):
                refuse(f"matches[{index}]", f"A HashMatch is expected, and this is {kind_of(match)}.")
        object.__setattr__(self, "evidence", evidence_of("evidence", evidence))
        object.__setattr__(self, "matches", found)

    def as_evidence(self) -> Evidence:
        """The file with its digests and matches added to what is said of it; a digest is claimed once."""
        details = self.evidence.details
        digests = {_folded(digest): digest for digest in details.original_file_hash}
        for match in self.matches:
            digests.setdefault(_folded(match.as_hash()), match.as_hash())
        added = {
            "original_file_hash": tuple(digests.values()),
            "details": (*details.details, *(match.as_metadata() for match in self.matches)),
        }
        said = {name: getattr(details, name) for name in details.model_fields_set}
        return with_details(self.evidence, EvidenceDetails.model_validate(said | added))


def hash_match(
    incident: IncidentSummary,
    *,
    files: MatchedFile | Sequence[MatchedFile],
    reporter: Reporter,
    profile: EndpointRules,
    reported: PersonOrUserReported | None = None,
    where: Sequence[InternetDetails] = (),
    intended_recipients: Sequence[IntendedRecipient] = (),
    victims: Sequence[Victim] = (),
    additional_info: str | None = None,
    now: datetime | None = None,
) -> Draft:
    """A report of files whose hashes are in a list.

    Each match becomes an `originalFileHash` of its file, and metadata of the type `HASH` with the list's name.

    Args:
        incident: What happened and when; both are yours to say.
        files: The files that matched, with their matches.
        reporter: Who files the report.
        profile: The endpoint that the draft is meant for; `missing` depends on it.
        reported: The one person whom the report accuses.
        where: On which kinds of service it happened.
        intended_recipients: For whom the content was meant.
        victims: Children who were harmed or are at risk.
        additional_info: Anything else.
        now: The present moment, aware; the system's clock by default.

    Returns:
        The draft, and what an analyst will miss in it.

    Raises:
        ReportInvalidError: An argument is wrong; it names the argument.
        ValueError: `now` has no zone.
    """
    found = (files,) if isinstance(files, MatchedFile) else tuple_of("files", files)
    if not found:
        refuse("files", "At least one MatchedFile is expected.")
    for index, file in enumerate(found):
        if not isinstance(file, MatchedFile):
            refuse(f"files[{index}]", f"A MatchedFile is expected, and this is {kind_of(file)}.")
    report = make_report(
        incident=incident,
        reporter=reporter,
        reported=reported,
        where=where,
        intended_recipients=intended_recipients,
        victims=victims,
        additional_info=additional_info,
    )
    evidence = [file.as_evidence() for file in found]
    return make_draft(report, evidence, profile=profile, now=now, unsaid=_unsaid(found))


def _unsaid(files: Sequence[MatchedFile]) -> Iterator[Finding]:
    for index, file in enumerate(files):
        path = f"evidence[{index}]"
        nameless = sum(1 for match in file.matches if match.hash_list is None)
        if nameless:
            yield unsaid.HASH_LIST.at(f"{path}.details.details", count=nameless)
        yield from unsaid.check_upload(file.evidence, path)


def _folded(digest: OriginalFileHash) -> tuple[str, str]:
    return digest.hash_type.strip().upper().replace("-", "").replace("_", ""), digest.value.strip().casefold()
