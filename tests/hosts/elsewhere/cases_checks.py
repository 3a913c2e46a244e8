"""What `manage.py check` says, by its ids."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core import checks
from django.db import connection, connections
from django.test import SimpleTestCase, override_settings

from tests.support.powerless import close, powerless
from tipline_client.django import client, project
from tipline_client.home import Home
from tipline_client.outbox import Address, migrate_database

REAL = {"ENDPOINT": "testing", "USERNAME": "example-user", "PASSWORD": "example-password"}
PRODUCTION = {**REAL, "ENDPOINT": "production", "REGISTERED_ESP": True}


def found(tipline: Any, **how: Any) -> list[str]:
    with override_settings(TIPLINE=tipline):
        return [str(message.id) for message in checks.run_checks(tags=["tipline"], **how)]


def said(tipline: Any) -> str:
    with override_settings(TIPLINE=tipline):
        return " ".join(f"{message.msg} {message.hint}" for message in checks.run_checks(tags=["tipline"]))


class Checks(SimpleTestCase):  # type: ignore[misc]
    databases = ("default", "other")

    def like(self, **changes: Any) -> dict[str, Any]:
        return {**settings.TIPLINE, **changes}

    def home(self, name: str) -> Path:
        path: Path = settings.FOLDER / name
        if not path.exists():
            Home(path).create()
        return path

    def test_project_that_is_well(self) -> None:
        """Nothing is said, of a mock endpoint before its home is made, too; and each error has a way out."""
        client()

        assert [] == found(settings.TIPLINE, databases=["default"])
        assert [] == found(self.like(HOME=settings.FOLDER / "not-yet"))
        assert [] == found(self.like(HOME=self.home("real"), **REAL))

    def test_settings(self) -> None:
        """What is missing, unknown or of the wrong kind is an error, and no value is shown."""
        assert ["tipline.E001"] == found(None)
        assert ["tipline.E001"] == found("home")
        assert ["tipline.E001"] == found(self.like(HOMES="x"))
        assert ["tipline.E001"] == found(self.like(PASSWORD=b"example-password"))
        assert ["tipline.E002"] == found(self.like(SLOTS=0))
        assert ["tipline.E002"] == found(self.like(DATABASE="nowhere"))
        assert ["tipline.E002"] == found(self.like(OUTBOX="postgresql://db.example.com/outbox"))
        assert "Did you mean HOME?" in said(self.like(HOMES="x"))
        assert "example-password" not in said(self.like(PASSWORD=b"example-password"))

    def test_endpoint(self) -> None:
        """It is named, real ones have credentials, and production the explicit statement."""
        home = self.home("real")

        assert ["tipline.E003"] == found(self.like(ENDPOINT=None, HOME=home))
        assert ["tipline.E003"] == found(self.like(ENDPOINT="coffee", HOME=home))
        assert ["tipline.E004"] == found(self.like(HOME=home, **{**PRODUCTION, "REGISTERED_ESP": False}))
        assert ["tipline.E005"] == found(self.like(HOME=home, **{**REAL, "PASSWORD": ""}))
        assert [] == found(self.like(HOME=home, **PRODUCTION))

    def test_home_of_another_user(self) -> None:
        """It is a finding like any other, and no traceback in place of all of them."""
        closed = self.home("closed")
        close(closed)

        with powerless():
            assert ["tipline.E007"] == found(self.like(HOME=closed, **REAL))

    def test_home(self) -> None:
        """That of a real endpoint is there, with keys that nobody else can read, and nobody serves it."""
        bare = self.home("bare")
        for path in (bare / "keys").glob("*.private.pem"):
            path.unlink()
        (bare / "keys" / "active").unlink()
        opened = self.home("opened")
        opened.chmod(0o755)
        readable = self.home("readable")
        [private] = (readable / "keys").glob("*.private.pem")
        private.chmod(0o644)
        media = self.home("media/home")

        assert ["tipline.E006"] == found(self.like(HOME=settings.FOLDER / "nowhere", **REAL))
        assert ["tipline.E007"] == found(self.like(HOME=opened, **REAL))
        assert "tipline.E007" in found(self.like(HOME=readable, **REAL))
        assert ["tipline.E011"] == found(self.like(HOME=media, **REAL))
        assert ["tipline.W001"] == found(self.like(HOME=bare, **REAL))

    def test_outbox(self) -> None:
        """It is opened only by the checks of databases, and what is no outbox is an error."""
        home = self.home("broken")
        (home / "outbox.sqlite").write_bytes(b"coffee" * 1000)
        broken = self.like(HOME=home, DATABASE=None)

        assert [] == found(broken, databases=[])
        assert ["tipline.E008"] == found(broken, databases=["default"])

    def test_database_in_memory(self) -> None:
        """That of a run of tests warns, since most of them queue nothing; the project's own is an error."""
        own = connections.configure_settings({"default": {**settings.DATABASES["other"]}})["default"]
        connections.settings["own"] = own
        self.addCleanup(connections.settings.pop, "own")

        assert ["tipline.W003"] == found(self.like(DATABASE="other"))
        assert ["tipline.E002"] == found(self.like(DATABASE="own"))

    def test_connection_that_cannot_be_joined(self) -> None:
        """It is known before the first report, as is one that gives no transaction, and leaves nothing open."""
        if settings.SERVER:
            self.skipTest("a server's transaction waits for the disk whatever the connection says")
        client()
        with connection.cursor() as cursor:
            self.addCleanup(connection.close)
            cursor.execute("PRAGMA synchronous = NORMAL")
            assert ["tipline.E009"] == found(settings.TIPLINE, databases=["default"])
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA busy_timeout = 0")
            with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
                other.execute("BEGIN IMMEDIATE")
                assert ["tipline.E009"] == found(settings.TIPLINE, databases=["default"])
            assert [] == found(settings.TIPLINE, databases=["default"])

        assert not connection.in_atomic_block

    def test_outbox_without_tables(self) -> None:
        """That is a warning: an error would keep `migrate` from making them. Nothing is made by asking."""
        folder = settings.FOLDER / "bare-databases"
        folder.mkdir()
        empty, older = folder / "empty.sqlite3", folder / "older.sqlite3"
        empty.touch()
        migrate_database(Address(f"sqlite://{older}"))
        with contextlib.closing(sqlite3.connect(older)) as file:
            file.execute("PRAGMA user_version = 1")
        bare = [f"sqlite://{path}" for path in (folder / "new.sqlite3", empty, older, folder / "nowhere" / "new")]
        if settings.SERVER:
            bare.append(f"postgresql://tipline@/postgres?host={quote(settings.SERVER, safe='')}")
        before = {path: path.read_bytes() for path in folder.iterdir()}
        assert 2 == len(before)

        for outbox in bare:
            with self.subTest(outbox):
                like = self.like(HOME=self.home("real"), DATABASE=None, OUTBOX=outbox)
                assert ["tipline.W002"] == found(like, databases=["default"])

        assert before == {path: path.read_bytes() for path in folder.iterdir()}

    def test_own_outbox_that_is_not_there(self) -> None:
        """Whoever opens the one in the home makes it; the check says nothing and makes none."""
        home = self.home("new")

        assert [] == found(self.like(HOME=home, DATABASE=None), databases=["default"])

        assert not (home / "outbox.sqlite").exists()

    def test_production(self) -> None:
        """Error pages are off where reports are filed for real, and a deployment says where reports go."""
        home = self.home("real")

        with override_settings(DEBUG=True):
            assert ["tipline.E010"] == found(self.like(HOME=home, **PRODUCTION))
            assert [] == found(self.like(HOME=home, **REAL))
        assert ["tipline.I001"] == found(self.like(HOME=home, **PRODUCTION), include_deployment_checks=True)

    def test_database_with_a_password(self) -> None:
        """What it is reached by is put together from Django's settings, and its password is never shown."""
        server = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "desk",
            "USER": "zoë",
            "PASSWORD": "a/b@c",
            "HOST": "127.0.0.1",
            "PORT": "1",
            "OPTIONS": {"sslmode": "disable", "pool": False},
        }
        connections.settings["server"] = connections.configure_settings({"default": server})["default"]
        self.addCleanup(connections.settings.pop, "server")
        with override_settings(TIPLINE=self.like(DATABASE="server")):
            address = project.settings().outbox

        assert address is not None
        assert "postgresql://zo%C3%AB@127.0.0.1/desk" == address.shown
        assert "postgresql://zo%C3%AB:a%2Fb%40c@127.0.0.1/desk?sslmode=disable&port=1" == address.url
        assert "TIPLINE_HOME" not in os.environ
