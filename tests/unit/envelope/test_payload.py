"""The signed submission: everything that matters is bound together, and read strictly."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from tipline_client.delivery.environment import Environment
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.envelope import types
from tipline_client.envelope.dsse import Envelope, sign
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.envelope.payload import SubmissionPayload, content_digest, open_sealed, seal
from tipline_client.errors import EnvelopeError
from tipline_client.models.substitution import Substitution

SIGNER = SigningKey.generate()
TRUSTED = TrustedKeys([SIGNER.verifying_key])
REPORT = {"incidentSummary": {"incidentType": "Misleading Domain Name"}, "note": "Zo\u00eb \ud800 \x00 \U0001f600"}


def item(index: int = 0, **members: Any) -> ManifestItem:
    usual: dict[str, Any] = {
        "name": "mug.jpg",
        "size": 7,
        "md5": "a" * 32,
        "sha1": "b" * 40,
        "sha256": "c" * 64,
        "locator": f"entry/{index}.bin",
        "details": {"fileViewedByEsp": True, "originalFileName": "planted.jpg"},
    }
    return ManifestItem(index=index, **{**usual, **members})


def payload(**members: Any) -> SubmissionPayload:
    manifest = (item(0), item(1))
    usual: dict[str, Any] = {
        "entry_id": "entry",
        "idempotency_key": "case-4711",
        "profile": "mock",
        "environment": Environment.MOCK,
        "report": REPORT,
        "manifest": manifest,
        "substitutions": (Substitution("report.note", 0, 1),),
        "content_digest": content_digest(REPORT, manifest),
        "sealed_at": datetime(2026, 1, 5, 8, 30, 0, 123456, tzinfo=UTC),
        "software": "tipline-client 1",
    }
    return SubmissionPayload(**{**usual, **members})


def sealed_json(**members: Any) -> bytes:
    document = {**json.loads(payload().to_bytes()), **members}
    data = json.dumps({name: value for name, value in document.items() if value is not None}).encode()
    return sign(data, payload_type=types.SUBMISSION, signer=SIGNER).to_bytes()


def test_sealed_submission_comes_back_equal() -> None:
    """What was sealed is what is opened, lone surrogates and control characters included."""
    expected = payload()

    opened = open_sealed(seal(expected, signer=SIGNER).to_bytes(), trusted=TRUSTED)

    assert expected == opened


def test_report_that_cannot_be_changed() -> None:
    """A read-only view of the report is sealed like the report; what has no JSON form is not sealed at all."""
    view = MappingProxyType(REPORT)

    opened = open_sealed(seal(payload(report=view), signer=SIGNER).to_bytes(), trusted=TRUSTED)

    assert REPORT == opened.report
    with pytest.raises(TypeError, match="set has no JSON form"):
        content_digest({"note": {1}}, [])
    with pytest.raises(ValueError, match="JSON"):
        content_digest({"note": float("nan")}, [])


def test_sealing_time_in_another_zone() -> None:
    """The instant is kept, whatever zone it was given in."""
    given = datetime(2026, 1, 5, 10, 30, tzinfo=timezone(timedelta(hours=2)))

    opened = open_sealed(seal(payload(sealed_at=given), signer=SIGNER).to_bytes(), trusted=TRUSTED)

    assert datetime(2026, 1, 5, 8, 30, tzinfo=UTC) == opened.sealed_at


def test_report_altered_in_the_queue() -> None:
    """A word exchanged in the stored bytes is refused before it is read."""
    envelope = seal(payload(), signer=SIGNER)
    altered = Envelope(envelope.payload_type, envelope.payload.replace(b"case-4711", b"case-4712"), envelope.signatures)

    with pytest.raises(EnvelopeError, match="altered"):
        open_sealed(altered.to_bytes(), trusted=TRUSTED)


def test_receipt_passed_off_as_a_submission() -> None:
    """A document of another type is refused although its signature is good."""
    receipt = sign(payload().to_bytes(), payload_type=types.RECEIPT, signer=SIGNER)

    with pytest.raises(EnvelopeError, match="payloadType"):
        open_sealed(receipt.to_bytes(), trusted=TRUSTED)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"version": 2}, "version is not one"),
        ({"version": "planted"}, "version is not one"),
        ({"version": 1.0}, "version is of the wrong kind"),
        ({"version": None}, "missing version"),
        ({"idempotencyKey": None, "profile": None}, "missing idempotencyKey, profile"),
        ({"planted": 1}, "1 unknown member"),
        ({"report": ["planted"]}, "report is of the wrong kind"),
        ({"environment": "planted"}, "environment is unknown"),
        ({"entryId": ""}, "entry_id empty"),
        ({"sealedAt": "2026-01-05T08:30:00"}, "sealedAt is not an instant"),
        ({"sealedAt": "2026-13-05T08:30:00Z"}, "sealedAt is not an instant"),
        ({"contentDigest": "planted"}, "contentDigest does not fit"),
        ({"manifest": [{"planted": 1}]}, r"manifest\[0\]: missing details, index"),
        ({"manifest": [item(1).to_json()]}, r"manifest\[0\]: index is not its place"),
        ({"manifest": [{**item().to_json(), "size": True}]}, r"manifest\[0\]: size is of the wrong kind"),
        ({"manifest": [{**item().to_json(), "md5": "A" * 32}]}, r"manifest\[0\]: md5 out of range"),
        ({"manifest": [{**item().to_json(), "size": 0}]}, r"manifest\[0\]: size out of range"),
        ({"manifest": [{**item().to_json(), "locator": "../planted"}]}, r"manifest\[0\]: locator out of range"),
        ({"manifest": [{**item().to_json(), "name": 'a"b'}]}, r"manifest\[0\]: name out of range"),
        ({"substitutions": [{"path": "planted"}]}, r"substitutions\[0\]: missing codePoint, count"),
        (
            {"substitutions": [{"path": "planted", "codePoint": 0x110000, "count": 1}]},
            r"substitutions\[0\]: codePoint or count",
        ),
    ],
)
def test_payload_out_of_its_form(members: dict[str, Any], message: str) -> None:
    """A signed payload is still read strictly: the refusal names the member, never its value."""
    envelope = sealed_json(**members)

    with pytest.raises(EnvelopeError, match=message) as caught:
        open_sealed(envelope, trusted=TRUSTED)

    assert "planted" not in str(caught.value)


def test_same_content_handed_in_again() -> None:
    """Where the copies lie does not make other content."""
    again = [item(0, locator="other/0.bin"), item(1, locator="other/1.bin")]

    assert content_digest(REPORT, [item(0), item(1)]) == content_digest(dict(reversed(REPORT.items())), again)


@pytest.mark.parametrize(
    "changed",
    [{"name": "cup.jpg"}, {"sha256": "d" * 64}, {"details": {"fileViewedByEsp": False}}, {"size": 8}],
)
def test_other_content(changed: dict[str, Any]) -> None:
    """Another name, another byte or another claim is other content."""
    usual = content_digest(REPORT, [item()])

    assert usual != content_digest(REPORT, [item(**changed)])


def test_other_order_of_files() -> None:
    """The order of files is part of the content, and so is how many there are."""
    first, second = item(0), item(1, sha256="d" * 64)

    digests = {
        content_digest(REPORT, [first, second]),
        content_digest(REPORT, [replace(second, index=0), replace(first, index=1)]),
        content_digest(REPORT, [first]),
        content_digest(REPORT, []),
    }

    assert 4 == len(digests)


def test_payload_without_zone_or_order() -> None:
    """A payload that could not be read back cannot be made."""
    with pytest.raises(EnvelopeError, match="no zone"):
        payload(sealed_at=datetime(2026, 1, 5))  # noqa: DTZ001 - the situation under test
    with pytest.raises(EnvelopeError, match="out of order"):
        payload(manifest=(item(1),))


def test_repr_shows_no_content() -> None:
    """Report, names, details and the caller's key stay out of a repr."""
    shown = f"{payload()!r} {item()!r}"

    assert not [word for word in ("planted", "Misleading", "4711", "mug") if word in shown]
