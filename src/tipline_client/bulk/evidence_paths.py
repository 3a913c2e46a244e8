"""Are the files there that a submission names: present, not empty, readable, and files at all.

Looks into the JSON itself, so that a missing file is named even beside other mistakes. It opens each file and reads
none of it; the client digests them when it copies them. Of an object in a store only the URL is looked at.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tipline_client._closed import reason_of
from tipline_client.errors import ConfigurationError, EvidenceError, Issue
from tipline_client.evidence.object_reading import check_installed
from tipline_client.evidence.objects import check_url, file_of
from tipline_client.validation import rules_outside as rules
from tipline_client.validation.rule import Finding

__all__ = ["check_evidence"]


def check_evidence(text: bytes | Mapping[str, Any], *, folder: Path) -> list[Issue]:
    """An error for each item of evidence whose file cannot be taken.

    Args:
        text: The submission's JSON, or what was read of it; what is no JSON has no evidence to look for.
        folder: What paths are relative to.
    """
    found: list[Finding] = []
    for index, item in _items(text):
        path, url = item.get("path"), item.get("url")
        problem = None
        if path is not None and url is not None:
            problem = rules.PATH_AND_URL.at(_place(index, "url"))
        elif path is None and url is None:
            problem = rules.NO_PATH.at(_place(index))
        elif isinstance(path, str):
            problem = _problem(_place(index), folder, path)
        elif isinstance(url, str):
            problem = _problem_of_url(_place(index, "url"), url)
        if problem is not None:
            found.append(problem)
    return [finding.as_issue() for finding in found]


def _problem_of_url(place: str, url: str) -> Finding | None:
    try:
        path = file_of(check_url(url))
        if path is None:
            # Without it this submission cannot be queued, and every other one can.
            check_installed()
    except (EvidenceError, ConfigurationError) as error:
        return rules.BAD_URL.at(place, reason=str(error), hint=error.hint)
    return None if path is None else _problem(place, Path("/"), path)


def _items(text: bytes | Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        tree = json.loads(text.decode("utf-8-sig")) if isinstance(text, bytes) else text
    except (ValueError, RecursionError):
        return
    evidence = tree.get("evidence") if isinstance(tree, Mapping) else None
    items = evidence if isinstance(evidence, list) else [evidence]
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield index, item


def _problem(place: str, folder: Path, path: str) -> Finding | None:
    """What is wrong with a file, if anything is."""
    shown = repr(path)
    try:
        # Not to wait for a writer, should it be a pipe.
        descriptor = os.open(folder / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return rules.NO_FILE.at(place, file=shown)
    except (OSError, ValueError) as error:
        reason = reason_of(error, folder / path)
        return rules.FILE_UNREADABLE.at(place, file=shown, reason=reason)
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return rules.NOT_A_FILE.at(place, file=shown)
    if status.st_size == 0:
        return rules.EMPTY_FILE.at(place, file=shown)
    return None


def _place(index: int, member: str = "path") -> str:
    return f"evidence[{index}].{member}"
