"""Who decides, where that is recorded, and how a person names a reason and a moment."""

import getpass
from datetime import UTC, date, datetime, time, timedelta

from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.settings import Settings

__all__ = ["actor_of", "check_reason", "end_of"]


def actor_of(given: str | None, settings: Settings) -> str:
    """Who decides: the argument, else the setting, else the name of the operating system's user; taken as given.

    Raises:
        CommandError: None of them says.
    """
    try:
        actor = given or settings.actor or getpass.getuser()
    except (KeyError, OSError):
        actor = ""
    if not actor.strip():
        raise CommandError("nobody is named who decides this", hint="Give --actor, or set TIPLINE_ACTOR.")
    return actor


def check_reason(reason: str) -> None:
    """Refuse a blank reason.

    Raises:
        CommandError: It is blank.
    """
    if not reason.strip():
        raise CommandError("--reason is blank", hint="Say why, for whoever asks later.")


def end_of(text: str) -> datetime:
    """The moment that somebody means: a date is over at its end in UTC, a time needs its zone.

    Raises:
        CommandError: It is neither.
    """
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError("--until is neither a date nor a time with a zone", hint="Write 2027-06-30.")
    return moment
