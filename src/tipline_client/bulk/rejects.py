"""What was not taken: its bytes as they were, and beside them a line with its number and its issues.

Files that are there already are never written to; new ones are readable by their owner alone, since what was rejected
is content. They appear with the first reject.
"""

import errno
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from tipline_client.bulk.sources import Item, Source
from tipline_client.errors import ConfigurationError, Issue

__all__ = ["Rejects", "is_reasons"]

_MOST = 10_000
_REASONS = ".issues.jsonl"


class Rejects:
    """The rejects of one source.

    Args:
        source: Whose.
        path: Where to, if not beside the source; it must not be there yet.
    """

    def __init__(self, source: Source, path: Path | None = None) -> None:
        self._source = source
        self._named = path
        self._lines: BinaryIO | None = None
        self._issues: BinaryIO | None = None
        self.path: Path | None = None
        """The file with the lines, once there is one."""
        self.issues_path: Path | None = None
        """The file with the issues, once there is one."""
        self._next_line = 1

    def add(self, item: Item, issues: tuple[Issue, ...]) -> None:
        """Write one item unchanged, and what is wrong with it.

        Args:
            item: What was rejected; of one that is too long the rest is read from the source here.
            issues: Why.

        Raises:
            ConfigurationError: It cannot be written.
        """
        try:
            issues_file = self._issues or self._open()
            if self._lines is not None and item.raw:
                self._copy(self._lines, item)
            issues_file.write(json.dumps(self._view(item, issues)).encode() + b"\n")
            issues_file.flush()
            if self._lines is not None and item.raw:
                # A record in quotes may have several lines.
                self._next_line += max(1, item.raw.count(b"\n"))
        except OSError as error:
            raise self._unwritten(error) from None

    def close(self) -> None:
        """Close the files.

        Raises:
            ConfigurationError: Their last bytes cannot be written.
        """
        try:
            for file in (self._lines, self._issues):
                if file is not None:
                    file.flush()
                    os.fsync(file.fileno())
                    file.close()
        except OSError as error:
            raise self._unwritten(error) from None

    def _copy(self, file: BinaryIO, item: Item) -> None:
        file.write(item.raw)
        last = item.raw
        for part in item.rest:
            file.write(part)
            last = part
        if not last.endswith(b"\n"):
            # The last line of a source that was cut off: what follows here must not be joined to it.
            file.write(b"\n")
        file.flush()

    def _view(self, item: Item, issues: tuple[Issue, ...]) -> dict[str, Any]:
        return {
            "file": self._source.name if item.line else item.label,
            "line": item.line or None,
            "rejectLine": self._next_line if self._lines is not None and item.raw else None,
            "issues": [
                {
                    "path": issue.path,
                    "rule": issue.rule,
                    "severity": issue.severity.value,
                    "message": issue.message,
                    **({"column": item.columns[issue.path]} if issue.path in item.columns else {}),
                }
                for issue in issues
            ],
        }

    def _open(self) -> BinaryIO:
        wanted = self._named or self._source.rejects_path
        base = wanted or self._source.folder / f"{Path(self._source.name).name or 'folder'}.rejects"
        for number in range(1, _MOST):
            path = base if number == 1 else base.with_name(f"{base.stem}-{number}{base.suffix}")
            issues_path = path.with_name(f"{path.stem if wanted else path.name}{_REASONS}")
            if path.exists() or issues_path.exists():
                if self._named is not None:
                    break
                continue
            self._issues = _new(issues_path)
            self.issues_path = issues_path
            if self._source.rejects_path is not None:
                self._lines = _new(path)
                self.path = path
                self._lines.write(self._source.head)
                self._next_line += self._source.head.count(b"\n")
            return self._issues
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _unwritten(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"the rejects of {self._source.name} cannot be written: {error.strerror}",
            hint="Name a new file with --rejects, in a folder that this user may write to and on a disk with room; the "
            "same command goes on.",
        )


def is_reasons(path: Path) -> bool:
    """Whether a file, by its name, is what an earlier run wrote beside its rejects: reasons, and no submissions."""
    return path.name.endswith(_REASONS)


def _new(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "wb")
