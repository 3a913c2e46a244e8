"""Keeps a process that a test has started from every endpoint but those on loopback.

The variable is no switch for a program that files: nothing is skipped by it and nothing counts as sent. Whoever is
refused is told which variable did it.
"""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from tipline_client.delivery.environment import Environment
from tipline_client.delivery.run_of_tests import VARIABLE, is_below, may_reach_testing
from tipline_client.errors import ConfigurationError
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.profile import is_loopback

__all__ = ["check_may_address"]


def check_may_address(profile: EndpointProfile, *, environ: Mapping[str, str] = os.environ) -> None:
    """Look whether this process may address the endpoint.

    Raises:
        ConfigurationError: A test has started it, and the endpoint is elsewhere.
    """
    if not is_below(environ, os.getpid()) or is_loopback(urlsplit(profile.base_url).hostname):
        return
    if profile.environment is Environment.TESTING and may_reach_testing(environ):
        return
    raise ConfigurationError(
        f"{VARIABLE} is set: this process was started by a run of tests, and does not address {profile.host}",
        hint="Give it the URL of a mock endpoint. If no test runs here, find out who has set the variable, and unset "
        "it: nothing is sent before.",
    )
