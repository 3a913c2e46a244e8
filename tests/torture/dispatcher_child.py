"""A dispatcher in a process of its own, for the torture run to kill.

python -m tests.torture.dispatcher_child HOME BASE_URL
"""

import sys
from datetime import timedelta

from tipline_client import Dispatcher, Options, RetryPolicy, TiplineClient, profiles

__all__ = ["hasty"]


def hasty() -> Options:
    """Leases, waits and repeats short enough that many of them fit into a short run."""
    return Options(
        slots=4,
        lease_for=timedelta(seconds=1),
        policy=RetryPolicy(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=100)),
        poll_every=timedelta(milliseconds=50),
    )


def main(home: str, base_url: str) -> None:
    """Deliver until killed or told to end."""
    with TiplineClient.open(home, profile=profiles.mock(base_url), options=hasty()) as client:
        dispatcher = Dispatcher(client)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        dispatcher.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
