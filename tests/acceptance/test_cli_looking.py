"""Looking into the outbox, deciding about entries, and verifying: every verb that files nothing."""

import json
import sqlite3
import stat
from pathlib import Path

import pytest
from lxml import etree

from tests.acceptance.world import World
from tipline_client.mock import MockEndpoint, code, more_files


def alter(world: World, statement: str) -> None:
    """Change a row by hand, as nobody should."""
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def test_init_makes_private_home(bare_world: World) -> None:
    """Folder, private key and outbox are readable by their owner alone, and the key id is shown."""
    ran = bare_world.run("init", "--json")

    key_id = ran.document["keyId"]
    modes = [
        stat.S_IMODE((bare_world.home / name).stat().st_mode)
        for name in (".", f"keys/{key_id}.private.pem", "outbox.sqlite")
    ]
    assert (0, [0o700, 0o600, 0o600]) == (ran.code, modes)


def test_init_twice(world: World) -> None:
    """The second time changes nothing and says so."""
    before = world.run("init", "--json").document["keyId"]

    ran = world.run("init", "--json")

    assert (0, False, before, []) == (ran.code, ran.document["isNew"], ran.document["keyId"], ran.document["done"])


def test_rotation_with_waiting_entry(world: World) -> None:
    """The new key signs, the old one stays trusted, and what it signed is delivered."""
    world.run("enqueue", str(world.submission()))
    before = world.run("init", "--json").document["keyId"]

    rotated = world.run("init", "--rotate", "--json").document

    assert before != rotated["keyId"]
    assert before in rotated["trustedKeyIds"]
    assert 0 == world.run("dispatch", "--drain").code


def test_import_and_trust(bare_world: World, tmp_path: Path) -> None:
    """An imported key signs; a trusted public key is believed beside it."""
    assert 0 == bare_world.run("init", "--home", str(tmp_path / "other")).code
    [private] = (tmp_path / "other" / "keys").glob("*.private.pem")
    assert 0 == bare_world.run("init", "--home", str(tmp_path / "third")).code
    [public] = (tmp_path / "third" / "keys").glob("*.public.pem")

    ran = bare_world.run("init", "--import", str(private), "--trust", str(public), "--json")

    assert private.name.partition(".")[0] == ran.document["keyId"]
    assert 2 == len(ran.document["trustedKeyIds"])


def test_import_of_no_key(bare_world: World) -> None:
    """A file that is no key is a configuration error."""
    (bare_world.folder / "no.pem").write_text("no key")

    ran = bare_world.run("init", "--import", "no.pem")

    assert 5 == ran.code
    assert "hint:" in ran.err


