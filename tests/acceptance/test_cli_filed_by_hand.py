"""`tipline filed`: a person filed the report on the hotline's portal, and says so on the command line."""

import sqlite3

import pytest

from tests.acceptance.test_cli_processes import ended, wait_until_taken
from tests.acceptance.world import Ran, World
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.mock import code, lost_reply, slow, status


def _filed(world: World, number: str = "77", *more: str) -> Ran:
    return world.run("filed", "case-1", "--report-id", number, "--reason", "the endpoint was down", *more)


def test_filed_while_another_process_uploads(world: World) -> None:
    """The dispatcher in the other process begins no finish: what it opened is retracted, and ours is not filed."""
    world.run("enqueue", str(world.submission()))
    world.endpoint.faults.script("upload", slow(1))
    dispatcher = world.start("dispatch", "--drain")
    wait_until_taken(world, dispatcher)

    done = _filed(world, "77", "--json")

    _, _, err = ended(dispatcher)
    summary = world.endpoint.summary()
    assert (0, "filed_by_hand", 77) == (done.code, done.document["state"], done.document["filedByHandAs"])
    assert (0, 0, 1) == (summary["finished"], summary["open"], summary["retracted"])
    assert "lease lost" in err
    assert 0 == world.run("verify", "--all").code


def test_filed_while_a_finish_is_in_doubt(world: World) -> None:
    """A finish that filed ours unheard is found out: the command says both numbers, and an alarm waits for a person."""
    world.endpoint.faults.script("finish", lost_reply(), *[status(503)] * 4)
    assert 3 == world.run("submit", str(world.submission())).code

    done = _filed(world)

    again = _filed(world)
    [report] = world.endpoint.reports()
    assert [ExitCode.FILED_TWICE] * 2 == [done.code, again.code]
    assert [entry["filedByHandAs"] for entry in world.listed()] == [77]
    assert f"by hand as report 77, and by this program as {report['report_id']}" in again.err
    assert f"by hand as report 77, and by this program as {report['report_id']}" in done.err
    assert "filed_twice" in world.run("alarm", "list").out
    assert ["acknowledged"] == [entry["state"] for entry in world.listed()]


def test_filed_without_endpoint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was never sent is at its end at once; what may be open is marked, and the next dispatcher takes it back."""
    world.endpoint.faults.script("fileinfo", *[code(1000)] * 4)
    assert 3 == world.run("submit", str(world.submission())).code
    world.run("enqueue", str(world.submission("case-2", name="other.json")))
    monkeypatch.delenv("TIPLINE_ENDPOINT")

    marked = _filed(world)
    ended_at_once = world.run("filed", "case-2", "--report-id", "78", "--reason", "the endpoint was down")

    monkeypatch.setenv("TIPLINE_ENDPOINT", world.endpoint.base_url)
    assert (3, 0) == (marked.code, ended_at_once.code)
    assert "still to be taken back" in marked.out
    assert 0 == world.run("dispatch", "--drain").code
    assert ["filed_by_hand"] * 2 == [entry["state"] for entry in world.listed()]
    assert (0, 0) == (world.endpoint.summary()["finished"], world.endpoint.summary()["open"])


def test_filed_by_hand_and_looked_at(world: World) -> None:
    """The number stands in list, show and status, with the reason; handing the report in again names it too."""
    world.run("enqueue", str(world.submission()))

    _filed(world)

    assert "77 (by hand)" in world.run("list", "--state", "filed-by-hand").out
    shown = world.run("show", "case-1").out
    assert "filed as report 77" in shown
    assert "filed by hand as report 77: the endpoint was down" in shown
    assert "filed by hand 1" in " ".join(world.run("status").out.split())
    again = world.run("enqueue", str(world.submission()))
    assert (0, True) == (again.code, "filed by hand as report 77; nothing was queued again" in again.out)
    submitted = world.run("submit", str(world.submission()))
    assert (0, True) == (submitted.code, "filed by hand as report 77" in submitted.out)
    assert 0 == world.endpoint.summary()["requests"]


def test_filed_by_this_program_before(world: World) -> None:
    """A report that is filed is not recorded as filed by hand; its number and the way out are told."""
    world.run("submit", str(world.submission()))
    [entry] = world.listed()

    refused = [_filed(world), _filed(world, str(entry["reportId"]))]

    assert [2, 2] == [ran.code for ran in refused]
    assert all(f"filed already as report {entry['reportId']}" in ran.err for ran in refused)
    assert [entry] == world.listed()


def test_filed_under_another_number(world: World) -> None:
    """The same number again ends well; another one is refused with both."""
    world.run("enqueue", str(world.submission()))
    _filed(world)

    assert 0 == _filed(world).code
    refused = _filed(world, "78")
    assert (2, True) == (refused.code, "report 77, not 78" in refused.err)


@pytest.mark.parametrize(
    ("number", "words"), [("0", "report-id"), ("-4", "report-id"), (str(2**63), "report-id"), ("4711a", "report-id")]
)
def test_number_that_cannot_be_a_report(world: World, number: str, words: str) -> None:
    """The option is named, and the entry waits as before."""
    world.run("enqueue", str(world.submission()))

    refused = _filed(world, number)

    assert 2 == refused.code
    assert words in refused.err
    assert ["queued"] == [entry["state"] for entry in world.listed()]


def test_blank_reason_of_a_filing(world: World) -> None:
    """A reason of nothing but blanks is refused."""
    world.run("enqueue", str(world.submission()))

    refused = world.run("filed", "case-1", "--report-id", "77", "--reason", " ")

    assert (2, True) == (refused.code, "--reason" in refused.err)


def test_filed_of_a_row_that_was_altered(world: World) -> None:
    """A checkpoint that is not believed ends with 7: the number is on record, and the rest is said to be unknown."""
    world.run("enqueue", str(world.submission()))
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute("UPDATE entries SET checkpoint = '{}'")
    connection.close()

    done = _filed(world)

    [entry] = world.listed()
    assert (7, 77) == (done.code, entry["filedByHandAs"])
    assert "nobody can say" in done.err
    assert "proven" not in done.err
    assert "filed_by_hand" != entry["state"]


def test_filed_of_a_row_that_cannot_be_read(world: World) -> None:
    """Nothing can be recorded in such a row; the number and what to do with it are told."""
    world.run("enqueue", str(world.submission()))
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute("UPDATE entries SET checkpoint = 'coffee'")
    connection.close()

    done = _filed(world)

    assert 7 == done.code
    assert "report 77 could not be recorded" in done.err
    assert "your own records" in done.err


def test_looked_at_after_it_was_filed_by_hand(world: World) -> None:
    """The reason stands beside the filing, no receipt is promised, and nobody says what this outbox cannot know."""
    world.run("enqueue", str(world.submission()))

    done = _filed(world)
    shown = world.run("show", "case-1").out
    receipt = world.run("receipts", "show", "case-1")

    assert "as far as this outbox knows" in done.out
    assert "by hand       filed as report 77: the endpoint was down" in shown
    assert "withdrawn" not in shown
    assert 2 == receipt.code
    assert "a person filed it as report 77" in receipt.err
    assert "once it is acknowledged" not in receipt.err
