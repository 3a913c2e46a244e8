"""What a command's exit code means, in one table, and which error ends in which code."""

from enum import IntEnum

from tipline_client.errors import (
    ConfigurationError,
    DeliveryError,
    DeliveryRejectedError,
    EnvelopeError,
    FiledTwiceError,
    LeaseLostError,
    OutboxUnavailableError,
    TiplineError,
    UnreadableRowError,
)

__all__ = ["CommandError", "ExitCode", "exit_code_for"]


class CommandError(TiplineError):
    """The command as it was given cannot be carried out; nothing was done."""

    default_hint = "`tipline VERB --help` shows what the verb takes."


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    """Everything that was asked for is done."""
    UNEXPECTED = 1
    """An error that this program does not know; `--debug` shows where."""
    BAD_INPUT = 2
    """The input or the command is wrong; nothing was queued or changed for what is named."""
    WAITING = 3
    """Queued durably and not filed yet; a dispatcher goes on with it."""
    GIVEN_UP = 4
    """At least one report was rejected or given up with a reason; a person must look."""
    CONFIGURATION = 5
    """A setting, credential, key or the home folder is missing or wrong."""
    OUTBOX_UNAVAILABLE = 6
    """The outbox is locked, full or unreadable; what was being written was not written."""
    NOT_VERIFIED = 7
    """A signature, digest, signed document or stored row could not be verified."""
    PROBLEM_FOUND = 8
    """`doctor` found something that must be put right."""
    FILED_TWICE = 9
    """By hand and by this program: both numbers are on record, and a person must tell the hotline."""
    OUTPUT_LOST = 10
    """Standard output could not be written, as on a full disk; what was done is durable, and can be asked for again."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what is durable stays, and the next run goes on."""
    READER_GONE = 141
    """Whoever read the output closed it; the work itself may be done."""


_BY_ERROR: tuple[tuple[type[TiplineError], ExitCode], ...] = (
    (FiledTwiceError, ExitCode.FILED_TWICE),
    (ConfigurationError, ExitCode.CONFIGURATION),
    (OutboxUnavailableError, ExitCode.OUTBOX_UNAVAILABLE),
    (EnvelopeError, ExitCode.NOT_VERIFIED),
    (UnreadableRowError, ExitCode.NOT_VERIFIED),
    (LeaseLostError, ExitCode.WAITING),
    (DeliveryRejectedError, ExitCode.GIVEN_UP),
    (DeliveryError, ExitCode.WAITING),
)


def exit_code_for(error: TiplineError) -> ExitCode:
    """The code in which an error ends; what is not listed is a fault of the input or of the request."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), ExitCode.BAD_INPUT)
