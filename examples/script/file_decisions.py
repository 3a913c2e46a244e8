"""Files the decisions of a file, one a line, and ends: for cron, or a timer.

    python examples/script/file_decisions.py --mock

With `--mock` it tries the sample decisions with a mock endpoint on this machine, and files nothing; it makes the folder
`script-home` where it is started. Run it again, kill it, run it twice at once: each decision is filed once.
"""

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tipline_client import (
    Dispatcher,
    EndpointProfile,
    Entry,
    Evidence,
    Options,
    Severity,
    State,
    TiplineClient,
    profiles,
    read_submission,
)
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, ReportInvalidError, TiplineError
from tipline_client.mock import MockEndpoint

# The numbers are those of the command `tipline`; the last one is what mailers and timers take for "try again later".
FILED, REFUSED, WAITING, GIVEN_UP, CONFIGURATION, OUTBOX, BUSY = 0, 2, 3, 4, 5, 6, os.EX_TEMPFAIL


def as_submission(decision: dict[str, Any]) -> dict[str, Any]:
    """A decision in the platform's own words as a submission in the documented ones."""
    details = {"fileViewedByEsp": decision["viewed"]} if "viewed" in decision else {}
    return {
        "idempotencyKey": decision["case"],
        "knownAt": decision["decidedAt"],
        "report": {
            "incidentSummary": {
                "incidentType": "Misleading Domain Name",
                "incidentDateTime": decision["happenedAt"],
            },
            "internetDetails": [{"webPageIncident": {"url": [decision["page"]]}}],
            "reporter": {"reportingPerson": {"firstName": "Zoë", "email": ["safety@example.com"]}},
        },
        "evidence": [{"path": decision["picture"], "details": details}] if "picture" in decision else [],
    }


def hand_in(client: TiplineClient, line: str, folder: Path) -> Entry:
    """Queue the report of one line, or find the entry that an earlier run has made of it."""
    try:
        content = as_submission(json.loads(line))
    except (ValueError, LookupError, TypeError):
        raise TiplineError("this is no decision, or a part of it is missing") from None
    read = read_submission(content, profile=client.profile)
    if not read.is_acceptable or read.submission is None:
        raise ReportInvalidError(read.issues)
    submission = read.submission
    return client.enqueue(
        submission.report,
        evidence=[Evidence.from_path(folder / str(item.path), details=item.details) for item in submission.evidence],
        idempotency_key=submission.idempotency_key,
        known_at=submission.known_at,
    )


def run(
    decisions: Path, *, home: Path, profile: EndpointProfile, patience: timedelta, options: Options | None = None
) -> int:
    """File what the file holds and what earlier runs left over; the exit code says how that ended."""
    with alone(home) as is_alone:
        if not is_alone:
            print("another run is at it", file=sys.stderr)
            return BUSY
        with TiplineClient.open(home, profile=profile, options=options) as client:
            entries, codes = [], {FILED}
            with decisions.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    try:
                        entries.append(hand_in(client, line, decisions.parent))
                    except (ConfigurationError, OutboxUnavailableError):
                        # The other lines would fare no better.
                        raise
                    except TiplineError as error:
                        codes.add(REFUSED)
                        print(f"line {number}: {explained(error)}", file=sys.stderr)
            # From here on a crash loses nothing: the next run goes on, even if the file is gone by then.
            Dispatcher(client).drain(patience=patience)
            codes |= {say(client, entry.id) for entry in entries}
    return next(code for code in (REFUSED, GIVEN_UP, WAITING, FILED) if code in codes)


def say(client: TiplineClient, entry_id: str) -> int:
    """Print the receipt of an entry, or where it stands."""
    entry = client.entry(entry_id)
    if entry.contradiction:
        # Somebody altered the row: its state is not to be believed.
        print(f"{entry.idempotency_key}: {entry.contradiction}")
        return GIVEN_UP
    if entry.state is State.ACKNOWLEDGED:
        receipt = client.receipt(entry_id)
        print(f"{entry.idempotency_key}: report {receipt.report_id}, {receipt.acknowledged_at:%Y-%m-%d %H:%M:%S} UTC")
        return FILED
    print(f"{entry.idempotency_key}: {entry.state}")
    if entry.state is State.FILED_BY_HAND:
        return FILED
    return WAITING if entry.state in {State.QUEUED, State.LEASED, State.HELD} else GIVEN_UP


def explained(error: TiplineError) -> str:
    """What is wrong, by paths and rules; no value of a report belongs into a log."""
    if isinstance(error, ReportInvalidError):
        return "; ".join(f"{issue.path}: {issue.rule}" for issue in error.issues if issue.severity is Severity.ERROR)
    return str(error)


@contextmanager
def alone(home: Path) -> Iterator[bool]:
    """Whether no other run of this host is at it. Two would do no harm, but a slow endpoint would pile them up."""
    with Path(f"{home}.lock").open("ab") as lock:
        try:
            # The system takes this lock away from whoever dies, so none is ever left behind.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def named_endpoint() -> EndpointProfile:
    """The endpoint that the environment names, by the variables of the command `tipline`; none is a default."""
    secret = os.environ.get("TIPLINE_PASSWORD_FILE")
    return profiles.named(
        os.environ.get("TIPLINE_ENDPOINT", ""),
        username=os.environ.get("TIPLINE_USERNAME"),
        password=Path(secret).read_text(encoding="utf-8").strip() if secret else None,
        registered_esp=os.environ.get("TIPLINE_REGISTERED_ESP") == "yes",
    )


def main() -> int:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(description="File the decisions of a file, one a line.")
    parser.add_argument("decisions", type=Path, nargs="?", help="the file; with --mock the sample, if none is named")
    parser.add_argument("--mock", action="store_true", help="try it with a mock endpoint, which files nothing")
    parser.add_argument("--home", type=Path, help="the folder of outbox, keys and evidence")
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for an endpoint that is away")
    asked = parser.parse_args()
    # The sample is for the mock endpoint alone: nobody files it for real by leaving something out.
    decisions = asked.decisions or (asked.mock and Path(__file__).with_name("decisions.jsonl"))
    if not decisions or not decisions.exists():
        parser.error("name the file of decisions")
    # A trial has a home of its own, whatever is in use beside it.
    home = asked.home or Path(os.environ.get("TIPLINE_HOME", "script-home" if asked.mock else "tipline-home"))
    patience = timedelta(seconds=asked.patience)
    try:
        if not asked.mock:
            return run(decisions, home=home, profile=named_endpoint(), patience=patience)
        with MockEndpoint() as endpoint:
            return run(decisions, home=home, profile=endpoint.profile, patience=patience)
    except (ConfigurationError, OutboxUnavailableError) as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return OUTBOX if isinstance(error, OutboxUnavailableError) else CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
