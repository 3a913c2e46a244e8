"""Runs one invocation: whatever happens becomes an exit code and a line, never a traceback.

An unexpected error shows its class alone: its message might quote a report. Nothing here knows a verb.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cyclopts import CycloptsError, UnknownCommandError

from tipline_client.cli.app import build, unknown_verb, verb_of
from tipline_client.cli.arguments import in_order
from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.interrupting import WORDS, as_exception
from tipline_client.cli.output import Output
from tipline_client.cli.streams import OutputLostError, give_up, stand_in_for_closed, written
from tipline_client.errors import TiplineError

__all__ = ["run"]

_LOST = (
    "hint: What was done is durable, and only the telling of it is lost: what was queued is queued. The same command "
    "again tells the results and queues nothing twice; `tipline status` and `tipline list` say how it stands."
)


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name.

    Returns:
        The exit code.
    """
    stand_in_for_closed()
    tokens = in_order(arguments)
    output = Output(as_json="--json" in tokens)
    is_debug = "--debug" in tokens
    _survive_any_locale()
    try:
        with _logging(is_verbose="-v" in tokens or "--verbose" in tokens):
            code = _call(tokens)
            with written():
                sys.stdout.flush()
            return code
    except BrokenPipeError:
        return ExitCode.READER_GONE
    except KeyboardInterrupt:
        output.note(WORDS)
        return ExitCode.INTERRUPTED
    except (Exception, BaseExceptionGroup) as error:
        return _explain(error, output, is_debug=is_debug, verb=verb_of(tokens))
    finally:
        give_up()


def _call(tokens: Sequence[str]) -> int:
    try:
        verb, bound, _ = build(tokens).parse_args(list(tokens), exit_on_error=False, print_error=False)
    except UnknownCommandError as error:
        before, words = error.command_chain or (), error.unused_tokens or ("",)
        usage = unknown_verb(words[0], group=before[0] if before else None)
    except CycloptsError as error:
        # Raised outside, so that the parser's own state does not hang on to it.
        usage = _named_as_in_help(str(error), error)
    else:
        with as_exception():
            result = verb(*bound.args, **bound.kwargs)
        return int(result) if isinstance(result, int) else ExitCode.OK
    raise CommandError(usage)


def _named_as_in_help(words: str, error: CycloptsError) -> str:
    """The parser's words, where what stands by its position has the name that the help gives it."""
    argument = error.argument
    if argument is None or argument.field_info.kind is argument.field_info.KEYWORD_ONLY:
        return words
    return words.replace(argument.name, argument.name.lstrip("-").upper())


def _explain(error: BaseException, output: Output, *, is_debug: bool, verb: str | None) -> int:
    leaf = _leaf(error)
    if _is_interrupt(leaf):
        output.note(WORDS)
        return ExitCode.INTERRUPTED
    if is_debug:
        traceback.print_exception(error)
    if isinstance(leaf, OutputLostError):
        output.note(f"error: standard output cannot be written: {leaf}")
        output.note(_LOST)
        return ExitCode.OUTPUT_LOST
    if not isinstance(leaf, TiplineError):
        name = type(leaf).__name__
        hint = "Run the same command with --debug to see where; what is durable stays."
        output.fail(TiplineError(f"unexpected {name}", hint=hint))
        return ExitCode.UNEXPECTED
    if isinstance(leaf, CommandError) and leaf.hint == CommandError.default_hint:
        leaf.hint = leaf.hint.replace("VERB", verb) if verb else "`tipline --help` lists the verbs."
    output.fail(leaf)
    return exit_code_for(leaf)


def _leaf(error: BaseException) -> BaseException:
    """The first error inside of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind the error: pressed while a class is being made, it surfaces as a `RuntimeError`."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__
    return False


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
