"""Settings that a host brings along."""

from pathlib import Path

import pytest

from tipline_client import Event, Hook
from tipline_client.cli.host_settings import HostSettings, host_settings, settings_of
from tipline_client.cli.settings import resolve


async def hear(event: Event) -> None:
    """Nothing to do."""


HOST = HostSettings({"home": "/srv/desk", "slots": 3, "username": None}, "settings.DESK", (Hook("desk", hear),))


def test_settings_in_place_of_the_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a variable nor a file in the current directory says anything; an argument does."""
    monkeypatch.chdir(tmp_path)
    Path("tipline.toml").write_text('username = "of-the-file"\nslots = 5\n', encoding="utf-8")
    environ = {"TIPLINE_HOME": "/srv/other", "TIPLINE_USERNAME": "of-the-variable"}

    with settings_of(HOST):
        found = resolve(environ=environ, endpoint="testing")
    after = resolve(environ=environ)

    assert (Path("/srv/desk"), 3, None, "testing") == (found.home, found.slots, found.username, found.endpoint)
    assert "settings.DESK" == found.origins["home"]
    assert HOST.hooks == found.hooks
    assert (Path("/srv/other"), 5, "of-the-variable", ()) == (after.home, after.slots, after.username, after.hooks)
    assert host_settings() is None


def test_file_that_an_argument_names(tmp_path: Path) -> None:
    """It lies below the host's settings."""
    file = tmp_path / "named.toml"
    file.write_text('username = "of-the-file"\nslots = 5\n', encoding="utf-8")

    with settings_of(HOST):
        found = resolve(environ={}, config=str(file))

    assert (3, "of-the-file") == (found.slots, found.username)


def test_settings_that_are_printed() -> None:
    """No value is shown: one may be a password."""
    assert "/srv/desk" not in repr(HOST)
