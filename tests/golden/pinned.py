"""Which documents are pinned, and how each is made from its JSON form.

Beside each `NAME.json` (a submission, or file details) lies `NAME.xml`, the bytes that would be sent.
"""

import json
from pathlib import Path

from tipline_client.models import FileDetails, Submission
from tipline_client.profiles.encode import encode

DOCUMENTS = Path(__file__).parent / "documents"
NAMES = ("minimal-report", "typical-report", "unkind-text", "file-details")


def written(name: str) -> bytes:
    """The document that the JSON form of this name becomes."""
    form = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    if "report" in form:
        return encode(Submission.model_validate(form).report, "report").xml
    return encode(FileDetails.model_validate(form), "fileDetails").xml
