"""Receipts: believed from a trusted key, of this kind and version; old ones verify for ever."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tipline_client.delivery.acknowledgement import FileSet
from tipline_client.delivery.checkpoint import SuspectedOrphan
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.receipt import RECEIPT_VERSION, Receipt, ReceiptExchange, ReceiptFile, ReplacedCharacter
from tipline_client.delivery.steps import Step
from tipline_client.envelope import SigningKey, TrustedKeys, VerifyingKey
from tipline_client.envelope.dsse import sign
from tipline_client.envelope.receipts import open_exported, open_receipt, seal_receipt, with_replies
from tipline_client.errors import EnvelopeError

PINNED = Path(__file__).parents[2] / "golden" / "signed"
REPLY = b"<mug>\xc3\xab</mug>"
DIGEST = hashlib.sha256(REPLY).hexdigest()
FILED = datetime(2026, 1, 5, 9, 30, 15, 250000, tzinfo=UTC)

SAMPLE = Receipt(
    version=RECEIPT_VERSION,
    entry_id="e1",
    idempotency_key="case-4711 \u00eb",
    profile="mock",
    environment=Environment.MOCK,
    report_id=4711,
    acknowledged_at=FILED,
    code=0,
    sealed_at=FILED.replace(minute=1),
    envelope_sha256="1" * 64,
    files=(
        ReceiptFile(0, "f-1", 14, "2" * 32, "3" * 40, "4" * 64, endpoint_md5="2" * 32, is_described=True),
        ReceiptFile(1, "f-2", 2**40, "5" * 32, "6" * 40, "7" * 64),
    ),
    file_set=FileSet.CONFIRMED,
    reported_file_ids=("f-1", "f-2"),
    exchanges=(
        ReceiptExchange(Step.SUBMIT, FILED, answered_at=FILED, http_status=200, code=0, request_id="r-1"),
        ReceiptExchange(Step.UPLOAD, FILED, index=0),
        ReceiptExchange(Step.FINISH, FILED, None, FILED, 200, 0, "r-2", "8" * 64, DIGEST),
    ),
    orphans=(SuspectedOrphan(since=FILED, lapses_at=FILED.replace(day=6)),),
    replaced=(ReplacedCharacter("/report/incidentSummary", 11, 2),),
    reply_base64=base64.b64encode(REPLY).decode(),
    reply_sha256=DIGEST,
    software="tipline-client 0.1",
    known_at=FILED.replace(hour=1),
    history_link="b" * 64,
)


@pytest.fixture
def signer() -> SigningKey:
    return SigningKey.generate()


def test_signed_and_opened(signer: SigningKey) -> None:
    """What was signed comes back, value for value."""
    document = seal_receipt(SAMPLE, signer=signer)

    assert SAMPLE == open_receipt(document, trusted=TrustedKeys([signer.verifying_key]))


def test_of_another_version(signer: SigningKey) -> None:
    """One of a version that is not known is refused although it is signed."""
    document = seal_receipt(replace(SAMPLE, version=2), signer=signer)

    with pytest.raises(EnvelopeError):
        open_receipt(document, trusted=TrustedKeys([signer.verifying_key]))


def test_another_kind_of_document(signer: SigningKey) -> None:
    """A signed document of another kind passes for no receipt."""
    document = sign(b"{}", payload_type="application/example+json", signer=signer).to_bytes()

    with pytest.raises(EnvelopeError):
        open_receipt(document, trusted=TrustedKeys([signer.verifying_key]))


def test_reply_that_is_not_the_signed_one(signer: SigningKey) -> None:
    """A raw reply beside the receipt proves itself by its digest, or the whole is refused."""
    document = seal_receipt(SAMPLE, signer=signer)
    trusted = TrustedKeys([signer.verifying_key])

    assert (REPLY,) == open_exported(with_replies(document, [REPLY]), trusted=trusted).replies
    with pytest.raises(EnvelopeError, match=r"replies\[1\]"):
        open_receipt(with_replies(document, [REPLY, b"<cup/>"]), trusted=trusted)


def test_receipt_of_the_first_version() -> None:
    """A receipt that was signed with the first version verifies, and says what it said."""
    key = VerifyingKey.from_pem((PINNED / "receipt-signer.public.pem").read_bytes())

    exported = open_exported((PINNED / "receipt-1.json").read_bytes(), trusted=TrustedKeys([key]))

    assert (SAMPLE, (REPLY,)) == (exported.receipt, exported.replies)
