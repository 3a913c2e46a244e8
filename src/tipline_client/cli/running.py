"""Runs one invocation: whatever happens becomes an exit code and a line, never a traceback.

An unexpected error shows its class alone: its message might quote a report. Nothing here knows a verb.
"""

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from cyclopts import CycloptsError

from tipline_client.cli.app import build
from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.output import Output
from tipline_client.cli.submissions import STDIN
from tipline_client.errors import TiplineError

__all__ = ["run"]

_FLAGS = {"--json", "--verbose", "-v", "--debug"}
_HELP = {"--help", "-h"}
_LISTING = {"receipts", "dead-letter", "alarm"}
"""Verbs that list when nothing else is said."""
_VALUED = {"--home", "--config", "--endpoint", "--username", "--slots"}


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name.

    Returns:
        The exit code.
    """
    tokens = _in_order(arguments)
    output = Output(as_json="--json" in tokens)
    is_debug = "--debug" in tokens
    _survive_any_locale()
    try:
        with _logging(is_verbose="-v" in tokens or "--verbose" in tokens):
            code = _call(tokens)
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and must not fail then.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.READER_GONE
    except KeyboardInterrupt:
        output.note("interrupted: what is durable stays, and the next run goes on")
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _explain(error, output, is_debug=is_debug)


def _call(tokens: Sequence[str]) -> int:
    try:
        result = build(tokens)(
            list(tokens),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        # Raised outside, so that the parser's own state does not hang on to it.
        usage = str(error)
    else:
        return int(result) if isinstance(result, int) else ExitCode.OK
    raise CommandError(usage, hint="`tipline --help` lists the verbs, `tipline VERB --help` what one takes.")


def _explain(error: Exception, output: Output, *, is_debug: bool) -> int:
    leaf = _leaf(error)
    if is_debug:
        traceback.print_exception(error)
    if isinstance(leaf, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if not isinstance(leaf, TiplineError):
        name = type(leaf).__name__
        hint = "Run the same command with --debug to see where; what is durable stays."
        output.fail(TiplineError(f"unexpected {name}", hint=hint))
        return ExitCode.UNEXPECTED
    output.fail(leaf)
    return exit_code_for(leaf)


def _leaf(error: BaseException) -> BaseException:
    """The first error inside of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _in_order(arguments: Sequence[str]) -> list[str]:
    """The arguments with shared options that stand before the verb moved behind it, and `-` as standard input."""
    tokens = [STDIN if word == "-" else word for word in arguments]
    leading: list[str] = []
    while tokens and (tokens[0] in _FLAGS or tokens[0].partition("=")[0] in _VALUED):
        takes_next = tokens[0] in _VALUED and len(tokens) > 1
        leading += [tokens.pop(0), *([tokens.pop(0)] if takes_next else [])]
    if tokens and tokens[0] in _LISTING and (len(tokens) == 1 or tokens[1].startswith("-")) and not _HELP & {*tokens}:
        tokens.insert(1, "list")
    end = tokens.index("--") if "--" in tokens else len(tokens)
    return [*tokens[:end], *leading, *tokens[end:]] if tokens else leading


def _survive_any_locale() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _logging(*, is_verbose: bool) -> Iterator[None]:
    """Log to standard error for as long as the command runs."""
    ours = logging.getLogger("tipline_client")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    kept = {name: logging.getLogger(name).level for name in ("tipline_client", "httpx", "httpcore")}
    ours.addHandler(handler)
    ours.setLevel(logging.INFO if is_verbose else logging.WARNING)
    # It would log the URL of every request.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        for name, level in kept.items():
            logging.getLogger(name).setLevel(level)
