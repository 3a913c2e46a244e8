"""Where and when somebody was seen: IP addresses, devices, an estimated place.

Lengths and ranges are those of the CyberTipline documentation. Whether an address is a well-formed IP address is a
question for validation.
"""

from typing import Annotated

from tipline_client.models.base import WireModel
from tipline_client.models.enumerations import EventName
from tipline_client.models.geography import Country
from tipline_client.models.scalars import Instant, Port, Text255, Text2083, Truth, WireText
from tipline_client.models.xml_facts import Attribute

__all__ = ["DeviceId", "EstimatedLocation", "IpCaptureEvent"]


class IpCaptureEvent(WireModel):
    """An IP address, seen at some event."""

    ip_address: WireText
    """IPv4 or IPv6 address in its usual text form."""
    event_name: EventName | None = None
    """What happened."""
    date_time: Instant | None = None
    """When it happened."""
    possible_proxy: Truth | None = None
    """Whether the address may be a proxy's."""
    port: Port | None = None
    """Source port; behind shared addresses a provider needs it to find the customer."""


class DeviceId(WireModel):
    """A device, known by some identifier."""

    id_type: Text255
    """Kind of identifier, in free words such as `IMEI` or `SSID`."""
    id_value: Text2083
    """The identifier."""
    event_name: EventName | None = None
    """What happened."""
    date_time: Instant | None = None
    """When it happened."""


class EstimatedLocation(WireModel):
    """Where an account holder probably was."""

    verified: Annotated[Truth | None, Attribute()] = None
    """Whether the place was confirmed."""
    timestamp: Annotated[Instant | None, Attribute()] = None
    """When the estimate was made."""
    city: Text255 | None = None
    """City."""
    region: Text255 | None = None
    """Region; for the United States the two letters of the state."""
    country_code: Country | None = None
    """Country."""
