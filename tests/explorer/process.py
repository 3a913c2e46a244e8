"""One dispatcher as an operating system sees it: it may be killed, stopped for a while, cancelled, or asked to end.

A process that was killed reaches nothing any more: whatever its remaining code does, the seams refuse it. A process
that is stopped goes on later as if no time had passed, its lease and its timers none the wiser: after a fixed time, or
as soon as another process has taken over and done so much. It knows nothing of reports.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.explorer.choices import Choices

__all__ = ["ANYWHERE", "IN_A_LEASE", "WORLDWIDE", "Death", "Process", "overtakings"]

_STALLS = {"stall_short": 20.0, "stall": 45.0, "stall_renewing_first": 45.0}
_PAUSES = {"pause_40m": 40 * 60.0, "pause_62m": 62 * 60.0, "pause_23h50m": 86400.0 - 600, "pause_25h": 25 * 3600.0}
_OVERTAKEN = "overtaken_"
_WAITS_AT_MOST = 300.0
_PAST_A_HEARTBEAT = 11.0
_A_WHILE = 0.001
"""Long enough for somebody else to go on until it has to wait: on virtual time any wait is."""

ANYWHERE = ("die", "cancel")
"""What may happen to a process around each effect."""
IN_A_LEASE = ("stall_short", "stall", "stall_renewing_first")
"""Stops of one process: its lease survives, or is lost; and then either the walk goes on first, or the heartbeat."""
WORLDWIDE = ("pause_40m", "pause_62m", "pause_23h50m", "pause_25h")
"""Stops of every process at once, against the endpoint's two clocks of an unfinished report."""


def overtakings(most: int) -> tuple[str, ...]:
    """Stops until another process has leased the entry and brought about 0, 1, 2 ... up to `most` effects."""
    return tuple(f"{_OVERTAKEN}{effects}" for effects in range(most + 1))


class Death(BaseException):
    """The process is gone. Nothing of the product catches this."""


class Process:
    """One dispatcher.

    Args:
        name: A letter.
        choices: What happens to it.
        everybody: All processes there are, for what stops them all and for who overtakes whom.
        overtaken: The stops by overtaking that are offered to it.

    Attributes:
        is_dead: Whether it was killed; nothing of it reaches anything any more.
        was_cut_off: Whether it was killed or cancelled, so that nobody can expect it to clean up.
        cannot_renew_until: Until when, in seconds of the loop, its renewals fail.
        main: Its task.
        stop: Asks the dispatcher to end cleanly.
        asks: Lets a person decide something about the entry meanwhile: withdraw it, or file it by hand.
        hook: Its hook after an acknowledgement, for a planted bug that calls it too early.
    """

    def __init__(
        self, name: str, choices: Choices, everybody: list["Process"], *, overtaken: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.is_dead = False
        self.was_cut_off = False
        self.cannot_renew_until = 0.0
        self.main: asyncio.Task[None] | None = None
        self.stop: Callable[[], None] = lambda: None
        self.asks: dict[str, Callable[[], Awaitable[None]]] = {}
        self.hook: Callable[[str | None], Awaitable[object]] | None = None
        self._choices = choices
        self._everybody = everybody
        self._overtaken = overtaken
        self._goes_on_at = 0.0
        self._renews_at = 0.0
        self._goes_on = asyncio.Event()
        self._overtaker: Process | None = None
        self._effects_to_see: int | None = None

    async def gate(self, *, is_heartbeat: bool = False) -> None:
        """Pass only while the process runs.

        Raises:
            Death: It does not any more.
        """
        loop = asyncio.get_running_loop()
        # Asked again after each wait: it may have been stopped once more meanwhile.
        while (wait := (self._renews_at if is_heartbeat else self._goes_on_at) - loop.time()) > 0:
            if self._effects_to_see is None:
                await asyncio.sleep(wait)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._goes_on.wait(), wait)
        if not is_heartbeat:
            self._effects_to_see = None
        if self.is_dead:
            raise Death

    async def meet(
        self, label: str, options: tuple[str, ...], *, is_heartbeat: bool = False, in_a_lease: bool = False
    ) -> None:
        """Let happen to the process what the script has for this point.

        Args:
            label: What it is about to do, or has just done.
            options: What may happen.
            is_heartbeat: Whether it is the heartbeat that comes by here.
            in_a_lease: Whether it may be overtaken here too.

        Raises:
            Death: It was killed here.
            asyncio.CancelledError: It was cancelled here.
        """
        option = self._choices.pick(f"{self.name} {label}", (*options, *(self._overtaken if in_a_lease else ())))
        if option is None:
            return
        if option in _STALLS:
            self._stop_for(_STALLS[option], is_heartbeat_first=option == "stall_renewing_first")
        elif option in _PAUSES:
            for process in self._everybody:
                process._stop_for(_PAUSES[option])
        elif option.startswith(_OVERTAKEN):
            self._stop_for(_WAITS_AT_MOST)
            self._overtaker, self._effects_to_see = None, int(option.removeprefix(_OVERTAKEN))
        elif option == "die":
            self.is_dead = self.was_cut_off = True
        elif option == "cancel" and self.main is not None:
            self.was_cut_off = True
            self.main.cancel()
            # The cancellation reaches this very wait.
            await asyncio.sleep(1)
        elif option == "stop":
            self.stop()
        elif option in self.asks:
            await self.asks[option]()
            # Whatever is under way takes so long that the heartbeat comes by meanwhile, and finds the lease gone.
            await asyncio.sleep(_PAST_A_HEARTBEAT if option == "withdraw_seen" else 0)
        await self.gate(is_heartbeat=is_heartbeat)

    async def note_effect(self, effect: str, *, takes_over: bool = False) -> None:
        """It has brought something about; whoever was stopped until just then goes on first."""
        self._choices.tell(f"{self.name} {effect}")
        for process in self._everybody:
            if process is not self and process._has_seen_enough(self, takes_over=takes_over):
                await asyncio.sleep(_A_WHILE)

    def _has_seen_enough(self, other: "Process", *, takes_over: bool) -> bool:
        if self._effects_to_see is None:
            return False
        if self._overtaker is None and takes_over:
            self._overtaker = other
        elif self._overtaker is other and not takes_over:
            self._effects_to_see -= 1
        if self._overtaker is not other or self._effects_to_see > 0:
            return False
        self._effects_to_see = None
        self._stop_for(0)
        self._goes_on.set()
        return True

    def _stop_for(self, seconds: float, *, is_heartbeat_first: bool = False) -> None:
        self._renews_at = asyncio.get_running_loop().time() + seconds
        self._goes_on_at = self._renews_at + is_heartbeat_first
        self._goes_on.clear()
        if not is_heartbeat_first:
            # Both were due at once; the walk comes first.
            self._renews_at += _A_WHILE / 2
