"""How far each hook has got with the events, kept where every host that runs it sees the same.

What a state means is for the dispatcher to say.
"""

from typing import Final

from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.jsonable import to_json
from tipline_client.outbox.columns import moment
from tipline_client.outbox.postgres.conversation import Conversation
from tipline_client.outbox.rules import hook_state_of

__all__ = ["change_hook", "hook_state"]

_STATE: Final = """
    SELECT coalesce(%(now)s::bigint, tipline.clock()), version, state
    FROM (VALUES (1)) AS always LEFT JOIN tipline.hooks ON name = %(name)s
"""
_CHANGE: Final = """
    INSERT INTO tipline.hooks AS kept (name, version, state)
        VALUES (%(name)s, %(version)s::bigint + 1, %(state)s)
        ON CONFLICT (name)
        DO UPDATE SET version = excluded.version, state = excluded.state WHERE kept.version = %(version)s::bigint
    RETURNING version
"""


def hook_state(name: str, *, now: int | None) -> Conversation[HookState]:
    """How far the hook has got; see `Outbox.hook_state`."""
    [(at, version, state)] = yield _STATE, {"name": name, "now": now}
    read_at = moment(at)
    return HookState(read_at) if version is None else hook_state_of(version, state, now=read_at)


def change_hook(name: str, state: HookState) -> Conversation[bool]:
    """Replace the state over the version that it was made from; see `Outbox.change_hook`."""
    return bool((yield _CHANGE, {"name": name, "version": state.version, "state": to_json(state)}))
