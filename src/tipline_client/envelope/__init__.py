"""These bytes, signed: the envelope around a submission, the keys that sign it, and the keys that are believed.

Nothing here sends, stores or renders what it signs.
"""

from tipline_client.envelope import types
from tipline_client.envelope.checkpoint_seal import CheckpointSeal
from tipline_client.envelope.dsse import Envelope, Signature, Verified, add_signature, sign, verify
from tipline_client.envelope.history_chain import HistoryChain
from tipline_client.envelope.key_ring import KeyRing
from tipline_client.envelope.keys import SigningKey, TrustedKeys, VerifyingKey
from tipline_client.envelope.payload import PAYLOAD_VERSION, SubmissionPayload, content_digest, open_sealed, seal
from tipline_client.envelope.record_keys import Record, RecordKeys, Tagged

__all__ = [
    "PAYLOAD_VERSION",
    "CheckpointSeal",
    "Envelope",
    "HistoryChain",
    "KeyRing",
    "Record",
    "RecordKeys",
    "Signature",
    "SigningKey",
    "SubmissionPayload",
    "Tagged",
    "TrustedKeys",
    "Verified",
    "VerifyingKey",
    "add_signature",
    "content_digest",
    "open_sealed",
    "seal",
    "sign",
    "types",
    "verify",
]
