"""Many submissions with one command: what is queued, what is set aside, and how it goes on."""

import errno
import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.hosts import eventually
from tests.acceptance.world import World, issues_in
from tipline_client.cli.files import ResultLines
from tipline_client.errors import ConfigurationError
from tipline_client.mock import code, other_files


def test_rejects_are_unchanged(world: World) -> None:
    """Lines that are not UTF-8, not JSON, cut off or with CRLF go to the rejects byte for byte, numbered."""
    path = world.lines(world.content("a"))
    bad = [b'\xff{"report": 1}\r\n', b"{nonsense\n", b'{"report": {}}']
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n \n" + b"".join(bad))

    ran = world.run("enqueue", "--json", str(path))

    rejects, issues = world.folder / "cases.rejects.jsonl", world.folder / "cases.rejects.issues.jsonl"
    [source] = ran.document["sources"]
    assert (2, 4, 1, 3) == (ran.code, source["read"], source["queued"], source["rejected"])
    assert b"".join(bad) + b"\n" == rejects.read_bytes()
    assert [(4, 1), (5, 2), (6, 3)] == [(issue["line"], issue["rejectLine"]) for issue in issues_in(issues)]
    assert 0o600 == stat.S_IMODE(rejects.stat().st_mode) == stat.S_IMODE(issues.stat().st_mode)


