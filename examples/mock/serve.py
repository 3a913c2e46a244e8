"""Runs `tipline mock` in a container, where a published port does not lead to loopback.

The mock endpoint listens on loopback and nowhere else. So this program listens at the container's own address, and
hands every byte on to it; the arguments go to `tipline mock`, which ends with this program, however that ends. With
`--check` it only says, by its exit code, whether calls are answered.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

PORT = int(os.environ.get("MOCK_PORT", "8765"))
LOOPBACK = "127.0.0.1"
CHUNK = 65_536
LEASH = (sys.executable, str(Path(__file__).parent.with_name("until_parent_ends.py")))


def own_address() -> str:
    """Where the container is reached; it can be set where the container shares the network of its host."""
    return os.environ.get("MOCK_ADDRESS") or socket.gethostbyname(socket.gethostname())


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, and the end of it."""
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection until the mock endpoint ends it, as it may do in the middle of an answer."""
    try:
        there, back = await asyncio.open_connection(LOOPBACK, PORT)
    except OSError:
        writer.transport.abort()
        return
    sending = asyncio.create_task(copy(reader, back))
    await copy(there, writer)
    sending.cancel()
    for end in (back, writer):
        end.close()
        with suppress(ConnectionError):
            await end.wait_closed()


async def main() -> int:
    """Run both until the mock endpoint ends."""
    # Not by the name alone: in a virtual environment that is not activated it stands beside the interpreter.
    program = shutil.which("tipline", path=Path(sys.executable).parent) or "tipline"
    command = (program, "mock", "--port", str(PORT), *sys.argv[1:])
    # Nobody writes into the pipe: its end tells that this program is gone, also by a SIGKILL.
    mock = await asyncio.create_subprocess_exec(*LEASH, *command, stdin=asyncio.subprocess.PIPE)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, mock.terminate)
    address = own_address()
    if address == LOOPBACK:  # Nothing is between: a second listener would take the port of the mock endpoint.
        return await mock.wait()
    async with await asyncio.start_server(connect, address, PORT):
        return await mock.wait()


def check() -> int:
    """0 when the mock endpoint answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{LOOPBACK}:{PORT}/_mock/ready", timeout=2) as answer:
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1:] == ["--check"] else asyncio.run(main()))
