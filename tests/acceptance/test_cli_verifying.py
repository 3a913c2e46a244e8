"""Receipts, verification and alarms: what was filed, and what is not to be believed."""

import base64
import json
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client import KeyRing, open_receipt
from tipline_client.envelope import Record
from tipline_client.envelope.receipts import seal_receipt
from tipline_client.mock import more_files


def alter(world: World, statement: str) -> None:
    """Change a row by hand, as nobody should."""
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def test_receipt_handed_on(world: World) -> None:
    """An exported receipt is verified with the public key alone, without a home."""
    world.run("submit", str(world.submission()))
    [public] = (world.home / "keys").glob("*.public.pem")
    assert 0 == world.run("receipts", "export", "case-1", "--out", "receipt.json").code

    ran = world.run("verify", "receipt.json", "--key", str(public), "--home", "nowhere", "--json")

    assert 0 == ran.code
    assert [(True, world.report_id)] == [(item["verified"], item["receipt"]["reportId"]) for item in ran.document]
    assert 0o600 == stat.S_IMODE((world.folder / "receipt.json").stat().st_mode)


def test_receipt_handed_on_with_its_replies(world: World) -> None:
    """The raw replies prove themselves by their signed digests; with one altered nothing of it is believed."""
    world.run("submit", str(world.submission()))
    [public] = (world.home / "keys").glob("*.public.pem")
    wanted = ("receipts", "export", "case-1", "--with-replies", "--purpose", "order 7", "--out", "receipt.json")
    assert 0 == world.run(*wanted).code
    document = json.loads(Path("receipt.json").read_text())
    document["replies"][0] = base64.b64encode(b"<mug/>").decode()
    Path("altered.json").write_text(json.dumps(document))

    good, altered = (
        world.run("verify", name, "--key", str(public), "--home", "nowhere", "--json")
        for name in ("receipt.json", "altered.json")
    )

    assert (0, 7) == (good.code, altered.code)
    assert [world.report_id] == [item["receipt"]["reportId"] for item in good.document]


def test_receipt_altered(world: World) -> None:
    """An altered receipt, or one of an unknown key, ends with 7."""
    world.run("submit", str(world.submission()))
    world.run("receipts", "export", "case-1", "--out", "receipt.json")
    text = Path("receipt.json").read_text()
    document = json.loads(text)
    document["payload"] = document["payload"][:-8] + "AAAAAAA="
    Path("altered.json").write_text(json.dumps(document))
    world.run("init", "--home", "stranger")

    altered = world.run("verify", "altered.json", "--json")
    unknown = world.run("verify", "receipt.json", "--home", "stranger")

    assert (7, 7) == (altered.code, unknown.code)
    assert [False] == [item["verified"] for item in altered.document]
    assert "NOT VERIFIED" in unknown.out


def test_receipts_listed_and_shown(world: World) -> None:
    """What was filed, in both forms; exporting over a file is refused."""
    world.run("submit", str(world.submission()))
    Path("taken.json").write_text("{}")

    listed = world.run("receipts", "--json").document
    shown = world.run("receipts", "show", "case-1")
    raw = world.run("receipts", "export", "case-1")
    refused = world.run("receipts", "export", "case-1", "--out", "taken.json")

    assert [world.report_id] == [entry["reportId"] for entry in listed]
    assert f"report {world.report_id} is filed" in shown.out
    assert {"payload", "payloadType", "signatures"} == set(json.loads(raw.out))
    assert (2, "{}") == (refused.code, Path("taken.json").read_text())


def test_receipt_of_waiting_entry(world: World) -> None:
    """There is none yet."""
    world.run("enqueue", str(world.submission()))

    ran = world.run("receipts", "show", "case-1", "--json")

    assert (2, "IllegalTransitionError") == (ran.code, ran.document["error"]["class"])


def test_row_altered_by_hand(world: World) -> None:
    """Verifying names the entry; dispatching gives it up with an alarm and sends nothing; a person closes the alarm."""
    world.run("enqueue", str(world.submission()))
    alter(world, "UPDATE entries SET idempotency_key = 'another'")

    verified = world.run("verify", "--all", "--json")
    dispatched = world.run("dispatch", "--drain")
    alarms = world.run("alarm", "list", "--json").document
    sick = world.run("doctor", "--offline")
    closed = world.run("alarm", "close", str(alarms[0]["number"]), "--note", "restored", "--json")

    assert (7, 4, 8, 0) == (verified.code, dispatched.code, sick.code, closed.code)
    assert [world.listed()[0]["id"]] == [
        problem["what"].removeprefix("entry ") for problem in verified.document["problems"]
    ]
    assert ["envelope_refused"] == [alarm["kind"] for alarm in alarms]
    assert 0 == world.endpoint.summary()["requests"]
    assert ("restored", []) == (closed.document["closedNote"], world.run("alarm", "--json").document)
    assert 1 == len(world.run("alarm", "--all", "--json").document)


