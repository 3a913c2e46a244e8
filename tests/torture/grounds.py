"""Where the outbox of a torture run lies, and what befalls it besides the deaths of its dispatchers.

A file is looked at as it stood at any moment; a database is killed and comes back. The run itself knows neither.
"""

import asyncio
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Protocol

from tests.support.dispatcher_child import hasty
from tests.support.postgres import PostgresServer
from tests.torture.processes import Pack
from tipline_client import TiplineClient
from tipline_client.home import Home
from tipline_client.outbox.postgres import PostgresOutbox
from tipline_client.outbox.sqlite.driver import connect
from tipline_client.profiles import EndpointProfile

__all__ = ["Ground", "PostgresGround", "SqliteGround"]


class Ground(Protocol):
    """One kind of outbox.

    Attributes:
        outbox: What a dispatcher is told of where it is; `None` for the home.
        blows: What befell it, and how often.
        damaged: What was wrong with it afterwards.
    """

    outbox: str | None
    blows: Counter[str]
    damaged: list[str]

    def opened(self, home: Path, profile: EndpointProfile) -> AbstractContextManager[TiplineClient]:
        """A client for whoever hands in; it never waits long for an outbox that is not there."""
        ...

    def strike(self, pack: Pack, chance: Random, /) -> None:
        """Once a round: let something befall the outbox, or nothing."""
        ...

    def make_peace(self) -> None:
        """Nothing befalls it any more: it is there."""
        ...


class SqliteGround:
    """A file in the home; copies of it, taken while every process stands still, must open and agree with themselves.

    Args:
        folder: Where copies are made.
        home: Whose outbox.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.outbox: str | None = None
        self.blows: Counter[str] = Counter()
        self.damaged: list[str] = []
        self._folder = folder
        self._home = home

    def opened(self, home: Path, profile: EndpointProfile) -> AbstractContextManager[TiplineClient]:
        """See `Ground.opened`."""
        return TiplineClient.open(home, profile=profile, options=hasty())

    def strike(self, pack: Pack, chance: Random, /) -> None:
        """Copy the file, in one round of three."""
        if chance.random() > 1 / 3:
            return
        copy = self._folder / f"copy-{self.blows['copied']}"
        copy.mkdir()
        self.blows["copied"] += 1
        # This process hands in and looks in turns, so nobody writes while the files are copied.
        pack.freeze()
        try:
            # By another process: closing the file in this one would drop the locks that its own outbox holds on it
            # (https://www.sqlite.org/howtocorrupt.html, section 2.2), and the outbox itself would come to harm.
            subprocess.run(["cp", *map(str, self._home.glob("outbox.sqlite*")), str(copy)], check=True)
        finally:
            pack.thaw()
        self.damaged += _damage_of(copy / "outbox.sqlite")
        shutil.rmtree(copy)

    def make_peace(self) -> None:
        """See `Ground.make_peace`; a file is always there."""


class PostgresGround:
    """A database whose server is killed at random, stays away for a while, and is started again.

    Args:
        server: Its server, with an empty outbox.
    """

    def __init__(self, server: PostgresServer) -> None:
        self.outbox: str | None = server.url()
        self.blows: Counter[str] = Counter()
        self.damaged: list[str] = []
        self._server = server
        self._is_away = False

    @contextmanager
    def opened(self, home: Path, profile: EndpointProfile) -> Iterator[TiplineClient]:
        """See `Ground.opened`."""
        outbox = PostgresOutbox.open(
            self._server.dsn(),
            wait_for_connection=timedelta(milliseconds=200),
            chain=Home(home).create().history_chain(),
        )
        try:
            with TiplineClient.open(home, profile=profile, outbox=outbox, options=hasty()) as client:
                yield client
        finally:
            asyncio.run(outbox.close())

    def strike(self, _: Pack, chance: Random, /) -> None:
        """End the server in one round of two, by turns; bring it back in two of three in which it is away."""
        if self._is_away:
            if chance.random() < 2 / 3:
                self.make_peace()
            return
        if chance.random() > 1 / 2:
            return
        is_killed = self.blows["database killed"] <= self.blows["database crashed"]
        if is_killed:
            self._server.kill()
        else:
            self._server.crash()
        self.blows["database killed" if is_killed else "database crashed"] += 1
        self._is_away = True

    def make_peace(self) -> None:
        """See `Ground.make_peace`."""
        if self._is_away:
            self._server.start()
            self._is_away = False


def _damage_of(path: Path) -> list[str]:
    connection = connect(path, driver="apsw", busy_timeout=1)
    try:
        [[verdict]] = connection.execute("PRAGMA integrity_check")
        [[differ]] = connection.execute(
            "SELECT count(*) FROM entries LEFT JOIN acknowledgements ON acknowledgements.entry = entries.number"
            " WHERE (entries.state = 'acknowledged') <> (acknowledgements.entry IS NOT NULL)"
        )
    finally:
        connection.close()
    said = [] if verdict == "ok" else [str(verdict)]
    return said if not differ else [*said, f"{differ} entries whose state and acknowledgement differ"]
