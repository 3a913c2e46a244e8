"""One step across the wire: the only room that knows httpx and tenacity."""

from tipline_client.transport.contract import Transport
from tipline_client.transport.http import HttpTransport
from tipline_client.transport.retrying import repeat_while

__all__ = ["HttpTransport", "Transport", "repeat_while"]
