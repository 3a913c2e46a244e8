"""`tipline render`: the XML that would be sent, byte for byte."""

import sys

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import issue_view
from tipline_client.cli.reporting import issue_lines
from tipline_client.cli.submissions import FileRules, Prepared, read_files
from tipline_client.cli.without_home import rules_without_home, start_without_home
from tipline_client.errors import ReportInvalidError
from tipline_client.models import FileDetails, Submission
from tipline_client.profiles.encode import encode

__all__ = ["render"]

PLACEHOLDER_REPORT_ID = 1
PLACEHOLDER_FILE_ID = "0"


def render(
    file: str,
    *,
    evidence: int | None = None,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Print the report document as it would be sent, in UTF-8; or with --evidence the fileDetails document of one file.

    One document each time. Report id 1 and file id 0 stand where the endpoint's ids will be. Issues go to standard
    error; the files of evidence need not be there, nor a home or an endpoint.

    Example: tipline render case-4711.json

    Args:
        file: A submission file; - for standard input.
        evidence: Index of an item of evidence, from 0.
        options: Shared options.
    """
    session = start_without_home(options)
    rules = rules_without_home(session)
    [read] = read_files([file], rules=rules, reporter=session.settings.reporter, with_evidence=False)
    if len(read.submissions) != 1:
        raise CommandError(f"{read.name} holds {len(read.submissions)} submissions", hint="Render one at a time.")
    [prepared] = read.submissions
    submission = prepared.submission
    if submission is None or not prepared.is_acceptable:
        raise ReportInvalidError(prepared.issues)
    xml = _document(submission, evidence, rules)
    if session.output.as_json:
        issues = [issue_view(issue) for issue in prepared.issues]
        session.output.finish({"xml": xml.decode(), "issues": issues})
        return ExitCode.OK
    _note(prepared)
    session.output.write(xml + b"\n")
    return ExitCode.OK


def _document(submission: Submission, evidence: int | None, rules: FileRules) -> bytes:
    if evidence is None:
        return encode(submission.report, "report", newer=rules.newer_elements).xml
    if not 0 <= evidence < len(submission.evidence):
        raise CommandError(f"there is no evidence[{evidence}]", hint=f"It has {len(submission.evidence)} item(s).")
    said = submission.evidence[evidence].details.to_json_dict()
    details = FileDetails.model_validate({"reportId": PLACEHOLDER_REPORT_ID, "fileId": PLACEHOLDER_FILE_ID, **said})
    return encode(details, "fileDetails", newer=rules.newer_elements).xml


def _note(prepared: Prepared) -> None:
    if prepared.issues:
        sys.stderr.write("\n".join(issue_lines(prepared)) + "\n")
