"""A home whose outbox is in a database, and a shell or program that names none, or mistypes its name.

Another outbox would be made in silence: the same key would be filed again, nothing would seem to wait, and all evidence
would be nobody's. Each test goes on with the right name, and nothing is lost.
"""

import errno
import os
import sqlite3
import time
from pathlib import Path

import pytest

from tests.acceptance.world import Ran, World
from tests.support.postgres import PostgresServer
from tipline_client import TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.known_outboxes import KnownOutboxes
from tipline_client.outbox import Address, MemoryOutbox, SqliteOutbox
from tipline_client.outbox.postgres import PostgresOutbox

_VERBS = {
    "submit": ["case.json"],
    "enqueue": ["case.json"],
    "dispatch": ["--drain"],
    "status": [],
    "list": [],
    "show": ["case-1"],
    "verify": ["--all"],
    "evidence": ["collect", "--yes"],
    "dead-letter": ["list"],
}


@pytest.fixture
def address(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """The outbox of a home, with an entry that waits; named by nobody from here on."""
    address = f"sqlite://{bare_world.folder / 'app.sqlite3'}"
    with monkeypatch.context() as named:
        named.setenv("TIPLINE_OUTBOX", address)
        assert 0 == bare_world.run("init").code
        assert 0 == bare_world.run("enqueue", str(bare_world.submission())).code
    return address


def _is_whole(world: World, address: str) -> bool:
    """Whether the entry and its evidence are there, it is filed now, and once."""
    ran = world.run("dispatch", "--drain", "--outbox", address)
    verified = world.run("verify", "--all", "--evidence", "--outbox", address)
    return (0, 0, 1) == (ran.code, verified.code, len(world.endpoint.reports()))


def _age(world: World) -> None:
    long_ago = time.time() - 3 * 24 * 3600
    for path in (world.home / "evidence").rglob("*"):
        os.utime(path, (long_ago, long_ago))


def _refused(ran: Ran) -> bool:
    return 5 == ran.code and "app.sqlite3" in ran.err and "Traceback" not in ran.err


def test_no_outbox_named(bare_world: World, address: str) -> None:
    """Every verb that would open another outbox is refused, names the right one, and makes none."""
    _age(bare_world)

    refused = {verb: _refused(bare_world.run(verb, *arguments)) for verb, arguments in _VERBS.items()}

    assert dict.fromkeys(_VERBS, True) == refused
    assert not (bare_world.home / "outbox.sqlite").exists()
    assert _is_whole(bare_world, address)


def test_name_mistyped(bare_world: World, address: str) -> None:
    """A file that is no outbox is not made one, whether it is there or not."""
    _age(bare_world)
    missing, other = bare_world.folder / "ap.sqlite3", bare_world.folder / "other.sqlite3"
    sqlite3.connect(other).execute("CREATE TABLE decisions (number)").connection.close()
    before = other.read_bytes()

    refused = [
        _refused(bare_world.run(verb, *arguments, "--outbox", f"sqlite://{path}"))
        for verb, arguments in _VERBS.items()
        for path in (missing, other)
    ]

    assert all(refused)
    assert not missing.exists()
    assert before == other.read_bytes()
    assert _is_whole(bare_world, address)


def test_left_over_from_before(bare_world: World, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox in the home from the time before the database is not taken for it, and not made anew by `init`."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TIPLINE_HOME", str(bare_world.folder / "first"))
        assert 0 == bare_world.run("init").code
    (bare_world.folder / "first" / "outbox.sqlite").rename(bare_world.home / "outbox.sqlite")

    assert _refused(bare_world.run("status"))
    assert _refused(bare_world.run("submit", "case.json"))
    (bare_world.home / "outbox.sqlite").unlink()
    assert 0 == bare_world.run("init", "--rotate").code

    assert not (bare_world.home / "outbox.sqlite").exists()
    assert _is_whole(bare_world, address)


def test_named_by_init_alone(bare_world: World) -> None:
    """From `init` on the home knows it, though nobody else has opened it yet."""
    address = f"sqlite://{bare_world.folder / 'app.sqlite3'}"
    assert 0 == bare_world.run("init", "--outbox", address).code
    bare_world.submission()

    assert _refused(bare_world.run("submit", "case.json"))
    assert 5 == bare_world.run("submit", "case.json", "--outbox", address.replace("app.", "ap.")).code

    assert 0 == bare_world.run("submit", "case.json", "--outbox", address).code
    assert _is_whole(bare_world, address)


def test_init_with_a_mistyped_name(bare_world: World, address: str) -> None:
    """A change of keys is refused before anything is changed."""
    before = sorted((bare_world.home / "keys").iterdir())

    assert _refused(bare_world.run("init", "--rotate", "--outbox", address.replace("app.", "ap.")))

    assert before == sorted((bare_world.home / "keys").iterdir())


def test_outbox_gone(bare_world: World, address: str) -> None:
    """One whose disk is not mounted is not made anew in silence; `migrate` begins anew on purpose."""
    file = bare_world.folder / "app.sqlite3"
    backup = file.rename(bare_world.folder / "backup")

    ran = bare_world.run("submit", "case.json", "--outbox", address)

    assert (5, True, False) == (ran.code, "any more" in ran.err, file.exists())
    assert 0 == bare_world.run("migrate", "--outbox", address).code
    assert [] == bare_world.run("list", "--json", "--outbox", address).document
    backup.rename(file)
    assert _is_whole(bare_world, address)


def test_looks_and_trials_are_not_remembered(world: World, server: PostgresServer) -> None:
    """Whoever tries another database with a home that is in use, or names one that is not there, changes nothing."""
    assert 0 == world.run("enqueue", str(world.submission())).code

    codes = [
        world.run("migrate", "--outbox", server.url()).code,
        world.run("status", "--outbox", server.url()).code,
        world.run("init", "--outbox", "postgresql://tipline@127.0.0.1:1/away").code,
    ]

    assert [0, 0, 0] == codes
    assert 0 == world.run("dispatch", "--drain").code
    assert 1 == len(world.endpoint.reports())


def test_another_on_purpose(bare_world: World, address: str) -> None:
    """What `migrate` has made is used; no evidence is removed while another outbox is known, until its line is gone."""
    other = f"sqlite://{bare_world.folder / 'other.sqlite3'}"
    assert 0 == bare_world.run("migrate", "--outbox", other).code
    assert 0 == bare_world.run("enqueue", str(bare_world.submission("case-2")), "--outbox", other).code
    _age(bare_world)

    collected = bare_world.run("evidence", "collect", "--yes", "--outbox", other)

    assert (5, True) == (collected.code, "app.sqlite3" in collected.err)
    doctor = bare_world.run("doctor", "--offline", "--json", "--outbox", other).document
    assert ["warning"] == [check["grade"] for check in doctor["checks"] if check["name"] == "other outbox"]
    known = bare_world.home / "outboxes.txt"
    known.write_text("".join(line for line in known.read_text().splitlines(keepends=True) if "app." not in line))
    assert 0 == bare_world.run("evidence", "collect", "--outbox", other).code


def test_program_that_names_none(bare_world: World, address: str) -> None:
    """A client in Python is told the same, and of evidence of two outboxes it removes none."""
    profile = bare_world.endpoint.profile

    with pytest.raises(ConfigurationError, match=r"no outbox is named.*app\.sqlite3"):
        TiplineClient.open(bare_world.home, profile=profile)
    with pytest.raises(ConfigurationError, match=r"there is no outbox in .*ap\.sqlite3"):
        TiplineClient.open(bare_world.home, profile=profile, outbox=address.replace("app.", "ap."))
    assert 0 == bare_world.run("migrate", "--outbox", address.replace("app.", "other.")).code
    _age(bare_world)
    with (
        TiplineClient.open(bare_world.home, profile=profile, outbox=address.replace("app.", "other.")) as client,
        pytest.raises(ConfigurationError, match="nothing is collected"),
    ):
        client.collect_evidence(is_dry=False)

    assert _is_whole(bare_world, address)


def test_first_named_by_a_program(bare_world: World) -> None:
    """What a program named when it opened the home is what the command asks for."""
    address = f"sqlite://{bare_world.folder / 'app.sqlite3'}"
    with TiplineClient.open(bare_world.home, profile=bare_world.endpoint.profile, outbox=address):
        pass

    assert _refused(bare_world.run("status"))
    assert 0 == bare_world.run("status", "--outbox", address).code


def test_file_of_the_home_named(world: World) -> None:
    """The outbox in the home may be named too, and is no other one then."""
    named = f"sqlite://{world.home / 'outbox.sqlite'}"

    assert 0 == world.run("status", "--outbox", named).code

    assert 0 == world.run("status").code
    assert not (world.home / "outboxes.txt").exists()


def test_memory_that_cannot_be_kept(bare_world: World, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the home cannot keep it, work goes on, and `doctor` says what is missing."""
    (bare_world.home / "outboxes.txt").unlink()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(KnownOutboxes, "_add", refuse)

    doctor = bare_world.run("doctor", "--offline", "--json", "--outbox", address).document
    assert ["warning"] == [check["grade"] for check in doctor["checks"] if check["name"] == "outbox's place"]
    assert _is_whole(bare_world, address)


def test_memory_that_cannot_be_read(bare_world: World, address: str) -> None:
    """It is not guessed that there is none: everything is refused until it can be read."""
    known = bare_world.home / "outboxes.txt"
    text = known.read_bytes()
    known.unlink()
    known.mkdir()

    ran = bare_world.run("submit", "case.json")

    assert (5, True) == (ran.code, "outboxes.txt" in ran.err)
    known.rmdir()
    known.write_bytes(text)
    assert _is_whole(bare_world, address)


def test_home_whose_outbox_is_its_own(world: World) -> None:
    """A stray name makes none beside a file in the home that is in use; `migrate` does, and then each is named."""
    other = f"sqlite://{world.folder / 'app.sqlite3'}"
    assert 0 == world.run("submit", str(world.submission())).code

    ran = world.run("submit", "case.json", "--outbox", other)

    assert (5, True) == (ran.code, "outbox.sqlite" in ran.err)
    assert not (world.folder / "app.sqlite3").exists()
    assert 0 == world.run("migrate", "--outbox", other).code
    assert 0 == world.run("dispatch", "--drain", "--outbox", other).code
    named = world.run("status")
    assert (5, True) == (named.code, f"sqlite://{world.home / 'outbox.sqlite'}" in named.err)
    assert [{"case-1"}, set()] == [
        {entry["idempotencyKey"] for entry in world.run("list", "--json", "--outbox", each).document}
        for each in (f"sqlite://{world.home / 'outbox.sqlite'}", other)
    ]
    doctor = world.run("doctor", "--offline", "--json", "--outbox", other).document
    [hint] = [check["hint"] for check in doctor["checks"] if check["name"] == "other outbox"]
    assert f"--outbox sqlite://{world.home / 'outbox.sqlite'}" in hint
    assert 1 == len(world.endpoint.reports())


def test_file_of_the_home_that_is_not_there(bare_world: World, address: str) -> None:
    """It is not made either because somebody names it, while the outbox is known to be elsewhere."""
    ran = bare_world.run("submit", "case.json", "--outbox", f"sqlite://{bare_world.home / 'outbox.sqlite'}")

    assert _refused(ran)
    assert "outbox.sqlite" not in bare_world.run("submit", "case.json").err
    assert not (bare_world.home / "outbox.sqlite").exists()
    assert _is_whole(bare_world, address)


def test_keys_that_were_brought_first(bare_world: World, server: PostgresServer) -> None:
    """A home that has keys and no outbox yet remembers the server that `init` is told; none is made beside it then."""
    assert 0 == bare_world.run("init").code
    (bare_world.home / "outbox.sqlite").unlink()

    assert 0 == bare_world.run("init", "--outbox", server.url()).code
    assert 0 == bare_world.run("init").code

    assert not (bare_world.home / "outbox.sqlite").exists()
    assert (Address(server.url()).place,) == Home(bare_world.home).known_outboxes.places()


def test_keys_that_are_away(bare_world: World, address: str) -> None:
    """No fresh keys are made in a home that knows its outbox: they could not verify what is in it."""
    keys = (bare_world.home / "keys").rename(bare_world.folder / "keys")
    profile = bare_world.endpoint.profile

    for named in ([], ["--outbox", address], ["--outbox", address.replace("app.", "ap.")]):
        ran = bare_world.run("init", *named)
        assert (5, True) == (ran.code, "but no keys" in ran.err)
    for outbox in (None, address):
        with pytest.raises(ConfigurationError, match=r"app\.sqlite3, but no keys"):
            TiplineClient.open(bare_world.home, profile=profile, outbox=outbox)

    assert not (bare_world.home / "keys").exists()
    keys.rename(bare_world.home / "keys")
    assert _is_whole(bare_world, address)


def test_folder_that_is_not_there(bare_world: World) -> None:
    """No home is left behind that knows no outbox."""
    ran = bare_world.run("init", "--outbox", f"sqlite://{bare_world.folder / 'missing' / 'app.sqlite3'}")

    assert (5, True) == (ran.code, f"no folder {bare_world.folder / 'missing'}" in ran.err)
    assert not bare_world.home.exists()


def test_home_whose_own_was_never_used(world: World) -> None:
    """`init` alone makes an outbox in the home; whoever names a database then has it made as in a new home."""
    other = f"sqlite://{world.folder / 'app.sqlite3'}"

    assert 0 == world.run("submit", str(world.submission()), "--outbox", other).code

    assert _is_whole(world, other)


def test_outbox_handed_in(bare_world: World, server: PostgresServer) -> None:
    """It is remembered as one that was named, and collects nothing while another one is known."""
    profile, file = bare_world.endpoint.profile, bare_world.folder / "app.sqlite3"
    outbox = SqliteOutbox.open(file, driver="sqlite3", is_shared=True)
    with TiplineClient.open(bare_world.home, profile=profile, outbox=outbox) as client:
        client.collect_evidence(is_dry=False)
        client.call(outbox.close)
    elsewhere = PostgresOutbox.open(server.dsn())

    assert _refused(bare_world.run("status"))
    with TiplineClient.open(bare_world.home, profile=profile, outbox=elsewhere) as client:
        with pytest.raises(ConfigurationError, match=r"app\.sqlite3.*nothing is collected"):
            client.collect_evidence(is_dry=False)
        client.call(elsewhere.close)
    assert Address(server.url()).place == Home(bare_world.home).known_outboxes.places()[1]


def test_outbox_of_nowhere(bare_world: World, address: str) -> None:
    """One that cannot say where it is, such as one in memory, collects nothing of a home that knows another one."""
    profile, outbox = bare_world.endpoint.profile, MemoryOutbox()
    with (
        TiplineClient.open(bare_world.home, profile=profile, outbox=outbox) as client,
        pytest.raises(ConfigurationError, match=r"app\.sqlite3.*nothing is collected"),
    ):
        client.collect_evidence(is_dry=False)

    assert _is_whole(bare_world, address)


def test_server_forgotten(server: PostgresServer, bare_world: World) -> None:
    """The same with PostgreSQL: no name, or a file in its place, is refused."""
    address = server.url()
    assert 0 == bare_world.run("init", "--outbox", address).code
    assert 0 == bare_world.run("migrate", "--outbox", address).code
    assert 0 == bare_world.run("enqueue", str(bare_world.submission()), "--outbox", address).code
    place = Address(address).place

    forgotten = bare_world.run("submit", "case.json")
    mistyped = bare_world.run("submit", "case.json", "--outbox", f"sqlite://{bare_world.folder / 'app.sqlite3'}")

    assert (5, 5) == (forgotten.code, mistyped.code)
    assert place in forgotten.err
    assert (place,) == Home(bare_world.home).known_outboxes.places()
    assert _is_whole(bare_world, address)


def test_links_lead_to_the_same_file(bare_world: World, address: str, tmp_path: Path) -> None:
    """The file by another way is the one that is known."""
    (tmp_path / "link").symlink_to(bare_world.folder)
    by_link = f"sqlite://{tmp_path / 'link' / 'app.sqlite3'}"

    assert 0 == bare_world.run("status", "--outbox", by_link).code

    assert (Address(address).place,) == Home(bare_world.home).known_outboxes.places()
