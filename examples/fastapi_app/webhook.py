"""Tells somebody else's program what became of a report, by a hook of the library.

The library calls it after the commit, again until it succeeds, and goes on with it after a restart. Whatever happens
here changes nothing about the filing.
"""

import logging
from datetime import timedelta
from typing import Any

import httpx

from tipline_client import Event, Hook, events

NAME = "webhook"
"""The outbox remembers by this name how far it has got, so it must stay."""

REFUSALS = {400, 409, 410, 413, 422}
"""Answers to what was understood and is not wanted: the same again would get the same, and hold back what follows."""

log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 - no failure of ours
    """The other side takes no notice of this event, however often it is told."""


def webhook(url: str, http: httpx.AsyncClient) -> Hook:
    """The hook that calls `url`."""

    async def call(event: Event) -> None:
        # An event may be told twice, when this program dies in between; by this key the other side can tell.
        key = f"{event.entry_id}-{type(event.what).__name__}"
        answer = await http.post(url, json=_said_of(event), headers={"Idempotency-Key": key})
        if answer.status_code in REFUSALS:
            # Passed over and counted, and those behind it are told; whoever missed this one asks for its state.
            log.error("the webhook refuses %s with %d: passed over", key, answer.status_code)
            raise Refused
        answer.raise_for_status()

    return Hook(
        NAME,
        call,
        kinds=(events.EntryAcknowledged, events.EntryGivenUp),
        timeout=timedelta(seconds=10),
        # With waits that grow up to 15 minutes: about two days, before it is passed over with an error in the log.
        tries=200,
        refusals=(Refused,),
    )


def _said_of(event: Event) -> dict[str, Any]:
    """Ids and times alone: the other side asks for more, if it may know more."""
    filed = event.what if isinstance(event.what, events.EntryAcknowledged) else None
    return {
        "id": event.entry_id,
        "state": "acknowledged" if filed else "dead_letter",
        "reportId": filed.report_id if filed else None,
        "at": event.at.isoformat(),
    }
