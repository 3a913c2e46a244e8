"""Report child sexual exploitation to a hotline: typed, validated, signed, queued durably, filed exactly once.

Public are the names below and the modules `models`, `errors`, `profiles`, `mock` and `testing`; everything else
promises nothing.
"""

from tipline_client import errors, models, profiles
from tipline_client._version import __version__
from tipline_client.client import AsyncTiplineClient, Dispatcher, Options, TiplineClient
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.states import State
from tipline_client.envelope import KeyRing
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

__all__ = [
    "AsyncTiplineClient",
    "Dispatcher",
    "EndpointProfile",
    "Environment",
    "Evidence",
    "IncidentSummary",
    "InternetDetails",
    "Issue",
    "KeyRing",
    "Options",
    "Person",
    "PersonOrUserReported",
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
    "errors",
    "models",
    "open_receipt",
    "profiles",
]
