"""Setting up: init, keys, schema and the demo."""

import json
import stat
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client.mock import MockEndpoint


def test_init_makes_private_home(bare_world: World) -> None:
    """Folder, private key and outbox are readable by their owner alone, and the key id is shown."""
    ran = bare_world.run("init", "--json")

    key_id = ran.document["keyId"]
    modes = [
        stat.S_IMODE((bare_world.home / name).stat().st_mode)
        for name in (".", f"keys/{key_id}.private.pem", "outbox.sqlite")
    ]
    assert (0, [0o700, 0o600, 0o600]) == (ran.code, modes)


def test_init_twice(world: World) -> None:
    """The second time changes nothing and says so."""
    before = world.run("init", "--json").document["keyId"]

    ran = world.run("init", "--json")

    assert (0, False, before, []) == (ran.code, ran.document["isNew"], ran.document["keyId"], ran.document["done"])


def test_rotation_with_waiting_entry(world: World) -> None:
    """The new key signs, the old one stays trusted, and what it signed is delivered."""
    world.run("enqueue", str(world.submission()))
    before = world.run("init", "--json").document["keyId"]

    rotated = world.run("init", "--rotate", "--json").document

    assert before != rotated["keyId"]
    assert before in rotated["trustedKeyIds"]
    assert 0 == world.run("dispatch", "--drain").code


def test_rotation_in_two_steps(world: World) -> None:
    """A new key is trusted before it signs, so that it can be brought to every host first."""
    world.run("init")
    before = world.run("init", "--json").document["keyId"]

    made = world.run("init", "--new-key", "--json").document
    [new] = set(made["trustedKeyIds"]) - {before}
    active = world.run("init", "--activate", new, "--json").document

    assert (before, new) == (made["keyId"], active["keyId"])
    assert 5 == world.run("init", "--activate", "0" * 64).code
    assert 2 == world.run("init", "--activate", before, "--rotate").code


def test_import_and_trust(bare_world: World, tmp_path: Path) -> None:
    """An imported key signs; a trusted public key is believed beside it."""
    assert 0 == bare_world.run("init", "--home", str(tmp_path / "other")).code
    [private] = (tmp_path / "other" / "keys").glob("*.private.pem")
    assert 0 == bare_world.run("init", "--home", str(tmp_path / "third")).code
    [public] = (tmp_path / "third" / "keys").glob("*.public.pem")

    ran = bare_world.run("init", "--import", str(private), "--trust", str(public), "--json")

    assert private.name.partition(".")[0] == ran.document["keyId"]
    assert 2 == len(ran.document["trustedKeyIds"])


def test_import_of_no_key(bare_world: World) -> None:
    """A file that is no key is a configuration error."""
    (bare_world.folder / "no.pem").write_text("no key")

    ran = bare_world.run("init", "--import", "no.pem")

    assert 5 == ran.code
    assert "hint:" in ran.err


