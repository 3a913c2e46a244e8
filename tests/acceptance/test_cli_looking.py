"""Looking and deciding: validate, render, status, list, show, retract and dead letters."""

import pytest
from lxml import etree

from tests.acceptance.world import World
from tipline_client.mock import code


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

    assert rendered.encode() == world.endpoint.report_xml(world.report_id)


def test_render_of_invalid_report(bare_world: World) -> None:
    """Nothing is printed on standard output, the issues on standard error."""
    ran = bare_world.run("render", str(bare_world.submission(report={})))

    assert (2, "") == (ran.code, ran.out)
    assert "report.reporter" in ran.err


def test_status_and_list(world: World) -> None:
    """Counts by state and environment, and entries page by page."""
    world.run("submit", str(world.submission("a", name="a.json")))
    for key in ("b", "c"):
        world.run("enqueue", str(world.submission(key)))

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


def test_status_of_an_empty_home(world: World) -> None:
    """Of the endpoint that is named it is said that nothing is there yet."""
    ran = world.run("status")

    assert 0 == ran.code
    assert ran.out.endswith("mock: no entry yet\n")


def test_show_without_and_with_content(world: World) -> None:
    """The history never shows the report; the content does when asked for."""
    world.run("submit", str(world.submission()))

    plain = world.run("show", "case-1")
    full = world.run("show", "case-1", "--content", "--purpose", "a test", "--json").document

    assert f"report        {world.report_id}" in plain.out
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


def test_dead_letters_listed(world: World) -> None:
    """With the reason; showing one that is none is refused."""
    world.endpoint.faults.script("submit", code(4100))
    world.run("submit", str(world.submission("a", name="a.json")))
    world.run("enqueue", str(world.submission("b", name="b.json")))

    listed = world.run("dead-letter")
    refused = world.run("dead-letter", "show", "b")

    assert "code 4100" in listed.out
    assert 2 == refused.code


def test_retract_without_endpoint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be open at the endpoint is only marked, and ends with 3; the next dispatcher carries it out."""
    world.endpoint.faults.script("fileinfo", code(1000), code(1000), code(1000), code(1000))
    assert 3 == world.run("submit", str(world.submission())).code
    monkeypatch.delenv("TIPLINE_ENDPOINT")

    marked = world.run("retract", "case-1", "--reason", "wrong account")

    monkeypatch.setenv("TIPLINE_ENDPOINT", world.endpoint.base_url)
    drained = world.run("dispatch", "--drain")
    assert (3, 0) == (marked.code, drained.code)
    assert ["retracted"] == [entry["state"] for entry in world.listed()]
    assert (0, 0) == (world.endpoint.summary()["finished"], world.endpoint.summary()["open"])


def test_since_when_it_is_known(world: World) -> None:
    """The time of knowledge stands in the file, is kept with the entry and in the receipt, and is never sent."""
    path = world.submission(knownAt="2026-01-05T09:00:00+01:00")
    world.run("enqueue", str(path))
    waiting = world.run("status", "--json").document
    world.run("dispatch", "--drain")
    world.run("receipts", "export", "case-1", "--out", str(world.folder / "receipt.json"))
    [verified] = world.run("verify", str(world.folder / "receipt.json"), "--json").document

    assert "2026-01-05T08:00:00Z" == waiting["environments"]["mock"]["longestKnown"]
    assert "2026-01-05T08:00:00Z" == verified["receipt"]["knownAt"]
    assert b"knownAt" not in world.endpoint.report_xml(world.report_id)
