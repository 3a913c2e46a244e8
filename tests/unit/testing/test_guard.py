"""Which addresses the guard takes for a hotline's."""

import socket
from urllib.parse import urlsplit

import pytest

from tipline_client.profiles import KNOWN_PROFILES
from tipline_client.testing.guard import TESTING_HOSTS, host_in, permitted

QUESTION = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x06report\x08CyberTip\x03org\x00\x00\x01\x00\x01"


@pytest.mark.parametrize(
    "profile", [profile for profile in KNOWN_PROFILES if profile.base_url], ids=lambda one: one.name
)
def test_host_of_a_profile(profile: object) -> None:
    """Every host that a profile of this package addresses is refused."""
    host = urlsplit(str(getattr(profile, "base_url", ""))).hostname

    assert host
    assert host == host_in("socket.getaddrinfo", (host, 443, 0, 0, 0))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", (b"Report.CyberTip.org.", 443, 0, 0, 0)),
        ("socket.gethostbyname", ("report.cybertip.org",)),
        ("socket.connect", (None, ("report.cybertip.org", 443))),
        ("socket.sendto", (None, ("report.cybertip.org", 443))),
        ("urllib.Request", ("https://user@report.cybertip.org:443/ispws", None, {}, "GET")),
        ("http.client.send", (None, b"CONNECT report.cybertip.org:443 HTTP/1.1\r\n\r\n")),
        ("http.client.send", (None, b"POST http://report.cybertip.org/ispws/submit HTTP/1.1\r\n\r\n")),
        ("http.client.send", (None, [b"CONNECT report.cybertip.org:443 HTTP/1.1\r\n\r\n", b"{}"])),
        ("http.client.send", (None, b"\x05\x01\x00\x03\x13report.cybertip.org\x01\xbb")),
        ("http.client.send", (None, b"\x04\x01\x01\xbb\x00\x00\x00\x01me\x00report.cybertip.org\x00")),
        ("http.client.send", (None, QUESTION)),
        ("http.client.send", (None, len(QUESTION).to_bytes(2) + QUESTION)),
    ],
)
def test_ways_to_a_hotline(event: str, arguments: tuple[object, ...]) -> None:
    """Look-ups, connections, datagrams, URLs and tunnels through a proxy are all seen."""
    assert "report.cybertip.org" == host_in(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", (None, 80, 0, 0, 0)),
        ("socket.getaddrinfo", ("notcybertip.org", 80, 0, 0, 0)),
        ("socket.getaddrinfo", ("cybertip.org.example.com", 80, 0, 0, 0)),
        ("socket.connect", (None, "/run/some.socket")),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("socket.sendmsg", (None, None)),
        ("urllib.Request", ("http://[not-an-address/", None, {}, "GET")),
        ("http.client.send", (None, b"GET /report.cybertip.org HTTP/1.1\r\n\r\n")),
        ("http.client.send", (None, [b"CONNECT "])),
        ("http.client.send", (None, [])),
        ("http.client.send", (None, b"\x05\x01\x00\x03")),
        ("http.client.send", (None, b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50")),
        ("http.client.send", (None, b"\x04\x01\x01\xbb\x00\x00\x00\x01")),
        ("http.client.send", (None, QUESTION[:20])),
        ("http.client.send", (None, bytes(200))),
        ("open", ("report.cybertip.org", "r", 0)),
    ],
)
def test_everything_else(event: str, arguments: tuple[object, ...]) -> None:
    """Names that only look alike, local sockets and other events are none of its business."""
    assert host_in(event, arguments) is None


@pytest.mark.parametrize(
    "name",
    [
        "report.cybertip\N{IDEOGRAPHIC FULL STOP}org",
        "report.cybertip\N{FULLWIDTH FULL STOP}org\N{HALFWIDTH IDEOGRAPHIC FULL STOP}",
        "report.\N{FULLWIDTH LATIN SMALL LETTER C}ybertip.org",
        "report.cyber\N{SOFT HYPHEN}tip.org",
        "\N{CIRCLED LATIN CAPITAL LETTER R}eport.cybertip.org",
    ],
)
def test_name_that_python_writes_anew(name: str) -> None:
    """What Python's codec makes of a name before a resolver is asked is what counts."""
    for event in ("socket.getaddrinfo", "socket.gethostbyname"):
        assert "report.cybertip.org" == host_in(event, (name,))
    assert "report.cybertip.org" == host_in("socket.connect", (None, (name, 443)))


def test_name_that_no_codec_takes() -> None:
    """A label that is too long for Python is compared all the same, and one that is nothing of ours is let be."""
    long = "x\N{LATIN SMALL LETTER E WITH ACUTE}" * 60

    assert host_in("socket.getaddrinfo", (f"{long}.cybertip\N{IDEOGRAPHIC FULL STOP}org",)) is not None
    assert host_in("socket.getaddrinfo", (f"{long}.example.com",)) is None


def test_permitted_for_a_while() -> None:
    """The testing host may be addressed within the block alone, production not even there."""
    with permitted(TESTING_HOSTS):
        within = [host_in("socket.gethostbyname", (host,)) for host in ("exttest.cybertip.org", "report.cybertip.org")]

    assert [None, "report.cybertip.org"] == within
    assert "exttest.cybertip.org" == host_in("socket.gethostbyname", ("exttest.cybertip.org",))


def test_sockets_of_everybody() -> None:
    """A socket that was asked beforehand connects as any other."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as one, socket.socket() as other:
        one.connect(server.getsockname())
        answer = other.connect_ex(server.getsockname())

        assert (server.getsockname(), 0) == (one.getpeername(), answer)
