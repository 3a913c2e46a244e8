"""Tables with a mapping file: what is queued of them, what is set aside, and what is refused before any record."""

from pathlib import Path

import pytest

from tests.acceptance.world import World, issues_in

_MAPPING = """
delimiter = ";"
line_breaks = ["Note"]
[columns]
"Case" = "idempotencyKey"
"Seen at" = "report.incidentSummary.incidentDateTime"
"Note" = "report.additionalInfo"
[constants]
"report.incidentSummary.incidentType" = "Misleading Domain Name"
"report.reporter.reportingPerson.firstName" = "Zoë"
"report.reporter.reportingPerson.email" = "safety@example.com"
"report.internetDetails[0].webPageIncident.url" = "https://www.example.com/page"
[dates]
"Seen at" = {format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin"}
[[evidence]]
path = "Picture"
"""


def _table(world: World) -> tuple[str, str]:
    world.submission()
    table, mapping = world.folder / "cases.csv", world.folder / "cases.toml"
    mapping.write_text(_MAPPING, encoding="utf-8")
    table.write_bytes(
        b'Case;Seen at;Note;Picture\r\nc-1;05.01.2026 09:30;"=1+1;\r\nx";gradient.png\r\n'
        b"c-2;yesterday;;\r\nc-3;05.01.2026 09:30;;missing.png\r\nc-4;05.01.2026 09:30\r\n"
    )
    return str(table), str(mapping)


def test_table(world: World) -> None:
    """Good records are queued; bad ones are CSV again under the same header, with the column that is at fault."""
    table, mapping = _table(world)

    ran = world.run("enqueue", table, "--map", mapping, "--json")

    rejects = (world.folder / "cases.rejects.csv").read_bytes()
    issues = issues_in(world.folder / "cases.rejects.issues.jsonl")
    [source] = ran.document["sources"]
    assert (2, 1, 3) == (ran.code, source["queued"], source["rejected"])
    assert rejects.startswith(b"Case;Seen at;Note;Picture\r\nc-2;yesterday;;\r\nc-3;")
    assert [(4, 2), (5, 3), (6, 4)] == [(issue["line"], issue["rejectLine"]) for issue in issues]
    assert ["Seen at", "Picture"] == [issue["issues"][0]["column"] for issue in issues[:2]]


def test_map_check(world: World) -> None:
    """The rows are shown as they would be filed, with formulas as they stand and times in UTC; nothing is queued."""
    table, mapping = _table(world)

    ran = world.run("map", "check", table, "--map", mapping, "--json", "--rows", "1")

    [row] = ran.document["rows"]
    assert (0, True) == (ran.code, row["isAcceptable"])
    assert "=1+1;\r\nx" == row["submission"]["report"]["additionalInfo"]
    assert "2026-01-05T08:30:00Z" == row["submission"]["report"]["incidentSummary"]["incidentDateTime"]
    assert [] == world.listed()


def test_table_without_a_mapped_column_behind_lines(world: World) -> None:
    """What was read before it has its result, and the summary says why the run ended."""
    table, mapping = _table(world)
    broken = Path(table).with_name("broken.csv")
    broken.write_text("Case;Seen At;Note;Picture\n")
    Path(table).write_text("Case;Seen at;Note;Picture\nc-1;05.01.2026 09:30;;\n")

    ran = world.run("enqueue", table, str(broken), "--map", mapping, "--json")

    first, second = ran.document["sources"]
    assert (5, 1, 0) == (ran.code, first["queued"], second["read"])
    assert "Seen at" in second["error"]["message"]
    assert 1 == len(world.listed())


def test_table_without_a_mapped_column(world: World) -> None:
    """It is refused with the nearest name before anything is queued."""
    table, mapping = _table(world)
    Path(table).write_text("Case;Seen At;Note;Picture\n")

    ran = world.run("enqueue", table, "--map", mapping)

    assert 5 == ran.code
    assert "Did you mean 'Seen At'?" in ran.out


def test_table_without_a_mapping_file(world: World) -> None:
    """It is refused, and the option is named."""
    (world.folder / "cases.csv").write_text("Case\n1\n")

    ran = world.run("enqueue", "cases.csv")

    assert (2, True) == (ran.code, "--map" in ran.err)


HEADER = b"Case;Seen at;Note;Picture\n"


