"""What differs from one installation to the next, from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tipline_client import EndpointProfile, Options, profiles


@dataclass(frozen=True)
class Settings:
    """Where things are.

    Attributes:
        profile: Which endpoint. None is a default: one that is forgotten must not become the wrong one.
        home: The folder of outbox, keys and evidence, on a local disk.
        outbox: The address of a PostgreSQL database, if several hosts share the outbox.
        media: The folder of the files that a decision may name.
        webhook: Whom to tell of what was filed, if anybody.
        options: What else the client is to be told.
    """

    profile: EndpointProfile
    home: Path = Path("tipline-home")
    outbox: str | None = None
    media: Path = Path("media")
    webhook: str | None = None
    options: Options = field(default_factory=Options)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read them; the names are those of the command `tipline`, where it has the setting too."""
        return cls(
            profile=profiles.named(
                environ.get("TIPLINE_ENDPOINT", ""),
                username=environ.get("TIPLINE_USERNAME"),
                password=_secret(environ.get("TIPLINE_PASSWORD_FILE")),
                # The explicit act that production needs.
                registered_esp=environ.get("TIPLINE_REGISTERED_ESP") == "yes",
            ),
            home=Path(environ.get("TIPLINE_HOME", "tipline-home")),
            outbox=_secret(environ.get("TIPLINE_OUTBOX_FILE")),
            media=Path(environ.get("MODERATION_MEDIA", "media")),
            webhook=environ.get("MODERATION_WEBHOOK"),
        )


def _secret(file: str | None) -> str | None:
    # From a file: what is in the environment can be read by more than this program.
    return Path(file).read_text(encoding="utf-8").strip() if file else None
