"""Rules about evidence: what is claimed of a file, and which claims exclude each other.

Each rule stands beside the check that finds it. Whether the file itself exists is not known here.
"""

from collections import Counter
from collections.abc import Iterator

from tipline_client.models import EvidenceDetails, OriginalFileHash
from tipline_client.validation.rule import (
    DOCUMENTATION,
    RECOMMENDATION,
    SCHEMA,
    Check,
    Finding,
    error,
    warning,
)
from tipline_client.validation.subject import Subject, is_blank

__all__ = ["CHECKS", "RULES"]

UPLOADED_IN_FUTURE = error(
    "upload-time-in-future",
    summary="The time of upload lies in the past.",
    message="The time of upload lies in the future by more than the tolerance for clocks. Give the moment at which "
    "the user uploaded the file, and check the time zone and this machine's clock.",
    source=f"{DOCUMENTATION}, uploadedToEspTimestamp",
)
UPLOADED_AHEAD = warning(
    "upload-time-ahead-of-clock",
    summary="The time of upload is not ahead of this machine's clock, not even within the tolerance.",
    message="The time of upload is slightly ahead of this machine's clock; it is sent as it stands. Set the clock of "
    "the machine that recorded it.",
    source=f"{DOCUMENTATION}, uploadedToEspTimestamp",
    why="The endpoint may refuse a time that it takes for the future.",
)
EXIF_WITHOUT_FILE = error(
    "exif-viewed-without-file-viewed",
    summary="Who viewed a file's metadata viewed the file.",
    message="exifViewedByEsp is true and fileViewedByEsp is not. Say fileViewedByEsp true only if a person viewed the "
    "entire file; otherwise leave exifViewedByEsp out.",
    source=f"{DOCUMENTATION}, fileViewedByEsp",
)
SUPPLEMENTAL_MEME = error(
    "supplemental-potential-meme",
    summary="A supplemental file bears no potential-meme mark.",
    message="A file that is Supplemental Reported must not be marked as a potential meme. Take the mark away, or "
    "report the file itself.",
    source=f"{DOCUMENTATION}, fileRelevance",
)
SUPPLEMENTAL_CLASS = error(
    "supplemental-classification",
    summary="A supplemental file has no industryClassification.",
    message="A file that is Supplemental Reported must not have industryClassification. Leave it out, or report the "
    "file itself.",
    source=f"{DOCUMENTATION}, fileRelevance",
)
OLD_MEME_MARK = error(
    "potential-meme-at-file-level",
    summary="The potential-meme mark stands in fileAnnotations.",
    message="potentialMeme at file level is the old form, which the documentation no longer has. Say it as "
    "fileAnnotations.potentialMeme, or leave it out where it is false.",
    source=f"{DOCUMENTATION}, fileAnnotations; the {SCHEMA} still has both",
)
FILE_NAME = error(
    "file-name-undocumented",
    summary="The name of a file is given as originalFileName.",
    message="fileName is not documented. Say it as originalFileName.",
    source=f"{DOCUMENTATION}, fileDetails; the {SCHEMA} still has it",
)
HASH_BLANK = warning(
    "file-hash-blank",
    summary="originalFileHash holds a digest.",
    message="The digest is blank and is sent as it stands. Give it, or leave originalFileHash out.",
    source=f"{RECOMMENDATION}; the {SCHEMA} lets it be empty",
    why="Nothing can be looked up by it, and an analyst may take it for a digest that was lost.",
)
HASH_TYPE_BLANK = error(
    "file-hash-type-blank",
    summary="hashType names the algorithm.",
    message="hashType is blank. Name the algorithm, such as MD5 or SHA1.",
    source=f"{DOCUMENTATION}, originalFileHash",
)
HASH_FORM = warning(
    "file-hash-form",
    summary="A digest has the form of its algorithm.",
    message="The value is no {algorithm} digest, which has {digits} hexadecimal digits. Give the digest in "
    "hexadecimal, or correct hashType.",
    source=RECOMMENDATION,
    why="A digest in another form never matches in the databases in which it is looked up.",
)
HASH_REPEATED = warning(
    "file-hash-repeated",
    summary="A digest is claimed once.",
    message="The same digest is claimed already, at {first}. Leave out the repetition, or check that the files were "
    "not mixed up.",
    source=RECOMMENDATION,
    why="Two files with one digest are the same file, or one of the claims is wrong.",
)
HASH_CONFLICT = warning(
    "file-hash-conflict",
    summary="A file has one digest for each algorithm.",
    message="{count} different {algorithm} digests are claimed for one file. Keep the one of the file as the user "
    "uploaded it.",
    source=RECOMMENDATION,
    why="A file has one such digest, so the claims contradict each other.",
)

