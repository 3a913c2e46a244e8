"""An outbox whose rows somebody altered: no verb ends because of one, each names it, and the others are delivered."""

import re
import sqlite3

import pytest

from tests.acceptance.world import Ran, World
from tests.support.altering import alter
from tipline_client.mock import code

pytestmark = pytest.mark.slow

VERBS = {
    "status": ("status",),
    "list": ("list",),
    "doctor": ("doctor", "--offline"),
    "verify": ("verify", "--all"),
    "drain": ("dispatch", "--drain", "--patience", "0"),
}
COLUMNS = [
    ("id", "x'00ff'"),
    ("id", "CAST(x'ff' AS TEXT)"),
    ("profile", "x'00ff'"),
    ("idempotency_key", "x'00ff'"),
    ("idempotency_key", "CAST(x'ff' AS TEXT)"),
    ("content_digest", "17"),
    ("envelope", "'coffee'"),
    ("envelope", "NULL"),
    ("is_escalated", "'coffee'"),
    ("checkpoint", "'{}x'"),
    ("checkpoint", "NULL"),
    ("lapses_at", "'coffee'"),
    ("attempts", "'coffee'"),
    ("last_failure", "'{}'"),
    ("withdrawal_reason", "x'00ff'"),
    ("enqueued_at", str(-(2**62))),
    ("enqueued_at", "'coffee'"),
    ("available_at", str(2**62)),
    ("available_at", "NULL"),
    ("available_at", "'coffee'"),
    ("lease_token", "x'00ff'"),
    ("lease_expires_at", "'coffee'"),
]


@pytest.fixture
def waiting(world: World) -> World:
    """A home with two entries that wait."""
    for key in ("a", "b"):
        assert 0 == world.run("enqueue", str(world.submission(key, name=f"{key}.json"))).code
    return world


@pytest.fixture
def filed(world: World) -> World:
    """A home with two entries that are filed."""
    for key in ("a", "b"):
        assert 0 == world.run("submit", str(world.submission(key, name=f"{key}.json"))).code
    return world


def change(world: World, statement: str) -> None:
    """Change a row by hand, the tables' checks switched off."""
    connection = sqlite3.connect(world.home / "outbox.sqlite")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(statement)
    connection.commit()
    connection.close()


def every_verb(world: World) -> dict[str, Ran]:
    """Each verb that looks, and at last a drain."""
    return {name: world.run(*words) for name, words in VERBS.items()}


@pytest.mark.parametrize("is_strict_again", [False, True])
@pytest.mark.parametrize(("column", "value"), COLUMNS)
def test_column_of_the_wrong_type(waiting: World, column: str, value: str, is_strict_again: bool) -> None:
    """Every verb names the row or goes on without it, none ends in a fault, and the other entry is filed."""
    path = waiting.home / "outbox.sqlite"
    alter(path, f"UPDATE entries SET {column} = {value} WHERE number = 1", is_strict_again=is_strict_again)  # noqa: S608
    shown = waiting.run("show", "a")

    ran = every_verb(waiting)

    assert (0, 0, 8, 7) == tuple(ran[name].code for name in ("status", "list", "doctor", "verify"))
    assert ran["drain"].code in (4, 7)
    assert 1 == waiting.endpoint.summary()["finished"]
    assert shown.code in (0, 2, 7)
    assert "unexpected" not in "".join(result.err for result in (*ran.values(), shown))
    assert "altered, which nobody will deliver" in ran["status"].out


@pytest.mark.parametrize("change_", ["environment = 'testing'", "profile = 'other'", "environment = 'moon'"])
def test_row_in_a_lane_that_nobody_serves(waiting: World, change_: str) -> None:
    """Status and doctor name it and say what to do, doctor with 8; a drain files the rest and ends with 7."""
    entry_id = waiting.listed()[0]["id"]
    change(waiting, f"UPDATE entries SET {change_} WHERE number = 1")  # noqa: S608

    ran = every_verb(waiting)
    document = waiting.run("dispatch", "--drain", "--json").document

    assert (0, 0, 8, 7, 7) == tuple(result.code for result in ran.values())
    for name in ("status", "doctor", "drain"):
        assert entry_id in ran[name].out
        assert "restore them from a backup" in ran[name].out
    assert (1, [entry_id]) == (document["altered"]["count"], [item["id"] for item in document["altered"]["entries"]])
    assert 1 == waiting.endpoint.summary()["finished"]


