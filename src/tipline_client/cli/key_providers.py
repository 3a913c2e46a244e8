"""Whatever wraps data keys elsewhere, named in the settings as `module:attribute` and made when a verb begins."""

import importlib
from typing import Final

from tipline_client.errors import ConfigurationError
from tipline_client.vault import MasterKeys

__all__ = ["load_provider"]

_MEMBERS: Final = ("can_unwrap", "active", "wrap", "unwrap")
_HINT: Final = "It has to be `module:function`, importable where tipline runs; see the page on keys."


def load_provider(name: str, *, origin: str) -> MasterKeys:
    """The master keys that a function somewhere else gives.

    Args:
        name: `module:attribute`: a function without arguments that gives something that keeps `MasterKeys`.
        origin: Where the name was read.

    Raises:
        ConfigurationError: There is no such function, it failed, or what it gave wraps nothing.
    """
    module, _, attribute = name.partition(":")
    what = f"the key provider {name} ({origin})"
    provider: MasterKeys | None = None
    failure = ""
    try:
        provider = getattr(importlib.import_module(module), attribute)()
    except ConfigurationError as error:
        raise ConfigurationError(f"{what}: {error}", hint=error.hint) from None
    except Exception as error:
        # Its words may hold what it was given to prove who asks.
        failure = type(error).__name__
    if failure or provider is None:
        raise ConfigurationError(f"{what} could not be made: {failure or 'it is None'}", hint=_HINT)
    missing = [member for member in _MEMBERS if not hasattr(provider, member)]
    if missing:
        raise ConfigurationError(f"{what} has no {', '.join(missing)}", hint=_HINT)
    return provider
