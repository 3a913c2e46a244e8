"""What the homes that a test watches know of an idempotency key: the entry, and the document that it becomes.

It only reads. What arrived at an endpoint is not known here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from tipline_client.client import AsyncTiplineClient, Options, TiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.errors import ConfigurationError, EnvelopeError, OutboxUnavailableError
from tipline_client.models import Report
from tipline_client.outbox import SqliteOutbox
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.encode import encode

__all__ = ["Filing", "Watched", "document_of"]

_PAGE = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Filing:
    """What was handed in under a key.

    Attributes:
        entry: Where it stands.
        xml: The document that is sent; empty once its content was destroyed.
        files: SHA-256 and name of each file of evidence.
    """

    entry: Entry
    xml: bytes
    files: tuple[tuple[str, str], ...]


def document_of(report: Report, profile: EndpointProfile) -> bytes:
    """The document of a report, as the client sends it."""
    return encode(report, "report", newer=profile.newer_elements).xml


class Watched:
    """The homes of a test.

    Args:
        profile: Which endpoint's entries count.
        options: For homes that are opened to be looked into.
    """

    def __init__(self, profile: EndpointProfile, options: Options) -> None:
        self._profile = profile
        self._options = options
        self._watched: list[TiplineClient | Path] = []
        self._own: dict[Path, TiplineClient] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to ask."""
        return not self._watched

    def add(self, whose: TiplineClient | AsyncTiplineClient | str | Path) -> None:
        """Ask this client, or a client of this home, too."""
        match whose:
            case TiplineClient():
                self._watched.append(whose)
            case AsyncTiplineClient():
                self._watched.append(_home_of(whose))
            case _:
                self._watched.append(Path(whose))

    def filing(self, key: str) -> Filing | None:
        """What was handed in under `key`, in whichever home."""
        filings = (self._ask(watched, partial(_filing, key=key)) for watched in self._watched)
        return next((filing for filing in filings if filing is not None), None)

    def keys(self) -> dict[str, int | None]:
        """Every key, with the id of the report that was filed under it."""
        found: dict[str, int | None] = {}
        for watched in self._watched:
            found |= self._ask(watched, _keys) or {}
        return found

    def close(self) -> None:
        """Close what was opened to look."""
        while self._own:
            self._own.popitem()[1].close()

    def _ask(self, watched: TiplineClient | Path, look: Callable[[AsyncTiplineClient], Awaitable[T]]) -> T | None:
        if isinstance(watched, TiplineClient):
            try:
                return watched.call(look, watched.asynchronous)
            except OutboxUnavailableError:
                # Closed by the test, as it well may be at the end.
                watched = _home_of(watched.asynchronous)
        if watched not in self._own:
            if not watched.exists():
                # One that is not there yet must not be made by looking.
                return None
            self._own[watched] = TiplineClient.open(watched, profile=self._profile, options=self._options)
        client = self._own[watched]
        return client.call(look, client.asynchronous)


def _home_of(client: AsyncTiplineClient) -> Path:
    # Its own loop may be the one that is waiting for the answer, so another client reads the same file.
    if not isinstance(client.outbox, SqliteOutbox) or client.outbox.path.parent != client.home.path:
        raise ConfigurationError(
            "this client cannot be looked into: it is asynchronous or closed, and its outbox is not in its home",
            hint="Watch a TiplineClient that is opened on the same outbox, and keep it open.",
        )
    return client.home.path


async def _filing(client: AsyncTiplineClient, key: str) -> Filing | None:
    entry = await client.find(key)
    if entry is None:
        return None
    try:
        payload = (await client.reader().open(entry)).payload
    except EnvelopeError:
        if not entry.is_destroyed:
            raise
        return Filing(entry, b"", ())
    xml = document_of(Report.model_validate(payload.report), client.profile)
    return Filing(entry, xml, tuple((item.sha256, item.name) for item in payload.manifest))


async def _keys(client: AsyncTiplineClient) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    after = None
    while page := await client.outbox.list_entries(environment=client.profile.environment, limit=_PAGE, after=after):
        found |= {entry.idempotency_key: entry.report_id for entry in page if entry.profile == client.profile.name}
        after = page[-1].id
    return found
