"""An endpoint that takes uploads of any size as fast as they come and keeps nothing of them, for whoever uploads.

    python -m benchmarks.sink

It gives no hash of a file, which would cost it more than taking the file; a client that misses it raises an alarm and
files all the same.
"""

import re
import socket
from threading import Thread

from benchmarks.lean_endpoint import reply_to

__all__: list[str] = []

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_EXPECTS = re.compile(rb"expect: *100-continue", re.IGNORECASE)
_BUFFER = 1024 * 1024
_FIRST = 64 * 1024
"""Bytes of a body that are looked into."""


def _serve(connection: socket.socket) -> None:
    buffer = memoryview(bytearray(_BUFFER))
    with connection:
        received = b""
        while True:
            while _HEAD_END not in received:
                got = connection.recv(_FIRST)
                if not got:
                    return
                received += got
            head, _, first = received.partition(_HEAD_END)
            length = _LENGTH.search(head)
            size = int(length.group(1)) if length else 0
            if _EXPECTS.search(head):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            missing = size - len(first)
            while missing > 0:
                count = connection.recv_into(buffer, min(missing, _BUFFER))
                if not count:
                    return
                if len(first) < _FIRST:
                    first += bytes(buffer[: min(count, _FIRST)])
                missing -= count
            received = b""
            connection.sendall(reply_to(head.split(b" ", 2)[1], first))


def _main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(f"http://127.0.0.1:{server.getsockname()[1]}/ispws", flush=True)
        while True:
            connection, _ = server.accept()
            Thread(target=_serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    _main()
