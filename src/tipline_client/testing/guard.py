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
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tipline_client.delivery import run_of_tests

__all__ = ["HOTLINES", "TESTING_HOSTS", "RealHotlineError", "host_in", "permitted", "taken", "tell_children", "watch"]

HOTLINES = ("cybertip.org", "missingkids.org", "ncmec.org")
"""The hotline's domains; every host below them belongs to it."""

TESTING_HOSTS = frozenset({"exttest.cybertip.org", "hashsharing-test.ncmec.org"})
"""The hotline's own test hosts: what they receive is not acted on, and yet it arrives."""

_MOST_OF_A_LINE = 1024

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
    """
    _Watch.domains = (*HOTLINES, *(domain.lower().strip(".") for domain in further))
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
    host = host.lower().rstrip(".")
    is_refused = any(host == domain or host.endswith(f".{domain}") for domain in _Watch.domains)
    return host if is_refused and host not in _Watch.permitted else None


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


def _of_proxied(arguments: tuple[Any, ...]) -> object:
    # Through a proxy no name is looked up here; what the proxy is asked for stands in the first line.
    data = arguments[1]
    if not isinstance(data, bytes | bytearray | memoryview):
        return None
    method, _, rest = bytes(data[:_MOST_OF_A_LINE]).partition(b" ")
    if not method.isalpha():
        return None
    target = rest.partition(b" ")[0].decode("ascii", "replace")
    return _of_url((f"//{target}" if method == b"CONNECT" else target,))


_READERS: Mapping[str, Callable[[tuple[Any, ...]], object]] = {
    "socket.getaddrinfo": _first,
    "socket.gethostbyname": _first,
    "socket.gethostbyaddr": _first,
    "socket.connect": _of_address,
    "socket.sendto": _of_address,
    "socket.sendmsg": _of_address,
    "urllib.Request": _of_url,
    "http.client.send": _of_proxied,
}


def _asked_beforehand(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def asked(self: socket.socket, *arguments: Any) -> Any:
        if arguments:
            # The address comes last, behind data and flags.
            _hear("socket.connect", (self, arguments[-1]))
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
