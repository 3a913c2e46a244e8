"""Refuses every address but loopback, and remembers that it was asked.

Raising alone would not do: a client that treats a refused connection as an outage would retry quietly and the test
would pass. So each violation is also written down, and the suite fails on any.

An audit hook sees what a patched `socket` module does not: asyncio's own connects, C extensions, name look-ups. It
cannot be removed, which suits its purpose. In a subprocess it is installed by `sitecustomize` (see `subprocess_site`).

It hears of one thing too late: a socket that is told to connect to a name looks the name up first. So those methods are
asked before that.
"""

import functools
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VIOLATIONS_FILE = "TIPLINE_TEST_VIOLATIONS"

violations: list[str] = []


def is_loopback(host: object) -> bool:
    """Whether `host`, a name or an address as text or bytes, can only mean this machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if text in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(text.split("%", 1)[0]).is_loopback
    except ValueError:
        return False


def _refuse(what: str) -> None:
    violations.append(what)
    # A subprocess cannot fail this process's test, so it leaves a line where the parent looks.
    if path := os.environ.get(VIOLATIONS_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(what + "\n")
    raise PermissionError(f"tests may only address loopback: {what}")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        if arguments[0] is not None and not is_loopback(arguments[0]):
            _refuse(f"name look-up of {arguments[0]!r}")
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        _check_address(event, arguments[1])


def _check_address(what: str, address: object) -> None:
    if isinstance(address, tuple) and address and not is_loopback(address[0]):
        _refuse(f"{what} to {address[0]!r}")


def _asked_first(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def asked(self: socket.socket, *arguments: Any) -> Any:
        # The address comes last in each of them; what else there is, is no tuple.
        _check_address(f"socket.{name}", arguments[-1] if arguments else None)
        return method(self, *arguments)

    return asked


def install() -> None:
    """Watch this process from now on."""
    listen()
    ask_first()


def listen() -> None:
    """Hear what is about to be addressed, after whoever listens already."""
    sys.addaudithook(_watch)


def ask_first() -> None:
    """Ask a socket before it looks up a name; whoever wraps its methods later is asked before this guard."""
    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        setattr(socket.socket, name, _asked_first(name, getattr(socket.socket, name)))
