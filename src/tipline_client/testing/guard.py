"""Keeps tests from addressing a real hotline, and remembers who tried.

Raising alone would not do: a client that takes a refused connection for an outage would retry quietly, and the test
would pass. So each try is also written down, and the plug-in fails the test by it.

An audit hook sees what a patched `socket` module does not: asyncio's own connects, C extensions, name look-ups. It
cannot be removed again, and looks at the hotlines' names alone: every other address is none of its business. One thing
it hears too late: a socket that is told to connect to a name looks the name up before it says so. Those methods are
therefore asked beforehand, and those that send are read for what a proxy is asked for. All of it needs the standard
library only, since it is there in every test run.
"""

import functools
import os
import re
import socket
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tipline_client.delivery import run_of_tests

__all__ = [
    "HOTLINES",
    "TESTING_HOSTS",
    "RealHotlineError",
    "complaint",
    "host_in",
    "permitted",
    "taken",
    "tell_children",
    "watch",
]

HOTLINES = ("cybertip.org", "missingkids.org", "ncmec.org")
"""The hotline's domains; every host below them belongs to it."""

TESTING_HOSTS = frozenset({"exttest.cybertip.org", "hashsharing-test.ncmec.org"})
"""The hotline's own test hosts: what they receive is not acted on, and yet it arrives."""

_MOST_OF_A_LINE = 1024
_DOTS = re.compile("[\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}]")
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")

_WAY_OUT = (
    "Give the code under test the profile of the fixture `tipline_endpoint`. "
    "A test that is meant to reach the hotline's own test host is marked `tipline_testing_host`; "
    "nothing lets a test reach any other host of a hotline."
)


class RealHotlineError(AssertionError):
    """A test was about to address a real hotline; nothing was sent."""


class _Watch:
    """What this process knows of it; the hook sees it from every thread."""

    is_installed = False
    domains: tuple[str, ...] = HOTLINES
    permitted: frozenset[str] = frozenset()
    tries: list[str] = []  # noqa: RUF012 - there is one process, and so one watch


def watch(further: Iterable[str] = ()) -> None:
    """Watch this process from now on.

    Args:
        further: Domains that are refused beside the hotline's own, each with every host below it.

    Raises:
        ValueError: One of them is no domain, and would guard nothing.
    """
    _Watch.domains = (*HOTLINES, *map(_domain, further))
    if not _Watch.is_installed:
        _Watch.is_installed = True
        sys.addaudithook(_hear)
        for name in ("connect", "connect_ex", "sendto", "sendmsg"):
            setattr(socket.socket, name, _asked_beforehand(getattr(socket.socket, name)))
        for name in ("send", "sendall"):
            setattr(socket.socket, name, _read_beforehand(getattr(socket.socket, name)))


@contextmanager
def permitted(hosts: frozenset[str]) -> Iterator[None]:
    """Let some hosts be addressed within the block, also by processes that are started in it."""
    before, _Watch.permitted = _Watch.permitted, hosts
    if before == hosts:
        yield
        return
    with tell_children(to_testing=bool(hosts)):
        try:
            yield
        finally:
            _Watch.permitted = before


@contextmanager
def tell_children(*, to_testing: bool = False) -> Iterator[None]:
    """Have every process that is started within the block know that a run of tests is above it.

    They have no hook of ours. What this package would send from there is refused by its transport.
    """
    before = os.environ.get(run_of_tests.VARIABLE)
    os.environ[run_of_tests.VARIABLE] = run_of_tests.said(os.getpid(), to_testing=to_testing)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(run_of_tests.VARIABLE, None)
        else:
            os.environ[run_of_tests.VARIABLE] = before


def taken() -> list[str]:
    """What was tried since this was last asked, and forget it."""
    tries, _Watch.tries = _Watch.tries, []
    return tries


def complaint(tries: Iterable[str]) -> str:
    """The sentences for whoever reads the failure."""
    return f"this test would address a real hotline: {', '.join(dict.fromkeys(tries))}. {_WAY_OUT}"