def test_row_in_no_environment_beside_a_list(waiting: World) -> None:
    """A row that no list can hold is named beside it, and shown by its id as what cannot be read."""
    entry_id = waiting.listed()[0]["id"]
    change(waiting, "UPDATE entries SET environment = 'moon' WHERE number = 1")

    listed, shown = waiting.run("list", "--json"), waiting.run("show", entry_id)

    assert (["b"], True) == ([entry["idempotencyKey"] for entry in listed.document], entry_id in listed.err)
    assert (7, True) == (shown.code, "environment" in shown.err)


def test_unreadable_row_in_a_drain(waiting: World) -> None:
    """It is given up like any other: counted, named with the reason, exit code 4; the rest is filed."""
    change(waiting, "UPDATE entries SET checkpoint = 'coffee' WHERE number = 1")
    entry_id = waiting.listed()[0]["id"]

    ran = waiting.run("dispatch", "--drain")

    assert 4 == ran.code
    assert "tries: 1 rejected, 1 acknowledged; waiting: 0" in ran.out.replace(
        "1 acknowledged, 1 rejected", "1 rejected, 1 acknowledged"
    )
    assert f"given up: entry {entry_id}: unreadable_row: the stored row cannot be read back (checkpoint)" in ran.out


def test_unreadable_row_submitted_again(waiting: World) -> None:
    """The same submission again ends with 4: its entry is given up."""
    change(waiting, "UPDATE entries SET checkpoint = 'coffee' WHERE number = 1")

    ran = waiting.run("submit", str(waiting.folder / "a.json"))

    assert 4 == ran.code
    assert "checkpoint" in ran.out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET state = 'dead_letter' WHERE number = 1",
        "UPDATE entries SET state = 'queued' WHERE number = 1",
        "UPDATE entries SET state = 'filed_by_hand' WHERE number = 1",
        "UPDATE acknowledgements SET receipt = x'00' WHERE entry = 1",
    ],
)
def test_altered_entry_submitted_again(filed: World, statement: str) -> None:
    """It is called altered and by none of the states that it may be in, and nothing is filed again."""
    change(filed, statement)

    ran = filed.run("submit", str(filed.folder / "a.json"))

    assert 7 == ran.code
    assert "\naltered: " in ran.out
    assert not [word for word in ("given up: ", "queued and waiting: ", "acknowledged: ") if f"\n{word}" in ran.out]
    assert 2 == filed.endpoint.summary()["finished"]


@pytest.mark.parametrize(
    ("statement", "what", "says"),
    [
        ("UPDATE acknowledgements SET facts = '{}' WHERE entry = 1", "acknowledgement", "facts"),
        ("UPDATE acknowledgements SET facts = 'x' WHERE entry = 1", "acknowledgement", "facts"),
        ("UPDATE acknowledgements SET report_id = 'x' WHERE entry = 1", "row", "report_id"),
        ("UPDATE acknowledgements SET receipt = NULL WHERE entry = 1", "receipt", "missing"),
        ("UPDATE acknowledgements SET receipt = x'00' WHERE entry = 1", "receipt", ""),
        (
            "UPDATE acknowledgements SET receipt = (SELECT receipt FROM acknowledgements WHERE entry = 2)",
            "receipt",
            "its receipt does not open",
        ),
        ("UPDATE entries SET checkpoint = 'x' WHERE number = 1", "row", "checkpoint"),
        ("UPDATE entries SET checkpoint = '{}' WHERE number = 1", "checkpoint", ""),
        (
            "UPDATE acknowledgements SET acknowledged_at = 0 WHERE entry = 1",
            "acknowledgement",
            "time",
        ),
        ("UPDATE entries SET last_failure = '[]' WHERE number = 1", "row", "last_failure"),
        ("DELETE FROM acknowledgements WHERE entry = 1", "state", "no acknowledgement"),
        ("UPDATE entries SET state = 'retracted' WHERE number = 1", "state", "has an acknowledgement"),
        ("UPDATE entries SET environment = 'moon' WHERE number = 1", "row", "environment"),
    ],
)
def test_filed_entry_that_was_altered(filed: World, statement: str, what: str, says: str) -> None:
    """Verifying everything names each finding in a line with the entry's id, verifies the rest, and ends with 7."""
    entry_id = filed.listed()[0]["id"]
    change(filed, statement)

    ran = filed.run("verify", "--all", "--json")

    problems = {problem["what"]: problem["problem"] for problem in ran.document["problems"]}
    assert 7 == ran.code
    assert says in problems[f"{what} of {entry_id}"]
    assert all(entry_id in name for name in problems)
    assert ran.document["checked"] > len(problems)


