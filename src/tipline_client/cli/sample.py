"""A harmless submission to try things with: a made-up report and a picture of a colour gradient.

All of it is synthetic: documentation addresses, an example domain, pixels computed here.
"""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

__all__ = ["gradient_png", "sample_submission", "write_sample"]


def gradient_png(*, width: int = 256, height: int = 160) -> bytes:
    """A PNG whose colours run from left to right and from top to bottom."""
    rows = b"".join(
        b"\x00" + bytes(part for x in range(width) for part in (x * 255 // width, y * 255 // height, 128))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sample_submission(*, key: str, picture: str) -> dict[str, Any]:
    """A submission with one picture, in the form of a submission file.

    Args:
        key: Its idempotency key.
        picture: Path of the picture, relative to the submission file.
    """
    person = {
        "personOrUserReportedPerson": {"email": ["sample_user@example.com"]},
        "screenName": "sample_user",
        "ipCaptureEvent": [
            {"ipAddress": "192.0.2.10", "eventName": "Login", "dateTime": "2026-01-05T08:00:00Z", "port": 51000}
        ],
    }
    return {
        "idempotencyKey": key,
        "report": {
            "incidentSummary": {
                "incidentType": "Misleading Domain Name",
                "incidentDateTime": "2026-01-05T08:30:00Z",
            },
            "internetDetails": [{"webPageIncident": {"url": [f"https://www.example.com/gradient/{key}"]}}],
            "reporter": {"reportingPerson": {"firstName": "Sample", "email": ["safety@example.com"]}},
            "personOrUserReported": person,
        },
        "evidence": [
            {
                "path": picture,
                "details": {"originalFileName": "gradient.png", "fileViewedByEsp": True, "publiclyAvailable": True},
            }
        ],
    }


def write_sample(folder: Path, *, key: str) -> Path:
    """Write a submission and its picture into a folder; returns the submission's path."""
    (folder / "gradient.png").write_bytes(gradient_png())
    path = folder / f"{key}.json"
    path.write_text(json.dumps(sample_submission(key=key, picture="gradient.png"), indent=2) + "\n", encoding="utf-8")
    return path
