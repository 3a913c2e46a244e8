"""The one-method seam to the network: replace it and nothing else changes.

An implementation sends one call, once, to the profile's endpoint, and says truthfully whether the request can have
reached it. It never retries, follows a redirect, or raises for what the network does.
"""

from typing import Protocol

from tipline_client.profiles.exchange import Call, NoReply, Reply

__all__ = ["Transport"]


class Transport(Protocol):
    """Carries one call across the wire."""

    async def send(self, call: Call) -> Reply | NoReply:
        """Send `call` once.

        Returns:
            The whole reply (up to the profile's cap), or why there is none. `UNSENT` is said only when the request
            certainly did not reach the endpoint; in any doubt it is `UNANSWERED`. A whole refusal counts even if it
            came before the request was sent to its end; a success then does not.

        Raises:
            EvidenceError: The body's own source failed; the request was left incomplete.
        """
        ...
