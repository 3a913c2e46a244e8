"""Certificates of destruction: believed from a trusted key, of a destruction that ended; old ones verify for ever."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tipline_client.delivery.certificate import CERTIFICATE_VERSION, ERASED, Certificate, DestroyedFile
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.hold import Hold, Part
from tipline_client.delivery.states import State
from tipline_client.envelope import SigningKey, TrustedKeys, VerifyingKey
from tipline_client.envelope.certificates import is_certificate, open_certificate, seal_certificate
from tipline_client.envelope.dsse import sign
from tipline_client.errors import EnvelopeError

PINNED = Path(__file__).parents[2] / "golden" / "signed"
BEGUN = datetime(2027, 1, 5, 9, tzinfo=UTC)

SAMPLE = Certificate(
    version=CERTIFICATE_VERSION,
    entry_id="e1",
    idempotency_key="case-4711",
    profile="mock",
    environment=Environment.MOCK,
    content_digest="0" * 64,
    state=State.ACKNOWLEDGED,
    report_id=4711,
    actor="Zoë",
    reason="erasure was ordered",
    request="court order 7/2027",
    overridden=(Hold(1, "e1", "us", Part.CONTENT, "a year", BEGUN, BEGUN.replace(year=2028), released_at=BEGUN),),
    envelope_sha256="1" * 64,
    files=(DestroyedFile(0, 14, "2" * 32, "3" * 40, "4" * 64),),
    begun_at=BEGUN,
    ended_at=BEGUN.replace(minute=1),
    erased=ERASED,
    storage="memory: nothing is kept but what is there",
    history_link="5" * 64,
    software="tipline-client 0.1",
)


@pytest.fixture
def signer() -> SigningKey:
    return SigningKey.generate()


def _trusted(signer: SigningKey) -> TrustedKeys:
    return TrustedKeys([signer.verifying_key])


def test_signed_and_opened(signer: SigningKey) -> None:
    """What was signed comes back, value for value."""
    document = seal_certificate(SAMPLE, signer=signer)

    assert is_certificate(document)
    assert SAMPLE == open_certificate(document, trusted=_trusted(signer))


def test_of_a_key_that_nobody_trusts(signer: SigningKey) -> None:
    """Another key's certificate is not believed."""
    document = seal_certificate(SAMPLE, signer=signer)

    with pytest.raises(EnvelopeError):
        open_certificate(document, trusted=_trusted(SigningKey.generate()))


@pytest.mark.parametrize(
    "changed", [replace(SAMPLE, ended_at=None), replace(SAMPLE, begun_at=None), replace(SAMPLE, version=2)]
)
def test_not_a_whole_certificate(signer: SigningKey, changed: Certificate) -> None:
    """One of a destruction that had not ended, or of another version, is refused although it is signed."""
    with pytest.raises(EnvelopeError):
        open_certificate(seal_certificate(changed, signer=signer), trusted=_trusted(signer))


def test_another_kind_of_document(signer: SigningKey) -> None:
    """A signed document of another kind passes for no certificate."""
    document = sign(b"{}", payload_type="application/example+json", signer=signer).to_bytes()

    assert not is_certificate(document)
    with pytest.raises(EnvelopeError):
        open_certificate(document, trusted=_trusted(signer))


def test_certificate_of_the_first_version() -> None:
    """A certificate that was signed with the first version verifies, and says what it said."""
    key = VerifyingKey.from_pem((PINNED / "signer.public.pem").read_bytes())

    assert SAMPLE == open_certificate((PINNED / "certificate-1.json").read_bytes(), trusted=TrustedKeys([key]))
