"""A hook that keeps what it is told."""

from tipline_client import Event, Hook, events

TOLD: list[Event] = []
KEEP = Hook("keep", TOLD.append, kinds=(events.EntryAcknowledged,))
NO_HOOK = "coffee"
