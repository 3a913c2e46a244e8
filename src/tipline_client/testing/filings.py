"""What the homes that a test watches know of an idempotency key: the entry, and the documents that it becomes.

It only reads. What arrived at an endpoint is not known here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tipline_client.client import AsyncTiplineClient, Options, TiplineClient
from tipline_client.client.loop_thread import LoopThread
from tipline_client.delivery.entry import Entry
from tipline_client.errors import EntryNotFoundError, EnvelopeError, OutboxUnavailableError
from tipline_client.models import FileDetails, Report
from tipline_client.outbox import Lane
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.encode import encode
from tipline_client.testing.near_misses import File, file_of
from tipline_client.testing.places import Place, Places

__all__ = ["Filing", "Watched", "document_of", "file_said"]

_PAGE = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Filing:
    """What was handed in under a key.

    Attributes:
        home: Where.
        entry: Where it stands.
        xml: The document that is sent; empty once its content was destroyed.
        files: Each file of evidence, with what is said of it.
    """

    home: Path
    entry: Entry
    xml: bytes = field(repr=False)
    files: tuple[File, ...] = field(repr=False)


def document_of(report: Report, profile: EndpointProfile) -> bytes:
    """The document of a report, as the client sends it."""
    return encode(report, "report", newer=profile.newer_elements).xml


def file_said(sha256: str, name: str, details: Mapping[str, Any], profile: EndpointProfile) -> File:
    """A file with what the client says of it; details are JSON in the wire's names."""
    if not details:
        # The client sends no document then.
        return file_of(sha256, name, None)
    # The ids are the endpoint's to give, and are not compared.
    model = FileDetails.model_validate({"reportId": 1, "fileId": "0", **details})
    return file_of(sha256, name, encode(model, "fileDetails", newer=profile.newer_elements).xml)


class Watched:
    """The homes of a test.

    Args:
        profile: Which endpoint's entries count.
        options: For homes that are looked into.
    """

    def __init__(self, profile: EndpointProfile, options: Options) -> None:
        self._places = Places(profile, options)
        self._loop: LoopThread | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to ask."""
        return self._places.is_empty

    def add(self, whose: TiplineClient | AsyncTiplineClient | str | Path, *, outbox: str | None = None) -> None:
        """Ask this client, or whoever uses this home, too."""
        self._places.add(whose, outbox=outbox)

    def filings(self, key: str) -> list[Filing]:
        """What was handed in under `key`, one for each home that knows it."""
        return [filing for filing in self._ask_all(partial(_filing, key=key)) if filing is not None]

    def key_of_entry(self, entry_id: str) -> str | None:
        """The key of the entry with this id, if any home has it."""
        return next((key for key in self._ask_all(partial(_key_of_entry, entry_id=entry_id)) if key is not None), None)

    def keys(self) -> dict[str, set[int]]:
        """Every key, with the ids of the reports that were filed under it."""
        found: dict[str, set[int]] = {}
        for keys in self._ask_all(_keys):
            for key, report_id in keys:
                found.setdefault(key, set()).update(set() if report_id is None else {report_id})
        return found

    def close(self) -> None:
        """Close what was opened to look."""
        if self._loop is not None:
            for outbox in self._places.own():
                self._loop.call(outbox.close)
            self._loop.close()
            self._loop = None

    def _ask_all(self, look: Callable[[Place], Awaitable[T]]) -> list[T]:
        return [self._ask(place, look) for place in self._places.all()]

    def _ask(self, place: Place, look: Callable[[Place], Awaitable[T]]) -> T:
        if self._loop is None:
            self._loop = LoopThread()
        try:
            return self._loop.call(partial(look, place))
        except OutboxUnavailableError:
            # Closed by the test, as it well may be at the end.
            return self._loop.call(partial(look, self._places.reopened(place)))


async def _filing(place: Place, key: str) -> Filing | None:
    profile = place.profile
    entry = await place.outbox.find(Lane(profile.name, profile.environment), key)
    if entry is None:
        return None
    try:
        payload = (await place.reader.open(entry)).payload
    except EnvelopeError:
        if not entry.is_destroyed:
            raise
        return Filing(place.home, entry, b"", ())
    xml = document_of(Report.model_validate(payload.report), profile)
    files = tuple(file_said(item.sha256, item.name, item.details, profile) for item in payload.manifest)
    return Filing(place.home, entry, xml, files)


async def _key_of_entry(place: Place, entry_id: str) -> str | None:
    try:
        return (await place.outbox.get(entry_id)).idempotency_key
    except EntryNotFoundError:
        return None


async def _keys(place: Place) -> list[tuple[str, int | None]]:
    found: list[tuple[str, int | None]] = []
    after = None
    while page := await place.outbox.list_entries(environment=place.profile.environment, limit=_PAGE, after=after):
        found += [(entry.idempotency_key, entry.report_id) for entry in page if entry.profile == place.profile.name]
        after = page[-1].id
    return found
