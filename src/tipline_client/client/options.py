"""What seldom needs to be said when a client is opened."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.regimes import DEFAULT_REGIMES, regimes_of
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch import OnBytes, OnStep, ignore
from tipline_client.dispatch.hooks import Hook, check_hooks
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import KEEP_FREE
from tipline_client.profiles import EndpointProfile
from tipline_client.transport import HttpTransport, Transport
from tipline_client.vault import MasterKeys

__all__ = ["MAX_SLOTS", "OpenTransport", "Options"]

MAX_SLOTS = 256
"""More entries in flight than this gain nothing and only strain the endpoint."""

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
        deadline: When a report should be filed; without one nobody is warned that its time is nearly over.
        clock: Says now on this host. What is due and how long a lease lasts, a database decides by its own clock.
        random: Chance, for jitter.
        open_transport: Opens the network: over HTTPS, unless replaced.
        on_bytes: Told of upload progress: entry id, index of the evidence, bytes so far, bytes in all.
        on_step: Told of each step about to be sent: entry id, intent.
        master_keys: What wraps the data keys; the key files in the home unless replaced.
        regimes: Which laws ask to keep what is filed: `us`, `uk`, `eu`. What they ask for is in the guide to retention.
        keep_free: Bytes that an enqueue leaves free on the disks of outbox and evidence, so that what is queued can
            still be delivered; without that room it is refused.
        remembers_outbox: Whether the home remembers the database that `outbox` names, and refuses to make another one
            from then on. Not where tests have databases of their own.
        hooks: Told of what happened, after the commit, by whoever dispatches; their failure changes nothing else.
    """

    slots: int = 8
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    lease_for: timedelta = timedelta(seconds=30)
    poll_every: timedelta = timedelta(seconds=1)
    deadline: Deadline | None = None
    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=Random)
    open_transport: OpenTransport = HttpTransport.open
    on_bytes: OnBytes = ignore
    on_step: OnStep = ignore
    master_keys: MasterKeys | None = None
    regimes: Sequence[str] = DEFAULT_REGIMES
    keep_free: int = KEEP_FREE
    remembers_outbox: bool = True
    hooks: Sequence[Hook] = ()

    def __post_init__(self) -> None:
        """Refuse what could never deliver.

        Raises:
            ConfigurationError: Naming the option.
        """
        if not 1 <= self.slots <= MAX_SLOTS:
            raise ConfigurationError(f"slots must be from 1 to {MAX_SLOTS}", hint="Leave it out for 8.")
        for name, value in (("lease_for", self.lease_for), ("poll_every", self.poll_every)):
            if value <= timedelta(0):
                raise ConfigurationError(f"{name} must be longer than nothing", hint="Leave it out for the default.")
        regimes_of(self.regimes)
        if self.keep_free < 0:
            raise ConfigurationError("keep_free must not be below zero", hint="Leave it out for 256 MiB.")
        check_hooks(self.hooks)
