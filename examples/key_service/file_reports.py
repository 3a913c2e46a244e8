"""The main job with master keys in a key service: one host may only queue, another one delivers.

    python file_reports.py

It starts the stand-in and a mock endpoint on this machine, and makes the folder `key-service-home` where it is started.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from provider import ServiceKeys  # type: ignore[import-not-found]  # it lies beside this file

from tipline_client import (
    Dispatcher,
    Evidence,
    IncidentSummary,
    InternetDetails,
    Options,
    Person,
    Report,
    Reporter,
    TiplineClient,
)
from tipline_client.errors import KeyUnavailableError
from tipline_client.mock import MockEndpoint
from tipline_client.models import Email, WebPageIncident

HERE = Path(__file__).parent
LEASH = [sys.executable, str(HERE.with_name("until_parent_ends.py"))]
LOG = Path("key-service-audit.jsonl")
REPORT = Report(
    incident_summary=IncidentSummary(
        incident_type="Misleading Domain Name", incident_date_time=datetime(2026, 1, 5, 8, tzinfo=UTC)
    ),
    internet_details=[InternetDetails(web_page_incident=WebPageIncident(url=["https://www.example.com/mug"]))],
    reporter=Reporter(reporting_person=Person(first_name="Zoë", email=[Email(value="safety@example.com")])),
)


@contextlib.contextmanager
def key_service(*, queues: str, delivers: str) -> Iterator[str]:
    """The stand-in in a process of its own; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*LEASH, sys.executable, str(HERE / "service.py"), f"--port={port}", f"--log={LOG}"]
    tokens = {"KEY_SERVICE_QUEUES": queues, "KEY_SERVICE_DELIVERS": delivers}
    with subprocess.Popen(command, env=os.environ | tokens, stdin=subprocess.PIPE) as process:  # noqa: S603 - as above
        address = f"http://127.0.0.1:{port}"
        try:
            _await(f"{address}/active")
            yield address
        finally:
            process.communicate()


def _await(address: str) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx.TransportError):
            # Any answer will do: nobody says here who is asking.
            httpx.get(address, trust_env=False)
            return
        time.sleep(0.1)
    raise RuntimeError("the key service does not start")


def main() -> None:
    """Queue on one host, deliver on another, and say what the service saw of it."""
    home, queues, delivers = Path("key-service-home"), secrets.token_hex(16), secrets.token_hex(16)
    with MockEndpoint() as endpoint, key_service(queues=queues, delivers=delivers) as address:
        backend = Options(master_keys=ServiceKeys(address, token=queues, may_unwrap=False))
        with TiplineClient.open(home, profile=endpoint.profile, options=backend) as client:
            picture = Evidence.from_path(HERE.parent / "mug.png", file_viewed_by_esp=True)
            entry = client.enqueue(REPORT, evidence=[picture], idempotency_key=f"mug-{secrets.token_hex(4)}")
            print(f"queued {entry.idempotency_key}")
            try:
                Dispatcher(client).drain(patience=timedelta(0))
            except KeyUnavailableError as error:
                print(f"this host does not deliver: {error}")
        service = Options(master_keys=ServiceKeys(address, token=delivers, may_unwrap=True))
        with TiplineClient.open(home, profile=endpoint.profile, options=service) as client:
            Dispatcher(client).drain()
            receipt = client.receipt(entry.id)
            print(f"filed as report {receipt.report_id}, {len(receipt.files)} file(s)")
    lines = [json.loads(line) for line in LOG.read_text(encoding="ascii").splitlines()]
    used = [line["action"] for line in lines if line["context"] == entry.id]
    print(f"the key service wrapped {used.count('wrap')} and unwrapped {used.count('unwrap')} time(s)")


if __name__ == "__main__":
    main()
