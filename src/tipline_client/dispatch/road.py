"""What every walk of one dispatcher shares, gathered once: where things are kept, whose word counts, who is told.

Plain references and settings; what is done with them is `walk`.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import anyio

from tipline_client.delivery.checkpoint import Intent
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.regimes import DEFAULT_REGIMES, Regime, regimes_of
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch.lane import LaneGate
from tipline_client.dispatch.leaving import Leaving
from tipline_client.dispatch.reader import Reader
from tipline_client.envelope import CheckpointSeal, HistoryChain
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox.contract import Outbox
from tipline_client.profiles import EndpointProfile

__all__ = ["OnBytes", "OnFiled", "OnStep", "Road", "ignore", "tell"]

_log = logging.getLogger("tipline_client.dispatch")

OnBytes = Callable[[str, int, int, int], None]
"""Told of progress: entry id, index of the evidence, bytes handed to the connection so far, bytes in all."""
OnStep = Callable[[str, Intent], None]
"""Told that a step is about to be sent: entry id, intent."""

OnFiled = Callable[[str], None]
"""Told that an entry is filed: its id."""


def ignore(*_: object) -> None:
    """Nobody is watching."""


def tell(watcher: Callable[..., None], *facts: object) -> None:
    """Tell a watcher; what it does with it is its own affair."""
    try:
        watcher(*facts)
    except Exception as error:
        # A progress bar that fails must not stop a filing.
        _log.warning("a watcher failed with %s", type(error).__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """What every walk of one dispatcher shares.

    Attributes:
        outbox: Where results are written.
        profile: Where to.
        reader: Opens entries; says whose signatures are believed.
        seal: Whose checkpoints are believed.
        chain: Whose histories are believed.
        evidence: Where the files are.
        lane: Whether the endpoint is worth addressing.
        policy: How long to wait between tries.
        clock: Says now, and waits between repeats.
        random: Chance, for jitter.
        regimes: What asks to keep what is filed.
        leaving: Remembers what this host cannot deliver and others can.
        lease_for: How long a lease lasts between heartbeats.
        heartbeat: Waits between two renewals of a lease. Real time unless a test says otherwise: a lease is lost
            while something real takes long.
        is_stopping: Whether the dispatcher was asked to end; asked between two steps.
        on_bytes: Told of upload progress.
        on_step: Told of each step.
        on_filed: Told of each acknowledgement, once it is durable.
    """

    outbox: Outbox
    profile: EndpointProfile
    reader: Reader
    seal: CheckpointSeal
    chain: HistoryChain | None = None
    evidence: EvidenceStore
    lane: LaneGate
    policy: RetryPolicy
    clock: Clock
    random: Random
    regimes: Sequence[Regime] = regimes_of(DEFAULT_REGIMES)
    leaving: Leaving = field(default_factory=Leaving)
    lease_for: timedelta = timedelta(seconds=30)
    heartbeat: Callable[[float], Awaitable[None]] = anyio.sleep
    is_stopping: Callable[[], bool] = lambda: False
    on_bytes: OnBytes = ignore
    on_step: OnStep = ignore
    on_filed: OnFiled = ignore
