"""The same submission handed in again: what is in the outbox already is found, whatever became of it or of the key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stage import sample_evidence, sample_report
from tipline_client import State, TiplineClient
from tipline_client.errors import ConfigurationError, DuplicateKeyError
from tipline_client.mock import MockEndpoint


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TiplineClient]:
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        yield client


def _lose_the_signing_key(folder: Path) -> None:
    [private] = (folder / "home" / "keys").glob("*.private.pem")
    private.unlink()


def _copies(folder: Path) -> list[Path]:
    return [path for path in (folder / "home" / "evidence").rglob("*") if path.is_file()]


@pytest.mark.parametrize("key", ["case-4711", None])
def test_handed_in_again(client: TiplineClient, tmp_path: Path, key: str | None) -> None:
    """The second time finds the entry as it stands now, says that it is not new, and keeps no second copy of a file."""
    first = client.enqueue_once(sample_report(), evidence=sample_evidence(), idempotency_key=key)
    client.deliver(first.entry.id)

    again = client.enqueue_once(sample_report(), evidence=sample_evidence(), idempotency_key=key)

    assert (True, False) == (first.is_new, again.is_new)
    assert (first.entry.id, State.ACKNOWLEDGED) == (again.entry.id, again.entry.state)
    assert len(sample_evidence()) == len(_copies(tmp_path))


@pytest.mark.parametrize("key", ["case-4711", None])
def test_handed_in_again_without_the_signing_key(client: TiplineClient, tmp_path: Path, key: str | None) -> None:
    """What is filed is found and gives its receipt again: only a new entry has to be signed."""
    entry = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key=key)
    receipt = client.deliver(entry.id)
    _lose_the_signing_key(tmp_path)

    again = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key=key)

    assert (entry.id, receipt) == (again.id, client.deliver(again.id))


def test_other_content_without_the_signing_key(client: TiplineClient, tmp_path: Path) -> None:
    """A key that names other content is refused as ever: one changed file is enough."""
    client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-4711")
    _lose_the_signing_key(tmp_path)

    with pytest.raises(DuplicateKeyError):
        client.enqueue(sample_report(), evidence=sample_evidence((b"a mug", b"a cup")), idempotency_key="case-4711")

    assert len(sample_evidence()) == len(_copies(tmp_path))


@pytest.mark.parametrize("key", ["case-4712", None])
def test_new_content_without_the_signing_key(client: TiplineClient, tmp_path: Path, key: str | None) -> None:
    """Nothing new is queued unsigned, and no copy of a file is left behind."""
    client.enqueue(sample_report("one"), idempotency_key="case-4711")
    _lose_the_signing_key(tmp_path)

    with pytest.raises(ConfigurationError, match="private key"):
        client.enqueue(sample_report("two"), evidence=sample_evidence(), idempotency_key=key)

    assert 1 == client.call(client.asynchronous.outbox.count).waiting
    assert [] == _copies(tmp_path)


@pytest.mark.parametrize("has_key", [True, False])
def test_other_reporter_without_a_key(client: TiplineClient, tmp_path: Path, has_key: bool) -> None:
    """The derived key leaves the reporter out; whoever gave no key is told that it is the reporter, and what to do."""
    report = sample_report()
    entry = client.enqueue(report)
    person = report.reporter.reporting_person.model_copy(update={"first_name": "Another"})
    other = report.model_copy(update={"reporter": report.reporter.model_copy(update={"reporting_person": person})})
    if not has_key:
        _lose_the_signing_key(tmp_path)

    with pytest.raises(DuplicateKeyError, match="differs in the reporter alone") as caught:
        client.enqueue(other)

    assert entry.id == caught.value.entry_id
    assert "give it an idempotency key" in str(caught.value.hint)
