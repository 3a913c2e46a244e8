"""What is wrong with settings: raised at the first, or kept for whoever wants to hear of all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from tipline_client.errors import ConfigurationError

__all__ = ["Problems", "kept"]

Problems = list[tuple[str, ConfigurationError]]
"""Setting, or `file` for a configuration file that says nothing at all, to what is wrong with it."""


@contextmanager
def kept(problems: Problems | None, name: str) -> Iterator[None]:
    """Go on after a wrong setting where problems are kept, and not where they are raised."""
    try:
        yield
    except ConfigurationError as error:
        if problems is None:
            raise
        problems.append((name, error))
