"""What a moderator decided."""

from django.db import models


class Decision(models.Model):  # type: ignore[misc]  # Django bears no types
    """One decision to report a page.

    Attributes:
        case: The case's number, which is the idempotency key of its report.
        entry_id: The report's entry in the outbox.
        report_id: The number that the endpoint gave, once it is filed.
    """

    case = models.CharField(max_length=40, unique=True)
    url = models.URLField()
    decided_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64, editable=False)
    report_id = models.BigIntegerField(null=True, editable=False)

    def __str__(self) -> str:
        return str(self.case)
