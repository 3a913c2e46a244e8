"""The words of the command line, put into the order that the parser wants. Nothing here knows what a verb does."""

from collections.abc import Sequence

__all__ = ["STDIN", "in_order"]

STDIN = "/dev/stdin"
"""What `-` on the command line stands for."""

_FLAGS = {"--json", "--verbose", "-v", "--debug"}
_HELP = {"--help", "-h"}
_LISTING = {"receipts", "dead-letter", "alarm", "hold"}
"""Verbs that list when nothing else is said."""
_VALUED = {"--home", "--config", "--endpoint", "--username", "--slots"}


def in_order(arguments: Sequence[str]) -> list[str]:
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
