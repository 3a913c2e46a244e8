"""From untyped input to a submission, with every issue on the way and never only the first.

A refused value hides what stands beside it, and rules need an instance. So what an issue points at is taken away and
the rest is read again, until an instance exists; the rules then run on it. Such an instance only serves to find more:
it is never handed out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from tipline_client.errors import Issue, Severity
from tipline_client.models import EvidenceItem, Report, Reporter, Submission
from tipline_client.validation import type_rules as rules
from tipline_client.validation.checking import CLOCK_SKEW, find, in_order, validate
from tipline_client.validation.json_text import ROOT, parse
from tipline_client.validation.refusals import Refusal, findings_of, kind_of
from tipline_client.validation.rule import EndpointRules, Finding
from tipline_client.validation.tree import Tree, wrap_bare_report

__all__ = ["MAX_INPUT_BYTES", "ReadResult", "read_submission", "validate_report"]

MAX_INPUT_BYTES = 16 * 1024 * 1024
"""Largest submission read unless the caller says otherwise; evidence stands in files of its own."""

# Enough for every chain of required parents, with room; each round takes something away.
_ROUNDS = 32


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What was read.

    Attributes:
        submission: The submission, unless the input has the wrong names, types or form.
        issues: Errors first, then warnings, each in the order of the document. A submission that could be read may
            still have errors.
    """

    submission: Submission | None
    issues: tuple[Issue, ...]

    @property
    def is_acceptable(self) -> bool:
        """Whether it can be queued: it was read, and no issue is an error."""
        return self.submission is not None and all(issue.severity is not Severity.ERROR for issue in self.issues)


def read_submission(
    data: bytes | str | Mapping[str, Any],
    *,
    profile: EndpointRules,
    reporter: Reporter | Mapping[str, Any] | None = None,
    now: datetime | None = None,
    clock_skew: timedelta = CLOCK_SKEW,
    max_bytes: int = MAX_INPUT_BYTES,
) -> ReadResult:
    """Read a submission and find every issue of it.

    Args:
        data: JSON text, or what a JSON reader made of it; names in either spelling.
        profile: The endpoint it is meant for.
        reporter: Stands in where the report names no reporter, typically from configuration.
        now: The present moment, aware; the system's clock by default.
        clock_skew: Tolerance for clocks, as in `validate`.
        max_bytes: Largest JSON text read.

    Returns:
        The submission and its issues. Nothing is raised, whatever the input holds.
    """
    parsed: Any = data
    if isinstance(data, (bytes, str)):
        parsed, broken = parse(data, max_bytes=max_bytes)
        if broken is not None:
            return ReadResult(None, (broken.as_issue(),))
    if not isinstance(parsed, Mapping):
        is_array = isinstance(parsed, (list, tuple))
        finding = rules.ARRAY.at(ROOT) if is_array else rules.OBJECT.at(ROOT, given=kind_of(parsed))
        return ReadResult(None, (finding.as_issue(),))
    wrapped = wrap_bare_report(parsed)
    tree = Tree(parsed if wrapped is None else wrapped)
    if reporter is not None:
        tree.add_reporter(reporter)
    findings = list(tree.findings)
    if wrapped is not None:
        findings.append(rules.BARE_REPORT.at("report"))
    submission, refused = _read(tree)
    findings += refused
    if submission is None:
        return ReadResult(None, in_order(finding.as_issue() for finding in findings))
    if not findings:
        return ReadResult(submission, validate(submission, profile, now=now, clock_skew=clock_skew))
    found = (tree.restored(finding) for finding in find(submission, profile, now=now, clock_skew=clock_skew))
    findings += [finding for finding in found if tree.supports(finding)]
    return ReadResult(None, in_order(finding.as_issue() for finding in findings))


def validate_report(
    report: Report | Mapping[str, Any],
    profile: EndpointRules,
    *,
    evidence: Sequence[EvidenceItem | Mapping[str, Any]] = (),
    now: datetime | None = None,
    clock_skew: timedelta = CLOCK_SKEW,
) -> tuple[Issue, ...]:
    """Every issue of a report, typed or not, as a submission of it would have.

    Args:
        report: The report, as a model or in the JSON form.
        profile: The endpoint it is meant for.
        evidence: What is known of its files.
        now: The present moment, aware; the system's clock by default.
        clock_skew: Tolerance for clocks, as in `validate`.

    Returns:
        Errors first, then warnings, each in the order of the document; paths begin with `report` or `evidence`.
    """
    data = {"report": report, "evidence": list(evidence)}
    return read_submission(data, profile=profile, now=now, clock_skew=clock_skew).issues


def _read(tree: Tree) -> tuple[Submission | None, list[Finding]]:
    """The submission that remains when everything refused is taken away, and what was refused."""
    findings: list[Finding] = []
    for _ in range(_ROUNDS):
        try:
            return Submission.model_validate(tree.root), findings
        except ValidationError as refused:
            errors = refused.errors(include_url=False, include_input=False)
        # Unknown names first: what they were probably meant for is then not reported as missing.
        for entry in sorted(errors, key=lambda error: error["type"] != "unknown_name"):
            place = tree.locate(entry["loc"])
            refusal = Refusal(
                kind=entry["type"],
                context=entry.get("ctx", {}),
                path=place.path,
                field=place.field,
                value=place.value,
                is_item=place.is_item,
            )
            # What was taken away may be missed now: that is no fault of the input.
            findings += [finding for finding in findings_of(refusal) if not tree.is_touched(finding.path, below=True)]
            tree.doom(place, refusal)
        if not tree.prune():
            break
    return None, findings
