"""What Django starts: registers the checks, and holds this process's client."""

from typing import Any

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from tipline_client.django.checks import register_checks
from tipline_client.django.clients import LABEL, Clients
from tipline_client.django.project import note_databases
from tipline_client.django.tables import make_tables

__all__ = ["TiplineConfig"]


class TiplineConfig(AppConfig):  # type: ignore[misc]  # Django bears no types
    """The application.

    Attributes:
        clients: Opens the client of each process.
    """

    name = "tipline_client.django"
    label = LABEL
    verbose_name = "Reports to the hotline"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.clients = Clients()

    def ready(self) -> None:
        """Begin: nothing is opened yet."""
        note_databases()
        register_checks()
        post_migrate.connect(make_tables, sender=self)
        setting_changed.connect(self._forget)
        connection_created.connect(self._make_way)

    def _forget(self, *, setting: str, **_: Any) -> None:
        # A test changed the settings: what was opened by the old ones is another outbox now.
        if setting in {"TIPLINE", "DATABASES"}:
            self.clients.close()

    def _make_way(self, *, connection: Any, **_: Any) -> None:
        # Django connects to none of its databases where it is about to make, copy or drop one, as a run of tests does;
        # PostgreSQL refuses that while anybody uses it.
        if connection.alias == NO_DB_ALIAS:
            self.clients.close()
