"""Are the files there that a submission names: present, not empty, readable, and files at all.

Looks into the JSON itself, so that a missing file is named even beside other mistakes. It opens each file and reads
none of it; the client digests them when it copies them. Of an object in a store only the URL is looked at.
"""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tipline_client.errors import EvidenceError, Issue, Severity
from tipline_client.evidence.objects import check_url, file_of

__all__ = ["check_evidence"]


def check_evidence(text: bytes, *, folder: Path) -> list[Issue]:
    """An error for each item of evidence whose file cannot be taken.

    Args:
        text: The submission's JSON; what is no JSON has no evidence to look for.
        folder: What paths are relative to.
    """
    found = []
    for index, item in _items(text):
        path, url = item.get("path"), item.get("url")
        if path is not None and url is not None:
            message = "Both path and url are given. Say with one of them where the file lies."
            found.append(_issue(f"evidence[{index}].url", "evidence-path-and-url", message))
        elif path is None and url is None:
            message = "The path of the file is missing. Give it, or the url of an object."
            found.append(_issue(f"evidence[{index}].path", "evidence-path-missing", message))
        elif isinstance(path, str) and (problem := _problem(folder, path)) is not None:
            found.append(_issue(f"evidence[{index}].path", *problem))
        elif isinstance(url, str) and (problem := _problem_of_url(url)) is not None:
            found.append(_issue(f"evidence[{index}].url", *problem))
    return found


def _problem_of_url(url: str) -> tuple[str, str] | None:
    try:
        path = file_of(check_url(url))
    except EvidenceError as error:
        return "evidence-url", f"The URL cannot be taken: {error}. {error.hint}"
    return None if path is None else _problem(Path("/"), path)


def _items(text: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        tree = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return
    evidence = tree.get("evidence") if isinstance(tree, dict) else None
    items = evidence if isinstance(evidence, list) else [evidence]
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield index, item


def _problem(folder: Path, path: str) -> tuple[str, str] | None:
    """Rule and message of what is wrong with a file, if anything is."""
    try:
        # Not to wait for a writer, should it be a pipe.
        descriptor = os.open(folder / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return "evidence-missing", f"There is no file {path!r} beside the submission. Correct the path."
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is unusable"
        return "evidence-unreadable", f"The file {path!r} cannot be read: {reason}."
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return "evidence-not-a-file", f"{path!r} is no ordinary file. Name a file."
    if status.st_size == 0:
        return "evidence-empty", f"The file {path!r} is empty. Restore it, or leave the item out."
    return None


def _issue(path: str, rule: str, message: str) -> Issue:
    return Issue(
        path=path,
        rule=rule,
        severity=Severity.ERROR,
        message=message,
        source="form of a submission file",
    )
