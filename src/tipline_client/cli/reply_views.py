"""How one reply of the endpoint is shown to somebody who said what for: as JSON, and as lines. Content."""

import base64
from typing import Any

from tipline_client.cli.views import instant
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.profiles.replies import reply_description

__all__ = ["reply_lines", "reply_view"]


def reply_view(reply: RawReply) -> dict[str, Any]:
    """The reply as JSON: what its description says, and all of it byte for byte."""
    return {
        "step": reply.step.value,
        "index": reply.index,
        "sentAt": instant(reply.sent_at),
        "httpStatus": reply.http_status,
        "description": reply_description(reply.body),
        "bodyBase64": base64.b64encode(reply.body).decode("ascii"),
    }


def reply_lines(reply: RawReply) -> list[str]:
    """The reply for people: its description, or all of it where it has none."""
    said = reply_description(reply.body) or reply.body.decode("utf-8", "backslashreplace")
    file = "" if reply.index is None else f" evidence[{reply.index}]"
    lines = [f"reply         to {reply.step}{file} of {instant(reply.sent_at)}, HTTP {reply.http_status}"]
    return [*lines, *(f"  {line}" for line in said.splitlines())]