def test_missing_receipt_made_again(filed: World) -> None:
    """What verifying says of a missing receipt is true: the next drain makes it."""
    change(filed, "UPDATE acknowledgements SET receipt = NULL WHERE entry = 1")

    codes = [filed.run(*words).code for words in (VERBS["verify"], VERBS["drain"], VERBS["verify"])]

    assert [7, 0, 0] == codes


def test_doctor_finds_rows_of_no_entry(filed: World) -> None:
    """What belongs to an entry that was deleted is a problem of the outbox, by table and row."""
    change(filed, "DELETE FROM entries WHERE number = 1")

    ran = filed.run("doctor", "--offline")

    assert 8 == ran.code
    assert re.search(r"row \d+ of (replies|acknowledgements|attempts) belongs to no entry", ran.out)


def test_doctor_with_a_key_open_to_others(world: World) -> None:
    """The key file is named with its remedy, and the rest of the home is looked at all the same."""
    [private] = (world.home / "keys").glob("*.private.pem")
    private.chmod(0o644)

    ran = world.run("doctor", "--offline", "--json")

    grades = {check["name"]: check["grade"] for check in ran.document["checks"]}
    hints = [check["hint"] for check in ran.document["checks"] if check["name"] == "keys"]
    assert (8, "ok", "ok") == (ran.code, grades["outbox"], grades["disk"])
    assert [f"chmod 600 {private}"] == hints


@pytest.mark.parametrize(
    ("number", "subject", "says"), [(3000, "permission", "permission"), (2000, "credentials", "the password")]
)
def test_refusal_of_the_account(world: World, number: int, subject: str, says: str) -> None:
    """A lack of permission is not called a wrong password, in no verb; the entry stays queued."""
    world.endpoint.faults.script("submit", *[code(number) for _ in range(9)])
    world.endpoint.faults.script("status", *[code(number) for _ in range(9)])

    world.run("enqueue", str(world.submission("a", name="a.json")))

    drained = world.run("dispatch", "--drain", "--patience", "0")
    submitted = world.run("submit", str(world.submission("b", name="b.json")))
    examined = world.run("doctor", "--json").document

    assert (3, 5) == (submitted.code, drained.code)
    [found] = [check for check in examined["checks"] if check["name"] == subject]
    for words in (submitted.out, drained.out, found["hint"]):
        assert says in words
        assert (number == 2000) == ("the user name and the password" in words)


