"""The options that many verbs share, and the session that they lead to.

A verb takes one of these as its last parameter; `start` gives it settings and a place to write.
"""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from tipline_client.cli.output import Output
from tipline_client.cli.output_options import OutputOptions, shared
from tipline_client.cli.setting_problems import Problems
from tipline_client.cli.settings import Settings, resolve

__all__ = ["ENDPOINT", "HOME", "EndpointOptions", "HomeOptions", "Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """What a verb works with.

    Attributes:
        settings: The settings in force.
        output: Where to write.
    """

    settings: Settings
    output: Output


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class HomeOptions(OutputOptions):
    """Which installation."""

    home: Annotated[str | None, shared("--home")] = None
    """Folder of outbox, keys and evidence (TIPLINE_HOME; ./tipline-home)."""
    outbox: Annotated[str | None, shared("--outbox")] = None
    """Database of the outbox: PostgreSQL or an application's sqlite:///FILE (TIPLINE_OUTBOX; the file in the home)."""
    config: Annotated[str | None, shared("--config")] = None
    """Configuration file (TIPLINE_CONFIG; ./tipline.toml, HOME/tipline.toml)."""

    def start(self, *, problems: Problems | None = None) -> Session:
        """Settings and output.

        Args:
            problems: Takes what is wrong with each setting; without it the first is raised.

        Raises:
            ConfigurationError: A setting is not usable.
        """
        settings = resolve(home=self.home, outbox=self.outbox, config=self.config, problems=problems)
        return Session(settings, self.output())


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class EndpointOptions(HomeOptions):
    """Which endpoint, too."""

    endpoint: Annotated[str | None, shared("--endpoint")] = None
    """testing, production, or a loopback URL (TIPLINE_ENDPOINT)."""
    username: Annotated[str | None, shared("--username")] = None
    """User at the endpoint (TIPLINE_USERNAME); the password comes from TIPLINE_PASSWORD or a file."""
    slots: Annotated[int | None, shared("--slots")] = None
    """How many deliveries run at once (TIPLINE_SLOTS; 8)."""

    def start(self, *, problems: Problems | None = None) -> Session:
        """Settings and output.

        Args:
            problems: Takes what is wrong with each setting; without it the first is raised.

        Raises:
            ConfigurationError: A setting is not usable.
        """
        settings = resolve(
            home=self.home,
            outbox=self.outbox,
            config=self.config,
            endpoint=self.endpoint,
            username=self.username,
            slots=self.slots,
            problems=problems,
        )
        return Session(settings, self.output())


HOME = HomeOptions()
ENDPOINT = EndpointOptions()
