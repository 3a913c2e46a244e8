"""Content on a command line: only with a purpose, under somebody's name, and not on a host that is not to show any."""

from tipline_client.cli.actors import actor_of
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.settings import Settings
from tipline_client.dispatch.disclosing import Disclosure
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import Outbox

__all__ = ["Reading", "reading_of"]


class Reading:
    """Who wants to read content, and what for; checked before anything is opened.

    Args:
        settings: Whose home.
        purpose: What for.
        actor: Who.
    """

    def __init__(self, settings: Settings, *, purpose: str, actor: str) -> None:
        self._settings = settings
        self._purpose = purpose
        self._actor = actor

    def of(self, outbox: Outbox) -> Disclosure:
        """What gives the content of this outbox, and records it."""
        reader = self._settings.place.reader()
        return Disclosure(outbox=outbox, reader=reader, purpose=self._purpose, actor=self._actor)


def reading_of(settings: Settings, *, purpose: str | None, actor: str | None) -> Reading:
    """Somebody's wish to read content.

    Raises:
        CommandError: No purpose is given, or nobody is named.
        ConfigurationError: This host is not to show content.
    """
    if not settings.reads_content:
        raise ConfigurationError(
            "this host shows no content (reads_content)",
            hint="Read it on a host that may, or set TIPLINE_READS_CONTENT=yes.",
        )
    if purpose is None or not purpose.strip():
        raise CommandError("content is shown only with --purpose", hint="Say what for; it is kept in the history.")
    return Reading(settings, purpose=purpose, actor=actor_of(actor, settings))