def test_verify_all_with_evidence(world: World) -> None:
    """Entries, receipts and copies are looked at; an altered copy is named."""
    world.run("submit", str(world.submission()))
    good = world.run("verify", "--all", "--evidence", "--json")
    [copy] = (world.home / "evidence").glob("*/0.bin")
    copy.chmod(0o600)
    copy.write_bytes(b"x" * copy.stat().st_size)

    bad = world.run("verify", "--all", "--evidence", "--json")

    assert (0, 4) == (good.code, good.document["checked"])
    assert 7 == bad.code
    assert bad.document["problems"][0]["what"].startswith("evidence[0] of ")


def test_verify_of_nothing(world: World) -> None:
    """Files or the whole outbox must be named, and not both."""
    assert [2, 2] == [world.run("verify").code, world.run("verify", "--all", "x.json").code]


def test_alarm_for_people(world: World) -> None:
    """A filed report whose list of files differs raises an alarm that the list shows."""
    world.endpoint.faults.script("finish", more_files())
    world.run("submit", str(world.submission()))

    ran = world.run("alarm")

    assert 0 == ran.code
    assert "file_set_differs" in ran.out


def test_filing_invented_by_hand(world: World) -> None:
    """A state without acknowledgement, or a report id that the endpoint never gave, ends with 7; nothing is signed."""
    world.run("submit", str(world.submission()))
    alter(world, "UPDATE acknowledgements SET report_id = '999', receipt = NULL")
    drained = world.run("dispatch", "--drain")
    exported = world.run("receipts", "export", "case-1", "--out", "receipt.json")

    invented = world.run("verify", "--all", "--json")
    alter(world, "DELETE FROM acknowledgements")
    removed = world.run("verify", "--all", "--json")

    assert (7, 7) == (invented.code, removed.code)
    assert 0 == drained.code
    assert 0 != exported.code
    assert not Path("receipt.json").exists()


SAME_NUMBER = {
    "acknowledgement": """
        UPDATE acknowledgements SET (report_id, facts) = (
            SELECT report_id, facts FROM acknowledgements AS first WHERE first.entry = 1) WHERE entry = 2
    """,
    "filing by hand": """
        UPDATE entries SET filed_by_hand_as = (SELECT report_id FROM acknowledgements WHERE entry = 1) WHERE number = 2
    """,
}


def _reports(world: World) -> list[tuple[str, str]]:
    ran = world.run("verify", "--all", "--json")
    assert 7 == ran.code
    found = [(problem["what"], problem["problem"]) for problem in ran.document["problems"]]
    return [(what, problem) for what, problem in found if what.startswith("report of ")]


@pytest.mark.parametrize("source", SAME_NUMBER)
def test_two_entries_with_one_report(world: World, source: str) -> None:
    """The second one is named, with the report, with where it stands, and with the entry that has it already."""
    world.run("submit", str(world.lines(world.content("a"), world.content("b"))))
    assert 0 == world.run("verify", "--all").code
    first, second = world.listed()
    alter(world, SAME_NUMBER[source])

    [(what, problem)] = _reports(world)

    assert f"report of {second['id']}" == what
    assert f"report {first['reportId']}, in its {source}, is entry {first['id']}'s of the same lane" == problem


def test_two_receipts_of_one_report(world: World) -> None:
    """A receipt that somebody with the key made out to another entry's report is named with that entry."""
    world.run("submit", str(world.lines(world.content("a"), world.content("b"))))
    first, second = world.listed()
    keys = KeyRing(world.home / "keys")
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        [[signed]] = connection.execute("SELECT receipt FROM acknowledgements WHERE entry = 2")
        records, entry_id = keys.record_keys(), second["id"]
        kept = records.open(signed, kind=Record.RECEIPT, entry_id=entry_id)
        receipt = replace(open_receipt(kept, trusted=keys.trusted()), report_id=first["reportId"])
        forged = records.seal(seal_receipt(receipt, signer=keys.signer()), kind=Record.RECEIPT, entry_id=entry_id)
        connection.execute("UPDATE acknowledgements SET receipt = ? WHERE entry = 2", (forged,))
    connection.close()

    [(what, problem)] = _reports(world)

    assert f"report of {second['id']}" == what
    assert f"report {first['reportId']}, in its receipt, is entry {first['id']}'s of the same lane" == problem


def test_one_number_in_two_lanes(world: World) -> None:
    """Two endpoints count for themselves: the same number in another environment is another report."""
    world.run("submit", str(world.lines(world.content("a"), world.content("b"))))
    alter(world, SAME_NUMBER["filing by hand"])
    alter(world, "UPDATE entries SET environment = 'testing' WHERE number = 2")

    assert [] == _reports(world)


def test_receipt_and_no_home(world: World) -> None:
    """Whoever has only a receipt is told what it is verified with."""
    world.run("submit", str(world.submission()))
    world.run("receipts", "export", "case-1", "--out", "receipt.json")

    ran = world.run("verify", "receipt.json", "--home", "nowhere")

    assert 5 == ran.code
    assert "--key PUBLIC.pem" in ran.err
    assert "init" not in ran.err
