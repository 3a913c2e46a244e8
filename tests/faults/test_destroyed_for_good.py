"""A destruction ends, whenever its process is killed, and no file gives back what was destroyed."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.destroy_child import POINTS
from tests.support.disk import found_in
from tests.support.stage import FILES, sample_evidence, sample_report
from tipline_client import Entry, TiplineClient
from tipline_client.delivery.certificate import ERASED, Certificate
from tipline_client.delivery.states import State
from tipline_client.envelope.certificates import open_certificate
from tipline_client.errors import EnvelopeError, HoldRunningError, IllegalTransitionError
from tipline_client.evidence import Evidence
from tipline_client.home import Home
from tipline_client.mock import MockEndpoint
from tipline_client.outbox.history_checks import history_problems

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
OTHERS = 40


@dataclass(frozen=True, slots=True)
class Filed:
    """A home with one filed entry among others, and everything that is sealed of it."""

    home: Path
    client: TiplineClient
    entry_id: str
    secrets: tuple[bytes, ...]


def _wrapped(entry: Entry) -> bytes:
    """What a master key made of the data key; before it stands that key's id, which is no secret."""
    return entry.data_key.partition(" ")[2].encode()


@pytest.fixture
def filed(tmp_path: Path, shared_endpoint: MockEndpoint) -> Iterator[Filed]:
    shared_endpoint.reset()
    home = tmp_path / "home"
    client = TiplineClient.open(home, profile=shared_endpoint.profile)
    # Others before and after, so that pages are split and shared.
    for number in range(OTHERS // 2):
        client.enqueue(sample_report(f"before {number}"), idempotency_key=f"before-{number}")
    entry = client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-1")
    for number in range(OTHERS // 2):
        client.enqueue(sample_report(f"after {number}"), idempotency_key=f"after-{number}")
    client.deliver(entry.id)
    record = client.call(client.asynchronous.outbox.acknowledgement, entry.id)
    assert record is not None
    sealed = [
        _wrapped(entry),
        entry.envelope,
        record.reply,
        *client.call(client.asynchronous.outbox.replies, entry.id),
        *(path.read_bytes() for path in sorted((home / "evidence" / entry.id).iterdir())),
    ]
    yield Filed(home, client, entry.id, tuple(sealed))
    client.close()


def _die(filed: Filed, point: str) -> int:
    command = [sys.executable, "-m", "tests.faults.destroy_child", str(filed.home), filed.entry_id, point]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=120).returncode


def _check_destroyed(filed: Filed, folder: Path) -> None:
    """Neither database, log, evidence nor a copy made now gives anything back; what shows the filing stays."""
    client = filed.client
    entry = client.entry(filed.entry_id)
    said = open_certificate(client.certificate_bytes(filed.entry_id), trusted=Home(filed.home).keys().trusted())
    assert [] == found_in(filed.home, filed.secrets)
    shutil.copytree(filed.home, folder)
    assert [] == found_in(folder, filed.secrets)
    assert (State.ACKNOWLEDGED, "", b"") == (entry.state, entry.data_key, entry.envelope)
    assert (entry.report_id, ERASED, "order 12") == (said.report_id, said.erased, said.request)
    assert [len(content) for content in FILES] == [file.size for file in said.files]
    receipt = client.receipt(filed.entry_id)
    assert (receipt.envelope_sha256, receipt.report_id) == (said.envelope_sha256, said.report_id)
    lines = client.call(client.asynchronous.outbox.history, entry.id)
    assert () == history_problems(lines, state=entry.state, chain=Home(filed.home).keys().history_chain())
    reader = client.asynchronous.reader()
    with pytest.raises(EnvelopeError, match="erased"):
        client.call(reader.open, entry)


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_it_destroys(filed: Filed, tmp_path: Path, point: str) -> None:
    """Killed before or after any step, a destruction ends the same when it is gone on with."""
    assert -signal.SIGKILL == _die(filed, point)

    if point == POINTS[0]:
        assert "" != filed.client.entry(filed.entry_id).data_key
        filed.client.destroy(filed.entry_id, reason="the year is over", actor="Zoë", request="order 12")
    else:
        # From the first commit on nobody can read it, whatever is left on the disk.
        assert "" == filed.client.entry(filed.entry_id).data_key
        expected = () if point == POINTS[-1] else (filed.entry_id,)
        assert expected == filed.client.resume_destructions()

    _check_destroyed(filed, tmp_path / "copy")
    assert () == filed.client.resume_destructions()


def test_destroyed_after_keys_were_wrapped_anew(filed: Filed, tmp_path: Path) -> None:
    """Every form in which the data key was ever wrapped is gone from the files."""
    made = subprocess.run(
        [sys.executable, "-m", "tipline_client", "init", "--rotate-master", "--home", str(filed.home)],
        check=True,
        capture_output=True,
    )
    assert b"wraps from now on" in made.stdout
    with TiplineClient.open(filed.home, profile=filed.client.profile) as client:
        assert OTHERS + 1 == client.rewrap_keys().count
        wrapped = _wrapped(client.entry(filed.entry_id))
        # The test can fail: what is to be destroyed is in the files before.
        assert {0, 1} <= {number for _, number in found_in(filed.home, [wrapped, *filed.secrets[1:]])}

        client.destroy(filed.entry_id, reason="the year is over", actor="Zoë", request="order 12")

    _check_destroyed(filed, tmp_path / "copy")
    assert [] == found_in(filed.home, [wrapped])


def test_destroyed_twice(filed: Filed) -> None:
    """A second call gives the certificate of the first; its reason is the one on record."""
    first = filed.client.destroy(filed.entry_id, reason="the year is over", actor="Zoë", request="order 12")

    second = filed.client.destroy(filed.entry_id, reason="another", actor="somebody else")

    assert first == second


def test_held(filed: Filed) -> None:
    """While the hold runs nothing is touched, and there is no certificate."""
    with pytest.raises(HoldRunningError):
        filed.client.destroy(filed.entry_id, reason="the year is over", actor="Zoë")

    assert "" != filed.client.entry(filed.entry_id).data_key
    assert (filed.home / "evidence" / filed.entry_id).exists()
    with pytest.raises(IllegalTransitionError, match="not destroyed"):
        filed.client.certificate_bytes(filed.entry_id)


def test_withdrawn_entry(filed: Filed) -> None:
    """What was withdrawn is destroyed without a request, with the digests of what it held."""
    [entry] = [entry for entry in [filed.client.find("before-0")] if entry is not None]
    filed.client.call(filed.client.asynchronous.outbox.withdraw, entry.id, reason="wrong account")

    made = filed.client.destroy(entry.id, reason="withdrawn", actor="Zoë")

    assert (State.RETRACTED, None, "", ()) == (made.state, made.report_id, made.unread, made.files)
    assert made.envelope_sha256 is not None


def test_handed_in_again(filed: Filed) -> None:
    """The same report with the same files is recognised after its destruction, and nothing is queued again."""
    filed.client.destroy(filed.entry_id, reason="the year is over", actor="Zoë", request="order 12")

    again = filed.client.enqueue_once(sample_report(), evidence=sample_evidence(), idempotency_key="case-1")

    assert (filed.entry_id, False) == (again.entry.id, again.is_new)


def test_destroyed_with_a_file_that_was_referred_to(filed: Filed, tmp_path: Path) -> None:
    """The original stays as it was, and the certificate says of which file that is true."""
    original = tmp_path / "mug.bin"
    original.write_bytes(FILES[0])
    evidence = [Evidence.from_path(original, mode="reference"), Evidence.from_bytes(FILES[1], name="copy.bin")]
    entry = filed.client.enqueue(sample_report(), evidence=evidence, idempotency_key="case-2")
    filed.client.deliver(entry.id)

    said = filed.client.destroy(entry.id, reason="the year is over", actor="Zoë", request="order 13")

    assert [True, False] == [file.is_reference for file in said.files]
    assert FILES[0] == original.read_bytes()
    assert [] == list((filed.home / "evidence").glob(f"{entry.id}/*"))


def test_key_emptied_by_hand(filed: Filed) -> None:
    """A row whose key somebody emptied, without a certificate, passes for no report that is handed in again."""
    filed.client.close()

    with sqlite3.connect(filed.home / "outbox.sqlite") as connection:
        connection.execute("UPDATE entries SET data_key = '' WHERE id = ?", (filed.entry_id,))
    connection.close()
    with (
        TiplineClient.open(filed.home, profile=filed.client.profile) as client,
        pytest.raises(EnvelopeError, match="not believed"),
    ):
        client.enqueue(sample_report(), evidence=sample_evidence(), idempotency_key="case-1")


def test_certificate_altered(filed: Filed) -> None:
    """A certificate is believed from a trusted key alone, and only of a destruction that has ended."""
    made = filed.client.destroy(filed.entry_id, reason="the year is over", actor="Zoë", request="order 12")
    document = filed.client.certificate_bytes(filed.entry_id)
    trusted = Home(filed.home).keys().trusted()

    assert isinstance(made, Certificate)
    with pytest.raises(EnvelopeError):
        open_certificate(document.replace(b'"payload":"', b'"payload":"A'), trusted=trusted)
    with pytest.raises(EnvelopeError):
        open_certificate(filed.client.receipt_bytes(filed.entry_id), trusted=trusted)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE holds SET ends_at = 0",
        "UPDATE holds SET released_at = 1",
        "DELETE FROM holds",
        "UPDATE holds SET is_limit = 1",
    ],
)
def test_hold_altered_by_hand(filed: Filed, statement: str) -> None:
    """Whoever shortens, releases or removes a hold in the database has nothing destroyed by that."""
    filed.client.close()
    with sqlite3.connect(filed.home / "outbox.sqlite") as connection:
        connection.execute(statement)
    connection.close()
    with (
        TiplineClient.open(filed.home, profile=filed.client.profile) as client,
        pytest.raises(EnvelopeError, match="not destroyed: hold 1"),
    ):
        client.destroy(filed.entry_id, reason="the year is over", actor="Zoë")


def test_delivery_altered_by_hand(filed: Filed) -> None:
    """An entry whose record of the delivery is not believed may be open at the endpoint: it is not destroyed."""
    entry = filed.client.find("before-0")
    assert entry is not None
    filed.client.close()
    with sqlite3.connect(filed.home / "outbox.sqlite") as connection:
        connection.execute("UPDATE entries SET state = 'dead_letter', checkpoint = '{}' WHERE id = ?", (entry.id,))
    connection.close()
    with (
        TiplineClient.open(filed.home, profile=filed.client.profile) as client,
        pytest.raises(EnvelopeError),
    ):
        client.destroy(entry.id, reason="given up", actor="Zoë")
