"""`tipline alarm`: what a person must look at although nothing waits, and the record that somebody did."""

from typing import Annotated

from cyclopts import Parameter

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.cli.output import columns
from tipline_client.cli.views import alarm_view, instant
from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.outbox import Outbox

__all__ = ["close_alarm", "list_alarms"]


def list_alarms(*, all_: Annotated[bool, Parameter(name="--all")] = False, options: HomeOptions = HOME) -> ExitCode:
    """List open alarms, oldest first.

    Example: tipline alarm list

    Args:
        all_: Closed ones too.
        options: Shared options.
    """
    session = options.start()

    async def read(outbox: Outbox) -> list[Alarm]:
        return await outbox.alarms(is_open=None if all_ else True)

    alarms = with_outbox(session.settings, read, only_looks=True)
    rows = [
        (
            str(alarm.id),
            alarm.kind.value,
            instant(alarm.raised_at) or "-",
            "open" if alarm.closed_at is None else "closed",
            alarm.entry_id,
            alarm.text,
        )
        for alarm in alarms
    ]
    lines = columns([("number", "kind", "raised", "state", "entry", "what"), *rows]) if rows else ["no alarms"]
    session.output.finish([alarm_view(alarm) for alarm in alarms], lines)
    return ExitCode.OK


def close_alarm(number: int, *, note: str, options: HomeOptions = HOME) -> ExitCode:
    """Record that a person looked at an alarm.

    Example: tipline alarm close 3 --note "asked the hotline, file is there"

    Args:
        number: Its number, as `tipline alarm list` shows it.
        note: What was found; it is kept.
        options: Shared options.
    """
    session = options.start()
    if not note.strip():
        raise CommandError("--note is blank", hint="Say what was found, for whoever asks later.")

    async def close(outbox: Outbox) -> Alarm:
        return await outbox.close_alarm(number, note=note)

    alarm = with_outbox(session.settings, close)
    session.output.finish(alarm_view(alarm), [f"alarm {alarm.id} is closed"])
    return ExitCode.OK
