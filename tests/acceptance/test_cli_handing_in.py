"""Handing in with the command line: what it says of a submission that is new, known, or filed for real."""

import sqlite3
from dataclasses import replace

import pytest

from tests.acceptance.world import World
from tests.support.stage import sample_report
from tipline_client import TiplineClient


def _by_hand(world: World, sql: str) -> None:
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute(sql)
    connection.close()


def test_state_of_what_is_handed_in(world: World) -> None:
    """The document says whether it waits to be filed, whether this run made the entry, and how the entry stands."""
    case = str(world.submission())

    documents = [world.run(verb, case, "--json").document for verb in ("enqueue", "submit", "submit", "enqueue")]

    assert [True, False, False, False] == [document["queued"] for document in documents]
    assert [True, False, False, False] == [document["isNew"] for document in documents]
    assert ["queued", "acknowledged", "acknowledged", "acknowledged"] == [document["state"] for document in documents]
    assert {False} == {document["filesForReal"] for document in documents}


@pytest.mark.parametrize("verb", ["submit", "enqueue"])
def test_filed_before(world: World, verb: str) -> None:
    """The line for people names the report that it was filed as, and does not call it queued."""
    case = str(world.submission())
    world.run("submit", case)
    [entry] = world.listed()

    ran = world.run(verb, case)

    assert ran.code == 0
    assert f"in the outbox already, for mock: filed as report {entry['reportId']}; nothing was queued again" in ran.out


def test_withdrawn_before(world: World) -> None:
    """Nobody will file it, so enqueueing it again does not end in success."""
    case = str(world.submission())
    world.run("enqueue", case)
    world.run("retract", "case-1", "--reason", "wrong account")

    ran = world.run("enqueue", case)

    assert (4, True) == (ran.code, "withdrawn before; nothing was queued again" in ran.out)


def test_filed_before_and_the_signing_key_is_missing(world: World) -> None:
    """A filed case shows its receipt; a new one says that the key is missing and that nothing was queued."""
    case = str(world.submission())
    world.run("submit", case)
    [private] = (world.home / "keys").glob("*.private.pem")
    private.unlink()

    known = world.run("submit", case)
    new = world.run("submit", str(world.submission("case-2", name="new.json")))

    assert (0, True) == (known.code, "is filed" in known.out)
    assert (5, True) == (new.code, "nothing was queued: the private key" in new.out)


def test_acknowledgement_erased_by_hand(world: World) -> None:
    """The one message says that the outbox was altered, with the exit code of what cannot be verified."""
    case = str(world.submission())
    world.run("submit", case)
    _by_hand(world, "DELETE FROM acknowledgements")

    ran = world.run("submit", case, "--json")

    assert (7, "EnvelopeError") == (ran.code, ran.document["error"]["class"])
    assert "its acknowledgement is not on record" in ran.document["error"]["message"]


def test_requeueing_what_is_filed(world: World) -> None:
    """A dead letter with an acknowledgement is an altered outbox, not a wrong command."""
    world.run("submit", str(world.submission()))
    _by_hand(world, "UPDATE entries SET state = 'dead_letter'")

    ran = world.run("dead-letter", "requeue", "case-1", "--reason", "again", "--json")

    assert (7, "EnvelopeError") == (ran.code, ran.document["error"]["class"])
    assert "is dead_letter, yet the outbox holds an acknowledgement of it as report" in ran.document["error"]["message"]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_production(world: World, monkeypatch: pytest.MonkeyPatch, flags: list[str]) -> None:
    """Handing in at production says so in capitals on standard error, and in the document."""
    world.run("init")
    case = str(world.submission())
    monkeypatch.setenv("TIPLINE_ENDPOINT", "production")
    monkeypatch.setenv("TIPLINE_USERNAME", "sample")
    monkeypatch.setenv("TIPLINE_PASSWORD", "sample-word")
    monkeypatch.setenv("TIPLINE_REGISTERED_ESP", "yes")

    ran = world.run("enqueue", case, *flags)

    assert (0, True) == (ran.code, ran.err.startswith("PRODUCTION: every report is filed for real at report."))
    if flags:
        assert ("production", True) == (ran.document["environment"], ran.document["filesForReal"])


@pytest.mark.parametrize("verb", ["submit", "enqueue", "render", "validate"])
def test_issue_in_the_document(world: World, verb: str) -> None:
    """Each issue stands in the document once."""
    report = world.content()["report"]
    report["incidentSummary"]["incidentDateTime"] = "yesterday"

    ran = world.run(verb, str(world.submission(report=report)), "--json")

    assert (2, 1, 1) == (ran.code, ran.out.count("instant-expected"), ran.out.count("A date and time with its zone"))


def test_key_in_a_lane_of_a_custom_profile(world: World) -> None:
    """An entry that waits for a profile of somebody's own making is found by its key too."""
    profile = replace(world.endpoint.profile, name="neighbour")
    with TiplineClient.open(world.home, profile=profile) as client:
        entry = client.enqueue(sample_report(), idempotency_key="case-of-theirs")

    ran = world.run("show", "case-of-theirs", "--json")

    assert (0, entry.id) == (ran.code, ran.document["id"])


@pytest.mark.parametrize("verb", ["validate", "enqueue", "submit"])
@pytest.mark.parametrize("content", ["", "\n \n"])
def test_lines_without_any(world: World, verb: str, content: str) -> None:
    """An export that broke leaves an empty file: that is said, and is not "all well"."""
    path = world.lines()
    path.write_text(content)

    ran = world.run(verb, str(path))

    assert 2 == ran.code
    assert "holds no submission at all" in ran.out + ran.err


def test_key_that_no_database_can_store(world: World) -> None:
    """Said by `validate`, and by `enqueue` in the issues of the rejects; the other line is queued."""
    path = world.lines(world.content("\ud800x"), world.content("case-2"))

    ran = [world.run(verb, str(path)) for verb in ("validate", "enqueue")]

    assert [2, 2] == [each.code for each in ran]
    assert "half of a character" in ran[0].out
    assert "half of a character" in (world.folder / "cases.rejects.issues.jsonl").read_text()
    assert ["case-2"] == [entry["idempotencyKey"] for entry in world.listed()]


def test_validate_what_other_verbs_check(world: World) -> None:
    """It says which: of a table, and of a folder."""
    table = world.folder / "cases.csv"
    table.write_text("case,text\n")

    ran = world.run("validate", str(table), str(world.folder))

    assert 2 == ran.code
    assert "`tipline map check`" in ran.err
    assert "`tipline enqueue --dry-run`" in ran.err
