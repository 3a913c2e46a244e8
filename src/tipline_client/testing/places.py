"""Where the code under test hands in: clients and homes that a test watches, each with the outbox that it uses.

Looking makes nothing: no home, no outbox, no table. Where there is nothing to look into, that is said, since an
assertion that asks nobody would pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tipline_client.cli.settings import resolve
from tipline_client.cli.settings_file import FILE_NAME
from tipline_client.client import AsyncTiplineClient, Options, TiplineClient
from tipline_client.dispatch.reader import Reader
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.known_outboxes import is_same
from tipline_client.outbox import Address, Outbox, SqliteOutbox, has_tables, open_database
from tipline_client.profiles import EndpointProfile

__all__ = ["Place", "Places"]

_SAY_WHERE = "Say where it is, as to the client: `watch(home, outbox=...)`."


@dataclass(frozen=True, slots=True)
class Place:
    """A home, and an outbox that its clients hand in to.

    Attributes:
        home: The home.
        profile: Which endpoint is meant.
        outbox: The outbox, open.
        reader: What opens its entries.
    """

    home: Path
    profile: EndpointProfile
    outbox: Outbox
    reader: Reader


class Places:
    """What a test watches.

    Args:
        profile: Which endpoint is meant where no client says so.
        options: Bring the master keys of a home that has none.
    """

    def __init__(self, profile: EndpointProfile, options: Options) -> None:
        self._profile = profile
        self._options = options
        self._watched: list[tuple[AsyncTiplineClient | Home, Address | None]] = []
        self._own: dict[str, Outbox] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is watched."""
        return not self._watched

    def add(self, whose: TiplineClient | AsyncTiplineClient | str | Path, *, outbox: str | None) -> None:
        """Watch a client or a home; see `TiplineEndpoint.watch`."""
        match whose:
            case TiplineClient():
                watched: AsyncTiplineClient | Home = whose.asynchronous
            case AsyncTiplineClient():
                watched = whose
            case _:
                watched = Home(whose, key_provider=self._options.master_keys)
        self._watched.append((watched, None if outbox is None else Address(outbox)))

    def all(self) -> Iterator[Place]:
        """Every place, looked up anew: a home may have been made meanwhile.

        Raises:
            ConfigurationError: A folder is no home, or it is not known where the outbox of a home is.
        """
        for watched, address in self._watched:
            if isinstance(watched, Home):
                yield from self._of_home(watched, address)
            else:
                # Every outbox serves any loop and thread, so its client's own loop may be waiting for the answer.
                yield Place(watched.home.path, watched.profile, watched.outbox, watched.reader())

    def reopened(self, place: Place) -> Place:
        """The same place with an outbox of our own, for one whose client was closed.

        Raises:
            ConfigurationError: It is not known where that outbox is.
        """
        for watched, said in self._watched:
            if isinstance(watched, AsyncTiplineClient) and watched.outbox is place.outbox:
                outbox = place.outbox
                address = Address(f"sqlite://{outbox.path.absolute()}") if isinstance(outbox, SqliteOutbox) else said
                if address is not None:
                    return Place(place.home, place.profile, self._open(address, watched.home), place.reader)
        raise ConfigurationError(
            f"the client of {place.home} is closed, and its outbox is no file",
            hint="Keep the client open, or watch it with the address of its outbox: `watch(client, outbox=...)`.",
        )

    def own(self) -> list[Outbox]:
        """The outboxes that were opened to look, which are forgotten with that; whoever asks closes them."""
        own, self._own = list(self._own.values()), {}
        return own

    def _of_home(self, home: Home, address: Address | None) -> Iterator[Place]:
        if not home.exists:
            raise ConfigurationError(
                f"{home.path} is watched, and is no home: nothing was ever handed in there",
                hint="Look whether it is the folder that the code under test uses, and whether that ran at all.",
            )
        addresses = [address] if address is not None else list(_said_by(home))
        if address is None and any(
            not any(is_same(known, each) for each in addresses) for known in home.known_outboxes.places()
        ):
            addresses = []
        if not addresses:
            raise ConfigurationError(f"the home {home.path} has its outbox elsewhere", hint=_SAY_WHERE)
        reader, profile = home.reader(master_keys=self._options.master_keys), home.know_schema(self._profile)
        for each in addresses:
            yield Place(home.path, profile, self._open(each, home), reader)

    def _open(self, address: Address, home: Home) -> Outbox:
        if address.url not in self._own:
            if home.known_outboxes.is_own(address):
                # With the library that its clients open it with.
                self._own[address.url] = SqliteOutbox.open(home.outbox_path)
            elif address.file is not None and not has_tables(address.file):
                raise ConfigurationError(f"there is no outbox in {address.file}", hint=_SAY_WHERE)
            else:
                self._own[address.url] = open_database(address)
        return self._own[address.url]


def _said_by(home: Home) -> Iterator[Address]:
    """The outboxes that a home tells of: the file in it, and the one that its own settings name."""
    if home.outbox_path.exists():
        yield Address(f"sqlite://{home.outbox_path.absolute()}")
    file = home.path / FILE_NAME
    if not file.is_file():
        return
    problems: list[tuple[str, ConfigurationError]] = []
    # The environment is that of whoever runs the tests, and may name an outbox that is in use.
    said = resolve(home=str(home.path), config=str(file), environ={}, problems=problems)
    for name, problem in problems:
        if name in {"file", "outbox"}:
            raise problem
    if said.outbox is not None:
        yield said.outbox
