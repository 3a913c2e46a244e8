"""The client of a Django project: as in every program, and careful where Django is.

A report that is queued beside the project's open transaction stays though that is rolled back: it would be filed, of a
decision that was never made. One that is withdrawn there would not be filed, though the decision to report stands. And
whoever waits on an event loop stops every other request.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict, TypeVar, Unpack

from django.db import connections
from django.utils.asyncio import async_unsafe

from tipline_client.client import TiplineClient
from tipline_client.client.loop_thread import Errands
from tipline_client.client.queueing import Connection
from tipline_client.delivery.entry import Entry
from tipline_client.dispatch.enqueueing import Enqueued
from tipline_client.django.project import database_alias
from tipline_client.django.wording import telling
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import Evidence
from tipline_client.models import Report

__all__ = ["ProjectClient", "is_of_a_test_alone"]

T = TypeVar("T")

_WAYS_OUT: Final = (
    "Queue with `tipline_client.django.enqueue`, which commits with the decision; or after the commit, with "
    "`transaction.on_commit`; or say `commits_alone=True`, and the report is filed whatever becomes of the decision."
)
_AFTERWARDS: Final = (
    "Do it after the commit, with `transaction.on_commit`; or say `commits_alone=True`, and it stays whatever becomes "
    "of the decision."
)


class _Handed(TypedDict, total=False):
    """What `TiplineClient.enqueue` and `enqueue_once` take beside the report."""

    evidence: Sequence[Evidence]
    idempotency_key: str | None
    known_at: datetime | None
    connection: Connection | None


class ProjectClient(TiplineClient):
    """`TiplineClient` in a Django project.

    Where an event loop runs in the caller's thread, each verb raises Django's `SynchronousOnlyOperation`, as its models
    do. Hints speak of `settings.TIPLINE` and `manage.py tipline`.
    """

    @async_unsafe  # type: ignore[untyped-decorator]  # Django bears no types
    def _run(self, function: Callable[[], Awaitable[T]], *, errands: Errands | None = None) -> T:
        with telling():
            return super()._run(function, errands=errands)

    def enqueue(self, report: Report, *, commits_alone: bool = False, **handed: Unpack[_Handed]) -> Entry:
        """See `TiplineClient.enqueue`, and `enqueue_once` for what is added."""
        return self.enqueue_once(report, commits_alone=commits_alone, **handed).entry

    def enqueue_once(self, report: Report, *, commits_alone: bool = False, **handed: Unpack[_Handed]) -> Enqueued:
        """See `TiplineClient.enqueue_once`.

        Args:
            report: See there.
            commits_alone: Whether the report is to stay, and be filed, though a transaction of the project's is open
                and may be rolled back. In an SQLite file it then waits for the lock that this transaction may have.
            **handed: The other arguments of that method.

        Raises:
            ConfigurationError: Besides what is said there: a transaction is open in this thread on the database of the
                outbox, and neither `connection` nor `commits_alone` says what the report has to do with it. Those that
                Django's `TestCase` has around each test do not count.
        """
        if handed.get("connection") is None and not commits_alone:
            _refuse_beside_a_transaction("the report", hint=_WAYS_OUT)
        return super().enqueue_once(report, **handed)

    def retract(self, entry_id: str, *, reason: str, commits_alone: bool = False) -> Entry:
        """See `TiplineClient.retract`, and `enqueue_once` for what is added."""
        if not commits_alone:
            _refuse_beside_a_transaction("the withdrawal", hint=_AFTERWARDS)
        return super().retract(entry_id, reason=reason)

    def file_by_hand(self, entry_id: str, *, report_id: int, reason: str, commits_alone: bool = False) -> Entry:
        """See `TiplineClient.file_by_hand`, and `enqueue_once` for what is added."""
        if not commits_alone:
            _refuse_beside_a_transaction("the filing by hand", hint=_AFTERWARDS)
        return super().file_by_hand(entry_id, report_id=report_id, reason=reason)

    def requeue(
        self, entry_id: str, *, reason: str, accept_checkpoint: bool = False, commits_alone: bool = False
    ) -> Entry:
        """See `TiplineClient.requeue`, and `enqueue_once` for what is added."""
        if not commits_alone:
            _refuse_beside_a_transaction("the requeue", hint=_AFTERWARDS)
        return super().requeue(entry_id, reason=reason, accept_checkpoint=accept_checkpoint)

    def release(self, entry_id: str, *, reason: str, commits_alone: bool = False) -> Entry:
        """See `TiplineClient.release`, and `enqueue_once` for what is added."""
        if not commits_alone:
            _refuse_beside_a_transaction("the release", hint=_AFTERWARDS)
        return super().release(entry_id, reason=reason)


def _refuse_beside_a_transaction(what: str, *, hint: str) -> None:
    alias = database_alias()
    if alias is None or not _has_transaction(connections[alias]):
        return
    raise ConfigurationError(
        f"a transaction is open on the database {alias!r}, and {what} would be committed without it: it would stay "
        "though the transaction is rolled back",
        hint=hint,
    )


def is_of_a_test_alone(connection: Any) -> bool:
    """Whether the only transaction is the one that Django's `TestCase` has around each test.

    As `atomic(durable=True)` sees it, that one is nobody's decision: the code under test does not have it elsewhere.
    """
    blocks = connection.atomic_blocks
    return bool(blocks) and bool(getattr(blocks[-1], "_from_testcase", False))


def _has_transaction(connection: Any) -> bool:
    """Whether the project has one open, however it came to be."""
    if connection.in_atomic_block:
        return not is_of_a_test_alone(connection)
    driver = connection.connection
    if driver is None or connection.autocommit:
        return False
    # Without autocommit the first statement began one, and no block says so.
    if connection.vendor == "sqlite":
        return bool(driver.in_transaction)
    return bool(driver.info.transaction_status)
