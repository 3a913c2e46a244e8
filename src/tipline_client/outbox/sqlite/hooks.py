"""How far each hook has got with the events, kept where every process that runs it sees the same.

Functions over `execute` in an open transaction. What a state means is for the dispatcher to say.
"""

from datetime import datetime
from typing import Final

from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.jsonable import to_json
from tipline_client.outbox.rules import hook_state_of
from tipline_client.outbox.sqlite.driver import Execute

__all__ = ["change_hook", "hook_state"]

_STATE: Final = "SELECT version, state FROM hooks WHERE name = :name"
_CHANGE: Final = """
    INSERT INTO hooks (name, version, state) VALUES (:name, :version + 1, :state)
        ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state WHERE version = :version
    RETURNING version
"""


def hook_state(execute: Execute, name: str, *, now: datetime) -> HookState:
    """How far the hook has got; see `Outbox.hook_state`."""
    for version, state in execute(_STATE, {"name": name}):
        return hook_state_of(version, state, now=now)
    return HookState(now)


def change_hook(execute: Execute, name: str, state: HookState) -> bool:
    """Replace the state over the version that it was made from; see `Outbox.change_hook`."""
    return bool(execute(_CHANGE, {"name": name, "version": state.version, "state": to_json(state)}))
