"""Report child sexual exploitation to a hotline: typed, validated, signed, queued durably, filed exactly once.

Public are the names below and the modules `builders`, `models`, `errors`, `events`, `profiles`, `mock`, `testing` and
`django`; everything else promises nothing. Each name is imported when it is first used, so that `import tipline_client`
alone costs nothing.
"""

TYPE_CHECKING = False
"""As in `typing`, which would have to be imported for it."""

if TYPE_CHECKING:
    from tipline_client import builders, errors, events, models, profiles
    from tipline_client._version import __version__
    from tipline_client.client import (
        AsyncDispatcher,
        AsyncTiplineClient,
        Dispatcher,
        DispatchSummary,
        Enqueued,
        Options,
        TiplineClient,
    )
    from tipline_client.delivery.answers import Answer, AnswerKind
    from tipline_client.delivery.certificate import Certificate
    from tipline_client.delivery.deadline import Deadline
    from tipline_client.delivery.entry import Entry
    from tipline_client.delivery.environment import Environment
    from tipline_client.delivery.events import Event
    from tipline_client.delivery.hold import Hold
    from tipline_client.delivery.outcomes import Outcome
    from tipline_client.delivery.receipt import Receipt
    from tipline_client.delivery.retry import RetryPolicy
    from tipline_client.delivery.states import State
    from tipline_client.dispatch.hooks import Hook
    from tipline_client.envelope import KeyRing
    from tipline_client.envelope.certificates import open_certificate
    from tipline_client.envelope.receipts import open_receipt
    from tipline_client.errors import Issue, Severity, TiplineError
    from tipline_client.evidence import Evidence
    from tipline_client.models import (
        IncidentSummary,
        InternetDetails,
        Person,
        PersonOrUserReported,
        Report,
        Reporter,
        Submission,
    )
    from tipline_client.profiles import EndpointProfile
    from tipline_client.validation import ReadResult, read_submission
else:
    # Out of the type checker's sight: it would believe every name that anybody asks for.
    _ROOMS = {
        "": ("builders", "errors", "events", "models", "profiles"),
        "_version": ("__version__",),
        "client": (
            *("AsyncDispatcher", "AsyncTiplineClient", "DispatchSummary", "Dispatcher", "Enqueued", "Options"),
            "TiplineClient",
        ),
        "delivery.answers": ("Answer", "AnswerKind"),
        "delivery.certificate": ("Certificate",),
        "delivery.deadline": ("Deadline",),
        "delivery.entry": ("Entry",),
        "delivery.environment": ("Environment",),
        "delivery.events": ("Event",),
        "delivery.hold": ("Hold",),
        "delivery.outcomes": ("Outcome",),
        "delivery.receipt": ("Receipt",),
        "delivery.retry": ("RetryPolicy",),
        "delivery.states": ("State",),
        "dispatch.hooks": ("Hook",),
        "envelope": ("KeyRing",),
        "envelope.certificates": ("open_certificate",),
        "envelope.receipts": ("open_receipt",),
        "errors": ("Issue", "Severity", "TiplineError"),
        "evidence": ("Evidence",),
        "models": (
            *("IncidentSummary", "InternetDetails", "Person", "PersonOrUserReported", "Report", "Reporter"),
            "Submission",
        ),
        "profiles": ("EndpointProfile",),
        "validation": ("ReadResult", "read_submission"),
    }
    _ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

    def __getattr__(name):
        """Import a public name at its first use (PEP 562)."""
        if name not in _ROOM_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        room = _ROOM_OF[name]
        if not room:
            return import_module(f"{__name__}.{name}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{room}"), name)
        return value

    def __dir__():
        """The names that are there already, and the public ones."""
        return sorted({*globals(), *__all__})


__all__ = [
    "Answer",
    "AnswerKind",
    "AsyncDispatcher",
    "AsyncTiplineClient",
    "Certificate",
    "Deadline",
    "DispatchSummary",
    "Dispatcher",
    "EndpointProfile",
    "Enqueued",
    "Entry",
    "Environment",
    "Event",
    "Evidence",
    "Hold",
    "Hook",
    "IncidentSummary",
    "InternetDetails",
    "Issue",
    "KeyRing",
    "Options",
    "Outcome",
    "Person",
    "PersonOrUserReported",
    "ReadResult",
    "Receipt",
    "Report",
    "Reporter",
    "RetryPolicy",
    "Severity",
    "State",
    "Submission",
    "TiplineClient",
    "TiplineError",
    "__version__",
    "builders",
    "errors",
    "events",
    "models",
    "open_certificate",
    "open_receipt",
    "profiles",
    "read_submission",
]
