"""Reports in the project's own transactions, the client of each process, and the command."""

import asyncio
import contextlib
import io
import json
import os
import threading
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import SimpleTestCase, TransactionTestCase, override_settings

from tests.hosts.elsewhere import hooks
from tests.support.stage import sample_report
from tipline_client.cli.host_settings import settings_of
from tipline_client.cli.settings import resolve
from tipline_client.django import client, enqueue, hook_connections
from tipline_client.django.project import host
from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("tipline", *words, stdout=said)
    return said.getvalue()


class InTransactions(TransactionTestCase):  # type: ignore[misc]
    def test_committed_with_the_decision(self) -> None:
        """What is committed is there, once, whoever asks twice."""
        with transaction.atomic():
            entry = enqueue(sample_report(), idempotency_key="committed")
            assert client().find("committed") is None
        with transaction.atomic():
            again = enqueue(sample_report(), idempotency_key="committed")

        found = client().find("committed")

        assert [entry.id, entry.id] == [again.id, found and found.id]

    def test_rolled_back(self) -> None:
        """Neither decision nor report is left."""
        with contextlib.suppress(LookupError), transaction.atomic():
            enqueue(sample_report(), idempotency_key="rolled back")
            raise LookupError

        assert client().find("rolled back") is None

    def test_outside_of_a_transaction(self) -> None:
        """There is nothing to join, and nothing is queued."""
        with self.assertRaisesMessage(ConfigurationError, "no transaction to join"):
            enqueue(sample_report(), idempotency_key="alone")

        assert client().find("alone") is None

    def test_outbox_elsewhere(self) -> None:
        """The outbox in the home cannot commit with a decision; without the decision it takes the report."""
        own = {**settings.TIPLINE, "HOME": settings.FOLDER / "home-of-its-own", "DATABASE": None}
        with override_settings(TIPLINE=own):
            with self.assertRaisesMessage(ConfigurationError, "names no DATABASE"), transaction.atomic():
                enqueue(sample_report(), idempotency_key="elsewhere")
            client().enqueue(sample_report(), idempotency_key="elsewhere")
            there = client().find("elsewhere")

        assert there is not None
        assert client().find("elsewhere") is None

    def test_dispatched_by_the_command(self) -> None:
        """It delivers what is queued and tells the project's hooks."""
        with MockEndpoint() as endpoint:
            mine = {**settings.TIPLINE, "ENDPOINT": endpoint.base_url, "HOOKS": ["tests.hosts.elsewhere.hooks.KEEP"]}
            with override_settings(TIPLINE=mine):
                # A hook begins with what happens after it was first run.
                run("dispatch", "--drain")
                with transaction.atomic():
                    entry = enqueue(sample_report("dispatched"), idempotency_key="dispatched")
                run("dispatch", "--drain")
                state = run("list", "--state", "acknowledged")

        assert entry.id in state
        assert {entry.id} == {event.entry_id for event in hooks.TOLD} & {entry.id}

    def test_hook_that_asks_the_database(self) -> None:
        """Nothing of it stays open when the dispatcher has ended: PostgreSQL would not drop the test database."""
        with MockEndpoint() as endpoint:
            mine = {**settings.TIPLINE, "ENDPOINT": endpoint.base_url, "HOOKS": ["tests.hosts.elsewhere.hooks.ASK"]}
            with override_settings(TIPLINE=mine):
                run("dispatch", "--drain")
                for key in ("asked", "asked again"):
                    with transaction.atomic():
                        entry = enqueue(sample_report(key), idempotency_key=key)
                    run("dispatch", "--drain")
                    left = asyncio.run(sync_to_async(lambda: connection.connection)())

                    assert entry.id == hooks.ASKED[-1]
                    assert left is None

    def test_dispatcher_without_a_hook(self) -> None:
        """It begins no thread that a process which forks off later would not have."""
        with (
            MockEndpoint() as endpoint,
            override_settings(TIPLINE={**settings.TIPLINE, "ENDPOINT": endpoint.base_url}),
            mock.patch.object(hook_connections, "sync_to_async", side_effect=AssertionError),
        ):
            run("dispatch", "--drain")


class OfTheCommand(SimpleTestCase):  # type: ignore[misc]
    databases = ("default",)

    def test_settings_of_the_surroundings(self) -> None:
        """The environment and a file beside the project do not lead the command to another outbox."""
        client()
        Path("tipline.toml").write_text("slots = 3", encoding="utf-8")
        with mock.patch.dict(os.environ, TIPLINE_HOME="home-of-the-environment", TIPLINE_SLOTS="4"):
            said = json.loads(run("status", "--json"))

        assert str(settings.TIPLINE["HOME"]) == said["home"]
        with settings_of(host()):
            assert 8 == resolve().slots

    def test_verb_that_fails(self) -> None:
        """A program that calls it learns the exit code."""
        errors = io.StringIO()
        with pytest.raises(CommandError) as caught:
            call_command("tipline", "show", "nobody", stderr=errors)

        assert 2 == caught.value.returncode
        assert "error: no entry has this id" in errors.getvalue()

    def test_settings_that_are_not_usable(self) -> None:
        """It says which one, and no value of it."""
        for wrong, words in (
            ({"HOMES": "x"}, "no setting 'HOMES'"),
            ({"PASSWORD": 4711}, "PASSWORD is of the type int"),
            ({"HOOKS": ["tests.hosts.elsewhere.hooks.NO_HOOK"]}, "there is no hook"),
            ({"HOOKS": ["nowhere.at.all"]}, "there is no hook"),
        ):
            with (
                self.subTest(words),
                override_settings(TIPLINE={**settings.TIPLINE, **wrong}),
                pytest.raises(CommandError) as caught,
            ):
                run("status")
            assert words in str(caught.value)
            assert "4711" not in str(caught.value)


class OfProcesses(SimpleTestCase):  # type: ignore[misc]
    databases = ("default",)

    def test_threads_of_a_process(self) -> None:
        """They share one client."""
        found: list[Any] = []
        threads = [threading.Thread(target=lambda: found.append(client())) for _ in range(4)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 4 == len(found)
        assert {id(client())} == {id(each) for each in found}

    def test_process_that_forked(self) -> None:
        """The child opens a client of its own, and the parent's goes on."""
        before = client()
        with warnings.catch_warnings():
            # Newer Pythons warn of what servers do all the time.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            is_own = client() is not before and client().find("nobody") is None
            os._exit(0 if is_own else 1)

        _, status = os.waitpid(child, 0)

        assert 0 == status
        assert before.find("nobody") is None
        assert before is client()

    def test_settings_that_change(self) -> None:
        """Another home is another client, and the old one is closed."""
        before = client()

        with override_settings(TIPLINE={**settings.TIPLINE, "SLOTS": 2}):
            during = client()

        assert 3 == len({id(before), id(during), id(client())})
