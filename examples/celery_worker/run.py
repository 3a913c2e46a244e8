"""The whole desk on this machine, in one command: a mock endpoint, a worker of two processes, and the dispatcher.

    python run.py            decides five cases, and ends when all are filed

It makes the folder `celery-desk-data` where it is started. Nothing leaves this machine.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tipline_client.mock import MockEndpoint

HERE = Path(__file__).parent
LEASH = [sys.executable, str(HERE.with_name("until_parent_ends.py"))]
WORKER = ("celery", "-A", "tasks", "worker", "--beat", "--concurrency=2", "--loglevel=WARNING")
CASES = 5
PATIENCE = 120


@contextlib.contextmanager
def running(*words: str, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A module of Python's as a program, until the block ends or this program does.

    What does not end when it is asked to is killed after a while, so this ends too.
    """
    command = [*LEASH, sys.executable, "-m", *words]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE) as process:  # noqa: S603 - named below
        try:
            yield process
        finally:
            process.communicate()


def main() -> None:
    """Start everything, decide, wait, and end it."""
    data = Path("celery-desk-data").absolute()
    data.mkdir(mode=0o700, exist_ok=True)
    os.environ["DESK_DATA"] = str(data)
    # A service manager's way to ask for the end is Ctrl-C's.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with MockEndpoint() as endpoint:
        os.environ |= {"TIPLINE_ENDPOINT": endpoint.base_url, "TIPLINE_HOME": str(data / "tipline-home")}
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
        # Its settings come from the environment.
        import decisions
        import tasks

        subprocess.run([sys.executable, "-m", "tipline_client", "init"], env=environ, check=True)
        decisions.make_table()
        with (
            running(*WORKER, "--without-mingle", "--without-gossip", environ=environ) as worker,
            running("tipline_client", "dispatch", environ=environ) as dispatcher,
        ):
            for number in range(CASES):
                decision_id = decisions.decide(f"https://www.example.com/mug-{number}")
                # Once the decision is committed. A message that is lost here is sent again by `report_what_is_left`.
                tasks.report_decision.delay(decision_id)
            print(f"decided: {CASES}", flush=True)
            wait(endpoint, worker=worker, dispatcher=dispatcher)
        print(f"decided: {CASES}, filed: {endpoint.summary()['finished']}")
        if not is_done(endpoint):
            sys.exit("not everything is filed yet: unless there are errors above, start this again, and it goes on")


def wait(endpoint: MockEndpoint, **programs: subprocess.Popen[bytes]) -> None:
    """Wait until all is filed, but no longer than all of these run."""
    for _ in range(PATIENCE * 10):
        if is_done(endpoint):
            return
        for name, process in programs.items():
            if process.poll() is not None:
                sys.exit(f"the {name} has ended with code {process.returncode}: why, it says above")
        time.sleep(0.1)


def is_done(endpoint: MockEndpoint) -> bool:
    """Whether every decision of this run and of those before it is queued, and everything that was begun is filed."""
    import decisions

    summary = endpoint.summary()
    return not decisions.unqueued() and summary["finished"] >= CASES and not summary["open"]


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("ended early: start this again, and it goes on")
