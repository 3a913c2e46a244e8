"""The two doors: `AsyncTiplineClient` and, around it, `TiplineClient`. Neither has logic of its own.

The synchronous door runs the asynchronous one on an event loop in a thread of its own, so there is one implementation.
"""

from tipline_client.client.asynchronous import AsyncTiplineClient
from tipline_client.client.options import OpenTransport, Options
from tipline_client.client.synchronous import Dispatcher, TiplineClient

__all__ = ["AsyncTiplineClient", "Dispatcher", "OpenTransport", "Options", "TiplineClient"]
