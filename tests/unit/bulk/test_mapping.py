"""A mapping file: what it may say, and the help where it says something else."""

import json
from pathlib import Path
from typing import Any

import pytest

from tipline_client.bulk import read_mapping
from tipline_client.errors import ConfigurationError
from tipline_client.validation import Unread

_INCIDENT = "report.incidentSummary.incidentDateTime"


def _mapping(folder: Path, **tables: Any) -> Path:
    path = folder / "map.json"
    path.write_text(json.dumps({"columns": {"Seen": _INCIDENT}, "line_breaks": []} | tables))
    return path


@pytest.mark.parametrize(
    ("tables", "says", "hint"),
    [
        ({"colums": {}}, "there is no colums", "Did you mean columns?"),
        ({"columns": {}}, "no column is mapped", "columns"),
        ({"line_breaks": None}, "line_breaks is expected", "line_breaks = []"),
        ({"line_breaks": "Chat"}, "line_breaks is expected", "line_breaks = []"),
        (
            {"columns": {"A": "report.incidentSumary.incidentType"}},
            "no incidentSumary",
            "Did you mean incidentSummary?",
        ),
        ({"columns": {"A": "report.reporter"}}, "holds no value itself", "reportingPerson"),
        ({"columns": {"A": "report.additionalInfo[0]"}}, "does not repeat", "Leave"),
        ({"columns": {"A": "evidence.path"}}, "tables of its own", "[[evidence]]"),
        ({"columns": {"A": "report..x"}}, "is no wire path", "Write"),
        ({"columns": {"A": _INCIDENT, "B": _INCIDENT}}, "is given twice", "one column"),
        ({"constants": {_INCIDENT: "2026-01-05T08:30:00Z"}}, "is given twice", "one column"),
        ({"dates": {"Seen": {"format": "%d.%m.%Y %H:%M"}}}, "a zone is expected", "format"),
        ({"dates": {"Seen": {"format": "%d.%m.%Y %H:%M %Z", "zone": "UTC"}}}, "names of zones", "format"),
        ({"dates": {"Seen": {"format": "%d.%m.%Y %I:%M", "zone": "UTC"}}}, "lacks the time of the day", "format"),
        ({"dates": {"Seen": {"format": "%d.%m.%Y", "zone": "UTC"}}}, "lacks the time of the day", "format"),
        ({"dates": {"Seen": {"format": "%H:%M", "zone": "UTC"}}}, "lacks the year", "format"),
        ({"dates": {"Seen": {"format": "%d.%m.%y %H:%M", "zone": "UTC"}}}, "%y has no century", "%d.%m.%Y"),
        ({"dates": {"Seen": {"format": "%x %H:%M", "zone": "UTC"}}}, "%x is not understood", "format"),
        ({"dates": {"Seen": {"format": "%d.%m.%Y", "zone": "localtime"}}}, "the zone is unknown", "Europe/Berlin"),
        ({"dates": {"Seen": {"format": "%d.%m.%Y", "zone": "Mars/Base"}}}, "the zone is unknown", "Europe/Berlin"),
        ({"dates": {"Sen": {"format": "%d.%m.%Y"}}}, "no such column is mapped", "Map it"),
        ({"delimiter": ";;"}, "not one character", "delimiter"),
        ({"evidence": [{"columns": {}}]}, "path or url is expected", "Give one"),
        ({"evidence": [{"path": "P", "columns": {"V": "fileViewdByEsp"}}]}, "no fileViewdByEsp", "fileViewedByEsp"),
    ],
)
def test_mapping_that_is_wrong(tmp_path: Path, tables: dict[str, Any], says: str, hint: str) -> None:
    """Each mistake is named, with the way out, before any record is read."""
    with pytest.raises(ConfigurationError, match=r"map\.json") as caught:
        read_mapping(_mapping(tmp_path, **tables))

    assert says in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "data", "says", "hint"),
    [
        ("map.toml", b'[columns]\n"Case" idempotencyKey\n', "(at line 2, column 8)", "quotes"),
        ("map.toml", b'[columns]\n"Case" = "idem', "is not TOML: ", "quotes"),
        ("map.json", b'{"columns": \n{"Case"}}', "is not JSON: Expecting ':' delimiter: line 2 column 8", "quotes"),
        ("map.json", b"[" * 100_000, "is nested too deeply", "Correct"),
        ("map.toml", b'[columns]\n"F\xe4lle" = "idempotencyKey"\n', "is not UTF-8, in line 2", "UTF-8"),
        ("map.toml", b"#" * (1024 * 1024 + 1), "is longer than 1 MiB", "--map"),
    ],
)
def test_mapping_that_cannot_be_read(tmp_path: Path, name: str, data: bytes, says: str, hint: str) -> None:
    """The file, the place and what is wrong there are named."""
    (tmp_path / name).write_bytes(data)

    with pytest.raises(ConfigurationError) as caught:
        read_mapping(tmp_path / name)

    assert str(caught.value).startswith(str(tmp_path / name))
    assert says in str(caught.value)
    assert hint in caught.value.hint


