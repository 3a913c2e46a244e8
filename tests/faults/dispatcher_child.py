"""A dispatcher in a process of its own, for tests that kill it.

python -m tests.faults.dispatcher_child HOME BASE_URL
"""

import sys
from datetime import timedelta

from tipline_client import Dispatcher, Options, RetryPolicy, TiplineClient, profiles

LEASE = timedelta(seconds=1)


def main(home: str, base_url: str) -> None:
    """Deliver until killed or told to end."""
    policy = RetryPolicy(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=100))
    options = Options(slots=4, lease_for=LEASE, policy=policy, poll_every=timedelta(milliseconds=50))
    with TiplineClient.open(home, profile=profiles.mock(base_url), options=options) as client:
        dispatcher = Dispatcher(client)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        dispatcher.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