def test_results_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends with the reason and a summary that counts what is durable, the last one too."""

    def fail(*_: object) -> None:
        raise ConfigurationError("no room for results")

    monkeypatch.setattr(ResultLines, "add", fail)
    path = world.lines(*(world.content(f"case-{number}", evidence=[]) for number in range(200)))

    ran = world.run("enqueue", str(path), "--results", "results.jsonl", "--json")

    [source] = ran.document["sources"]
    assert (5, True) == (ran.code, "no room" in source["error"]["message"])
    assert 0 < source["queued"] == len(world.listed()) < 200


def test_mended_rejects(world: World) -> None:
    """The rejects, mended, are handed in like any other file, and their own rejects do not overwrite them."""
    world.run("enqueue", str(world.lines(world.content("a"), world.content("b", report={}))))
    rejects = world.folder / "cases.rejects.jsonl"
    rejects.write_text(json.dumps(world.content("b")) + "\nbad\n")

    ran = world.run("enqueue", str(rejects))

    assert 2 == ran.code
    assert b"bad\n" == (world.folder / "cases.rejects.rejects.jsonl").read_bytes()
    assert ["a", "b"] == sorted(entry["idempotencyKey"] for entry in world.listed())


def test_same_file_again(world: World) -> None:
    """Nothing is queued twice, with keys of its own and with derived ones, and no rejects file is written over."""
    unnamed = world.content(None)
    path = world.lines(world.content("a"), unnamed, unnamed, {"report": {}})
    first = world.run("enqueue", "--json", str(path)).document
    before = (world.folder / "cases.rejects.jsonl").read_bytes()

    again = world.run("enqueue", "--json", str(path)).document

    counts = [[run["sources"][0][name] for name in ("queued", "known", "rejected")] for run in (first, again)]
    assert [[2, 1, 1], [0, 3, 1]] == counts
    assert ["submission", "content", "content"] == [item["keyFrom"] for item in again["firstResults"]]
    assert again["firstResults"][1]["idempotencyKey"].startswith("content:")
    assert str(world.folder / "cases.rejects-2.jsonl") == again["sources"][0]["rejects"]
    assert before == (world.folder / "cases.rejects.jsonl").read_bytes()


def test_rejects_named(world: World) -> None:
    """A file that is named and there already is not touched; nothing is queued then."""
    path = world.lines(world.content("a"), {"report": {}})
    there = world.folder / "mine.jsonl"
    there.write_text("kept")

    refused = world.run("enqueue", str(path), "--rejects", str(there))
    ran = world.run("enqueue", str(path), "--rejects", str(world.folder / "new.jsonl"))

    assert (2, "kept") == (refused.code, there.read_text())
    assert (2, b'{"report": {}}\n') == (ran.code, (world.folder / "new.jsonl").read_bytes())


def test_line_longer_than_the_limit(world: World) -> None:
    """It is rejected whole and unchanged, and the line after it is read."""
    path = world.lines()
    long = b'{"report": "' + b"x" * (5 * 1024 * 1024) + b'"}\n'
    path.write_bytes(long + json.dumps(world.content("a")).encode())

    ran = world.run("enqueue", "--json", str(path))

    assert (2, 1) == (ran.code, ran.document["sources"][0]["queued"])
    assert long == (world.folder / "cases.rejects.jsonl").read_bytes()
    [issue] = issues_in(world.folder / "cases.rejects.issues.jsonl")
    assert (1, "line-too-long") == (issue["line"], issue["issues"][0]["rule"])


def test_dry_run(world: World) -> None:
    """Everything is checked, also a key for two contents, and nothing is queued; no home is needed to look."""
    path = world.lines(world.content("a"), world.content("a"), world.content("a", evidence=[]), {"report": {}})

    ran = world.run("submit", "--dry-run", "--json", str(path))

    [source] = ran.document["sources"]
    assert (2, True) == (ran.code, ran.document["dryRun"])
    assert [1, 1, 2] == [source[name] for name in ("queued", "known", "rejected")]
    assert f"is that of {path}:1, which has other content" in Path(source["issues"]).read_text()
    assert [] == world.listed()


def test_folder(world: World) -> None:
    """Each `.json` file of a folder is a submission; of a bad one the issues are written, and it stays where it is."""
    folder = world.folder / "cases"
    folder.mkdir()
    for name in ("a", "b"):
        world.submission(name, name=f"cases/{name}.json", evidence=[])
    (folder / "c.json").write_text("{}")
    (folder / "notes.txt").write_text("no submission")

    ran = world.run("enqueue", "--json", str(folder))

    [source] = ran.document["sources"]
    assert (2, 2, 1) == (ran.code, source["queued"], source["rejected"])
    [issue] = issues_in(Path(source["issues"]))
    assert str(folder / "c.json") == issue["file"]


def test_lines_on_standard_input(world: World) -> None:
    """A stream of lines is read to its end; all is queued."""
    data = world.lines(world.content("a"), world.content("b")).read_bytes()

    with (world.folder / "cases.jsonl").open("rb") as stream:
        process = world.start("enqueue", "-", "--json", stdin=stream)
        out, _ = process.communicate(timeout=60)

    assert (0, 2) == (process.returncode, json.loads(out)["sources"][0]["queued"])
    assert data


def test_slow_writer(world: World) -> None:
    """Each line is durable and told as soon as it was written, whenever the next may come."""
    lines = world.lines(*(world.content(f"case-{number}") for number in range(3))).read_bytes().splitlines(True)
    done = world.folder / "done.jsonl"
    process = world.start("enqueue", "-", "--json", "--results", str(done), stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(lines[0] + lines[1])
    process.stdin.flush()
    eventually(lambda: 2 == len(world.listed()))

    process.stdin.write(lines[2][:20])
    process.stdin.flush()
    process.stdin.write(lines[2][20:].rstrip(b"\n"))
    out, _ = process.communicate(timeout=60)

    assert (0, 3) == (process.returncode, json.loads(out)["sources"][0]["queued"])
    assert 3 == len(issues_in(done))


def test_slow_writer_of_bad_lines(world: World) -> None:
    """What was not a submission at the very beginning makes nobody wait for the end of the stream."""
    done = world.folder / "done.jsonl"
    good = world.lines(world.content("a")).read_bytes()
    process = world.start("enqueue", "-", "--json", "--results", str(done), stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"nonsense\n" + good)
    process.stdin.flush()

    eventually(lambda: 1 == len(world.listed()))

    out, _ = process.communicate(timeout=60)
    [source] = json.loads(out)["sources"]
    assert (2, 1, 1) == (process.returncode, source["queued"], source["rejected"])


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_nothing_comes(world: World, stop: signal.Signals) -> None:
    """Whoever asks to stop does not wait for a next line; what came before it is queued and summed up."""
    lines = world.lines(world.content("a"), world.content("b")).read_bytes()
    process = world.start("enqueue", "-", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(lines)
    process.stdin.flush()
    eventually(lambda: 2 == len(world.listed()))

    process.send_signal(stop)
    process.wait(timeout=60)

    assert process.stdout is not None
    [source] = json.loads(process.stdout.read())["sources"]
    assert (130, True, 2) == (process.returncode, source["interrupted"], source["queued"])


def test_folders_in_a_folder(world: World) -> None:
    """They are not looked into unless that is asked for, and what may hold submissions there is named."""
    case = world.submission(name="a.json").read_text()
    folder = world.folder / "cases"
    for below in ("one", "two/deep", ".hidden"):
        (folder / below).mkdir(parents=True)
        (folder / below / "case.json").write_text(case.replace("case-1", below))
        (folder / below / "gradient.png").write_bytes((world.folder / "gradient.png").read_bytes())
    (folder / "lines.jsonl").write_text("{}\n")
    (folder / "link").symlink_to(folder)

    flat, deep = world.run("enqueue", str(folder)), world.run("enqueue", str(folder), "--recursive", "--json")

    [source] = deep.document["sources"]
    assert 2 == flat.code
    assert f"not read, and may hold submissions: {folder / '.hidden'}, {folder / 'link'}, " in flat.out
    assert (0, 2, 0) == (deep.code, source["queued"], source["rejected"])
    assert {
        "files": 3,
        "first": [str(folder / ".hidden"), str(folder / "link"), str(folder / "lines.jsonl")],
    } == source["passedOver"]
    assert ["one", "two/deep"] == sorted(entry["idempotencyKey"] for entry in world.listed())


@pytest.mark.parametrize(("options", "rejected"), [([], 0), (["--recursive"], 1)])
def test_folder_that_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, options: list[str], rejected: int
) -> None:
    """A folder that nobody asked for is nobody's fault; one that was to be read is named, and the rest is queued."""
    folder = world.folder / "cases"
    (folder / "closed").mkdir(parents=True)
    world.submission(name="cases/a.json", evidence=[])
    look = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", refuse)
    ran = world.run("enqueue", str(folder), "--json", *options)

    [source] = ran.document["sources"]
    assert (1, rejected) == (source["queued"], source["rejected"])
    assert (2 if rejected else 0) == ran.code


