"""`tipline completion`: what a shell needs to complete verbs and options."""

import sys
from typing import Literal

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.options import OUTPUT, OutputOptions

__all__ = ["completion"]


def completion(shell: Literal["bash", "fish", "zsh"], *, options: OutputOptions = OUTPUT) -> ExitCode:
    """Print the script that completes verbs and options in a shell; it reads neither settings nor outbox.

    Example: tipline completion bash > ~/.local/share/bash-completion/completions/tipline

    Args:
        shell: Which shell.
        options: Shared options.
    """
    # Here because the table of verbs names this file, and nobody else needs all verbs at once.
    from tipline_client.cli.app import build

    script = build().generate_completion(prog_name="tipline", shell=shell)
    output = options.output()
    if output.as_json:
        output.finish({"shell": shell, "script": script})
    else:
        # As it is: what a shell reads must not be escaped for a terminal.
        sys.stdout.write(script)
        sys.stdout.flush()
    return ExitCode.OK
