"""Dispatchers as hosts of their own around one outbox and one endpoint, and what a test asks both sides afterwards."""

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import anyio

from tests.support.dispatcher_child import hasty
from tests.support.dispatchers import await_ready, start_dispatcher
from tests.support.stage import sample_evidence, sample_report
from tipline_client import Entry, TiplineClient
from tipline_client.delivery.outcomes import Attempt, Outcome
from tipline_client.errors import OutboxUnavailableError
from tipline_client.home import Home
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import Outbox
from tipline_client.outbox.postgres import PostgresOutbox

__all__ = ["Hosts", "eventually", "set_wrong"]

_PATIENCE = 90.0


def eventually(condition: Callable[[], bool]) -> None:
    """Ask until the answer is yes; a failure when that takes too long."""
    until = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < until, "it has not come to pass"
        threading.Event().wait(0.01)


def set_wrong(clock: Path, hours: float) -> None:
    """Set the clock of the dispatchers that go by this file wrong by so many hours, at once."""
    new = clock.with_suffix(".new")
    new.write_text(str(hours), encoding="ascii")
    new.replace(clock)


class Hosts:
    """One home, one outbox and one endpoint, with any number of dispatchers.

    Args:
        home: The home; made if it is not there yet.
        endpoint: The endpoint.
        database: Where the outbox is, if not in the home.

    Attributes:
        log: What the dispatchers have to say.
        client: Hands in, and looks at the outbox.
    """

    def __init__(self, home: Path, endpoint: MockEndpoint, database: str | None = None) -> None:
        self.home = home
        self.endpoint = endpoint
        self.log = home.with_suffix(".log")
        self._database = database
        self._processes: list[subprocess.Popen[bytes]] = []
        self._outbox: Outbox | None = None
        if database is not None:
            # One that does not wait for a database which is not there.
            chain = Home(home).create().history_chain()
            self._outbox = PostgresOutbox.open(database, wait_for_connection=timedelta(milliseconds=200), chain=chain)
        self.client = TiplineClient.open(home, profile=endpoint.profile, outbox=self._outbox, options=hasty())

    def start(self, *settings: str, base_url: str = "", database: str = "") -> "subprocess.Popen[bytes]":
        """One more dispatcher, once it is open; by other ways to endpoint and database if they are named."""
        with self.log.open("ab") as log:
            process = start_dispatcher(
                self.home,
                base_url or self.endpoint.base_url,
                *settings,
                outbox=database or self._database,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._processes.append(process)
        await_ready(process)
        return process

    def stop(self, process: "subprocess.Popen[bytes]") -> None:
        """Have a dispatcher end what it has under way; it must end cleanly."""
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=_PATIENCE)

    def enqueue(self, name: str = "one") -> Entry:
        """A durable entry with two files."""
        return self.client.enqueue(sample_report(name), evidence=sample_evidence(), idempotency_key=f"case-{name}")

    def await_call(self) -> None:
        """Wait until every call that a fault was scripted for has arrived."""
        eventually(lambda: not self.endpoint.faults.to_json()["faults"])

    def await_reply(self, step: str) -> None:
        """Wait until the endpoint has answered a call of `step`, whether or not the answer arrives."""
        eventually(lambda: any(record.step == step for record in self.endpoint.requests))

    def await_filed(self, *entries: Entry) -> None:
        """Wait until the outbox says that these are acknowledged."""
        eventually(lambda: all(self._is_filed(entry) for entry in entries))

    def filed_once(self, *entries: Entry) -> bool:
        """Whether these and nothing else were filed, each once, and the outbox says so, under the same numbers."""
        summary = self.endpoint.summary()
        reports = self.endpoint.reports()
        finished = sorted(int(report["report_id"]) for report in reports if report["state"] == "finished")
        tries = [Counter(attempt.outcome for attempt in self._attempts(entry)) for entry in entries]
        return (
            (0, 0) == (summary["duplicates"], summary["stray_files"])
            and finished == sorted(self.report_id(entry) or 0 for entry in entries)
            and all(1 == outcomes[Outcome.ACKNOWLEDGED] for outcomes in tries)
        )

    def failed_tries(self, entry: Entry) -> list[Attempt]:
        """The attempts that did not file it."""
        return [attempt for attempt in self._attempts(entry) if attempt.outcome is not Outcome.ACKNOWLEDGED]

    def report_id(self, entry: Entry) -> int | None:
        """Under which number the outbox says it was filed."""
        record = self.client.call(self.client.asynchronous.outbox.acknowledgement, entry.id)
        return None if record is None else record.acknowledgement.report_id

    def close(self) -> None:
        """End what a test left running."""
        for process in self._processes:
            with process:
                process.kill()
        self.client.close()
        if self._outbox is not None:
            anyio.run(self._outbox.close)

    def _attempts(self, entry: Entry) -> list[Attempt]:
        return self.client.call(self.client.asynchronous.outbox.attempts, entry.id, limit=1000)

    def _is_filed(self, entry: Entry) -> bool:
        try:
            return self.report_id(entry) is not None
        except OutboxUnavailableError:
            return False