@pytest.mark.parametrize("verb", ["submit", "enqueue"])
def test_nothing_personal_is_said(world: World, verb: str) -> None:
    """Neither lines nor standard error hold what a submission says, even of one that is rejected."""
    content = world.content("a")
    content["report"]["planted"] = "planted value"

    ran = world.run(verb, str(world.lines(content)))

    assert 2 == ran.code
    assert "planted" not in ran.out + ran.err


def test_endpoint_is_away(world: World) -> None:
    """All is queued, the delivery stops, and the code says that something waits."""
    path = world.lines(world.content("a"), world.content("b"))

    ran = world.run("submit", "--json", str(path), "--endpoint", "http://127.0.0.1:9/ispws")

    assert (3, 2) == (ran.code, ran.document["delivery"]["waiting"])
    assert "the connection was refused" in ran.document["delivery"]["failure"]
    assert 2 == len(world.listed("queued"))


@pytest.mark.slow
def test_interrupted_and_run_again(world: World) -> None:
    """Ctrl-C leaves what is queued with a summary and 130; the same command files the rest, each once."""
    count = 3000
    path = world.lines(*(world.content(f"case-{number}", evidence=[]) for number in range(count)))
    process = world.start("enqueue", str(path), "--json", "--results", str(world.folder / "done.jsonl"))
    while process.poll() is None and not (world.folder / "done.jsonl").exists():
        time.sleep(0.01)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)

    [before] = json.loads(out)["sources"]
    [after] = world.run("enqueue", str(path), "--json").document["sources"]

    assert (130, True) == (process.returncode, before["interrupted"])
    assert before["queued"] < count
    assert (before["queued"], count - before["queued"]) == (after["known"], after["queued"])


def test_one_is_given_up_and_one_needs_a_look(world: World) -> None:
    """The summary counts them, says where to look, and ends with the code of what was given up."""
    world.endpoint.faults.script("submit", code(4100))
    world.endpoint.faults.script("finish", other_files())
    path = world.lines(world.content("a"), world.content("b"), world.content("c"))

    ran = world.run("submit", str(path), "--slots", "1")

    assert 4 == ran.code
    assert "delivery: 2 filed, 1 given up, 0 waiting" in ran.out
    assert "a person must look: 1 open alarm(s)" in ran.out
    assert "tipline dead-letter list" in ran.out


