"""The files that support a report, kept outside the queue: digested, copied durably, proven again when they are sent.

Nothing here renders evidence or sends it.
"""

from tipline_client.evidence.bucket import EvidenceBucket
from tipline_client.evidence.by_mode import EvidenceByMode
from tipline_client.evidence.digests import CHUNK, DigestPass, Digests
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.names import safe_name
from tipline_client.evidence.places import EvidencePlace, open_copies
from tipline_client.evidence.reading import digest
from tipline_client.evidence.room import KEEP_FREE, Room
from tipline_client.evidence.source import Evidence, Origin, refuse_streams
from tipline_client.evidence.store import EvidenceStore, Holding, StoredEvidence

__all__ = [
    "CHUNK",
    "KEEP_FREE",
    "DigestPass",
    "Digests",
    "Evidence",
    "EvidenceBucket",
    "EvidenceByMode",
    "EvidenceFolder",
    "EvidencePlace",
    "EvidenceStore",
    "Holding",
    "Origin",
    "Room",
    "StoredEvidence",
    "digest",
    "open_copies",
    "refuse_streams",
    "safe_name",
]