RULES = (
    UPLOADED_IN_FUTURE,
    UPLOADED_AHEAD,
    EXIF_WITHOUT_FILE,
    SUPPLEMENTAL_MEME,
    SUPPLEMENTAL_CLASS,
    OLD_MEME_MARK,
    FILE_NAME,
    HASH_BLANK,
    HASH_TYPE_BLANK,
    HASH_FORM,
    HASH_REPEATED,
    HASH_CONFLICT,
)

_SUPPLEMENTAL = "Supplemental Reported"
_HEX_DIGITS = {"MD5": 32, "SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128}


def check_times(subject: Subject) -> Iterator[Finding]:
    """The time of upload against the clock."""
    for path, details in subject.each(EvidenceDetails):
        moment = details.uploaded_to_esp_timestamp
        if moment is None or moment <= subject.now:
            continue
        rule = UPLOADED_IN_FUTURE if moment - subject.now > subject.clock_skew else UPLOADED_AHEAD
        yield rule.at(f"{path}.uploadedToEspTimestamp")


def check_claims(subject: Subject) -> Iterator[Finding]:
    """Claims that need or exclude each other."""
    for path, details in subject.each(EvidenceDetails):
        if details.exif_viewed_by_esp is True and details.file_viewed_by_esp is not True:
            yield EXIF_WITHOUT_FILE.at(f"{path}.exifViewedByEsp", reads=(f"{path}.fileViewedByEsp",))
        if details.file_relevance == _SUPPLEMENTAL:
            marks = details.file_annotations
            if marks is not None and marks.potential_meme:
                yield SUPPLEMENTAL_MEME.at(f"{path}.fileAnnotations.potentialMeme")
            if details.potential_meme:
                yield SUPPLEMENTAL_MEME.at(f"{path}.potentialMeme")
            if details.industry_classification is not None:
                yield SUPPLEMENTAL_CLASS.at(f"{path}.industryClassification")


def check_old_forms(subject: Subject) -> Iterator[Finding]:
    """Elements that the schema has and the documentation has not."""
    for path, details in subject.each(EvidenceDetails):
        if details.potential_meme is not None:
            yield OLD_MEME_MARK.at(f"{path}.potentialMeme")
        if details.file_name is not None:
            yield FILE_NAME.at(f"{path}.fileName")


def check_digests(subject: Subject) -> Iterator[Finding]:
    """Digests that say nothing, or of which one contradicts another."""
    first: dict[tuple[str, str], str] = {}
    for path, digest in subject.each(OriginalFileHash):
        algorithm = _algorithm(digest)
        if is_blank(digest.hash_type):
            yield HASH_TYPE_BLANK.at(f"{path}.hashType")
        if is_blank(digest.value):
            yield HASH_BLANK.at(path)
            continue
        digits = _HEX_DIGITS.get(algorithm)
        if digits is not None and not _is_hex(digest.value.strip(), digits):
            yield HASH_FORM.at(path, reads=(f"{path}.hashType",), algorithm=algorithm, digits=digits)
        earlier = first.setdefault((algorithm, digest.value.strip().casefold()), path)
        if earlier != path:
            yield HASH_REPEATED.at(path, reads=(earlier,), first=earlier)
    for path, details in subject.each(EvidenceDetails):
        claimed = {(_algorithm(digest), digest.value.strip().casefold()) for digest in details.original_file_hash}
        counts = Counter(algorithm for algorithm, text in claimed if text)
        for algorithm, count in sorted(counts.items()):
            if count > 1 and algorithm in _HEX_DIGITS:
                yield HASH_CONFLICT.at(f"{path}.originalFileHash", count=count, algorithm=algorithm)


def _algorithm(digest: OriginalFileHash) -> str:
    return digest.hash_type.strip().upper().replace("-", "").replace("_", "")


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and all(character in "0123456789abcdefABCDEF" for character in text)


CHECKS: tuple[Check[Subject], ...] = (check_times, check_claims, check_old_forms, check_digests)
