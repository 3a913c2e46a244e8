"""A decision in Django and its report, in one transaction of an SQLite file: both are there, or neither.

Nothing leaves this machine. Run it anywhere: it makes `django-transaction.sqlite3` and the folder
`django-transaction-home` where it is started.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings

DATABASE = Path("django-transaction.sqlite3").absolute()

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}})
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - Django wants its settings first

from tipline_client import Dispatcher, Entry, IncidentSummary, Person, Report, Reporter, TiplineClient  # noqa: E402
from tipline_client.mock import MockEndpoint  # noqa: E402
from tipline_client.models import Email  # noqa: E402


class Decision(models.Model):  # type: ignore[misc]  # Django bears no types
    """What a moderator decided."""

    case = models.CharField(max_length=40, unique=True)

    class Meta:
        """Where it belongs."""

        app_label = "moderation"


report = Report(
    incident_summary=IncidentSummary(
        incident_type="Misleading Domain Name",
        incident_date_time=datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
    ),
    reporter=Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")])),
)


def decide(client: TiplineClient, case: str) -> Entry:
    """Write a decision down and queue its report, together."""
    with transaction.atomic():
        Decision.objects.create(case=case)
        return client.enqueue(report, idempotency_key=case, connection=connection)


def main() -> None:
    """Decide once for certain, and once with a change of mind."""
    if Decision._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Decision)
    with (
        MockEndpoint() as endpoint,
        TiplineClient.open(
            "django-transaction-home", profile=endpoint.profile, outbox=f"sqlite://{DATABASE}"
        ) as client,
    ):
        decide(client, f"case-{secrets.token_hex(4)}")
        try:
            with transaction.atomic():
                decide(client, f"case-{secrets.token_hex(4)}")
                raise RuntimeError("the moderator changed her mind")
        except RuntimeError:
            print(f"decisions: {Decision.objects.count()}")
        Dispatcher(client).drain()
        print(f"filed: {endpoint.summary()['finished']}")


if __name__ == "__main__":
    main()
