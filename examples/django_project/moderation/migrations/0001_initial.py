"""The table of decisions."""

from django.db import migrations, models


class Migration(migrations.Migration):  # type: ignore[misc]  # Django bears no types
    """The first one."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case", models.CharField(max_length=40, unique=True)),
                ("url", models.URLField()),
                ("decided_at", models.DateTimeField()),
                ("entry_id", models.CharField(editable=False, max_length=64)),
                ("report_id", models.BigIntegerField(editable=False, null=True)),
            ],
        ),
    )
