"""What may be said of where the outbox's database is: how an address is checked, and what of it is ever shown.

The address is a URL of libpq's form and may hold a password. No message shows a part of it that could be one: a
password with an unescaped `@` or `/` is read by libpq as half a host name, and would stand in its error. Nothing here
connects, or needs the driver.
"""

import os
import re
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from tipline_client.errors import ConfigurationError

__all__ = ["Address"]

_FORM: Final = "Write postgresql://USER@HOST:PORT/DATABASE; without an outbox setting the file in the home is used."
_FILE_FORM: Final = "Write sqlite:// and the absolute path behind it: sqlite:///srv/app/db.sqlite3"
_ESCAPE: Final = "Write each of @ / : ? # % inside user or password as %40 %2F %3A %3F %23 %25."
_FILE: Final = "sqlite://"
_SCHEMES: Final = ("postgresql://", "postgres://")
_THIS_MACHINE: Final = {"localhost", "127.0.0.1", "::1"}
_SECRETS: Final = re.compile(r"(?:^|&)(?:ssl)?password=", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.%]*\]|[^:\[\]]*)(?::\d*)?")


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A database's address: one that libpq reads as its writer meant it, or the file of an application's SQLite.

    Attributes:
        url: All of it, with what is secret in it.

    Raises:
        ConfigurationError: It is neither a `postgresql://` URL nor `sqlite://` with an absolute path, or a character
            in it has to be escaped.
    """

    url: str

    def __post_init__(self) -> None:
        """Refuse what libpq would read as something else than was meant."""
        if (file := self.file) is not None:
            if not file.is_absolute() or file.name in {"", ".", ".."}:
                raise ConfigurationError("the outbox's address has no absolute path of a file", hint=_FILE_FORM)
            if "?" in self.url:
                raise ConfigurationError("the outbox's address has parameters, and a file takes none", hint=_FILE_FORM)
            return
        if not self.url.startswith(_SCHEMES):
            raise ConfigurationError("the outbox's address is no postgresql:// URL", hint=_FORM)
        authority, _, _ = self._parts()
        hosts = authority.rpartition("@")[2].split(",")
        is_plain = self.url.count("@") == authority.count("@") <= 1 and all(map(_HOST.fullmatch, hosts))
        if not is_plain or any(character.isspace() for character in self.url):
            raise ConfigurationError("the outbox's address holds a character that must be escaped", hint=_ESCAPE)

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    @property
    def file(self) -> Path | None:
        """The file of an application's SQLite database, as it stands behind `sqlite://`; `None` for a server's."""
        return Path(self.url.removeprefix(_FILE)) if self.url.startswith(_FILE) else None

    @property
    def shown(self) -> str:
        """User, hosts and database; no password and no parameter. Or the file."""
        if self.file is not None:
            return self.url
        authority, path, _ = self._parts()
        user, at, hosts = authority.rpartition("@")
        return f"postgresql://{user.partition(':')[0]}{at}{hosts}{path}"

    @property
    def place(self) -> str:
        """Which database it is, however it is written: without user, password and what does not lead there.

        What it leaves open is what libpq takes from the environment. Two names of one server are two places.
        """
        if self.file is not None:
            return self.url
        authority, path, query = self._parts()
        user, _, hosts = authority.rpartition("@")
        said = {name: unquote(value) for name, _, value in (word.partition("=") for word in query.split("&"))}
        port = said.get("port") or _of_environment("PGPORT") or "5432"
        if named := said.get("hostaddr") or said.get("host") or (not hosts and _of_environment("PGHOSTADDR", "PGHOST")):
            ports = port.split(",")
            places = list(zip(named.split(","), ports if "," in port else cycle(ports), strict=False))
        else:
            places = [_split(unquote(host), port) for host in hosts.split(",")]
        # As libpq has it, the database is called like the user where nobody says more.
        user = said.get("user") or unquote(user.partition(":")[0])
        own = _of_environment("PGDATABASE") or user or _of_environment("PGUSER")
        name = said.get("dbname") or unquote(path.removeprefix("/")) or own
        # A service says what the address itself leaves open; what the environment says besides comes after it.
        has_port = bool(said.get("port")) or all(_split(host, "")[1] for host in hosts.split(","))
        has_host = bool(said.get("hostaddr") or said.get("host") or hosts)
        is_whole = has_host and has_port and bool(said.get("dbname") or path.removeprefix("/"))
        named_service = said.get("service") or ("" if is_whole else _of_environment("PGSERVICE"))
        service = f"?service={quote(named_service)}" if named_service else ""
        servers = ",".join(f"{_shown(host)}:{port}" for host, port in places)
        return f"postgresql://{servers}/{quote(name, safe='')}{service}"

    @property
    def has_password(self) -> bool:
        """Whether something secret is in it."""
        if self.file is not None:
            return False
        authority, _, query = self._parts()
        user = authority.rpartition("@")[0]
        return ":" in user or _SECRETS.search(unquote(query)) is not None

    def _parts(self) -> tuple[str, str, str]:
        rest = self.url.partition("://")[2]
        before, _, query = rest.partition("?")
        authority, slash, path = before.partition("/")
        return authority, slash + path, query


def _of_environment(*names: str) -> str:
    return next((value for name in names if (value := os.environ.get(name))), "")


def _split(server: str, port: str) -> tuple[str, str]:
    """Host and port; the port is that of all others where it names none."""
    host, colon, own = server.rpartition(":")
    host, own = (host, own) if colon and own.isdigit() else (server.removesuffix(":"), port)
    return host.removeprefix("[").removesuffix("]"), own


def _shown(host: str) -> str:
    """A host by one of its names; a folder is that of a socket."""
    host = host.lower() if not host.startswith("/") else host
    if host in _THIS_MACHINE:
        return "localhost"
    return f"[{quote(host, safe=':')}]" if ":" in host else quote(host, safe="")
