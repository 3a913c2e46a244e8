"""Small states that several dispatchers change in turn, in memory: a change counts only over what it was made from."""

from dataclasses import replace
from typing import Generic, TypeVar

from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState

__all__ = ["Versioned"]

K = TypeVar("K")
S = TypeVar("S", LaneState, HookState)


class Versioned(Generic[K, S]):
    """States by key. Whoever calls it holds the store's lock."""

    def __init__(self) -> None:
        self._states: dict[K, S] = {}

    def read(self, key: K, default: S) -> S:
        """The state, seen at the moment of the default, which stands for one that nobody wrote."""
        return replace(self._states.get(key, default), read_at=default.read_at)

    def write(self, key: K, state: S) -> bool:
        """Replace the state unless it was changed since `state.version`; whether it was replaced."""
        version = self._states[key].version if key in self._states else 0
        if version != state.version:
            return False
        self._states[key] = replace(state, version=version + 1)
        return True
