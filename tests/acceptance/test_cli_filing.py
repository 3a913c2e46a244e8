"""From a file to a receipt: enqueue, submit and dispatch, with good input, bad input and a bad world."""

import io
import json
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client.mock import code, garbage, lost_reply, other_files
from tipline_client.mock.counts import Summary
from tipline_client.mock.script import Step


def filed(world: World) -> tuple[int, int, int]:
    summary: Summary = world.endpoint.summary()
    return summary["finished"], summary["duplicates"], summary["stray_files"]


def test_submit_ends_with_receipt(world: World) -> None:
    """The report is filed once, and the receipt names report, key, file digests and where it is kept."""
    ran = world.run("submit", str(world.submission()))

    assert ran.code == 0
    assert f"report {world.report_id} is filed (mock: mock)" in ran.out
    assert "key           case-1" in ran.out
    assert "sha256" in ran.out
    assert "tipline receipts export" in ran.out
    assert (1, 0, 0) == filed(world)


def test_submit_in_json(world: World) -> None:
    """One object: the entry with its receipt."""
    ran = world.run("submit", "--json", str(world.submission()))

    document = ran.document
    assert ran.code == 0
    assert ("acknowledged", world.report_id, "case-1") == (
        document["state"],
        document["reportId"],
        document["receipt"]["idempotencyKey"],
    )
    assert document["receipt"]["files"][0]["md5"] == document["receipt"]["files"][0]["endpointMd5"]


def test_same_file_twice(world: World) -> None:
    """The second run shows the same receipt and files nothing."""
    path = world.submission()
    first = world.run("submit", "--json", str(path)).document
    calls = world.endpoint.summary()["requests"]

    second = world.run("submit", "--json", str(path)).document

    assert first["receipt"] == second["receipt"]
    assert (True, False) == (first["isNew"], second["isNew"])
    assert calls == world.endpoint.summary()["requests"]


def test_no_key_given(world: World) -> None:
    """The key is derived from the content, which is said, and the same content again is the same entry."""
    path = world.submission(key=None)
    first = world.run("enqueue", str(path))

    second = world.run("enqueue", "--json", str(path)).document

    assert "(derived from the content)" in first.out
    assert ("content", False) == (second["keyFrom"], second["isNew"])
    assert 1 == len(world.listed())


def test_reply_to_finish_lost(world: World) -> None:
    """The command asks again and ends with a receipt; the report is filed once."""
    world.endpoint.faults.script("finish", lost_reply())

    ran = world.run("submit", "--json", str(world.submission()))

    assert (0, 5102) == (ran.code, ran.document["receipt"]["code"])
    assert (1, 0, 0) == filed(world)


def test_json_lines(world: World) -> None:
    """Each line is a submission of its own, and the result is a summary with the first ones by name."""
    path = world.lines(world.content("a"), world.content("b"), world.content("c"))

    ran = world.run("submit", "--json", "--slots", "2", str(path))

    first = ran.document["firstResults"]
    assert (0, 3) == (ran.code, ran.document["delivery"]["filed"])
    assert ["a", "b", "c"] == [item["idempotencyKey"] for item in first]
    assert [(str(path), number) for number in (1, 2, 3)] == [(item["file"], item["line"]) for item in first]
    assert 3 == len(world.listed("acknowledged"))


def test_bad_line_among_good_ones(world: World) -> None:
    """The good lines are queued, and the bad one is named and goes to the rejects as it is."""
    path = world.lines(world.content("a"), {"report": {}}, world.content("c"))

    ran = world.run("enqueue", str(path))

    assert 2 == ran.code
    assert f"{path}:2: rejected: required-missing" in ran.err
    assert b'{"report": {}}\n' == (world.folder / "cases.rejects.jsonl").read_bytes()
    assert ["a", "c"] == sorted(entry["idempotencyKey"] for entry in world.listed())


def test_bad_file_beside_good_one(world: World) -> None:
    """The good file is queued and the bad one is not; the code says bad input."""
    good = world.submission("good", name="good.json")
    bad = world.submission("bad", name="bad.json", report={})

    ran = world.run("enqueue", "--json", str(bad), str(good))

    assert 2 == ran.code
    assert [False, True] == [item["queued"] for item in ran.document]
    assert ["good"] == [entry["idempotencyKey"] for entry in world.listed()]


def test_unknown_field(world: World) -> None:
    """The issue has its path and the nearest right name; nothing is queued."""
    path = world.submission(extra=1)
    data = json.loads(path.read_text())
    del data["extra"]
    data["report"]["incidentSummary"]["incidentTyp"] = data["report"]["incidentSummary"].pop("incidentType")
    path.write_text(json.dumps(data))

    ran = world.run("submit", "--json", str(path))

    errors = [issue for issue in ran.document["issues"] if issue["severity"] == "error"]
    assert 2 == ran.code
    assert ["report.incidentSummary.incidentTyp"] == [issue["path"] for issue in errors]
    assert "Did you mean incidentType?" in errors[0]["message"]
    assert [] == world.listed()


