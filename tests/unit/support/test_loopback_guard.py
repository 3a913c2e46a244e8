"""The guard itself: what it lets through and what it refuses, in this process and in a child."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import loopback_guard


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", b"127.0.0.1"])
def test_loopback_address(host: object) -> None:
    """Every spelling of this machine passes."""
    assert loopback_guard.is_loopback(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "198.51.100.7", "example.com", "::", "0.0.0.0", "10.0.0.1"])  # noqa: S104
def test_other_address(host: object) -> None:
    """Nothing else does."""
    assert not loopback_guard.is_loopback(host)


@pytest.mark.addresses_strangers
def test_connection_to_stranger() -> None:
    """A connection is refused before a packet leaves, and written down."""
    with pytest.raises(PermissionError), socket.socket() as probe:
        probe.connect(("192.0.2.1", 9))

    assert loopback_guard.violations == ["socket.connect to '192.0.2.1'"]


@pytest.mark.addresses_strangers
@pytest.mark.parametrize(
    ("name", "words"), [("connect", ()), ("connect_ex", ()), ("sendto", (b"mug",)), ("sendmsg", ([b"mug"], (), 0))]
)
def test_name_that_would_be_looked_up(name: str, words: tuple[object, ...]) -> None:
    """A name is refused before anybody is asked where it is; a look-up of this one would fail in its own way."""
    with pytest.raises(PermissionError), socket.socket(type=socket.SOCK_DGRAM) as probe:
        getattr(probe, name)(*words, ("hotline.invalid", 9))

    assert loopback_guard.violations == [f"socket.{name} to 'hotline.invalid'"]


@pytest.mark.addresses_strangers
def test_stranger_addressed_by_child() -> None:
    """A child process is refused too, and leaves a line for the parent."""
    code = "import socket; socket.getaddrinfo('hotline.example.com', 443)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert ended.returncode == 1
    assert "hotline.example.com" in Path(os.environ[loopback_guard.VIOLATIONS_FILE]).read_text()
