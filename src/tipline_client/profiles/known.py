"""Which profiles there are, as data: what each is called, where a filing would count, and its address.

Credentials and the explicit act that production needs are not here.
"""

from dataclasses import dataclass

from tipline_client.delivery.environment import Environment

__all__ = ["KNOWN_PROFILES", "MOCK", "PRODUCTION", "TESTING", "KnownProfile"]


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """One profile before it has credentials.

    Attributes:
        name: Signed into every envelope.
        environment: Signed too.
        short_name: What a person may say instead of the name.
        base_url: Its address; empty for a mock endpoint, which is wherever somebody started it.
    """

    name: str
    environment: Environment
    short_name: str
    base_url: str = ""


PRODUCTION = KnownProfile(
    "cybertipline-production", Environment.PRODUCTION, "production", "https://report.cybertip.org/ispws"
)
TESTING = KnownProfile("cybertipline-testing", Environment.TESTING, "testing", "https://exttest.cybertip.org/ispws")
MOCK = KnownProfile("mock", Environment.MOCK, "mock")

KNOWN_PROFILES = (PRODUCTION, TESTING, MOCK)
"""All of them, the most serious first."""