def test_malformed_json(world: World) -> None:
    """The place is named, and nothing is queued."""
    path = world.folder / "broken.json"
    path.write_text('{"report": ')

    ran = world.run("submit", str(path))

    assert 2 == ran.code
    assert "json-syntax" in ran.out
    assert "line 1" in ran.out
    assert [] == world.listed()


@pytest.mark.parametrize(
    ("content", "rule"), [(None, "evidence-file-missing"), (b"", "evidence-empty")], ids=["missing", "empty"]
)
def test_evidence_unusable(world: World, content: bytes | None, rule: str) -> None:
    """The file is named by the path of its item, and nothing is half-queued."""
    path = world.submission(evidence=[{"path": "mug.jpg"}])
    if content is not None:
        (world.folder / "mug.jpg").write_bytes(content)

    ran = world.run("enqueue", "--json", str(path))

    assert 2 == ran.code
    assert ("evidence[0].path", rule) in {(issue["path"], issue["rule"]) for issue in ran.document["issues"]}
    assert [] == world.listed()
    assert [] == list((world.home / "evidence").iterdir())


def test_key_of_other_content(world: World) -> None:
    """A key that names another report is refused; the first entry stays as it is."""
    world.run("enqueue", str(world.submission("case-1")))
    other = world.submission("case-1", evidence=[])

    ran = world.run("enqueue", "--json", str(other))

    assert (2, "DuplicateKeyError") == (ran.code, ran.document["error"]["class"])
    assert 1 == len(world.listed())


def test_key_of_another_line(world: World) -> None:
    """One key for two reports in one file: the first is queued and the second rejected; `validate` finds it too."""
    path = world.lines(world.content("a"), world.content("b"), world.content("a", evidence=[]))

    checked = world.run("validate", str(path))
    ran = world.run("enqueue", str(path))

    assert (2, 2) == (checked.code, ran.code)
    assert "key-of-another-line" in checked.out
    assert "3 read, 1 of them not acceptable" in checked.err
    assert f"{path}:3: rejected: not-queued" in ran.err
    assert ["a", "b"] == sorted(entry["idempotencyKey"] for entry in world.listed())


def test_key_of_other_content_in_the_middle_of_a_file(world: World) -> None:
    """What only the outbox knows is said of its line; the lines around it are queued."""
    world.run("enqueue", str(world.submission("b", evidence=[])))

    ran = world.run("enqueue", "--json", str(world.lines(*(world.content(key) for key in "abc"))))

    assert 2 == ran.code
    assert ["a", "c"] == [item["idempotencyKey"] for item in ran.document["firstResults"]]
    assert ["a", "b", "c"] == sorted(entry["idempotencyKey"] for entry in world.listed())