def test_same_file_again_after_something_was_given_up(world: World) -> None:
    """It ends with 4, and says where to look and what else still waits."""
    world.endpoint.faults.script("submit", code(4100))
    path = str(world.lines(world.content("a"), world.content("b"), world.content("c")))
    world.run("submit", path, "--slots", "1")
    world.run("enqueue", str(world.submission("d")))
    world.lines(*(world.content(key) for key in "abcd"))

    queued = world.run("enqueue", path)
    away = world.run("submit", path, "--endpoint", "http://127.0.0.1:9/ispws")

    assert (4, 4) == (queued.code, away.code)
    for ran in (queued, away):
        assert "there already: 2 acknowledged, 1 dead_letter, 1 queued" in ran.out
        assert "hint: `tipline dead-letter list` says why" in ran.out
    assert "hint: `tipline dispatch` delivers what waits\n" in queued.out
    assert "hint: 1 wait; `tipline dispatch` delivers what waits, and the same command again tries it" in away.out


def test_hint_at_what_waits(world: World) -> None:
    """It is there for what is new as well, and claims no number: others may wait, and equal lines are one entry."""
    content = world.content("a")
    first = world.run("enqueue", str(world.lines(content, content)))
    again = world.run("enqueue", str(world.lines(content, world.content("b"), world.content("c"))))
    dry = world.run("enqueue", str(world.lines(world.content("d"))), "--dry-run")

    for ran in (first, again):
        assert "hint: `tipline dispatch` delivers what waits\n" in ran.out
        assert " wait; " not in ran.out
    assert "tipline dispatch" not in dry.out


def test_derived_key_is_shown(world: World) -> None:
    """The summary for people says how many keys are derived from content, and shows one."""
    ran = world.run("enqueue", str(world.lines(world.content(None), world.content("b"))))

    [entry] = [entry for entry in world.listed() if entry["idempotencyKey"] != "b"]
    assert 0 == ran.code
    assert f":1 is {entry['idempotencyKey']}" in ran.out


def test_reporter_of_the_settings_changed(world: World) -> None:
    """A line without reporter and key is not filed again under another reporter: it is rejected, loudly."""
    content = world.content(None, evidence=[])
    del content["report"]["reporter"]
    path = world.lines(content, world.content("b"))
    settings = '[reporter.reportingPerson]\nfirstName = "{}"\nemail = ["safety@example.com"]\n'
    codes = []
    for name in ("Ann", "Anna"):
        (world.folder / "named.toml").write_text(settings.format(name), encoding="utf-8")
        codes.append(world.run("submit", str(path), "--config", str(world.folder / "named.toml")).code)

    assert [0, 2] == codes
    assert (2, 0) == (world.endpoint.summary()["finished"], world.endpoint.summary()["duplicates"])


def test_lines_that_say_the_same(world: World) -> None:
    """They are one entry, and count once where deliveries are counted."""
    ran = world.run("submit", str(world.lines(*[world.content(None)] * 5)), "--json")

    assert (0, {"entries": 1, "filed": 1}) == (
        ran.code,
        {name: ran.document["delivery"][name] for name in ("entries", "filed")},
    )


def test_no_folder_for_rejects(world: World) -> None:
    """That is said before anything is read, not at the first bad line hours later."""
    path = world.lines(world.content("a"), {"report": {}})

    ran = world.run("enqueue", str(path), "--rejects", str(world.folder / "nowhere" / "rejects.jsonl"))

    assert 2 == ran.code
    assert "there is no such folder" in ran.err
    assert [] == world.listed()


def test_rejects_cannot_be_written(world: World) -> None:
    """The run ends with a clear error and the number of what is durable; nothing bad is dropped silently."""
    path = world.lines(world.content("a"), {"report": {}}, world.content("c"))

    # Its own name fits; that of the file with the reasons beside it does not.
    ran = world.run("enqueue", "--json", str(path), "--rejects", str(world.folder / f"{'r' * 246}.jsonl"))

    [source] = ran.document["sources"]
    assert (5, 0) == (ran.code, source["rejected"])
    assert "cannot be written" in source["error"]["message"]
    assert source["queued"] == len(world.listed())