def test_drain_that_tries_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how many wait, until when, and the oldest failure with class, step, code and request id."""
    world.endpoint.faults.script("submit", *[code(1000) for _ in range(9)])
    assert 3 == world.run("submit", str(world.submission())).code
    request_id = world.listed()[0]["lastError"]["requestId"]

    ran = world.run("dispatch", "--drain", "--patience", "0")
    status = world.run("status")

    assert 3 == ran.code
    assert "tries: none; waiting: 1" in ran.out
    assert "1 waiting, oldest" in ran.out
    assert "next try" in ran.out
    for words in (ran.out, status.out):
        assert f"entry {world.listed()[0]['id']} (mock, mock, " in words
        assert f"server_error at submit: code 1000: server error (request {request_id})" in words


def test_entry_given_up_is_named_once(world: World) -> None:
    """What does not open is said of the entry that the line names already: in the drain, after it, and by verify."""
    world.run("enqueue", str(world.submission()))
    [entry] = world.listed()
    alter(world.home / "outbox.sqlite", "UPDATE entries SET envelope = CAST(envelope || x'00' AS BLOB)")

    looked = world.run("status"), world.run("verify", "--all"), world.run("dispatch", "--drain")
    shown = world.run("dead-letter", "show", "case-1").out

    named, reason = f"entry {entry['id']}: ", "its sealed envelope does not open"
    said = "".join(ran.out + ran.err for ran in looked)
    assert f"given up: {named}envelope_refused: {reason}" in said
    assert f"last error    {reason}" in shown
    assert [0, 0] == [(said + shown).count(twice) for twice in (f"{named}entry", f": {named}{reason}")]


def test_evidence_given_up_in_a_drain(world: World) -> None:
    """An entry whose evidence was changed has its line with the reason."""
    world.run("enqueue", str(world.submission()))
    [copy] = (world.home / "evidence").glob("*/0.bin")
    copy.chmod(0o600)
    copy.write_bytes(b"x" * copy.stat().st_size)

    ran = world.run("dispatch", "--drain")

    assert 4 == ran.code
    assert f"given up: entry {world.listed()[0]['id']}: " in ran.out
    assert "evidence[0]" in ran.out


def test_verify_without_the_secret_of_checkpoints(filed: World) -> None:
    """Without the secret neither checkpoints nor receipts can be told from altered ones: the missing file is named."""
    (filed.home / "keys" / "checkpoints.key").unlink()

    ran = filed.run("verify", "--all")

    assert (5, True) == (ran.code, "checkpoints.key is missing" in ran.err)


@pytest.mark.parametrize("state", ["held", "dead_letter", "retracted", "filed_by_hand"])
def test_set_aside_by_hand_in_the_row_alone(world: World, state: str) -> None:
    """That it was set aside is in no line of its history: everybody who looks says that the row was altered."""
    world.run("enqueue", str(world.submission()))
    change(world, f"UPDATE entries SET state = '{state}' WHERE number = 1")  # noqa: S608 - a word of this test

    verbs = (("dispatch", "--drain"), ("status",), ("doctor", "--offline"))
    drained, status, doctor = (world.run(*verb) for verb in verbs)

    assert (7, 0, 8) == (drained.code, status.code, doctor.code)
    assert [] == [ran for ran in (drained, status, doctor) if "the row was altered" not in ran.out + ran.err]
    assert 0 == world.endpoint.summary()["requests"]


def test_acknowledged_by_hand_in_the_row_alone(world: World) -> None:
    """Every verb says that the row was altered, and none presents the report as filed."""
    world.run("enqueue", str(world.submission()))
    change(world, "UPDATE entries SET state = 'acknowledged' WHERE number = 1")

    submission = str(world.submission())
    ran = {
        name: world.run(*words)
        for name, words in {
            "enqueue": ("enqueue", submission),
            "submit": ("submit", submission),
            "show": ("show", "case-1"),
            "list": ("list",),
            "receipts": ("receipts", "list"),
            "status": ("status",),
            "doctor": ("doctor", "--offline"),
        }.items()
    }

    assert [] == [name for name, result in ran.items() if "altered" not in result.out + result.err]
    assert [] == [name for name, result in ran.items() if "filed as report" in result.out]
    assert (7, 7, 8) == (ran["enqueue"].code, ran["submit"].code, ran["doctor"].code)
    assert [None] == [entry["reportId"] for entry in world.run("receipts", "list", "--json").document]
    assert [True] == [entry["contradiction"] is not None for entry in world.run("list", "--json").document]
