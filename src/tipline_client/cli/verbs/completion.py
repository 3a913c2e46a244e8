"""`tipline completion`: what a shell needs to complete verbs and options."""

from typing import Literal

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.output_options import OUTPUT, OutputOptions

__all__ = ["completion"]

_CALLED_BY_ZSH = """
if [[ "${funcstack[1]}" == _tipline ]]; then
  _cyclopts_tipline "$@"
else
  compdef _cyclopts_tipline tipline
fi
"""
"""In a folder of `fpath` the file is the body of a function, which zsh calls; `source` runs it once instead."""
_IN_BASH = "complete -F _tipline tipline"


def completion(shell: Literal["bash", "fish", "zsh"], *, options: OutputOptions = OUTPUT) -> ExitCode:
    """Print the script that completes verbs and options in a shell; it reads neither settings nor outbox.

    Example: tipline completion bash > ~/.local/share/bash-completion/completions/tipline

    Args:
        shell: Which shell.
        options: Shared options.
    """
    # Here because the table of verbs names this file, and nobody else needs all verbs at once.
    from tipline_client.cli.app import build

    script = _mended(build().generate_completion(prog_name="tipline", shell=shell), shell)
    output = options.output()
    if output.as_json:
        output.finish({"shell": shell, "script": script})
    else:
        output.write(script)
    return ExitCode.OK


def _mended(script: str, shell: str) -> str:
    """The script of cyclopts with what it lacks: a call in zsh, and names of files in bash where nothing else fits."""
    if shell == "zsh":
        return script.rstrip() + "\n" + _CALLED_BY_ZSH
    if shell == "bash":
        return script.replace(_IN_BASH, _IN_BASH.replace("complete", "complete -o bashdefault -o default"))
    return script
