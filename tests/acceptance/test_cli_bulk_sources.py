"""What is named and is no source of submissions: said by name, and never counted as a submission."""

from pathlib import Path

import pytest

from tests.acceptance.world import World


@pytest.mark.parametrize("name", ["nothing.jsonl", "nothing.csv"])
@pytest.mark.parametrize("verb", ["enqueue", "submit"])
def test_file_that_is_not_there(world: World, verb: str, name: str) -> None:
    """The command is refused with the name, and nothing counts as read."""
    (world.folder / "map.toml").write_text('[columns]\n"Case" = "idempotencyKey"\n')
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
    ],
)
def test_table_that_is_none(world: World, data: bytes, says: str) -> None:
    """What is wrong and the way out are said of the file; it is no rejected record, and the others are queued."""
    (world.folder / "map.toml").write_text('[columns]\n"Case" = "idempotencyKey"\n')
    Path("cases.csv").write_bytes(data)
    Path("more.csv").write_text("Case\nc-2\n")

    ran = world.run("enqueue", "cases.csv", "more.csv", "--map", "map.toml", "--json")

    bad, good = ran.document["sources"]
    assert (2, 0, 1) == (ran.code, bad["read"], good["read"])
    assert bad["error"]["message"].startswith("cases.csv: ")
    assert says in bad["error"]["message"]


def test_table_whose_rest_ends_in_cr(world: World) -> None:
    """A header of another form than the rest hides nothing: the record says what is wrong with its line ends."""
    (world.folder / "map.toml").write_text('[columns]\n"Case" = "idempotencyKey"\n')
    Path("cases.csv").write_bytes(b"Case,Note\nc-1,\rc-2,\r")

    world.run("enqueue", "cases.csv", "--map", "map.toml")

    assert "end in CR alone" in Path("cases.rejects.issues.jsonl").read_text()
