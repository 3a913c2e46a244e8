"""A name for the entries of the outbox, so that the admin has a page and a permission for them.

It has no table, and no migration: the outbox is asked through its own contract, wherever it is.
"""

from typing import Any

from django.db import models

__all__ = ["OutboxEntry"]


class _Nothing(models.Manager):  # type: ignore[misc]  # Django bears no types
    """Finds nothing, without asking a database: `dumpdata` asks every model."""

    def get_queryset(self) -> Any:
        """No rows."""
        return super().get_queryset().none()


class OutboxEntry(models.Model):  # type: ignore[misc]  # likewise
    """One entry of the outbox, to whoever may look at the list of them."""

    id = models.CharField(primary_key=True, max_length=64)
    objects = _Nothing()

    class Meta:
        """No table, and one permission: `tipline.view_outboxentry`."""

        managed = False
        default_permissions = ("view",)
        verbose_name = "entry of the outbox"
        verbose_name_plural = "entries of the outbox"
        base_manager_name = "objects"

    def __str__(self) -> str:
        return str(self.id)
