"""One client for each process of the project, opened when it is first needed, by `settings.TIPLINE`.

Servers and task queues fork: what was opened before is left to the parent, and the child opens its own.
"""

import atexit
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import connections

from tipline_client.cli.host_settings import HostSettings, settings_of
from tipline_client.cli.opening import opening_arguments
from tipline_client.cli.settings import resolve
from tipline_client.delivery.entry import Entry
from tipline_client.django.project import database_alias, host
from tipline_client.django.project_client import ProjectClient, is_of_a_test_alone
from tipline_client.django.wording import telling
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import Evidence
from tipline_client.models import Report

__all__ = ["LABEL", "Clients", "client", "close", "enqueue"]

LABEL: Final = "tipline"
"""The application's label."""


class Clients:
    """Opens this process's client, and another one after a fork or a change of the settings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: ProjectClient | None = None
        self._process = 0
        self._values: Mapping[str, Any] = {}
        # Never closed by a child: its locks and threads are the parent's.
        self._of_parents: list[ProjectClient] = []
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._leave_to_parent)

    def get(self) -> ProjectClient:
        """The client; safe from any thread.

        Raises:
            ConfigurationError: The settings are not usable, or there is no home for a real endpoint.
            OutboxUnavailableError: The outbox cannot be opened.
        """
        found = host()
        with self._lock:
            if self._client is not None and self._values != found.values:
                self._close()
            if self._client is None:
                self._client, self._process, self._values = _opened(found), os.getpid(), found.values
            return self._client

    def close(self) -> None:
        """Close what is open; the next `get` opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._client is not None and self._process == os.getpid():
            self._client.close()
        self._client = None

    def _leave_to_parent(self) -> None:
        self._lock = threading.Lock()
        if self._client is not None:
            self._of_parents.append(self._client)
        self._client = None


def client() -> ProjectClient:
    """This process's client, by `settings.TIPLINE`; do not close it.

    It is a `TiplineClient` that neither queues nor withdraws anything beside an open transaction on `DATABASE`, unless
    it is told to with `commits_alone=True`, and that refuses to wait on an event loop.

    Raises:
        ConfigurationError: The settings are not usable, `tipline_client.django` is not in `INSTALLED_APPS`, or there
            is no home for a real endpoint.
        OutboxUnavailableError: The outbox cannot be opened.
    """
    if not apps.is_installed("tipline_client.django"):
        raise ConfigurationError(
            "tipline_client.django is not in settings.INSTALLED_APPS", hint="Add it, and write settings.TIPLINE."
        )
    clients: Clients = apps.get_app_config(LABEL).clients
    with telling():
        return clients.get()


def close() -> None:
    """Close this process's client, if one is open; the next call opens another.

    A process does so by itself at its end, and where Django drops the database of a test run.
    """
    if apps.is_installed("tipline_client.django"):
        clients: Clients = apps.get_app_config(LABEL).clients
        clients.close()


def enqueue(
    report: Report,
    *,
    evidence: Sequence[Evidence] = (),
    idempotency_key: str | None = None,
    known_at: datetime | None = None,
) -> Entry:
    """Queue a report in the transaction that is open on the database of the outbox, inside of `transaction.atomic()`.

    It is there exactly if that transaction commits. Arguments and errors are those of `TiplineClient.enqueue`.

    Raises:
        ConfigurationError: Besides what `client` says: `settings.TIPLINE` names no `DATABASE`, so that there is no
            transaction to join; or none is open, or only that of Django's `TestCase`.
    """
    alias = database_alias()
    if alias is None:
        raise ConfigurationError(
            "settings.TIPLINE names no DATABASE: the outbox is elsewhere, and cannot commit with a decision",
            hint="Name it, or call client().enqueue(...) once the decision is committed: see the page on transactions.",
        )
    if is_of_a_test_alone(connections[alias]):
        raise ConfigurationError(
            f"no transaction is open on the database {alias!r} but that of the TestCase, which no request has: "
            "outside of these tests there would be none to join",
            hint="Let the code under test open one, with `transaction.atomic()`.",
        )
    return client().enqueue(
        report,
        evidence=evidence,
        idempotency_key=idempotency_key,
        known_at=known_at,
        connection=connections[alias],
    )


def _opened(found: HostSettings) -> ProjectClient:
    with settings_of(found):
        return ProjectClient.open(**opening_arguments(resolve()))
