"""The lines about a submission that could, or could not, be taken."""

from tipline_client.cli.submissions import Prepared

__all__ = ["issue_lines"]


def issue_lines(prepared: Prepared) -> list[str]:
    """A headline and a line for each issue."""
    warnings = len(prepared.issues) - prepared.errors
    verdict = "acceptable" if prepared.is_acceptable else "not acceptable"
    lines = [f"{prepared.source}: {verdict}, {prepared.errors} error(s), {warnings} warning(s)"]
    for issue in prepared.issues:
        lines += [f"  {issue.severity}: {issue.path}: {issue.message}", f"      [{issue.rule}; {issue.source}]"]
    return lines
