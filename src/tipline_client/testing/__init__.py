"""For the tests of those who use this package: what replaces time and the outside world.

The pytest plug-in is there as soon as this package is installed; see the guide to testing. Public beside the names
below are the modules `factories` and `strategies`. Each name is imported when it is first used, so that a test run that
asks for none of this pays for none. It knows nothing of how this package tests itself.
"""

TYPE_CHECKING = False
"""As in `typing`, which would have to be imported for it."""

if TYPE_CHECKING:
    from tipline_client.testing.clock import TurnableClock
    from tipline_client.testing.endpoint import TiplineEndpoint
    from tipline_client.testing.guard import RealHotlineError
    from tipline_client.testing.in_process import InProcess
else:
    # Out of the type checker's sight: it would believe every name that anybody asks for.
    _ROOM_OF = {
        "InProcess": "in_process",
        "RealHotlineError": "guard",
        "TiplineEndpoint": "endpoint",
        "TurnableClock": "clock",
    }

    def __getattr__(name):
        """Import a public name at its first use (PEP 562)."""
        if name not in _ROOM_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
        return value

    def __dir__():
        """The names that are there already, and the public ones."""
        return sorted({*globals(), *__all__})


__all__ = ["InProcess", "RealHotlineError", "TiplineEndpoint", "TurnableClock"]