def host_in(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The host that an audited event is about to address, in lower case, if it is one that we refuse."""
    reader = _READERS.get(event)
    if reader is None:
        return None
    host = reader(arguments)
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return None
    host = _as_asked(host)
    is_refused = any(host == domain or host.endswith(f".{domain}") for domain in _Watch.domains)
    return host if is_refused and host not in _Watch.permitted else None


def _as_asked(host: str) -> str:
    """The name that a resolver is asked for: Python writes letters and dots of other scripts in ASCII before."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            # Refused by Python too, but others are less strict.
            host = _DOTS.sub(".", unicodedata.normalize("NFKC", host))
    return host.lower().rstrip(".")


def _domain(text: str) -> str:
    domain = _as_asked(text.strip()).strip(".")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{text!r} is no domain, such as hotline.example: no scheme, port, path, star or list")
    return domain


def _first(arguments: tuple[Any, ...]) -> object:
    return arguments[0]


def _of_address(arguments: tuple[Any, ...]) -> object:
    address = arguments[1]
    return address[0] if isinstance(address, tuple) and address else None


def _of_url(arguments: tuple[Any, ...]) -> object:
    try:
        return urlsplit(str(arguments[0])).hostname
    except ValueError:
        return None


def _of_sent(arguments: tuple[Any, ...]) -> object:
    # Through a proxy no name is looked up here, and who asks a name server itself tells no library.
    data = arguments[1]
    if isinstance(data, list | tuple) and data:
        # What goes out together: the name is in the first of them.
        data = data[0]
    if not isinstance(data, bytes | bytearray | memoryview):
        return None
    head = bytes(data[:_MOST_OF_A_LINE])
    method, _, rest = head.partition(b" ")
    if method.isalpha():
        target = rest.partition(b" ")[0].decode("ascii", "replace")
        return _of_url((f"//{target}" if method == b"CONNECT" else target,))
    return _of_socks(head) or _of_question(head)


def _of_socks(head: bytes) -> bytes | None:
    """The name in a request of SOCKS 5 (RFC 1928) or 4a; of an address alone nobody tells whose it is."""
    if head[:1] == b"\x05" and head[3:4] == b"\x03":
        return head[5 : 5 + head[4]] if len(head) > 5 else None
    if head[:1] == b"\x04" and head[4:7] == bytes(3):
        return head[8:].split(b"\0")[1] if head[8:].count(b"\0") else None
    return None


def _of_question(head: bytes) -> bytes | None:
    """The name in a question of DNS (RFC 1035), as datagrams carry it, and streams behind its length."""
    at = 14 if len(head) > 2 and int.from_bytes(head[:2]) == len(head) - 2 else 12
    labels: list[bytes] = []
    while at < len(head) and 0 < head[at] < 64:
        labels.append(head[at + 1 : at + 1 + head[at]])
        at += 1 + head[at]
    return b".".join(labels) if at < len(head) and len(labels) > 1 else None


_READERS: Mapping[str, Callable[[tuple[Any, ...]], object]] = {
    "socket.getaddrinfo": _first,
    "socket.gethostbyname": _first,
    "socket.gethostbyaddr": _first,
    "socket.connect": _of_address,
    "socket.sendto": _of_address,
    "socket.sendmsg": _of_address,
    "urllib.Request": _of_url,
    "http.client.send": _of_sent,
}


def _asked_beforehand(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def asked(self: socket.socket, *arguments: Any) -> Any:
        if arguments:
            # The address comes last, behind data and flags.
            _hear("socket.connect", (self, arguments[-1]))
            if len(arguments) > 1:
                _hear("http.client.send", (self, arguments[0]))
        return method(self, *arguments)

    return asked


def _read_beforehand(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def read(self: socket.socket, data: Any, *flags: Any) -> Any:
        _hear("http.client.send", (self, data))
        return method(self, data, *flags)

    return read


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    host = host_in(event, arguments)
    if host is not None:
        _Watch.tries.append(host)
        raise RealHotlineError(complaint([host]))