def test_mapping_with_a_mark(tmp_path: Path) -> None:
    """A byte-order mark, as some editors write it, is passed over."""
    (tmp_path / "map.toml").write_bytes(b'\xef\xbb\xbfline_breaks = []\n[columns]\n"Case" = "idempotencyKey"\n')

    assert {"Case"} == read_mapping(tmp_path / "map.toml").names


@pytest.mark.parametrize(
    ("delimiter", "header", "says"),
    [
        (",", ["Case;Seen"], "separated by a semicolon, and the mapping file says a comma"),
        (",", ["Case\tSeen"], "separated by a tab, and the mapping file says a comma"),
        (";", ["Case,Seen"], "separated by a comma, and the mapping file says a semicolon"),
        (",", ["Case;Seen;Words", " if any"], "separated by a semicolon"),
        (",", ["Case", "Note; or what the user says"], "no column 'Seen'"),
    ],
)
def test_table_with_another_delimiter(tmp_path: Path, delimiter: str, header: list[str], says: str) -> None:
    """It is called that, with the line that the mapping file lacks; other columns that are missing are not."""
    columns = {"Case": "idempotencyKey", "Seen": _INCIDENT}
    mapping = read_mapping(_mapping(tmp_path, columns=columns, delimiter=delimiter))

    with pytest.raises(ConfigurationError) as caught:
        mapping.check_header(header)

    assert says in str(caught.value)
    assert ("Write delimiter = " in caught.value.hint) is ("separated" in says)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("05.01.2026 09:30", "2026-01-05T08:30:00Z"),
        ("05.07.2026 09:30", "2026-07-05T07:30:00Z"),
        ("29.03.2026 02:30", None),
        ("25.10.2026 02:30", None),
        ("2026-01-05", None),
        ("01.01.0001 00:30", None),
    ],
)
def test_date_in_a_zone(tmp_path: Path, cell: str, expected: str | None) -> None:
    """A time on the clock of the zone is sent in UTC; one that the clock showed twice or never is not guessed."""
    form = {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}
    mapping = read_mapping(_mapping(tmp_path, dates={"Seen": form}))

    document, issues, _ = mapping.apply({"Seen": cell})

    read = document["report"]["incidentSummary"]["incidentDateTime"]
    assert expected == (None if isinstance(read, Unread) else read)
    assert (expected is None) is ([(_INCIDENT, "csv-cell")] == [(issue.path, issue.rule) for issue in issues])


@pytest.mark.parametrize(("cell", "is_read"), [("010220260930", True), ("1220260930", False), ("0102020260930", False)])
def test_date_without_marks_between_its_numbers(tmp_path: Path, cell: str, is_read: bool) -> None:
    """A digit that is missing could be one of two numbers: which one is not guessed."""
    form = {"format": "%d%m%Y%H%M", "zone": "UTC"}

    _, issues, _ = read_mapping(_mapping(tmp_path, dates={"Seen": form})).apply({"Seen": cell})

    assert is_read == (not issues)


