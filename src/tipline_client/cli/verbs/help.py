"""`tipline help`: what a verb does and takes, as `--help` behind the verb says it."""

import io
from contextlib import redirect_stdout

from tipline_client.cli.output_options import OUTPUT, OutputOptions

__all__ = ["help_"]


def help_(*verb: str, options: OutputOptions = OUTPUT) -> int:
    """Say what a verb does and takes, or without one which verbs there are.

    Example: tipline help receipts export

    Args:
        verb: The verb; of a verb with verbs of its own, such as receipts, one of those too.
        options: Shared options.
    """
    # Here because the table of verbs names this file.
    from tipline_client.cli.running import run

    words = [*verb, "--help"]
    output = options.output()
    if not output.as_json:
        return run(words)
    with redirect_stdout(io.StringIO()) as said:
        code = run([*words, "--json"])
    if code:
        # What is wrong is a document already.
        output.write(said.getvalue())
    else:
        output.finish({"verb": " ".join(verb) or None, "help": said.getvalue()})
    return code
