"""The two doors: `AsyncTiplineClient` and, around it, `TiplineClient`; each with its dispatcher. No logic of their own.

The synchronous door runs the asynchronous one on an event loop in a thread of its own, so there is one implementation.
"""

from tipline_client.client.asynchronous import AsyncTiplineClient
from tipline_client.client.dispatching import AsyncDispatcher, Dispatcher
from tipline_client.client.options import OpenTransport, Options
from tipline_client.client.synchronous import TiplineClient
from tipline_client.dispatch import DispatchSummary
from tipline_client.dispatch.enqueueing import Enqueued

__all__ = [
    "AsyncDispatcher",
    "AsyncTiplineClient",
    "DispatchSummary",
    "Dispatcher",
    "Enqueued",
    "OpenTransport",
    "Options",
    "TiplineClient",
]
