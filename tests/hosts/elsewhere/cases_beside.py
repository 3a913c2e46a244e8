"""The project's client beside the project's own transactions, and on an event loop."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from django.core.handlers.base import BaseHandler
from django.db import connection, connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory, TestCase, TransactionTestCase, override_settings

from tests.support.stage import sample_report
from tipline_client.delivery.states import State
from tipline_client.django import client, close, enqueue
from tipline_client.errors import ConfigurationError


def put(key: str, **more: Any) -> str:
    entry_id: str = client().enqueue(sample_report(), idempotency_key=key, **more).id
    return entry_id


class Beside(TransactionTestCase):  # type: ignore[misc]
    databases = ("default", "other")

    def refuses(self, key: str) -> None:
        for verb in (client().enqueue, client().enqueue_once):
            with pytest.raises(ConfigurationError, match="a transaction is open on the database 'default'") as caught:
                verb(sample_report(), idempotency_key=key)
            for way_out in ("`tipline_client.django.enqueue`", "`transaction.on_commit`", "`commits_alone=True`"):
                assert way_out in caught.value.hint

    def test_in_a_block(self) -> None:
        """The report would stay though the decision is rolled back, so nothing is queued."""
        with transaction.atomic():
            self.refuses("beside")
            with transaction.atomic():
                self.refuses("beside")

        assert client().find("beside") is None

    def test_what_decides_of_the_filing(self) -> None:
        """A withdrawal would stay too, and nobody would file what is to be reported; so would the others."""
        key = "decided"
        entry_id = put(key)
        with transaction.atomic():
            verbs: list[Callable[[], object]] = [
                lambda: client().retract(entry_id, reason="a mistake"),
                lambda: client().file_by_hand(entry_id, report_id=4711, reason="the portal"),
                lambda: client().requeue(entry_id, reason="corrected"),
                lambda: client().release(entry_id, reason="looked at"),
            ]
            for verb in verbs:
                with pytest.raises(ConfigurationError, match="a transaction is open on the database") as caught:
                    verb()
                assert "`transaction.on_commit`" in caught.value.hint
            transaction.set_rollback(True)
        assert State.QUEUED is client().entry(entry_id).state

        with transaction.atomic():
            transaction.on_commit(lambda: client().retract(entry_id, reason="a mistake"))
        assert State.RETRACTED is client().entry(entry_id).state

    def test_withdrawal_on_its_own(self) -> None:
        """Whoever asks for it by name has it, whatever becomes of the transaction."""
        if not settings.SERVER:
            self.skipTest("in one file it would wait for the transaction's lock")
        entry_id = put("withdrawn on its own")
        with transaction.atomic():
            client().retract(entry_id, reason="a mistake", commits_alone=True)
            transaction.set_rollback(True)

        assert State.RETRACTED is client().entry(entry_id).state

    def test_without_autocommit(self) -> None:
        """What the first statement began counts too; before it, and after the commit, nothing is open."""
        transaction.set_autocommit(False)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM auth_group")
            if settings.SERVER:
                self.refuses("by hand")
            transaction.rollback()
            put("by hand")
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)

        assert client().find("by hand") is not None

    def test_change_without_autocommit(self) -> None:
        """SQLite begins one with the first change."""
        transaction.set_autocommit(False)
        try:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO auth_group (name) VALUES ('moderators')")
            self.refuses("by hand, changed")
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)

        assert client().find("by hand, changed") is None

    def test_view_of_atomic_requests(self) -> None:
        """Django's block around the view is a block like any other."""

        def view(request: Any) -> HttpResponse:
            self.refuses("request")
            enqueue(sample_report(), idempotency_key="joined")
            return HttpResponse()

        handler = BaseHandler()
        with mock.patch.dict(connection.settings_dict, ATOMIC_REQUESTS=True):
            handler.make_view_atomic(view)(RequestFactory().post("/"))

        assert client().find("joined") is not None

    def test_after_the_commit(self) -> None:
        """There the decision is made, and cannot be taken back."""
        with transaction.atomic():
            transaction.on_commit(lambda: put("afterwards"))
            assert client().find("afterwards") is None

        assert client().find("afterwards") is not None

    def test_on_its_own(self) -> None:
        """Whoever asks for it by name has the report, whatever becomes of the transaction."""
        if not settings.SERVER:
            self.skipTest("in one file it would wait for the transaction's lock")
        with contextlib.suppress(LookupError), transaction.atomic():
            put("on its own", commits_alone=True)
            raise LookupError

        assert client().find("on its own") is not None

    def test_connection_that_is_handed_in(self) -> None:
        """That is the transaction of the decision."""
        with transaction.atomic():
            put("handed in", connection=connection)

        assert client().find("handed in") is not None

    def test_block_on_another_database(self) -> None:
        """It has nothing to do with the outbox."""
        with transaction.atomic(using="other"):
            put("another database")

        assert client().find("another database") is not None

    def test_outbox_elsewhere(self) -> None:
        """Where no database of the project's holds it, there is nothing to join."""
        own = {**settings.TIPLINE, "HOME": settings.FOLDER / "home-beside", "DATABASE": None}
        with override_settings(TIPLINE=own), transaction.atomic():
            put("elsewhere, beside")

    def test_on_an_event_loop(self) -> None:
        """Each verb is refused as Django's models are, and works in a thread."""
        key = "asynchronous"

        async def view() -> None:
            for verb in (put, lambda key: client().find(key), lambda _: enqueue(sample_report())):
                with pytest.raises(SynchronousOnlyOperation):
                    verb(key)
            with mock.patch.dict("os.environ", DJANGO_ALLOW_ASYNC_UNSAFE="yes"):
                assert client().find(key) is None
            await sync_to_async(put)(key)

        asyncio.run(view())

        assert client().find(key) is not None

    def test_tables_that_are_missing(self) -> None:
        """A method of the client names the project's own command, too."""
        if not settings.SERVER:
            self.skipTest("a file gets them when it is opened")
        close()
        with connections["default"].cursor() as cursor:
            cursor.execute("ALTER SCHEMA tipline RENAME TO put_away")
        try:
            with pytest.raises(ConfigurationError) as caught:
                client().find("nobody")
        finally:
            with connections["default"].cursor() as cursor:
                cursor.execute("ALTER SCHEMA put_away RENAME TO tipline")
            close()

        assert "`manage.py migrate`" in caught.value.hint


class InTheirTests(TestCase):  # type: ignore[misc]
    """Whose transactions Django opened around each test."""

    def test_enqueue_of_the_client(self) -> None:
        """It does there what it does in the project; a block of the project's own is refused there too."""
        if settings.SERVER:
            put("in a test")
            assert client().find("in a test") is not None

        with transaction.atomic(), pytest.raises(ConfigurationError, match="a transaction is open"):
            put("in a test, in a block")

    def test_transaction_of_the_test_alone(self) -> None:
        """Code that opens none is refused as it is elsewhere; with one of its own it goes on."""
        with pytest.raises(ConfigurationError, match="but that of the TestCase"):
            enqueue(sample_report(), idempotency_key="joins the test")
        with transaction.atomic():
            assert "joins a block" == enqueue(sample_report(), idempotency_key="joins a block").idempotency_key

    def test_callback_of_a_commit(self) -> None:
        """Django's own way to run them in such a test goes on."""
        if not settings.SERVER:
            self.skipTest("in one file it would wait for the lock of Django's own transaction")
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            transaction.on_commit(lambda: put("in a test, afterwards"))

        assert client().find("in a test, afterwards") is not None