def test_no_home_for_real_endpoint(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No verb makes a home by the way: a mistyped folder is told, not filled."""
    for name, value in {"ENDPOINT": "testing", "USERNAME": "someone", "PASSWORD": "pass"}.items():
        monkeypatch.setenv(f"TIPLINE_{name}", value)

    codes = {verb: bare_world.run(verb, *arguments).code for verb, arguments in _NEED_A_HOME.items()}

    assert {5} == set(codes.values())
    assert not bare_world.home.exists()


def test_no_home_for_mock_endpoint(bare_world: World) -> None:
    """For a mock endpoint a home is made, with a word about it on standard error."""
    ran = bare_world.run("submit", "--json", str(bare_world.submission()))

    assert (0, "acknowledged") == (ran.code, ran.document["state"])
    assert "made the home" in ran.err


_NEED_A_HOME = {
    "enqueue": ["case.json"],
    "submit": ["case.json"],
    "dispatch": ["--drain"],
    "status": [],
    "list": [],
    "show": ["x"],
    "receipts": ["list"],
    "dead-letter": ["list"],
    "alarm": ["list"],
    "retract": ["x", "--reason", "y"],
    "verify": ["--all"],
}


def test_validate_without_home_and_endpoint(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file has its issues; the code says whether any blocks."""
    monkeypatch.delenv("TIPLINE_ENDPOINT")
    good = bare_world.submission(name="good.json")
    bad = bare_world.submission(name="bad.json", report={}, evidence=[{"path": "nowhere.jpg"}, {}])

    ran = bare_world.run("validate", "--json", str(good), str(bad))

    assert 2 == ran.code
    assert [True, False] == [item["isAcceptable"] for item in ran.document]
    assert {"report.reporter", "evidence[0].path", "evidence[1].path"} <= {
        issue["path"] for issue in ran.document[1]["issues"]
    }
    assert set(ran.document[1]["issues"][0]) == {"path", "rule", "severity", "message", "source"}


def test_validate_prints_issues(bare_world: World) -> None:
    """Warnings alone do not block, and each stands with severity, path, words and rule."""
    ran = bare_world.run("validate", str(bare_world.submission(evidence=[{"path": "gradient.png"}])))

    assert 0 == ran.code
    assert "warning: evidence[0].details.fileViewedByEsp:" in ran.out
    assert "[file-viewed-claim-missing;" in ran.out


def test_render_report(bare_world: World) -> None:
    """Standard output is exactly one XML document; the files of evidence need not be there."""
    path = bare_world.submission(evidence=[{"path": "nowhere.jpg", "details": {"originalFileName": "mug.jpg"}}])

    report = bare_world.run("render", str(path))
    details = bare_world.run("render", str(path), "--evidence", "0")

    assert (0, 0) == (report.code, details.code)
    assert "report" == etree.fromstring(report.out.encode()).tag
    assert "mug.jpg" == etree.fromstring(details.out.encode()).findtext("originalFileName")


def test_render_is_what_is_sent(world: World) -> None:
    """The rendered bytes are those that arrive."""
    path = world.submission()
    rendered = world.run("render", str(path), "--json").document["xml"]

    world.run("submit", str(path))

    assert rendered.encode() == world.endpoint.report_xml(400000001)


def test_render_of_invalid_report(bare_world: World) -> None:
    """Nothing is printed on standard output, the issues on standard error."""
    ran = bare_world.run("render", str(bare_world.submission(report={})))

    assert (2, "") == (ran.code, ran.out)
    assert "report.reporter" in ran.err


def test_status_and_list(world: World) -> None:
    """Counts by state and environment, and entries page by page."""
    world.run("submit", str(world.submission("a", name="a.json")))
    world.run("enqueue", str(world.lines(world.content("b"), world.content("c"))))

    status = world.run("status", "--json").document
    first = world.run("list", "--json", "--limit", "2").document
    rest = world.run("list", "--json", "--after", first[-1]["id"]).document

    assert (2, 1, 2) == (
        status["waiting"],
        status["environments"]["mock"]["states"]["acknowledged"],
        status["environments"]["mock"]["states"]["queued"],
    )
    assert [["a", "b"], ["c"]] == [[entry["idempotencyKey"] for entry in page] for page in (first, rest)]
    assert ["a"] == [entry["idempotencyKey"] for entry in world.listed("acknowledged")]


def test_status_for_people(world: World) -> None:
    """What waits, since when."""
    world.run("enqueue", str(world.submission()))

    ran = world.run("status")

    assert 0 == ran.code
    assert "queued        1" in ran.out
    assert "oldest waits" in ran.out


def test_show_without_and_with_content(world: World) -> None:
    """The history never shows the report; the content does when asked for."""
    world.run("submit", str(world.submission()))

    plain = world.run("show", "case-1")
    full = world.run("show", "case-1", "--content", "--json").document

    assert "report        400000001" in plain.out
    assert "sample_user" not in plain.out
    assert "sample_user" == full["content"]["report"]["personOrUserReported"][0]["screenName"]
    assert ["acknowledged"] == [attempt["outcome"] for attempt in full["tries"]]


def test_show_of_unknown_entry(world: World) -> None:
    """Bad input, as an error document."""
    ran = world.run("show", "nobody", "--json")

    assert (2, "EntryNotFoundError") == (ran.code, ran.document["error"]["class"])


def test_control_characters_in_a_key(world: World) -> None:
    """A key cannot send commands to the terminal that shows it."""
    world.run("enqueue", str(world.submission(idempotencyKey="\x1b[2Jgone")))

    ran = world.run("list")

    assert "\x1b" not in ran.out
    assert "\\x1b[2Jgone" in ran.out


def test_retract_before_filing(world: World) -> None:
    """A waiting entry is withdrawn at once, with the reason on record; a dispatcher finds nothing to do."""
    world.run("enqueue", str(world.submission()))

    ran = world.run("retract", "case-1", "--reason", "wrong account", "--json")

    assert (0, "retracted", "wrong account") == (
        ran.code,
        ran.document["state"],
        ran.document["withdrawalReason"],
    )
    assert 0 == world.endpoint.summary()["requests"]
    assert 0 == world.run("dispatch", "--drain").code


def test_retract_after_filing(world: World) -> None:
    """A filed report cannot be withdrawn."""
    world.run("submit", str(world.submission()))

    ran = world.run("retract", "case-1", "--reason", "too late", "--json")

    assert (2, "IllegalTransitionError") == (ran.code, ran.document["error"]["class"])


def test_blank_reason(world: World) -> None:
    """Who withdraws or requeues says why."""
    codes = [
        world.run("retract", "x", "--reason", " ").code,
        world.run("dead-letter", "requeue", "x", "--reason", "").code,
        world.run("alarm", "close", "1", "--note", " ").code,
    ]

    assert [2, 2, 2] == codes


def test_receipt_handed_on(world: World) -> None:
    """An exported receipt is verified with the public key alone, without a home."""
    world.run("submit", str(world.submission()))
    [public] = (world.home / "keys").glob("*.public.pem")
    assert 0 == world.run("receipts", "export", "case-1", "--out", "receipt.json").code

    ran = world.run("verify", "receipt.json", "--key", str(public), "--home", "nowhere", "--json")

    assert 0 == ran.code
    assert [(True, 400000001)] == [(item["verified"], item["receipt"]["reportId"]) for item in ran.document]
    assert 0o600 == stat.S_IMODE((world.folder / "receipt.json").stat().st_mode)


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

    assert [400000001] == [entry["reportId"] for entry in listed]
    assert "report 400000001 is filed" in shown.out
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

    assert (0, 3) == (good.code, good.document["checked"])
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


def test_dead_letters_listed(world: World) -> None:
    """With the reason; showing one that is none is refused."""
    world.endpoint.faults.script("submit", code(4100))
    world.run("submit", str(world.submission("a", name="a.json")))
    world.run("enqueue", str(world.submission("b", name="b.json")))

    listed = world.run("dead-letter")
    refused = world.run("dead-letter", "show", "b")

    assert "code 4100" in listed.out
    assert 2 == refused.code


def test_schema_fetched(world: World) -> None:
    """The endpoint's schema is kept; then documents are checked against it, and elements it has are written."""
    content = world.content()
    content["report"]["incidentSummary"]["reportAnnotations"] = {"informational": True}
    path = world.submission()
    path.write_text(json.dumps(content))
    with MockEndpoint(newer_elements=True) as newer:
        arguments = ["--endpoint", newer.base_url]
        before = world.run("validate", str(path), *arguments)

        fetched = world.run("schema", "fetch", "--json", *arguments)

        after = world.run("validate", str(path), *arguments)
        shown = world.run("schema", "show", *arguments)
    assert (2, 0, 0) == (before.code, fetched.code, after.code)
    assert "reportAnnotations.informational" in fetched.document["newerElements"]
    assert "reportAnnotations.informational" in shown.out


def test_schema_exported(bare_world: World) -> None:
    """JSON Schema of a submission file, without home or endpoint."""
    ran = bare_world.run("schema", "export")

    assert {"idempotencyKey", "report", "evidence"} == set(ran.document["properties"])


def test_doctor_finds_all_well(world: World) -> None:
    """Everything is looked at, the environment is named, and no secret is shown."""
    ran = world.run("doctor", "--json")

    grades = {check["name"]: check["grade"] for check in ran.document["checks"]}
    assert (0, True, "mock") == (ran.code, ran.document["healthy"], ran.document["environment"])
    assert {"keys", "outbox", "outbox integrity", "clock", "disk", "evidence", "reachability"} <= set(grades)
    assert "ok" == grades["reachability"]
    assert "mock-password" not in ran.out


def test_doctor_finds_wrong_credentials(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that they are refused; offline it asks nobody."""
    monkeypatch.setenv("TIPLINE_PASSWORD", "wrong")

    online = world.run("doctor")
    offline = world.run("doctor", "--offline")

    assert (8, 0) == (online.code, offline.code)
    assert "PROBLEM  credentials: the endpoint refuses them" in online.out


def test_doctor_finds_open_keys(world: World) -> None:
    """A private key that others can read is a problem, with its remedy."""
    [private] = (world.home / "keys").glob("*.private.pem")
    private.chmod(0o644)

    ran = world.run("doctor", "--offline")

    assert 8 == ran.code
    assert f"chmod 600 {private}" in ran.out


def test_demo(bare_world: World) -> None:
    """Two reports are filed exactly once, one of them although a reply was lost, and the receipt is verified."""
    ran = bare_world.run("demo", "--json")

    document = ran.document
    assert (0, True, 2) == (ran.code, document["filedExactlyOnce"], document["endpoint"]["finished"])
    assert [0, 5102] == [submission["receipt"]["code"] for submission in document["submissions"]]
    assert Path(document["receiptFile"]).is_file()


def test_demo_for_people(bare_world: World) -> None:
    """It ends with where things are and what to try next; run again in the same home, it works again."""
    home = str(bare_world.home)
    bare_world.run("demo", "--home", home)

    ran = bare_world.run("demo", "--home", home)

    assert 0 == ran.code
    assert "2 finished, 0 duplicates, 0 stray files" in ran.out
    assert f"tipline verify --all --home {home}" in ran.out
    assert 0 == bare_world.run("verify", "--all", "--home", home).code
