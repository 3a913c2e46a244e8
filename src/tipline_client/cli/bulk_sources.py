"""Which words of a command line name many submissions, and how each is read."""

import io
import json
import sys
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from tipline_client.bulk import (
    CsvMapping,
    CsvSource,
    FileSource,
    FolderSource,
    LineSource,
    Source,
    Stream,
    read_mapping,
)
from tipline_client.bulk.sources import BOM, MAX_LINE_BYTES, is_lines
from tipline_client.cli.arguments import STDIN
from tipline_client.cli.exit_codes import CommandError

__all__ = ["bulk_sources", "csv_source", "is_folder"]

_LOOKED_AT = 64
"""How many lines of standard input may be bad before it is taken for a single document."""

_PATIENCE = 1.0
"""Seconds that a single submission may be followed by nothing before it is queued."""


def bulk_sources(
    files: Sequence[str], *, is_bulk: bool, map_file: str | None = None, is_recursive: bool = False
) -> list[Source] | None:
    """A source for each word, if one of them names many submissions or many are meant.

    Standard input that turns out to be a single submission stays as it was for whoever reads it next.

    Args:
        files: The words.
        is_bulk: Whether even a single submission is handed in this way.
        map_file: The mapping file of CSV files.
        is_recursive: Whether folders in a folder are looked into.

    Raises:
        CommandError: A file is named twice, or a CSV file without a mapping file or the other way round.
        ConfigurationError: The mapping file is wrong.
    """
    if len(files) != len(set(files)):
        raise CommandError("a file is named twice", hint="Name each file once.")
    mapping = None if map_file is None else read_mapping(Path(map_file))
    if mapping is not None:
        return [csv_source(name, mapping) for name in files]
    sources: list[Source] = []
    stream: Stream | None = None
    for name in files:
        path = Path(name)
        if name == STDIN:
            stream = _stream()
            sources.append(LineSource("standard input", Path(), opened=stream))
            is_bulk = is_bulk or _begins_with_lines(stream)
        elif path.suffix.lower() == ".csv":
            raise CommandError(f"{name}: a CSV file needs a mapping file", hint="Name it with --map.")
        elif is_folder(path):
            sources.append(FolderSource(path, is_recursive))
            is_bulk = True
        elif is_lines(path):
            sources.append(LineSource(name, path.parent, path=path))
            is_bulk = True
        else:
            sources.append(FileSource(path))
    if is_bulk:
        return sources
    if stream is not None:
        # Whoever reads a single submission reads standard input.
        sys.stdin = io.TextIOWrapper(io.BytesIO(stream.read()))
    return None


def is_folder(path: Path) -> bool:
    """Whether it is one, as far as this user may look."""
    try:
        return path.is_dir()
    except OSError:
        # Of what is closed to this user nobody can tell; whoever opens it as a file says why not.
        return False


def csv_source(name: str, mapping: CsvMapping) -> CsvSource:
    """The source of a CSV file, or of CSV on standard input."""
    if name == STDIN:
        return CsvSource("standard input", Path(), mapping, opened=_stream())
    return CsvSource(name, Path(name).parent, mapping, path=Path(name))


def _begins_with_lines(stream: Stream) -> bool:
    """Whether it holds a submission a line, some of which may be bad; what is looked at is there to be read again.

    A whole object followed by something else is no single document, and no line of a document is a submission. One
    whole object that nothing follows for a while is taken for a line too: whoever sends lines now and then may wait.
    """
    seen: list[bytes] = []
    try:
        first = _next_line(stream, seen)
        if _is_object(first):
            return stream.is_silent(_PATIENCE) or bool(_next_line(stream, seen))
        others = iter(partial(_next_line, stream, seen), b"")
        return any(_is_object(line, having="report") for line in islice(others, _LOOKED_AT - 1))
    finally:
        stream.put_back(b"".join(seen))


def _next_line(stream: Stream, seen: list[bytes]) -> bytes:
    """The next line that is not blank, or nothing; what was read is added to what was seen."""
    while line := stream.readline(MAX_LINE_BYTES):
        seen.append(line)
        if line.strip():
            break
    return line


def _is_object(text: bytes, *, having: str | None = None) -> bool:
    """Whether it is one whole object of JSON, with this name in it."""
    text = text.removeprefix(BOM).strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return False
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return having is None or having in found


def _stream() -> Stream:
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):
        # Closed, or replaced by something that is held in memory.
        return Stream(None, b"" if sys.stdin is None else sys.stdin.buffer.read())
    # Its buffer would hide what is there from whoever waits for more.
    return Stream(descriptor)
