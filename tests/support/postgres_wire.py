"""A wire to PostgreSQL that a test can cut: before a request arrives, or after it was carried out and not yet answered.

It passes bytes on and looks for words in them; it knows nothing else of the protocol.
"""

import contextlib
import socket
import threading
from pathlib import Path


class Wire:
    """Listens where a server would, and passes everything on to the real one.

    Args:
        folder: Where its socket is made; short enough for a socket's name.
        server: Folder of the real server's socket.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self._server = server / ".s.PGSQL.5432"
        self._gate = threading.Lock()
        self._lost_request = self._lost_reply = b""
        self._open: list[socket.socket] = []
        self.lost = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def lose_request(self, word: bytes) -> None:
        """The next request with this word in it does not arrive; its connection ends."""
        self._lost_request = word

    def lose_reply(self, word: bytes) -> None:
        """The next request with this word in it is carried out, and its connection ends in place of the answer."""
        self._lost_reply = word

    def close(self) -> None:
        """End everything."""
        # A blocked accept is woken by the shutdown, not by the close.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        # Until it is done nobody knows of a connection that it is just taking.
        self._accepting.join()
        self._listening.close()
        for one in self._open:
            _end(one)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._open.append(client)
                server = socket.socket(socket.AF_UNIX)
                self._open.append(server)
                server.connect(str(self._server))
                is_doomed = threading.Event()
                for work in (self._ask, self._answer):
                    threading.Thread(target=work, args=(client, server, is_doomed), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, is_doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (data := client.recv(1 << 16)) and not self._is_lost(data, is_doomed):
                server.sendall(data)
        _end(client)
        _end(server)

    def _answer(self, client: socket.socket, server: socket.socket, is_doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (data := server.recv(1 << 16)) and not is_doomed.is_set():
                client.sendall(data)
        _end(client)
        _end(server)

    def _is_lost(self, data: bytes, is_doomed: threading.Event) -> bool:
        with self._gate:
            if self._lost_request and self._lost_request in data:
                self._lost_request = b""
                self.lost += 1
                return True
            if self._lost_reply and self._lost_reply in data:
                self._lost_reply = b""
                self.lost += 1
                is_doomed.set()
            return False


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
