"""The way out of an error, as somebody with a Django project can take it."""

import contextlib
import io
import json
from typing import Any

import pytest
from django.conf import settings
from django.core import checks
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, override_settings

from tipline_client.django import client
from tipline_client.errors import ConfigurationError

REAL = {"ENDPOINT": "testing", "USERNAME": "example-user", "PASSWORD": "example-password"}


def said(*words: str) -> str:
    """What a verb that fails says."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
        pytest.raises(CommandError),
    ):
        call_command("tipline", *words)
    return out.getvalue() + err.getvalue()


class Wording(SimpleTestCase):  # type: ignore[misc]
    databases = ("default",)

    def like(self, **changes: Any) -> dict[str, Any]:
        return {**settings.TIPLINE, **changes}

    def test_client_without_a_home(self) -> None:
        """The error of a program, the check and the verb name the project's own command."""
        with override_settings(TIPLINE=self.like(HOME=settings.FOLDER / "nowhere", **REAL)):
            with pytest.raises(ConfigurationError) as caught:
                client()
            [message] = checks.run_checks(tags=["tipline"])
            verb = said("status")

        for hint in (caught.value.hint, message.hint, verb):
            assert "`manage.py tipline init`" in hint

    def test_credentials_that_are_missing(self) -> None:
        """The setting is named, and no variable, which a project does not read."""
        home = settings.FOLDER / "home"
        with override_settings(TIPLINE=self.like(HOME=home, **{**REAL, "PASSWORD": None})):
            with pytest.raises(ConfigurationError) as caught:
                client()
            verb = said("dispatch", "--drain")

        for hint in (caught.value.hint, verb):
            assert 'settings.TIPLINE["PASSWORD"]' in hint
            assert "TIPLINE_PASSWORD" not in hint

    def test_entry_that_there_is_not(self) -> None:
        """So does the command's document."""
        client()
        hint = json.loads(said("show", "nobody", "--json"))["error"]["hint"]

        assert "List what is there with `manage.py tipline list`;" in hint
        assert 'settings.TIPLINE["HOME"]' in hint

    def test_line_that_is_no_hint(self) -> None:
        """A verb that did what it was asked to names the project's command too."""
        out = io.StringIO()
        with override_settings(TIPLINE=self.like(HOME=settings.FOLDER / "home-rotated", DATABASE=None)):
            call_command("tipline", "init", stdout=out)
            call_command("tipline", "init", "--rotate-master", stdout=out)

        assert "wraps from now on; `manage.py tipline rekey` wraps" in out.getvalue()
