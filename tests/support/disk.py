"""What the raw bytes of files give away: whether a secret, or a piece of one, is anywhere in a folder."""

from collections.abc import Iterable
from pathlib import Path

__all__ = ["found_in", "pieces_of"]

_PIECE = 24


def pieces_of(secret: bytes) -> tuple[bytes, ...]:
    """Pieces from the beginning, the middle and the end: a database may cut a value over several pages."""
    last = len(secret) - _PIECE
    return tuple(secret[start : start + _PIECE] for start in sorted({0, last // 3, last // 2, last}))


def found_in(folder: Path, secrets: Iterable[bytes]) -> list[tuple[str, int]]:
    """Which files hold a piece of which secret, by its place in the list."""
    pieces = [pieces_of(secret) for secret in secrets]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found += [(path.name, number) for number, some in enumerate(pieces) if any(piece in data for piece in some)]
    return found