@pytest.mark.parametrize(
    "table",
    [
        b'c-1;05.01.2026 09:30;"he said "hm"\nc-9;05.01.2026 09:30;bye;\nso";\n',
        b'c-1;05.01.2026 09:30;he said\nc-9;05.01.2026 09:30;bye;\nso";\n',
        b'c-1;05.01.2026 09:30;never closed";\n',
    ],
    ids=["undoubled", "not opened", "not closed"],
)
def test_quotes_where_cells_hold_line_breaks(world: World, table: bytes) -> None:
    """From a wrong one on nothing is filed: no line of a cell as a case, no case with the words of another."""
    path, mapping = _table(world)
    certain, held = b'c-a;05.01.2026 09:30;"a\na";\n', b'c-b;05.01.2026 09:30;"b\nb";\n'
    Path(path).write_bytes(HEADER + certain + held + table + b"c-3;07.01.2026 09:30;ok;\n")

    ran = world.run("enqueue", path, "--map", mapping, "--json")

    [source] = ran.document["sources"]
    assert (2, ["c-a"]) == (ran.code, [entry["idempotencyKey"] for entry in world.listed()])
    assert "from line 4 on" in source["error"]["message"]
    assert Path(path).read_bytes().replace(certain, b"") == (world.folder / "cases.rejects.csv").read_bytes()


@pytest.mark.parametrize(
    ("table", "queued"),
    [
        (b'c-1;05.01.2026 09:30;"he said hi;\n', ["c-2", "c-3"]),
        (b'c-1;05.01.2026 09:30;"one\nc-9;05.01.2026 09:30;bye;\ntwo";\n', ["c-2", "c-3"]),
        (b'c-1;05.01.2026 09:30;"he said "hm"\nc-9;05.01.2026 09:30;bye;\nso";\n', ["c-2", "c-3"]),
        (b'c-1;05.01.2026 09:30;27" wide;\n', ["c-2", "c-3"]),
        (b"c-1;05.01.2026 09:30;" + b"x" * 4_200_000 + b";\n", ["c-2", "c-3"]),
        (b'c-1;05.01.2026 09:30;"' + b"x" * 150_000 + b'";\n', ["c-1", "c-2", "c-3"]),
    ],
    ids=["not closed", "line breaks all the same", "undoubled", "inside a cell without", "long line", "long cell"],
)
def test_quotes_where_a_record_is_a_line(world: World, table: bytes, queued: list[str]) -> None:
    """A wrong one costs its own line; of lines that a cell may hold all the same none is filed as a case."""
    path, mapping = _table(world)
    Path(mapping).write_text(_MAPPING.replace('["Note"]', "[]"), encoding="utf-8")
    good = b'c-2;06.01.2026 09:30;"he said ""hi""";\nc-3;07.01.2026 09:30;ok;\n'
    Path(path).write_bytes(HEADER + table + good)

    ran = world.run("enqueue", path, "--map", mapping, "--json")

    assert queued == sorted(entry["idempotencyKey"] for entry in world.listed())
    if "c-1" not in queued:
        assert 2 == ran.code
        assert HEADER + table == (world.folder / "cases.rejects.csv").read_bytes()


@pytest.mark.parametrize("before", ["", "\n"])
def test_table_without_a_header(world: World, before: str) -> None:
    """Its first case is not shown in place of the names of columns."""
    table, mapping = _table(world)
    Path(table).write_text(f"{before}c-1;05.01.2026 09:30;jane@example.com;192.0.2.77\n", encoding="utf-8")

    ran = world.run("enqueue", table, "--map", mapping)

    assert 5 == ran.code
    assert "names its columns" in ran.out + ran.err
    assert "192.0.2.77" not in ran.out + ran.err


