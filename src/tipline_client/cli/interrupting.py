"""What Ctrl-C does: around a verb it ends the process at once, within a verb it is a `KeyboardInterrupt`.

While modules are being imported an exception could surface anywhere, be swallowed or be wrapped; but nothing has begun
then that would need an end. Once a verb has returned, its result is out, and an exception would only disturb the
interpreter's own end. SIGTERM keeps the system's way outside of the verbs that take it: the process dies of it, which
shells show as 143. Nothing of this package or of weight may be imported here.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["INTERRUPTED", "WORDS", "as_exception", "ending_at_once"]

INTERRUPTED = 128 + signal.SIGINT
"""The exit code, as shells have it."""

WORDS = "interrupted: what is durable stays, and the next run goes on"

_Handler = Callable[[int, FrameType | None], object]


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form that `signal` asks for
    # Past every buffer and every `finally`: the line under way may be in the middle of anything.
    with suppress(OSError):
        os.write(2, f"{WORDS}\n".encode())
    os._exit(INTERRUPTED)


def _replace(*, expected: _Handler, by: _Handler) -> bool:
    """Set the handler of SIGINT if it is the expected one; somebody else's, or an ignored signal, is left alone."""
    if signal.getsignal(signal.SIGINT) is not expected:
        return False
    try:
        signal.signal(signal.SIGINT, by)
    except ValueError:
        # Signals belong to the main thread; elsewhere Ctrl-C is not ours to handle.
        return False
    return True


@contextmanager
def ending_at_once(*, until_exit: bool) -> Iterator[None]:
    """Let SIGINT end the process at once.

    Args:
        until_exit: Whether that holds beyond the block, because the process ends with it.
    """
    is_ours = _replace(expected=signal.default_int_handler, by=_end)
    try:
        yield
    finally:
        if is_ours and not until_exit:
            _replace(expected=_end, by=signal.default_int_handler)


@contextmanager
def as_exception() -> Iterator[None]:
    """Within `ending_at_once`: let SIGINT raise `KeyboardInterrupt`, for what has an end of its own to make."""
    is_ours = _replace(expected=_end, by=signal.default_int_handler)
    try:
        yield
    finally:
        if is_ours:
            _replace(expected=signal.default_int_handler, by=_end)
