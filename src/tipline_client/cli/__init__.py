"""The command `tipline`: one file for each verb, around the same library that programs import.

This module only looks whether the extra is installed. How an invocation runs is in `running`, what ends how in
`exit_codes`, where settings come from in `settings`.
"""

import sys
from collections.abc import Sequence

__all__ = ["main"]

_EXTRA = {"cyclopts", "rich"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows the command's name; the process's own by default.

    Returns:
        The exit code; see `tipline_client.cli.exit_codes`.
    """
    try:
        import cyclopts  # noqa: F401 - only looked for
        import rich  # noqa: F401 - likewise
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write('The command line needs its extra: pip install "tipline-client[cli]"\n')
        return 5
    from tipline_client.cli.running import run

    return run(sys.argv[1:] if arguments is None else arguments)
