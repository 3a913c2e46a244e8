"""What seldom needs to be said when a client is opened."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch import OnBytes, OnStep, ignore
from tipline_client.profiles import EndpointProfile
from tipline_client.transport import HttpTransport, Transport

__all__ = ["OpenTransport", "Options"]

OpenTransport = Callable[[EndpointProfile], AbstractAsyncContextManager[Transport]]
"""Opens the network for one delivery slot; replace it to carry the calls some other way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What seldom needs to be said.

    Attributes:
        slots: How many entries a dispatcher has in flight at once.
        policy: How long to wait between tries.
        lease_for: How long a lease outlives its dispatcher.
        poll_every: How often a dispatcher looks for entries of other processes.
        clock: Says now.
        random: Chance, for jitter.
        open_transport: Opens the network; `HttpTransport.open` unless replaced.
        on_bytes: Told of upload progress: entry id, index of the evidence, bytes so far, bytes in all.
        on_step: Told of each step about to be sent: entry id, intent.
    """

    slots: int = 8
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    lease_for: timedelta = timedelta(seconds=30)
    poll_every: timedelta = timedelta(seconds=1)
    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=Random)
    open_transport: OpenTransport = HttpTransport.open
    on_bytes: OnBytes = ignore
    on_step: OnStep = ignore
