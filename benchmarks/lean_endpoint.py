"""An endpoint that costs next to nothing, so that what is measured is the client: it keeps no state and checks nothing.

    python -m benchmarks.lean_endpoint SECONDS [--broken]

Each reply comes after so many seconds, as it would over the internet. Broken, it answers 503 to every call. What it
says of a file is true all the same: its MD5, and the id that `finish` lists again.
"""

import asyncio
import hashlib
import itertools
import re
import sys
from functools import partial

__all__ = ["reply_to"]

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_FORM_ID = re.compile(rb'(?:name="id"\r\n\r\n|^id=)(\d+)')
_XML_ID = re.compile(rb"<reportId>(\d+)</reportId>")
_CLOSES = re.compile(rb"connection: *close", re.IGNORECASE)
_BROKEN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
_NUMBERS = itertools.count(1_000_001)


class _Connection(asyncio.Protocol):
    def __init__(self, latency: float, *, is_broken: bool) -> None:
        self._latency = latency
        self._is_broken = is_broken
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0:
            return
        head = bytes(self._received[:end])
        length = _LENGTH.search(head)
        size = end + len(_HEAD_END) + (int(length.group(1)) if length else 0)
        if len(self._received) < size:
            return
        body = bytes(self._received[end + len(_HEAD_END) : size])
        del self._received[:size]
        reply = _BROKEN if self._is_broken else reply_to(head.split(b" ", 2)[1], body, is_whole=True)
        closes = _CLOSES.search(head) is not None
        asyncio.get_running_loop().call_later(self._latency, partial(self._answer, reply, closes=closes))

    def _answer(self, reply: bytes, *, closes: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)
            if closes:
                self._transport.close()


def reply_to(path: bytes, body: bytes, *, is_whole: bool = False) -> bytes:
    """What the endpoint answers to a call.

    Args:
        path: Of the call.
        body: What it sent, or the beginning of it.
        is_whole: Whether that is all, so that a hash can be given.
    """
    match path.rpartition(b"/")[2]:
        case b"upload":
            number = _found(_FORM_ID, body)
            facts = b"<reportId>%b</reportId><fileId>file%b</fileId>" % (number, number)
            if is_whole:
                digest = hashlib.md5(_file_in(body), usedforsecurity=False).hexdigest().encode()
                facts += b"<hash>%b</hash>" % digest
        case b"fileinfo":
            number = _found(_XML_ID, body)
            facts = b"<reportId>%b</reportId><fileId>file%b</fileId>" % (number, number)
        case b"finish":
            number = _found(_FORM_ID, body)
            return _done(b"<reportId>%b</reportId><files><fileId>file%b</fileId></files>" % (number, number))
        case b"submit":
            facts = b"<reportId>%d</reportId>" % next(_NUMBERS)
        case _:
            facts = b""
    words = b"<responseCode>0</responseCode><responseDescription>Success</responseDescription>"
    return _http(b"<reportResponse>" + words + facts + b"</reportResponse>")


def _done(facts: bytes) -> bytes:
    return _http(b"<reportDoneResponse><responseCode>0</responseCode>" + facts + b"</reportDoneResponse>")


def _http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _file_in(body: bytes) -> bytes:
    """The bytes of the last part of a multipart body."""
    boundary = body.split(b"\r\n", 1)[0]
    content = body[body.index(b'name="file"') :].partition(_HEAD_END)[2]
    return content[: content.rindex(b"\r\n" + boundary)]


def _found(pattern: re.Pattern[bytes], body: bytes) -> bytes:
    found = pattern.search(body)
    assert found is not None
    return found.group(1)


async def _serve(latency: float, *, is_broken: bool) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency, is_broken=is_broken), "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ispws", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), is_broken="--broken" in sys.argv))
