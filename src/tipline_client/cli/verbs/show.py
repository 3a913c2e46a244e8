"""`tipline show`: one entry with its history; its content only when asked for, and then on record."""

import json
from collections.abc import Mapping
from typing import Any

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.history import History, history_lines, history_view, read_history
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.reading import reading_of
from tipline_client.outbox import Outbox

__all__ = ["show"]


def show(
    entry: str,
    *,
    content: bool = False,
    purpose: str | None = None,
    actor: str | None = None,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Show one entry: state, progress at the endpoint, tries, alarms and notes. No report content unless asked for.

    Filed is what is acknowledged, under the number beside it; filed_by_hand is what a person filed. What is queued or
    leased is tried again by itself while a dispatcher runs, a dead_letter only after `tipline dead-letter requeue`.

    Example: tipline show case-4711

    Args:
        entry: Its id or idempotency key.
        content: Show the signed report and the list of its evidence too, if the signature is good. Needs --purpose.
        purpose: What the content is read for; kept in the entry's history.
        actor: Who reads it; kept too (TIPLINE_ACTOR; the user's name).
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    if purpose is not None and not content:
        raise CommandError("--purpose goes with --content", hint="Give both, or neither.")
    reading = reading_of(settings, purpose=purpose, actor=actor) if content else None

    async def look(outbox: Outbox) -> tuple[History, Mapping[str, Any] | None]:
        history = await read_history(outbox, name=entry, settings=settings)
        if reading is None:
            return history, None
        shown = await reading.of(outbox).report(history.entry.id)
        # Read once more, so that it shows this very reading.
        return await read_history(outbox, name=history.entry.id, settings=settings), shown

    history, shown = with_outbox(settings, look, only_looks=not content)
    view, lines = history_view(history), history_lines(history)
    if shown is not None:
        view["content"] = shown
        lines += ["content", *json.dumps(shown, indent=2, ensure_ascii=True).split("\n")]
    session.output.finish(view, lines)
    return ExitCode.OK
