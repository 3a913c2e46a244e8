"""Where the copies of evidence are kept: a folder of this host, or a bucket of an object store.

It opens the store that a setting names. What stores promise is said in `store`.
"""

import os
from pathlib import Path
from typing import cast

from tipline_client.evidence.bucket import EvidenceBucket
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.object_reading import ObjectStore, SomeObjectStore
from tipline_client.evidence.room import KEEP_FREE

__all__ = ["EvidencePlace", "open_copies"]

EvidencePlace = str | os.PathLike[str] | SomeObjectStore
"""A folder, a URL such as `s3://bucket/prefix`, or an `obstore` store that is set up already."""


def open_copies(place: EvidencePlace, *, keep_free: int = KEEP_FREE) -> EvidenceFolder | EvidenceBucket:
    """The store at a place. Nothing is asked of it yet.

    Args:
        place: Where.
        keep_free: Bytes that an enqueue leaves free on the disk of a folder.

    Raises:
        ConfigurationError: A URL names no place that evidence can be kept in, or the extra `objects` is not installed.
    """
    if isinstance(place, str) and "://" in place:
        return EvidenceBucket.from_url(place)
    if isinstance(place, str | os.PathLike):
        return EvidenceFolder(Path(place), keep_free=keep_free)
    return EvidenceBucket(cast("ObjectStore", place))
