"""One submission as text, read and checked, and turned into what the client takes. Nothing here queues or sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tipline_client.bulk.evidence_paths import check_evidence
from tipline_client.delivery.environment import Environment
from tipline_client.dispatch.enqueueing import check
from tipline_client.errors import Issue, Severity
from tipline_client.evidence import Evidence
from tipline_client.models import Submission
from tipline_client.profiles import EndpointSchema
from tipline_client.validation import MAX_INPUT_BYTES, read_submission
from tipline_client.validation.checking import in_order

__all__ = ["FileRules", "Prepared", "prepare"]


@dataclass(frozen=True, slots=True)
class FileRules:
    """What a submission is checked against, known without credentials.

    Attributes:
        environment: Where a filing would count. Production where no endpoint is named: it has the most warnings.
        schema: The endpoint's own schema, where it was fetched.
    """

    environment: Environment = Environment.PRODUCTION
    schema: EndpointSchema | None = None

    @property
    def newer_elements(self) -> frozenset[tuple[str, str]]:
        """Elements beyond the schema of November 2025 that the endpoint is known to have."""
        return self.schema.newer_elements if self.schema else frozenset()


@dataclass(frozen=True, slots=True)
class Prepared:
    """One submission as read and checked.

    Attributes:
        source: Where it stands: a file, or a file and its line.
        folder: What its paths are relative to.
        submission: The submission, if it could be read.
        issues: Errors first, then warnings.
    """

    source: str
    folder: Path
    submission: Submission | None
    issues: tuple[Issue, ...] = field(repr=False)

    @property
    def is_acceptable(self) -> bool:
        """Whether it can be queued."""
        return self.submission is not None and not self.errors

    @property
    def errors(self) -> int:
        """How many issues block it."""
        return sum(issue.severity is Severity.ERROR for issue in self.issues)

    def evidence(self) -> list[Evidence]:
        """Its files, for the client.

        Raises:
            ConfigurationError: One is in an object store, and the extra for those is not installed.
        """
        items = self.submission.evidence if self.submission else ()
        return [
            Evidence.from_path(self.folder / (item.path or ""), details=item.details, mode=item.mode or "copy")
            if item.url is None
            else Evidence.from_url(item.url, details=item.details, mode=item.mode or "copy")
            for item in items
        ]


def prepare(
    text: bytes | Mapping[str, Any],
    *,
    source: str,
    folder: Path,
    rules: FileRules,
    reporter: Mapping[str, Any] | None,
    now: datetime,
    with_evidence: bool = True,
    max_bytes: int = MAX_INPUT_BYTES,
) -> Prepared:
    """Read and check one submission; nothing is raised for what it holds.

    Args:
        text: Its JSON, or what a reader made of another form, with `Unread` where nothing could be read.
        source: Where it stands, in words.
        folder: What its paths are relative to.
        rules: What to check against.
        reporter: Stands in a report that names none.
        now: The present moment.
        with_evidence: Whether the files of evidence must be there.
        max_bytes: Largest text read.
    """
    result = read_submission(text, profile=rules, reporter=reporter, now=now, max_bytes=max_bytes)
    issues = result.issues
    if result.submission is not None and result.is_acceptable:
        # `read_submission` has validated it; what is left is the endpoint's own schema.
        issues = check(result.submission, rules, now=now) if rules.schema is not None else issues
    names_evidence = result.submission is None or bool(result.submission.evidence)
    if with_evidence and names_evidence:
        issues = in_order([*issues, *check_evidence(text, folder=folder)])
    return Prepared(source, folder, result.submission, issues)