def test_no_home_for_real_endpoint(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No verb makes a home by the way: a mistyped folder is told, not filled."""
    for name, value in {"ENDPOINT": "testing", "USERNAME": "someone", "PASSWORD": "pass"}.items():
        monkeypatch.setenv(f"TIPLINE_{name}", value)

    codes = {verb: bare_world.run(verb, *arguments).code for verb, arguments in _NEED_A_HOME.items()}

    assert {5} == set(codes.values())
    assert not bare_world.home.exists()


def test_no_home_for_mock_endpoint(bare_world: World) -> None:
    """For a mock endpoint a home is made, with a word about it on standard error."""
    ran = bare_world.run("submit", "--json", str(bare_world.submission()))

    assert (0, "acknowledged") == (ran.code, ran.document["state"])
    assert "made the home" in ran.err


_NEED_A_HOME = {
    "enqueue": ["case.json"],
    "submit": ["case.json"],
    "dispatch": ["--drain"],
    "status": [],
    "list": [],
    "show": ["x"],
    "receipts": ["list"],
    "dead-letter": ["list"],
    "alarm": ["list"],
    "retract": ["x", "--reason", "y"],
    "verify": ["--all"],
}


def test_schema_fetched(world: World) -> None:
    """The endpoint's schema is kept; then documents are checked against it, and elements it has are written."""
    content = world.content()
    content["report"]["incidentSummary"]["reportAnnotations"] = {"informational": True}
    path = world.submission()
    path.write_text(json.dumps(content))
    with MockEndpoint(newer_elements=True) as newer:
        arguments = ["--endpoint", newer.base_url]
        before = world.run("validate", str(path), *arguments)

        fetched = world.run("schema", "fetch", "--json", *arguments)

        after = world.run("validate", str(path), *arguments)
        shown = world.run("schema", "show", *arguments)
    assert (2, 0, 0) == (before.code, fetched.code, after.code)
    assert "reportAnnotations.informational" in fetched.document["newerElements"]
    assert "reportAnnotations.informational" in shown.out


def test_schema_exported(bare_world: World) -> None:
    """JSON Schema of a submission file, without home or endpoint."""
    ran = bare_world.run("schema", "export")

    assert {"idempotencyKey", "knownAt", "report", "evidence"} == set(ran.document["properties"])


def test_demo(bare_world: World) -> None:
    """Two reports are filed exactly once, one of them although a reply was lost, and the receipt is verified."""
    ran = bare_world.run("demo", "--json")

    document = ran.document
    assert (0, True, 2) == (ran.code, document["filedExactlyOnce"], document["endpoint"]["finished"])
    assert [0, 5102] == [submission["receipt"]["code"] for submission in document["submissions"]]
    assert Path(document["receiptFile"]).is_file()


def test_demo_for_people(bare_world: World) -> None:
    """It ends with where things are and what to try next; run again in the same home, it works again."""
    home = str(bare_world.home)
    bare_world.run("demo", "--home", home)

    ran = bare_world.run("demo", "--home", home)

    assert 0 == ran.code
    assert "2 finished, 0 duplicates, 0 stray files" in ran.out
    assert f"tipline verify --all --home {home}" in ran.out
    assert 0 == bare_world.run("verify", "--all", "--home", home).code


def test_home_that_lost_its_keys(world: World) -> None:
    """Nobody is told to make new keys beside an outbox; what only looks needs none, and nothing is queued."""
    world.run("enqueue", str(world.submission()))
    (world.home / "keys").rename(world.folder / "moved")

    looks = {verb: world.run(verb, *more) for verb, *more in (["list"], ["status"], ["show", "case-1"])}
    queued = world.run("enqueue", str(world.submission("case-2", name="other.json")))

    assert dict.fromkeys(looks, 0) == {verb: ran.code for verb, ran in looks.items()}
    assert "case-1" in looks["list"].out
    assert 5 == queued.code
    assert f"Restore {world.home / 'keys'} from a backup" in queued.err
    assert "init" not in queued.err
    (world.folder / "moved").rename(world.home / "keys")
    assert 1 == len(world.listed())


def test_real_endpoint_and_no_home(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped folder never becomes a second outbox that nobody dispatches; for the mock one is made, and said."""
    path = str(bare_world.submission())
    monkeypatch.setenv("TIPLINE_USERNAME", "sample")
    monkeypatch.setenv("TIPLINE_PASSWORD", "sample")
    monkeypatch.setenv("TIPLINE_ENDPOINT", "testing")

    real = bare_world.run("enqueue", path)
    was_made = bare_world.home.exists()
    monkeypatch.delenv("TIPLINE_USERNAME")
    monkeypatch.delenv("TIPLINE_PASSWORD")
    monkeypatch.setenv("TIPLINE_ENDPOINT", bare_world.endpoint.base_url)
    mocked = bare_world.run("enqueue", path)

    assert (5, False) == (real.code, was_made)
    assert "tipline init" in real.err
    assert 0 == mocked.code
    assert f"made the home {bare_world.home}" in mocked.err


def test_outbox_with_a_damaged_head(world: World) -> None:
    """It is called unreadable, and nobody is told to move it away: an empty one would file everything again."""
    world.run("submit", str(world.submission()))
    file = world.home / "outbox.sqlite"
    file.write_bytes(b"\0" * 64 + file.read_bytes()[64:])

    ran = world.run("status")

    assert 6 == ran.code
    assert "restore a backup" in ran.err
    assert "move" not in ran.err


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://report.cybertip.org/ispws", "production"), ("https://exttest.cybertip.org/ispws/", "testing")],
)
def test_address_of_a_real_endpoint(world: World, url: str, name: str) -> None:
    """It has a name, and the name alone leads there."""
    ran = world.run("enqueue", "--endpoint", url, str(world.submission()))

    assert 5 == ran.code
    assert f"--endpoint {name}" in ran.err


def test_hints_of_a_wrong_command(world: World) -> None:
    """They name the verb that was meant, as it is written."""
    for words in (["dispatch", "--patience", "-1"], ["show"], ["alarm", "close"], ["enqueue", "--nothing", "x"]):
        ran = world.run(*words)
        verb = " ".join(words[:2]) if words[0] == "alarm" else words[0]
        assert 2 == ran.code
        assert f"`tipline {verb} --help`" in ran.err
    assert "VERB" not in world.run("sbmit").err


def test_number_that_names_no_alarm(world: World) -> None:
    """Where the numbers are is said."""
    ran = world.run("alarm", "close", "99", "--note", "looked")

    assert 2 == ran.code
    assert "tipline alarm list" in ran.err


def test_kind_of_dead_letter_that_there_is_not(world: World) -> None:
    """A mistyped kind is no empty list."""
    ran = world.run("dead-letter", "list", "--kind", "nonsense")

    assert 2 == ran.code
    assert "invalid" in ran.err
    assert 0 == world.run("dead-letter", "list", "--kind", "evidence_changed").code
