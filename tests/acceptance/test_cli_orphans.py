"""Suspected orphans as an operator looks for them: in a list of their own, with their entry, and counted."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.world import World
from tipline_client.cli.verbs import status
from tipline_client.mock import lost_reply

DAY = timedelta(hours=24)
LAPSE = "UPDATE entries SET checkpoint = json_set(checkpoint, '$.orphans[{}].lapses_at', '2020-01-01T00:00:00Z')"


def _lose_answer(world: World, key: str, *, times: int = 1) -> None:
    """File a report whose first submits were carried out and not answered."""
    world.endpoint.faults.script("submit", *[lost_reply()] * times)
    assert 0 == world.run("submit", str(world.submission(key, name=f"{key}.json"))).code


def _alter(world: World, sql: str) -> None:
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute(sql)
    connection.close()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _counted(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.run("status", "--json").document["environments"]["mock"]["suspectedOrphans"]
    return found


def test_submit_without_an_answer(world: World) -> None:
    """The list, the entry and the numbers name what may be open, since when, and until when."""
    _lose_answer(world, "a")

    listed, [orphan] = world.run("orphans"), world.run("orphans", "--json").document
    shown, counted = world.run("show", "a", "--json").document, _counted(world)

    assert (0, "a", "acknowledged", "mock", False, None) == (
        listed.code,
        *(orphan[name] for name in ("idempotencyKey", "state", "environment", "hasLapsed", "reportId")),
    )
    assert DAY == _moment(orphan["lapsesAt"]) - _moment(orphan["since"])
    assert abs(datetime.now(UTC) - _moment(orphan["since"])) < timedelta(hours=1)
    assert [{name: orphan[name] for name in ("since", "lapsesAt", "hasLapsed", "reportId")}] == shown["orphans"]
    assert {"notLapsed": 1, "lastLapsesAt": orphan["lapsesAt"], "areAllCounted": True} == counted
    assert "in 23 h 59 min" in listed.out
    assert "1 of 1 not lapsed; none of them can be filed" in listed.out
    assert f"lapses {orphan['lapsesAt']}; lapsed: in 23 h" in world.run("show", "a").out
    assert 1 == world.endpoint.summary()["open"]
    assert f"orphans       1 suspected, the last lapses {orphan['lapsesAt']}" in world.run("status").out


def test_orphans_that_have_lapsed(world: World) -> None:
    """One that has lapsed is marked beside one that has not, and only its own entry tells of it once all have."""
    _lose_answer(world, "a", times=2)
    _alter(world, LAPSE.format(0))
    mixed, text = world.run("orphans", "--json").document, world.run("orphans").out
    _alter(world, LAPSE.format(1))
    _alter(world, "UPDATE entries SET orphans_lapse_at = 0")

    gone, shown = world.run("orphans"), world.run("show", "a", "--json").document["orphans"]

    assert [True, False] == [orphan["hasLapsed"] for orphan in mixed]
    assert "1 of 2 not lapsed" in text
    assert (0, "no suspected orphans that have not lapsed\n") == (gone.code, gone.out)
    assert [True, True] == [orphan["hasLapsed"] for orphan in shown]
    assert {"notLapsed": 0, "lastLapsesAt": None, "areAllCounted": True} == _counted(world)
    assert "suspected" not in world.run("status").out


def test_orphans_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full page names the next one; a count that looked at fewer entries than there are says so."""
    _lose_answer(world, "a")
    _lose_answer(world, "b")
    monkeypatch.setattr(status, "_LOOKED_AT", 1)

    text, [first] = world.run("orphans", "--limit", "1").out, world.run("orphans", "--limit", "1", "--json").document
    [second] = world.run("orphans", "--after", first["entryId"], "--json").document

    assert ("a", "b") == (first["idempotencyKey"], second["idempotencyKey"])
    assert f"there may be more: --after {first['entryId']}" in text
    assert (1, False) == (_counted(world)["notLapsed"], _counted(world)["areAllCounted"])
    assert "at least 1 suspected" in world.run("status").out


def test_orphans_of_a_row_that_was_altered(world: World) -> None:
    """A record that cannot be read is named beside the list, which goes on."""
    _lose_answer(world, "a")
    _lose_answer(world, "b")
    _alter(world, "UPDATE entries SET checkpoint = 'coffee' WHERE idempotency_key = 'a'")

    ran = world.run("orphans", "--json")

    assert (0, ["b"]) == (ran.code, [orphan["idempotencyKey"] for orphan in ran.document])
    assert 1 == ran.err.count("not listed: what entry ")
