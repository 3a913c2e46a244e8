"""What callers hand in by mistake, refused by name before anything is done with it. Types alone; no value is judged."""

import os

from tipline_client.client.options import Options
from tipline_client.delivery.entry import Entry
from tipline_client.errors import ConfigurationError, EntryNotFoundError
from tipline_client.profiles import EndpointProfile

__all__ = ["check_client", "check_opening", "entry_id_of", "key_of"]


def check_opening(*, home: object, profile: object, outbox: object, options: object) -> None:
    """Refuse what no client can be opened with.

    Raises:
        ConfigurationError: Naming the argument.
    """
    if not isinstance(home, (str, os.PathLike)):
        raise ConfigurationError(f"home is {_kind(home)}, not a path", hint="Name the folder of the installation.")
    if not isinstance(profile, EndpointProfile):
        raise ConfigurationError(
            f"profile is {_kind(profile)}, not an EndpointProfile",
            hint="Take one from tipline_client.profiles, such as cybertipline_testing(username=..., password=...), or "
            "`profile` of a MockEndpoint.",
        )
    if outbox is not None and not isinstance(outbox, str) and not hasattr(outbox, "claim"):
        raise ConfigurationError(
            f"outbox is {_kind(outbox)}, neither the URL of a database nor an outbox",
            hint="Leave it out: the queue is then a file in `home`.",
        )
    if options is not None and not isinstance(options, Options):
        raise ConfigurationError(f"options is {_kind(options)}, not Options", hint="Write options=Options(...).")


def check_client(client: object, kind: type) -> None:
    """Refuse what is no client for a dispatcher.

    Raises:
        ConfigurationError: Naming the argument.
    """
    if not isinstance(client, kind):
        raise ConfigurationError(
            f"client is {_kind(client)}, not {kind.__name__}", hint=f"Open one with {kind.__name__}.open(...)."
        )


def entry_id_of(entry_id: object) -> str:
    """The id of an entry, as handed in.

    Raises:
        EntryNotFoundError: It is something else.
    """
    if isinstance(entry_id, str):
        return entry_id
    hint = "Give its id: entry.id." if isinstance(entry_id, Entry) else "Give the id that `enqueue` returned: entry.id."
    raise EntryNotFoundError(f"entry_id is {_kind(entry_id)}, not the id of an entry", hint=hint)


def key_of(idempotency_key: object) -> str:
    """An idempotency key, as handed in.

    Raises:
        EntryNotFoundError: It is something else.
    """
    if isinstance(idempotency_key, str):
        return idempotency_key
    raise EntryNotFoundError(
        f"idempotency_key is {_kind(idempotency_key)}, not text", hint="Give the key that the report was enqueued with."
    )


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