def test_cells_that_are_empty(tmp_path: Path) -> None:
    """They leave out what they stand for; an array closes up, and a record without a file has no evidence."""
    mails = {name: f"report.reporter.reportingPerson.email[{at}]" for at, name in enumerate("ABC")}
    mapping = read_mapping(_mapping(tmp_path, columns=mails, evidence=[{"path": "P"}]))

    document, issues, _ = mapping.apply({"A": "", "B": " ", "C": "c@example.com", "P": ""})

    assert [] == issues
    assert {"report": {"reporter": {"reportingPerson": {"email": [{"value": "c@example.com"}]}}}} == document


@pytest.mark.parametrize(("cell", "is_taken"), [("yes", False), ("no", True), ("", True)])
def test_claim_about_a_file_that_is_not_named(tmp_path: Path, cell: str, is_taken: bool) -> None:
    """It would be lost in silence, so the row is refused at the path that is missing; "no" claims nothing."""
    mapping = read_mapping(_mapping(tmp_path, evidence=[{"path": "P", "columns": {"V": "fileViewedByEsp"}}]))

    document, issues, places = mapping.apply({"Seen": "", "P": " ", "V": cell})

    assert is_taken is ("evidence" not in document)
    found = [(issue.rule, places[issue.path]) for issue in issues]
    assert ([] if is_taken else [("evidence-path-missing", "P")]) == found


@pytest.mark.parametrize("cell", ["maybe", "2", "truth"])
def test_claim_that_is_neither_yes_nor_no(tmp_path: Path, cell: str) -> None:
    """It is refused and not guessed, at the item of evidence it belongs to; the message does not quote it."""
    evidence = [{"path": "P", "columns": {"V": "fileViewedByEsp"}}]
    mapping = read_mapping(_mapping(tmp_path, evidence=evidence))

    document, [issue], places = mapping.apply({"Seen": "", "P": "a.png", "V": cell})

    assert isinstance(document["evidence"][0]["details"]["fileViewedByEsp"], Unread)
    assert ("evidence[0].details.fileViewedByEsp", "V") == (issue.path, places[issue.path])
    assert cell not in issue.message.replace("true, false", "")


def test_place_that_closes_up(tmp_path: Path) -> None:
    """A column is named at the place where its cell stands, not where it would stand beside the empty ones."""
    ages = {name: f"report.victim[{at}].victimPerson.age" for at, name in enumerate("ABC")}
    mapping = read_mapping(_mapping(tmp_path, columns=ages))

    _, [issue], places = mapping.apply({"A": "", "B": "12", "C": "about twelve"})

    assert ("report.victim[1].victimPerson.age", "C") == (issue.path, places[issue.path])
    assert "B" == places["report.victim[0].victimPerson.age"]


_PERSON = "report.personOrUserReported[0]"
_TWO_ADDRESSES = {
    "columns": {
        "IP1": f"{_PERSON}.ipCaptureEvent[0].ipAddress",
        "At1": f"{_PERSON}.ipCaptureEvent[0].dateTime",
        "IP2": f"{_PERSON}.ipCaptureEvent[1].ipAddress",
        "At2": f"{_PERSON}.ipCaptureEvent[1].dateTime",
    },
    "constants": {
        f"{_PERSON}.ipCaptureEvent[0].eventName": "Login",
        f"{_PERSON}.ipCaptureEvent[1].eventName": "Upload",
        f"{_PERSON}.ipCaptureEvent[2].ipAddress": "192.0.2.30",
        f"{_PERSON}.espService": "Example Mail",
    },
}


def _events(document: dict[str, Any]) -> list[tuple[str, ...]]:
    return [tuple(event.values()) for event in document["report"]["personOrUserReported"][0]["ipCaptureEvent"]]


def test_constant_beside_cells_that_are_empty(tmp_path: Path) -> None:
    """It goes with an element that is not there for the record; an element of constants alone always is."""
    mapping = read_mapping(_mapping(tmp_path, **_TWO_ADDRESSES))

    def read(*cells: str) -> dict[str, Any]:
        document, issues, _ = mapping.apply(dict(zip(["IP1", "At1", "IP2", "At2"], cells, strict=True)))
        assert [] == issues
        return document

    assert [("192.0.2.1", "Login"), ("192.0.2.2", "Upload"), ("192.0.2.30",)] == _events(
        read("192.0.2.1", "", "192.0.2.2", "")
    )
    assert [("192.0.2.1", "Login"), ("192.0.2.30",)] == _events(read("192.0.2.1", "", " ", ""))
    assert [("192.0.2.2", "Upload"), ("192.0.2.30",)] == _events(read("", "", "192.0.2.2", ""))
    assert [("192.0.2.30",)] == _events(read("", "", "", ""))