def test_everything_wrong_with_a_row(world: World) -> None:
    """All of it is said at once; what a cell that cannot be read would have said is neither guessed nor missed."""
    table, mapping = _table(world)
    with Path(mapping).open("a", encoding="utf-8") as file:
        file.write('columns = {"Viewed" = "fileViewedByEsp", "Class" = "industryClassification"}\n')
    Path(table).write_text("Case;Seen at;Note;Picture;Viewed;Class\nc-1;yesterday;;missing.png;maybe;Z9\n")

    ran = world.run("enqueue", table, "--map", mapping)
    checked = world.run("map", "check", table, "--map", mapping, "--json")

    [reject] = issues_in(world.folder / "cases.rejects.issues.jsonl")
    errors = [(issue["rule"], issue["column"]) for issue in reject["issues"] if issue["severity"] == "error"]
    [row] = checked.document["rows"]
    assert 2 == ran.code
    assert [
        ("csv-cell", "Seen at"),
        ("evidence-file-missing", "Picture"),
        ("csv-cell", "Viewed"),
        ("not-one-of", "Class"),
    ] == errors
    assert "file-viewed-claim-missing" not in [issue["rule"] for issue in reject["issues"]]
    assert (None, errors) == (
        row["submission"],
        [(issue["rule"], issue["column"]) for issue in row["issues"] if issue["severity"] == "error"],
    )


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (b'c-1;05.01.2026 09:30;"a;b;c;d\ne;f;g;h";\n', "such as a tab"),
        (b'c-1;05.01.2026 09:30;"he said hi;\nc-2;06.01.2026 09:30;and left";\n', "such as a tab"),
        (b'c-1;05.01.2026 09:30;;"a\nb"\n', "line_breaks of the mapping file does not name it"),
        (b'c-1;"09:30\n";\n', "it has 3 cells"),
    ],
)
def test_record_that_may_be_two(world: World, record: bytes, says: str) -> None:
    """It is rejected, with the way out; those beside it are queued, as their quotes agree."""
    path, mapping = _table(world)
    Path(path).write_bytes(HEADER + b'c-a;05.01.2026 09:30;"a\na";\n' + record + b'c-b;05.01.2026 09:30;"b";\n')

    ran = world.run("enqueue", path, "--map", mapping)

    [reject] = issues_in(world.folder / "cases.rejects.issues.jsonl")
    assert (2, ["c-a", "c-b"]) == (ran.code, sorted(entry["idempotencyKey"] for entry in world.listed()))
    assert HEADER + record == (world.folder / "cases.rejects.csv").read_bytes()
    assert says in reject["issues"][0]["message"]


def test_line_breaks_without_quotes(world: World) -> None:
    """Of a table that uses none, with a line that is no row, nothing is taken for a case."""
    path, mapping = _table(world)
    rows = b"c-1;05.01.2026 09:30;hello;\nc-9;05.01.2026 09:30;bob;\nbye\nc-2;05.01.2026 09:30;fine;\n"
    Path(path).write_bytes(HEADER + rows)

    ran = world.run("enqueue", path, "--map", mapping)

    assert (2, []) == (ran.code, world.listed())
    assert HEADER + rows == (world.folder / "cases.rejects.csv").read_bytes()


def test_cell_left_open_before_a_line_that_is_too_long(world: World) -> None:
    """No line is cut in the middle for it, and none of it passes for a case."""
    path, mapping = _table(world)
    Path(mapping).write_text(_MAPPING.replace('["Note"]', "[]"), encoding="utf-8")
    bad = b'c-1;05.01.2026 09:30;"open\n",' + b"z" * 4_200_000 + b"c-9;05.01.2026 09:30;bob;\n"
    Path(path).write_bytes(HEADER + bad + b"c-2;05.01.2026 09:30;fine;\n")

    world.run("enqueue", path, "--map", mapping)

    assert ["c-2"] == [entry["idempotencyKey"] for entry in world.listed()]
    assert HEADER + bad == (world.folder / "cases.rejects.csv").read_bytes()


def test_key_with_a_space_beside_it(world: World) -> None:
    """It would be another key, and the same report filed twice."""
    table, mapping = _table(world)
    Path(table).write_text("Case;Seen at;Note;Picture\nc-1;05.01.2026 09:30;;\nc-1 ;05.01.2026 09:30;;\n")

    ran = world.run("enqueue", table, "--map", mapping)

    [reject] = issues_in(world.folder / "cases.rejects.issues.jsonl")
    assert (2, 1) == (ran.code, len(world.listed()))
    assert ("key-space-around", "Case") == (reject["issues"][0]["rule"], reject["issues"][0]["column"])


def test_evidence_that_is_referred_to(world: World) -> None:
    """A mapping says so for all files of a column; nothing is copied."""
    table, mapping = _table(world)
    with Path(mapping).open("a", encoding="utf-8") as file:
        file.write('mode = "reference"\n')
    Path(table).write_text("Case;Seen at;Note;Picture\nc-1;05.01.2026 09:30;;gradient.png\n")

    ran = world.run("enqueue", table, "--map", mapping)

    assert 0 == ran.code
    assert not [path for path in (world.home / "evidence").rglob("*") if path.is_file()]
