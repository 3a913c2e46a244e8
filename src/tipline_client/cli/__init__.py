"""The command `tipline`: one file for each verb, around the same library that programs import.

This module says what Ctrl-C does before anything else is imported, and looks whether the extra is installed. How an
invocation runs is in `running`, what ends how in `exit_codes`, where settings come from in `settings`.
"""

import sys

__all__ = ["main"]

_EXTRA = {"cyclopts", "rich"}


def main(arguments: list[str] | tuple[str, ...] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows the command's name. By default the process's own: then the process is taken to end with
            the command, and Ctrl-C still ends it quietly after the return.

    Returns:
        The exit code; see `tipline_client.cli.exit_codes`.
    """
    try:
        from tipline_client.cli.interrupting import ending_at_once

        with ending_at_once(until_exit=arguments is None):
            return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # Pressed while the lines above were on their way to the handler.
        return 130


def _run(arguments: list[str] | tuple[str, ...]) -> int:
    try:
        import cyclopts  # noqa: F401 - only looked for
        import rich  # noqa: F401 - likewise
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write('The command line needs its extra: pip install "tipline-client[cli]"\n')
        return 5
    from tipline_client.cli.running import run

    return run(arguments)
