"""Which endpoint. There is no default: a profile is always named.

`cybertipline_production` needs an explicit act, since what it receives is acted upon. `mock` addresses loopback only.
"""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from tipline_client.delivery.environment import Environment
from tipline_client.errors import ConfigurationError
from tipline_client.profiles.endpoint_schema import EndpointSchema
from tipline_client.profiles.known import KNOWN_PROFILES, MOCK, PRODUCTION, TESTING, KnownProfile
from tipline_client.profiles.profile import EndpointProfile, is_loopback

__all__ = [
    "KNOWN_PROFILES",
    "MOCK_PASSWORD",
    "MOCK_USERNAME",
    "EndpointProfile",
    "EndpointSchema",
    "KnownProfile",
    "cybertipline_production",
    "cybertipline_testing",
    "mock",
    "named",
]

MOCK_USERNAME = "tester"
"""The user that a mock lets in, unless it is told another one."""
MOCK_PASSWORD = "mock-password"  # noqa: S105 - the mock's documented sample pair; it opens nothing else
"""That user's password."""


def cybertipline_testing(*, username: str, password: str) -> EndpointProfile:
    """NCMEC's test host: what it receives is not acted on. Its report ids mean nothing elsewhere.

    Args:
        username: Of the pair that NCMEC issued for the test host.
        password: Of that pair.

    Raises:
        ConfigurationError: A credential is empty or malformed.
    """
    return EndpointProfile(
        name=TESTING.name,
        environment=TESTING.environment,
        base_url=TESTING.base_url,
        username=username,
        password=password,
    )


def cybertipline_production(*, username: str, password: str, registered_esp: bool) -> EndpointProfile:
    """NCMEC's CyberTipline itself: every finished report is acted on.

    Args:
        username: Of the pair that NCMEC issued for production.
        password: Of that pair.
        registered_esp: The explicit act: `True` states that this is a registered provider filing for real.

    Raises:
        ConfigurationError: The statement was not made, or a credential is empty or malformed.
    """
    if registered_esp is not True:
        raise ConfigurationError(
            "the production endpoint needs the explicit statement registered_esp=True",
            hint="Use the testing profile, or state that you are a registered provider that files for real.",
        )
    return EndpointProfile(
        name=PRODUCTION.name,
        environment=PRODUCTION.environment,
        base_url=PRODUCTION.base_url,
        username=username,
        password=password,
    )


def mock(
    base_url: str,
    *,
    username: str = MOCK_USERNAME,
    password: str = MOCK_PASSWORD,
    progress_timeout: timedelta = timedelta(seconds=60),
) -> EndpointProfile:
    """A mock endpoint on this machine.

    Args:
        base_url: Its address, such as `http://127.0.0.1:8765/ispws`.
        username: Its user.
        password: Its password.
        progress_timeout: How long it may make no progress.

    Raises:
        ConfigurationError: The address is not on loopback.
    """
    address = urlsplit(base_url)
    try:
        port = address.port
    except ValueError:
        port = None
    if address.scheme not in {"http", "https"} or not is_loopback(address.hostname) or address.query or not port:
        raise ConfigurationError(
            "a mock endpoint must be a loopback URL with a port, such as http://127.0.0.1:8765/ispws",
            hint="Start one with `tipline mock --port 0`, which prints its URL.",
        )
    return EndpointProfile(
        name=MOCK.name,
        environment=MOCK.environment,
        base_url=base_url.rstrip("/"),
        username=username,
        password=password,
        progress_timeout=progress_timeout,
    )


def named(
    endpoint: str,
    *,
    username: str | None = None,
    password: str | None = None,
    registered_esp: bool = False,
    sends: bool = True,
) -> EndpointProfile:
    """The profile that a setting names, for programs whose settings are text.

    Args:
        endpoint: `testing`, `production`, or the loopback URL of a mock endpoint.
        username: Of the pair for this endpoint; a mock endpoint's sample pair stands in for what is not given.
        password: Of that pair.
        registered_esp: See `cybertipline_production`, which alone asks for it.
        sends: Whether it will be addressed. A program that only queues needs no pair, and without one nothing is sent.

    Raises:
        ConfigurationError: There is no such endpoint, a credential is missing, or the statement was not made.
    """
    if not sends and not (username and password):
        stand_in = named(endpoint, username=MOCK_USERNAME, password=MOCK_PASSWORD, registered_esp=registered_esp)
        is_mock = stand_in.environment is Environment.MOCK
        return stand_in if is_mock else replace(stand_in, username="", password="", can_send=False)
    if "://" in endpoint:
        return mock(endpoint, username=username or MOCK_USERNAME, password=password or MOCK_PASSWORD)
    if endpoint in {PRODUCTION.name, PRODUCTION.short_name}:
        return cybertipline_production(username=username or "", password=password or "", registered_esp=registered_esp)
    if endpoint in {TESTING.name, TESTING.short_name}:
        return cybertipline_testing(username=username or "", password=password or "")
    raise ConfigurationError(
        "there is no such endpoint", hint="Name testing or production, or give the loopback URL of a mock endpoint."
    )
