"""`tipline show`: one entry with its history; its content only when asked for."""

import json
from functools import partial
from typing import Any

import anyio

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.history import History, history_lines, history_view, read_history
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.home import Home

__all__ = ["show"]


def show(entry: str, *, content: bool = False, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Show one entry: state, progress at the endpoint, tries, alarms and notes. No report content unless asked for.

    Example: tipline show case-4711

    Args:
        entry: Its id or idempotency key.
        content: Show the signed report and the list of its evidence too, if the signature is good.
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    history = with_outbox(settings, partial(read_history, name=entry, settings=settings), only_looks=True)
    view, lines = history_view(history), history_lines(history)
    if content:
        view["content"] = shown = anyio.run(_content, history, settings.place)
        lines += ["content", *json.dumps(shown, indent=2, ensure_ascii=True).split("\n")]
    session.output.finish(view, lines)
    return ExitCode.OK


async def _content(history: History, home: Home) -> dict[str, Any]:
    payload = (await home.reader().open(history.entry)).payload
    return {"report": dict(payload.report), "evidence": [item.to_json() for item in payload.manifest]}
