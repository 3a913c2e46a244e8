"""What is named and is no source of submissions: said by name, and never counted as a submission."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.acceptance.world import World, issues_in


@pytest.mark.parametrize("name", ["nothing.jsonl", "nothing.csv"])
@pytest.mark.parametrize("verb", ["enqueue", "submit"])
def test_file_that_is_not_there(world: World, verb: str, name: str) -> None:
    """The command is refused with the name, and nothing counts as read."""
    (world.folder / "map.toml").write_text('line_breaks = []\n[columns]\n"Case" = "idempotencyKey"\n')
    options = ["--map", "map.toml"] if name.endswith(".csv") else []

    ran, said = world.run(verb, name, *options), world.run(verb, name, *options, "--json")

    assert (2, "", True) == (ran.code, ran.out, ran.err.startswith(f"error: {name}: No such file"))
    assert (2, "CommandError") == (said.code, said.document["error"]["class"])


def test_file_that_is_not_there_beside_others(world: World) -> None:
    """The others are queued; the summary names it, counts nothing for it, and the code says that something is wrong."""
    path = world.lines(world.content("a"))

    ran = world.run("enqueue", "nothing.jsonl", str(path), "--json")
    again = world.run("enqueue", "nothing.jsonl", str(path))

    missing, read = ran.document["sources"]
    assert (2, 0, 0, 1) == (ran.code, missing["read"], missing["rejected"], read["queued"])
    assert "nothing.jsonl: The submission file cannot be read: No such file" in missing["error"]["message"]
    assert "error: nothing.jsonl: " in again.out
    assert not list(world.folder.glob("*.rejects*"))


def test_file_without_a_line(world: World) -> None:
    """An empty file holds no bad submission, and is an error of the command all the same."""
    world.lines()

    ran = world.run("enqueue", "cases.jsonl", "--json")

    [source] = ran.document["sources"]
    assert (2, 0, 0) == (ran.code, source["read"], source["rejected"])
    assert "no submission at all" in source["error"]["message"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "It holds no submission at all"),
        (b"Case\n", "It holds no submission at all"),
        (b"Case,Note\rc-1,\r", "its lines end in CR alone. Save it with LF or CRLF"),
        (b'"Case","Note"\r"c-1",""\r', "its lines end in CR alone. Save it with LF or CRLF"),
        ("Case\r\nc-1\r\n".encode("utf-16"), "may be UTF-16. Save it as CSV in UTF-8"),
        ("Case,Gerät\nc-1,\n".encode("latin-1"), "its header is not UTF-8. Save it as CSV in UTF-8"),
    ],
)
def test_table_that_is_none(world: World, data: bytes, says: str) -> None:
    """What is wrong and the way out are said of the file; it is no rejected record, and the others are queued."""
    (world.folder / "map.toml").write_text('line_breaks = []\n[columns]\n"Case" = "idempotencyKey"\n')
    Path("cases.csv").write_bytes(data)
    Path("more.csv").write_text("Case\nc-2\n")

    ran = world.run("enqueue", "cases.csv", "more.csv", "--map", "map.toml", "--json")

    bad, good = ran.document["sources"]
    assert (2, 0, 1) == (ran.code, bad["read"], good["read"])
    assert bad["error"]["message"].startswith("cases.csv: ")
    assert says in bad["error"]["message"]


def test_table_whose_rest_ends_in_cr(world: World) -> None:
    """A header of another form than the rest hides nothing: the record says what is wrong with its line ends."""
    (world.folder / "map.toml").write_text('line_breaks = []\n[columns]\n"Case" = "idempotencyKey"\n')
    Path("cases.csv").write_bytes(b"Case,Note\nc-1,\rc-2,\r")

    world.run("enqueue", "cases.csv", "--map", "map.toml")

    assert "ends in CR alone" in Path("cases.rejects.issues.jsonl").read_text()


def test_folder_with_what_is_no_file_of_one_submission(world: World) -> None:
    """A link that leads nowhere is rejected, and whatever else may hold submissions is named."""
    folder = world.folder / "cases"
    folder.mkdir()
    world.submission(name="cases/a.json", evidence=[])
    (folder / "b.json").symlink_to(folder / "nothing.json")
    os.mkfifo(folder / "c.json")
    for name in (".d.json", "e.json.gz", "f.tsv", "mug.png"):
        (folder / name).touch()

    ran = world.run("enqueue", str(folder), "--json", "--rejects", "bad.jsonl")

    [source] = ran.document["sources"]
    assert (2, 1, 1, 4) == (ran.code, source["queued"], source["rejected"], source["passedOver"]["files"])
    assert ["bad.issues.jsonl"] == [path.name for path in world.folder.glob("bad*")]


def test_warnings(world: World) -> None:
    """What is taken with a warning is counted by the rule, and named where results are."""
    good, warned = world.content("a"), world.content("b")
    warned["report"]["incidentSummary"]["incidentDateTime"] = "1900-01-05T08:30:00Z"
    path = world.lines(good, warned, good | {"idempotencyKey": "c"})

    ran = world.run("enqueue", str(path), "--json", "--results", "results.jsonl")
    dry = world.run("enqueue", str(path), "--dry-run")

    [source] = ran.document["sources"]
    results = [json.loads(line) for line in Path("results.jsonl").read_text().splitlines()]
    [rule] = set(source["warnings"]) - set(results[0].get("warnings", ()))
    assert {"submissions": 1, "first": f"{path}:2"} == source["warnings"][rule]
    assert rule in results[1]["warnings"]
    assert f"warning: {rule}, of 1 that were taken, the first at {path}:2" in dry.out


def test_results_of_a_delivery(world: World) -> None:
    """Each entry is told twice: once it is durable, and with its report number once it was delivered."""
    path = world.lines(world.content("a"), world.content("b"))

    ran = world.run("submit", str(path), "--json", "--results", "results.jsonl")

    queued, delivered = (json.loads(line) for line in Path("results.jsonl").read_text().splitlines()[::2])
    assert ("queued", "acknowledged") == (queued["state"], delivered["state"])
    assert {"acknowledged"} == {view["state"] for view in ran.document["firstResults"]}
    assert delivered["reportId"] in [view["reportId"] for view in ran.document["firstResults"]]


def test_evidence_of_a_filed_report_that_is_gone(world: World) -> None:
    """The rejected line says that its key is filed already, so that nobody files it anew without the file."""
    path = world.lines(world.content("a"))
    world.run("submit", str(path))
    (world.folder / "gradient.png").unlink()

    again = world.run("submit", str(path))

    [reject] = issues_in(world.folder / "cases.rejects.issues.jsonl")
    assert 2 == again.code
    assert {"key-queued-already", "evidence-file-missing"} <= {issue["rule"] for issue in reject["issues"]}
    assert "its state is acknowledged" in str(reject["issues"])


def test_extra_that_one_line_needs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line is rejected, with what there is to install; the others are queued."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    in_a_store = world.content("b", evidence=[{"url": "s3://desk/mug.jpg", "details": {}}])

    ran = world.run("enqueue", "--json", str(world.lines(world.content("a"), in_a_store, world.content("c"))))

    [source] = ran.document["sources"]
    assert (2, 2, 1) == (ran.code, source["queued"], source["rejected"])
    assert "pip install 'tipline-client[objects]'" in Path(source["issues"]).read_text()
