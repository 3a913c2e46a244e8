"""The way out of an error, as somebody with a Django project can take it."""

import ast
import contextlib
import io
import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.core import checks
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, override_settings

from tests.docs.pages import ROOT
from tipline_client.django import client
from tipline_client.django.wording import in_words_of_django
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

    def test_every_hint_of_the_package(self) -> None:
        """None is left that a project cannot follow."""
        hints = [text for file in (ROOT / "src").rglob("*.py") for text in hints_of(file.read_text(encoding="utf-8"))]

        left = [
            text
            for text in map(in_words_of_django, hints)
            if re.search(r"`tipline |\bTIPLINE_(?!CONFIG)[A-Z]|tipline\.toml", text)
        ]

        assert len(hints) > 200
        assert [] == left
        assert 'settings.TIPLINE["REGISTERED_ESP"] = yes.' in "".join(map(in_words_of_django, hints))
        assert not [text for text in map(in_words_of_django, hints) if "leave out `connection`" in text]


def hints_of(source: str) -> list[str]:
    """The texts that are handed over as hints, and the usual one of each class; what is computed stands as `...`."""
    nodes = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword) and node.arg == "hint"]
    nodes += [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant | ast.JoinedStr)
        and getattr(node.targets[0], "id", "").lower().endswith(("hint", "_init", "_one"))
    ]
    return ["".join(str(getattr(part, "value", "...")) for part in parts_of(node)) for node in nodes]


def parts_of(node: ast.expr) -> list[Any]:
    return list(node.values) if isinstance(node, ast.JoinedStr) else [node] if isinstance(node, ast.Constant) else []