def test_column_of_a_value_that_is_missing(tmp_path: Path) -> None:
    """It is that of the element which stands at the path, whatever went before it, and not the one of another."""
    mapping = read_mapping(_mapping(tmp_path, **_TWO_ADDRESSES))
    path = f"{_PERSON}.ipCaptureEvent"

    document, _, places = mapping.apply({"IP1": "", "At1": "", "IP2": "", "At2": "2026-01-05T08:30:00Z"})

    assert [("2026-01-05T08:30:00Z", "Upload"), ("192.0.2.30",)] == _events(document)
    assert ("IP2", "At2") == (places[f"{path}[0].ipAddress"], places[f"{path}[0].dateTime"])
    assert f"{path}[1].ipAddress" not in places


def test_constants_that_can_be_without_the_cells(tmp_path: Path) -> None:
    """They are the same in every record, so no empty cell beside them takes them away, at no depth."""
    account = "report.victim[0].associatedAccount[0]"
    tables = {
        "columns": {
            "Room": "report.internetDetails[0].chatImIncident.chatRoomName",
            "Since": "report.reporter.reportingPerson.email.verificationDate",
            "Age": "report.victim[0].victimPerson.age",
            "Kind": f"{account}.type",
            "IP": f"{account}.ipCaptureEvent[0].ipAddress",
        },
        "constants": {
            "report.internetDetails[0].chatImIncident.chatClient": "Example Chat",
            "report.reporter.reportingPerson.email": "safety@example.com",
            "report.victim[0].victimPerson.firstName": "Zoë",
            f"{account}.platform": "Example Mail",
            f"{account}.ipCaptureEvent[0].eventName": "Login",
        },
    }
    mapping = read_mapping(_mapping(tmp_path, **tables))
    empty = dict.fromkeys(mapping.names, "")

    def victim(**cells: str) -> dict[str, Any]:
        document, issues, _ = mapping.apply(empty | cells)
        assert [] == issues
        report = document["report"]
        assert [{"chatImIncident": {"chatClient": "Example Chat"}}] == report["internetDetails"]
        assert [{"value": "safety@example.com"}] == report["reporter"]["reportingPerson"]["email"]
        only: dict[str, Any] = report["victim"][0]
        return only

    assert {"victimPerson": {"firstName": "Zoë"}} == victim()
    assert [{"type": "Unknown", "platform": {"value": "Example Mail"}}] == victim(Kind="Unknown")["associatedAccount"]
    [both] = victim(IP="192.0.2.1")["associatedAccount"]
    assert {"ipAddress": "192.0.2.1", "eventName": "Login"} == both["ipCaptureEvent"][0]
    assert {"value": "Example Mail"} == both["platform"]


def test_array_in_evidence_that_a_record_has_not(tmp_path: Path) -> None:
    """The file stays, without the element; the column of what is missing in another file is the one of that file."""
    hashes = {"columns": {"Hash": "originalFileHash[0].value"}, "constants": {"originalFileHash[0].hashType": "SHA256"}}
    named = {"columns": {"Name": "originalFileName"}, "constants": {"originalFileHash[0].hashType": "MD5"}}
    mapping = read_mapping(_mapping(tmp_path, evidence=[{"path": "P"} | hashes, {"path": "Q"} | named]))
    empty = dict.fromkeys(mapping.names, "")

    only, _, _ = mapping.apply(empty | {"P": "a.png"})
    other, _, places = mapping.apply(empty | {"Q": "b.png"})

    assert [{"path": "a.png"}] == only["evidence"]
    assert [{"path": "b.png", "details": {"originalFileHash": [{"hashType": "MD5"}]}}] == other["evidence"]
    assert "Name" == places["evidence[0].details.originalFileName"]
    assert "evidence[0].details.originalFileHash[0]" not in places