def test_standard_input(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads one submission; its paths are relative to the current folder."""
    data = world.submission().read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    ran = world.run("enqueue", "--json", "-")

    assert (0, "standard input") == (ran.code, ran.document["file"])


def test_reporter_from_configuration(world: World) -> None:
    """A report without a reporter gets the configured one; one that has a reporter keeps it."""
    path = world.submission()
    data = json.loads(path.read_text())
    del data["report"]["reporter"]
    path.write_text(json.dumps(data))
    (world.folder / "tipline.toml").write_text(
        '[reporter.reportingPerson]\nfirstName = "Configured"\nemail = ["desk@example.com"]\n'
    )

    ran = world.run("submit", str(path))

    assert 0 == ran.code
    assert b"<firstName>Configured</firstName>" in world.endpoint.report_xml(world.report_id)


def test_endpoint_down_then_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry waits and says so; once the endpoint is there, the same command files it."""
    path = world.submission()
    monkeypatch.setenv("TIPLINE_ENDPOINT", "http://127.0.0.1:9/ispws")
    down = world.run("submit", str(path))
    waiting = world.listed("queued")
    monkeypatch.setenv("TIPLINE_ENDPOINT", world.endpoint.base_url)

    back = world.run("submit", str(path))

    assert (3, 0) == (down.code, back.code)
    assert "queued and waiting" in down.out
    assert (1, 0) == (len(waiting), waiting[0]["attempts"])
    assert "nothing was queued twice" in back.out
    assert (1, 0, 0) == filed(world)


def test_drain_while_endpoint_is_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 3 and one line: since when, why, how many wait, and for how long the oldest."""
    world.run("enqueue", str(world.lines(world.content("a"), world.content("b"))))
    monkeypatch.setenv("TIPLINE_ENDPOINT", "http://127.0.0.1:9/ispws")

    ran = world.run("dispatch", "--drain", "--patience", "0")

    assert 3 == ran.code
    assert 1 == ran.out.count("endpoint unusable since")
    assert "2 waiting, oldest" in ran.out


@pytest.mark.parametrize(("patience", "code"), [("1s", 0), ("0.5", 0), ("5 seconds", 2), ("1e3", 2)])
def test_patience_of_a_drain(world: World, patience: str, code: int) -> None:
    """It is a duration like every other, and a bare number is of seconds."""
    ran = world.run("dispatch", "--drain", "--patience", patience)

    assert code == ran.code
    assert code == 0 or "Write 90s or 5min" in ran.err


def test_wrong_credentials(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear message without the password; the entries stay queued and no attempt is burned."""
    monkeypatch.setenv("TIPLINE_PASSWORD", "not-the-password")
    world.run("enqueue", str(world.submission("a", name="a.json")))
    submitted = world.run("submit", str(world.submission("b", name="b.json")))

    drained = world.run("dispatch", "--drain")

    assert (3, 5) == (submitted.code, drained.code)
    assert "the password" in submitted.out
    assert 1 == drained.out.count("check the user name and the password")
    assert "not-the-password" not in submitted.out + submitted.err + drained.out + drained.err
    assert [("queued", 0), ("queued", 0)] == [(entry["state"], entry["attempts"]) for entry in world.listed()]


def test_rejected_report(world: World) -> None:
    """The submission is given up with its reason and code 4; requeued, it is filed."""
    world.endpoint.faults.script("submit", code(4100))
    path = world.submission()
    rejected = world.run("submit", "--json", str(path))
    reason = world.run("dead-letter", "show", "case-1", "--json").document
    requeued = world.run("dead-letter", "requeue", "case-1", "--reason", "looked at it")

    again = world.run("submit", str(path))

    assert (4, 0, 0) == (rejected.code, requeued.code, again.code)
    assert ("DeliveryRejectedError", 4100) == (
        rejected.document["error"]["class"],
        rejected.document["error"]["code"],
    )
    assert 4100 == reason["lastError"]["code"]
    assert (1, 0, 0) == filed(world)


def test_given_up_in_a_drain(world: World) -> None:
    """The drain ends with 4 and counts it."""
    world.endpoint.faults.script("submit", code(4100))
    world.run("enqueue", str(world.submission()))

    ran = world.run("dispatch", "--drain", "--json")

    assert (4, 1) == (ran.code, ran.document["outcomes"]["rejected"])


def test_evidence_changed_in_the_store(world: World) -> None:
    """A copy that was altered after sealing never reaches finish: given up, with an alarm."""
    world.run("enqueue", str(world.submission()))
    [copy] = (world.home / "evidence").glob("*/0.bin")
    copy.chmod(0o600)
    copy.write_bytes(b"x" * copy.stat().st_size)

    ran = world.run("submit", "--json", str(world.submission()))

    assert 4 == ran.code
    assert (0, 0, 0) == filed(world)
    assert ["evidence_changed"] == [alarm["kind"] for alarm in world.run("alarm", "--json").document]


def test_store_cannot_be_written(world: World) -> None:
    """An outbox that cannot be written ends the run with 6; nothing is rejected for it, and what is durable is said."""
    folder = world.home / "evidence"
    folder.rmdir()
    folder.write_text("in the way")

    ran = world.run("enqueue", "--json", str(world.lines(world.content("a"), world.content("b"))))

    [source] = ran.document["sources"]
    assert (6, "OutboxUnavailableError") == (ran.code, source["error"]["class"])
    assert (0, 0, 2) == (source["queued"], source["rejected"], source["notTried"])
    assert [] == world.listed()


def test_file_that_is_not_there(world: World) -> None:
    """A missing submission file is bad input, told by its name."""
    ran = world.run("enqueue", str(Path("nowhere.json")))

    assert 2 == ran.code
    assert "nowhere.json: nothing was queued" in ran.out


def test_no_file_named(world: World) -> None:
    """The command says what it wants."""
    ran = world.run("submit")

    assert 2 == ran.code
    assert "no submission file is named" in ran.err


def test_filed_with_an_alarm(world: World) -> None:
    """Whoever files it hears at once what a person must look at, with the alarm's number."""
    world.endpoint.faults.script("finish", other_files())
    path = str(world.submission())

    ran = world.run("submit", path)
    [alarm] = world.run("submit", "--json", path).document["alarms"]

    assert 0 == ran.code
    assert f"a person must look: alarm {alarm['number']}, file_set_differs: " in ran.out


@pytest.mark.parametrize(("step", "says"), [("finish", True), ("upload", False)])
def test_in_doubt_at_a_step(world: World, step: Step, says: bool) -> None:
    """Only while a finish is in doubt is somebody warned not to file by hand."""
    world.endpoint.faults.script(step, *[garbage()] * 20)
    world.endpoint.faults.script("retract", *[garbage()] * 20)

    ran = world.run("submit", str(world.submission()))

    assert 3 == ran.code
    assert says is ("do not file it by hand" in ran.out)
