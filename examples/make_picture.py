"""Draws the harmless picture that the examples file as evidence: a coffee mug on a gradient, as a PNG.

Run it with a file name: `python make_picture.py mug.png`. It knows nothing of reports, and needs the standard library
alone.
"""

import struct
import sys
import zlib
from pathlib import Path

__all__ = ["draw_mug"]

_SIZE = 96
_Colour = tuple[int, int, int]
_MUG: _Colour = (178, 34, 52)
_COFFEE: _Colour = (92, 58, 33)


def draw_mug(size: int = _SIZE) -> bytes:
    """The picture, as the bytes of a PNG file.

    Args:
        size: Width and height in pixels.
    """
    rows = b"".join(
        b"\0" + bytes(part for x in range(size) for part in _colour(x / size, y / size)) for y in range(size)
    )
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    )


def _colour(x: float, y: float) -> _Colour:
    """The colour at a place; both coordinates run from 0 to 1, y downwards."""
    if ((x - 0.42) / 0.22) ** 2 + ((y - 0.32) / 0.05) ** 2 < 1:
        return _COFFEE
    if 0.18 < x < 0.66 and 0.28 < y < 0.8:
        return _MUG
    if 0.09**2 < (x - 0.68) ** 2 + (y - 0.52) ** 2 < 0.16**2:
        return _MUG
    return (int(150 + 80 * x), int(180 + 40 * y), 235)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "mug.png").write_bytes(draw_mug())
