"""What the endpoint refuses although its schema admits it.

Only rules that the documentation states or that were seen enforced: a time in the future, whitespace or control
characters in a web address, an EXIF claim without a viewed claim, and what a supplemental file may not carry. The
documented length limits are deliberately absent: nothing public shows that the endpoint enforces them. Knows no state
and no HTTP.
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lxml import etree

from tipline_client.mock.grammar import DocumentRefusedError, Problem
from tipline_client.mock.positions import Positions

__all__ = ["check_file_details", "check_report", "read_instant"]

_TRUE = frozenset({"true", "1"})


def check_report(tree: etree._Element, *, document: bytes, now: datetime) -> None:
    """Refuse a future `incidentDateTime` and a `url` with whitespace or control characters.

    Raises:
        DocumentRefusedError: Code 4100, with every finding.
    """
    _refuse(_report_findings(tree, now=now), document=document, tree=tree)


def check_file_details(tree: etree._Element, *, document: bytes, now: datetime) -> None:
    """Refuse a future upload time, EXIF viewed without the file viewed, and what a supplemental file may not carry.

    Raises:
        DocumentRefusedError: Code 4100, with every finding.
    """
    _refuse(_file_findings(tree, now=now), document=document, tree=tree)


def read_instant(text: str) -> datetime:
    """An `xs:dateTime` that the schema has accepted, as an aware instant; a value without a zone is read as UTC.

    Years that Python cannot hold become the earliest or latest instant it can: all the rules ask is past or future.
    """
    text = text.strip()
    if text.startswith("-"):
        return datetime.min.replace(tzinfo=UTC)
    if text.index("-") > 4:
        return datetime.max.replace(tzinfo=UTC)
    ends_the_day = "T24:" in text
    instant = datetime.fromisoformat(text.replace("T24:", "T00:"))
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant + timedelta(days=1) if ends_the_day else instant


def _report_findings(tree: etree._Element, *, now: datetime) -> Iterator[tuple[etree._Element, str]]:
    yield from _in_the_future(tree.find("incidentSummary/incidentDateTime"), now=now)
    for url in tree.iterfind("internetDetails/webPageIncident/url"):
        if any(character.isspace() or unicodedata.category(character) == "Cc" for character in url.text or ""):
            yield url, "The value of element 'url' contains whitespace or control characters."


def _file_findings(tree: etree._Element, *, now: datetime) -> Iterator[tuple[etree._Element, str]]:
    yield from _in_the_future(tree.find("uploadedToEspTimestamp"), now=now)
    exif_viewed = tree.find("exifViewedByEsp")
    if exif_viewed is not None and _is_true(exif_viewed) and not _is_true(tree.find("fileViewedByEsp")):
        yield exif_viewed, "Element 'fileViewedByEsp' must be true when 'exifViewedByEsp' is true."
    if tree.findtext("fileRelevance") == "Supplemental Reported":
        forbidden = [tree.find("industryClassification"), tree.find("fileAnnotations/potentialMeme")]
        file_level = tree.find("potentialMeme")
        forbidden.append(file_level if _is_true(file_level) else None)
        for element in forbidden:
            if element is not None:
                yield element, f"Element '{element.tag}' is not allowed for a file that is 'Supplemental Reported'."


def _in_the_future(element: etree._Element | None, *, now: datetime) -> Iterator[tuple[etree._Element, str]]:
    if element is not None and read_instant(element.text or "") > now:
        yield element, f"The value of element '{element.tag}' must be in the past."


def _is_true(element: etree._Element | None) -> bool:
    return element is not None and (element.text or "").strip() in _TRUE


def _refuse(findings: Iterator[tuple[etree._Element, str]], *, document: bytes, tree: etree._Element) -> None:
    positions = Positions(document, root=tree)
    problems = [Problem(*positions.after_end_tag(element), text) for element, text in findings]
    if problems:
        raise DocumentRefusedError(4100, sorted(problems))
