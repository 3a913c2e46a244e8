"""What `doctor` finds on a host, and what it is content with."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.world import World
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.evidence import EvidenceByMode
from tipline_client.evidence.rereading import unread


def test_doctor_finds_all_well(world: World) -> None:
    """Everything is looked at, the environment is named, and no secret is shown."""
    ran = world.run("doctor", "--json")

    grades = {check["name"]: check["grade"] for check in ran.document["checks"]}
    assert (0, True, "mock") == (ran.code, ran.document["healthy"], ran.document["environment"])
    assert {"keys", "outbox", "outbox integrity", "clock", "disk", "evidence", "reachability"} <= set(grades)
    assert "ok" == grades["reachability"]
    assert "mock-password" not in ran.out


def test_doctor_finds_wrong_credentials(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that they are refused; offline it asks nobody."""
    monkeypatch.setenv("TIPLINE_PASSWORD", "wrong")

    online = world.run("doctor")
    offline = world.run("doctor", "--offline")

    assert (8, 0) == (online.code, offline.code)
    assert "PROBLEM  credentials: the endpoint refuses them" in online.out


def test_doctor_finds_open_keys(world: World) -> None:
    """A private key that others can read is a problem, with its remedy."""
    [private] = (world.home / "keys").glob("*.private.pem")
    private.chmod(0o644)

    ran = world.run("doctor", "--offline")

    assert 8 == ran.code
    assert f"chmod 600 {private}" in ran.out


def problems(document: dict[str, Any]) -> set[str]:
    """The subjects that doctor wants put right."""
    return {check["name"] for check in document["checks"] if check["grade"] == "problem"}


def test_doctor_without_home(bare_world: World) -> None:
    """The missing home is the problem; what depends on it is skipped, and none is made."""
    ran = bare_world.run("doctor", "--json")

    assert (8, {"keys"}) == (ran.code, problems(ran.document))
    assert not bare_world.home.exists()


def test_doctor_finds_what_others_can_read(world: World) -> None:
    """Home, outbox, evidence and a file with the password must be private."""
    settings = world.folder / "tipline.toml"
    settings.write_text('password = "mock-password"\n')
    settings.chmod(0o644)
    for place in (world.home, world.home / "evidence"):
        place.chmod(0o755)
    (world.home / "outbox.sqlite").chmod(0o644)

    ran = world.run("doctor", "--offline", "--json")

    assert (8, {"configuration", "home", "evidence", "outbox"}) == (ran.code, problems(ran.document))
    assert "mock-password" not in ran.out


def test_doctor_finds_wrong_reporter(world: World) -> None:
    """A configured reporter of the wrong form is named by its place, without its value."""
    Path("tipline.toml").write_text('[reporter.reportingPerson]\nfirstNam = "Somebody"\n')

    ran = world.run("doctor", "--offline", "--json")

    assert (8, {"reporter"}) == (ran.code, problems(ran.document))
    assert "Somebody" not in ran.out


def test_doctor_with_misspelt_variable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nobody reads is a warning."""
    monkeypatch.setenv("TIPLINE_PASSWROD", "hidden")

    ran = world.run("doctor", "--offline")

    assert 0 == ran.code
    assert "TIPLINE_PASSWROD is read by nobody" in ran.out
    assert "hidden" not in ran.out


def test_doctor_with_broken_schema(world: World) -> None:
    """A saved schema that is none is a problem; so is filing with it."""
    (world.home / "schemas" / "mock.xsd").write_text("<no/>")

    ran = world.run("doctor", "--offline", "--json")

    assert (8, {"schema"}) == (ran.code, problems(ran.document))
    assert 5 == world.run("submit", str(world.submission())).code


def test_doctor_while_endpoint_is_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that cannot be reached is a problem of its own."""
    monkeypatch.setenv("TIPLINE_ENDPOINT", "http://127.0.0.1:9/ispws")

    ran = world.run("doctor", "--json")

    assert (8, {"reachability"}) == (ran.code, problems(ran.document))


def test_doctor_of_a_host_that_only_delivers(world: World) -> None:
    """Without a signing key there is a word and no problem, and the endpoint is asked."""
    assert 0 == world.run("enqueue", str(world.submission())).code
    keys = world.home / "keys"
    for path in [*keys.glob("*.private.pem"), keys / "active"]:
        path.unlink()

    ran = world.run("doctor", "--json")

    checks = {check["name"]: check for check in ran.document["checks"]}
    assert 0 == ran.code
    assert ("warning", "ok") == (checks["keys"]["grade"], checks["reachability"]["grade"])
    assert "cannot queue" in checks["this host"]["detail"]
    assert 0 == world.run("dispatch", "--drain").code


def test_doctor_about_rows_that_it_cannot_open(world: World) -> None:
    """What waits for a master key that is not here is counted, named by its key, and not called unaltered."""
    assert 0 == world.run("enqueue", str(world.submission())).code
    rotated = world.run("init", "--rotate-master", "--json").document
    folder = world.home / "keys" / "master"
    active = (folder / "active").read_text(encoding="ascii").strip()
    [lost] = {*folder.glob("*.private.pem")} - {folder / f"{active}.private.pem"}
    lost.unlink()

    ran = world.run("doctor", "--offline", "--json")

    rows = [check for check in ran.document["checks"] if check["name"] == "waiting rows"]
    [row] = [check for check in rows if check["grade"] == "warning"]
    assert rotated["done"]
    assert lost.name.partition(".")[0] in row["detail"]
    assert "master key" in world.run("status").out + world.run("status").err


def waiting_evidence(world: World) -> tuple[int, dict[str, str]]:
    """Doctor's exit code, and what it says of the evidence of what waits."""
    ran = world.run("doctor", "--offline", "--json")
    [check] = [check for check in ran.document["checks"] if check["name"] == "waiting evidence"]
    return ran.code, check


async def may_not_be_read(self: EvidenceByMode, item: ManifestItem) -> None:
    """In place of `check`: another user's file."""
    raise unread(f"evidence[{item.index}]", PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def test_doctor_finds_evidence_that_is_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a host with an outbox of its own, before a dispatcher gives up what lacks a copy; it says what it counted."""
    for number in (1, 2):
        assert 0 == world.run("enqueue", str(world.submission(f"case-{number}"))).code
    all_there = waiting_evidence(world)
    with monkeypatch.context() as fewer:
        fewer.setattr("tipline_client.cli.waiting_evidence._MOST_LOOKED_AT", 1)
        one_looked_at = waiting_evidence(world)
    with monkeypatch.context() as refusing:
        refusing.setattr("tipline_client.evidence.by_mode.EvidenceByMode.check", may_not_be_read)
        refused = waiting_evidence(world)
    [copy, *_] = sorted(path for path in (world.home / "evidence").rglob("*") if path.is_file())
    copy.unlink()
    missing = waiting_evidence(world)

    assert (0, "ok") == (all_there[0], all_there[1]["grade"])
    assert "here for all of 2 waiting entries looked at" == all_there[1]["detail"]
    assert "here for all of 1 waiting entries looked at; 1 more were not looked at" == one_looked_at[1]["detail"]
    assert "`tipline verify --all --evidence`" in one_looked_at[1]["hint"]
    assert (0, "warning") == (refused[0], refused[1]["grade"])
    assert "of 2 waiting entries looked at, 2 cannot be asked for: evidence[0]" in refused[1]["detail"]
    assert (8, "problem") == (missing[0], missing[1]["grade"])
    assert "missing or of another size for 1 waiting entries" in missing[1]["detail"]
    assert "from its backup" in missing[1]["hint"]
