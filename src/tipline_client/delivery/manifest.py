"""What is known of one evidence file once it is sealed: its digests, its size, where its copy is, what is said of it.

The list of these items is signed inside the envelope, so each one is checked when it is made and when it is read back.
Nothing here opens a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tipline_client.delivery.strict_json import read_members
from tipline_client.errors import EnvelopeError

__all__ = ["ManifestItem"]

# Nothing that ends or escapes a quoted header value, separates paths, or hides a file.
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_LOCATOR = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
# An absolute path, or the URL of an object without credentials, query or fragment.
_REFERENCE = re.compile(r"/[^\x00]{0,4095}|(s3|gs|az)://[^/@?#\s]{1,255}/[^?#\s]{1,4095}")
_DIGEST_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}
_KINDS: Mapping[str, type] = {
    "index": int,
    "name": str,
    "size": int,
    "md5": str,
    "sha1": str,
    "sha256": str,
    "locator": str,
    "details": dict,
}
_OPTIONAL_KINDS: Mapping[str, type] = {"reference": str}


@dataclass(frozen=True, slots=True)
class ManifestItem:
    """One evidence file of a submission, as it was sealed.

    Attributes:
        index: Its place in the submission, from 0.
        name: File name for the multipart header of the upload: 1 to 100 ASCII letters, digits, `.`, `_`, `-`. The real
            name is `originalFileName` in `details`.
        size: Bytes, at least 1.
        md5: Lower-case hexadecimal; the endpoint answers an upload with its own MD5.
        sha1: Lower-case hexadecimal.
        sha256: Lower-case hexadecimal.
        locator: The claim check: where the evidence store keeps the copy, relative to the store.
        details: The file's details as JSON in the wire's names, without the ids of report and file.
        reference: Where the bytes lie, if they were not copied: an absolute path, or the URL of an object.

    Raises:
        EnvelopeError: A value is out of its range; the member is named, its value is not.
    """

    index: int
    name: str = field(repr=False)
    size: int
    md5: str
    sha1: str
    sha256: str
    locator: str
    details: Mapping[str, Any] = field(repr=False)
    reference: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        wrong = [
            member
            for member, right in (
                ("index", self.index >= 0),
                ("name", _SAFE_NAME.fullmatch(self.name) is not None),
                ("size", self.size >= 1),
                ("locator", _LOCATOR.fullmatch(self.locator) is not None),
                ("reference", self.reference is None or _REFERENCE.fullmatch(self.reference) is not None),
                *((member, _is_digest(getattr(self, member), digits)) for member, digits in _DIGEST_DIGITS.items()),
            )
            if not right
        ]
        if wrong:
            raise EnvelopeError(f"manifest[{self.index}]: {', '.join(wrong)} out of range")

    def to_json(self) -> dict[str, Any]:
        """The item as a JSON object; `from_json` reads it back equal."""
        members = {member: getattr(self, member) for member in _KINDS} | {"details": dict(self.details)}
        return members if self.reference is None else members | {"reference": self.reference}

    @classmethod
    def from_json(cls, value: object, *, index: int) -> Self:
        """Read one item.

        Args:
            value: The parsed JSON.
            index: Its place in the manifest, which it must state itself too.

        Raises:
            EnvelopeError: A member is missing, unknown, of the wrong kind or out of its range.
        """
        members = read_members(value, what=f"manifest[{index}]", kinds=_KINDS, optional=_OPTIONAL_KINDS)
        if members["index"] != index:
            raise EnvelopeError(f"manifest[{index}]: index is not its place")
        return cls(**members)


def _is_digest(value: str, digits: int) -> bool:
    return re.fullmatch(r"[0-9a-f]+", value) is not None and len(value) == digits
