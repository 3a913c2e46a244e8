"""The conductor: what makes a report durable, what leases and walks it, and what settles doubt.

The promise "filed exactly once" is kept here. The pure part (`table`, `planning`, `settling`) says what must happen;
the rest does it, durably, one step after the other.
"""

from tipline_client.delivery.lane_state import Incident
from tipline_client.dispatch.conductor import Conductor
from tipline_client.dispatch.lane import LaneGate, SharedBook
from tipline_client.dispatch.road import OnBytes, OnStep, Road, ignore
from tipline_client.dispatch.summary import DispatchSummary
from tipline_client.dispatch.transports import OpenTransport

__all__ = [
    "Conductor",
    "DispatchSummary",
    "Incident",
    "LaneGate",
    "OnBytes",
    "OnStep",
    "OpenTransport",
    "Road",
    "SharedBook",
    "ignore",
]
