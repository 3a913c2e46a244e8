"""Which endpoint, and its dialect, as data: URL, environment, credentials, codes, limits, what its schema has.

A profile is built by one of the functions in `tipline_client.profiles`; none is a default.
"""

import base64
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from typing import Self
from urllib.parse import urlsplit

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.environment import Environment
from tipline_client.errors import ConfigurationError
from tipline_client.profiles.codes import CYBERTIPLINE_CODES
from tipline_client.profiles.endpoint_schema import EndpointSchema

__all__ = ["EndpointProfile", "is_loopback"]


def is_loopback(host: str | None) -> bool:
    """Whether a host of a URL can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointProfile:
    """One endpoint.

    Attributes:
        name: Signed into every envelope: an entry is delivered only by the profile it was queued for.
        environment: Signed too.
        base_url: Everything is below it; no other host is ever addressed and no redirect followed.
        username: For HTTP Basic, sent with every call. Never shown, like the password.
        password: Of that user.
        codes: Response code to kind and phrase.
        schema: The endpoint's own XSD, once fetched.
        connect_timeout: How long a connection may take to open.
        progress_timeout: How long the other side may make no progress, in sending or answering; never a total.
        max_reply_bytes: No reply is read further.
        user_agent: Who we say we are.
        can_send: Whether it has the pair that the endpoint asks for. Without one, reports are queued for whoever has
            it, and nothing is sent.
    """

    name: str
    environment: Environment
    base_url: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    codes: Mapping[int, tuple[AnswerKind, str]] = field(default_factory=lambda: CYBERTIPLINE_CODES, repr=False)
    schema: EndpointSchema | None = field(default=None, repr=False)
    connect_timeout: timedelta = timedelta(seconds=10)
    progress_timeout: timedelta = timedelta(seconds=60)
    max_reply_bytes: int = 1024 * 1024
    user_agent: str = "tipline-client"
    can_send: bool = True

    def __post_init__(self) -> None:
        """Refuse what could never authenticate, or would break the header.

        Raises:
            ConfigurationError: Naming the setting, never its value.
        """
        pair = (("username", self.username), ("password", self.password)) if self.can_send else ()
        for setting, value in pair:
            if not value or not value.isprintable():
                raise ConfigurationError(
                    f"the {setting} for profile {self.name!r} is empty or has control characters",
                    hint="Set TIPLINE_USERNAME and TIPLINE_PASSWORD, or pass username= and password=.",
                )
        if ":" in self.username:
            raise ConfigurationError("the username must not contain a colon: HTTP Basic could not tell where it ends")

    def __reduce__(self) -> tuple[Callable[[], Self], tuple[()]]:
        """So that it can be handed to another process, with all that it has; the codes go as a plain mapping."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return partial(type(self), **{**given, "codes": dict(self.codes)}), ()

    @property
    def newer_elements(self) -> frozenset[tuple[str, str]]:
        """(owner, element) pairs beyond the schema of November 2025 that this endpoint's schema is known to have."""
        return self.schema.newer_elements if self.schema else frozenset()

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.base_url).netloc

    @property
    def authorization(self) -> str:
        """The value of the `Authorization` header.

        Raises:
            ConfigurationError: The profile has no pair, so that no request can be made for it.
        """
        if not self.can_send:
            raise ConfigurationError(
                f"the user name or the password for {self.name} is missing: reports are queued, and nothing is sent",
                hint="Whoever delivers has to have them: TIPLINE_USERNAME and TIPLINE_PASSWORD, or a file.",
            )
        pair = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")

    def with_schema(self, schema: EndpointSchema | None) -> "EndpointProfile":
        """The same profile, knowing the endpoint's own schema."""
        return replace(self, schema=schema)
