"""The options of every verb, by themselves: a verb that needs no settings is there at once."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from tipline_client.cli.output import Output

__all__ = ["OUTPUT", "OutputOptions", "shared"]

_SHARED = Group("Shared options", sort_key=9)


def shared(*names: str) -> Parameter:
    """An option that many verbs have, under these names."""
    return Parameter(name=names, group=_SHARED, show_default=False)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """How to speak."""

    json: Annotated[bool, shared("--json")] = False
    """Write one JSON document instead of lines."""
    verbose: Annotated[bool, shared("--verbose", "-v")] = False
    """Log each step on standard error."""
    debug: Annotated[bool, shared("--debug")] = False
    """Show where an unexpected error came from."""

    def output(self) -> Output:
        """Where to write."""
        return Output(as_json=self.json)


OUTPUT = OutputOptions()
