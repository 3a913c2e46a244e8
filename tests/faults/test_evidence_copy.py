"""What befalls a copy under way: sources that change, disks that fill, processes that die. Nothing half ever passes."""

import asyncio
import errno
import io
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import anyio
import pytest

from tests.support.at_rest import key_of
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence import copying
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.origins import Origin, PathOrigin
from tipline_client.evidence.source import Evidence
from tipline_client.models.file_details import EvidenceDetails

SIZE = 4 * CHUNK


@pytest.fixture
def store(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "home" / "evidence")


def files(store: EvidenceFolder) -> list[str]:
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())


class Interrupted(io.FileIO):
    """A file in which something happens once, after its first chunk was read."""

    def __init__(self, path: Path, happen: Callable[[], None]) -> None:
        super().__init__(path, "rb")
        self.events = [happen]

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size) or b""
        if self.events:
            self.events.pop()()
        return chunk


@dataclass(frozen=True)
class InterruptedOrigin:
    """A real path, read through `Interrupted`."""

    path: Path
    happen: Callable[[], None]
    real: Origin
    kind = "path"
    label = "'mug.jpg'"

    def open(self) -> BinaryIO:
        return Interrupted(self.path, self.happen)

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:
        return self.real.fingerprint(file)


def interrupted(path: Path, happen: Callable[[], None]) -> Evidence:
    path.write_bytes(os.urandom(SIZE))
    real = PathOrigin(str(path))
    return Evidence(InterruptedOrigin(path, happen, real), name="mug.jpg", details=EvidenceDetails())


async def test_file_grows_while_it_is_read(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file that grows under the copy is refused by name."""
    path = tmp_path / "mug.jpg"

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(EvidenceError, match=r"^evidence\[1\] \('mug\.jpg'\) grew while it was read$"):
        await store.add(interrupted(path, grow), key=key_of("e1"), index=1)

    assert [] == files(store)


async def test_file_shrinks_while_it_is_read(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file that is cut under the copy is refused."""
    path = tmp_path / "mug.jpg"

    with pytest.raises(EvidenceError, match="shrank while it was read"):
        await store.add(interrupted(path, lambda: os.truncate(path, CHUNK)), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_file_rewritten_while_it_is_read(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file of which half was read before and half after a change is refused, though its size is the same."""
    path = tmp_path / "mug.jpg"

    def rewrite() -> None:
        with path.open("r+b") as file:
            file.write(b"other")
        os.utime(path, ns=(1, 1))

    with pytest.raises(EvidenceError, match="changed while it was read"):
        await store.add(interrupted(path, rewrite), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_file_replaced_while_it_is_read(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file whose name goes to another file under the copy is refused."""
    path = tmp_path / "mug.jpg"

    def replace() -> None:
        (tmp_path / "new").write_bytes(bytes(SIZE))
        (tmp_path / "new").replace(path)

    with pytest.raises(EvidenceError, match="was replaced while it was read"):
        await store.add(interrupted(path, replace), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_file_deleted_while_it_is_read(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file that vanishes under the copy is refused."""
    path = tmp_path / "mug.jpg"

    with pytest.raises(EvidenceError, match="vanished while it was read"):
        await store.add(interrupted(path, path.unlink), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_file_that_cannot_be_read_to_its_end(store: EvidenceFolder, tmp_path: Path) -> None:
    """A disk that fails under the source is an error of that file."""

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(EvidenceError, match="cannot be read: Input/output error"):
        await store.add(interrupted(tmp_path / "mug.jpg", fail), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_caller_gives_up_in_mid_copy(store: EvidenceFolder, tmp_path: Path) -> None:
    """A cancelled copy leaves nothing behind."""
    path = tmp_path / "mug.jpg"
    source = interrupted(path, lambda: anyio.from_thread.run_sync(scope.cancel))
    os.truncate(path, 40 * 1024 * 1024)

    with anyio.CancelScope() as scope:
        await store.add(source, key=key_of("e1"), index=0)

    assert scope.cancelled_caught
    assert [] == files(store)


async def test_task_cancelled_while_a_thread_copies(store: EvidenceFolder, tmp_path: Path) -> None:
    """The copy ends no earlier than the thread, which would otherwise make anew what was cleaned up."""
    path = tmp_path / "mug.jpg"
    has_ended, loop = threading.Event(), asyncio.get_running_loop()
    ended_first: list[bool] = []

    def happen() -> None:
        loop.call_soon_threadsafe(adding.cancel)
        ended_first.append(has_ended.wait(0.2))

    source = interrupted(path, happen)
    os.truncate(path, 40 * 1024 * 1024)
    adding = asyncio.create_task(store.add(source, key=key_of("e1"), index=0))
    adding.add_done_callback(lambda _: has_ended.set())
    await asyncio.wait([adding])

    assert adding.cancelled()
    assert [False] == ended_first
    assert [] == files(store)


@pytest.mark.parametrize("step", ["fsync", "rename", "sync_folder"])
async def test_disk_full_at_the_end(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Wherever writing fails, the error says so, the source is not blamed, and no copy is left."""
    evidence = Evidence.from_bytes(b"mug", name="x")
    await store.add(evidence, key=key_of("e1"), index=0)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    owner: object = {"fsync": os, "rename": Path, "sync_folder": copying}[step]
    monkeypatch.setattr(owner, step, full)
    with pytest.raises(OutboxUnavailableError, match=r"evidence\[1\] \(bytes\) could not be written: No space left"):
        await store.add(evidence, key=key_of("e1"), index=1)

    assert ["0.bin"] == files(store)


async def test_copy_is_on_the_disk_before_it_has_its_name(
    store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole copy is synchronised while it is a draft, and its folder once it has its name."""
    done: list[tuple[str, int, int]] = []
    fsync, rename = os.fsync, Path.rename

    def watched_fsync(descriptor: int) -> None:
        about = os.fstat(descriptor)
        done.append(("folder" if stat.S_ISDIR(about.st_mode) else "file", about.st_ino, about.st_size))
        fsync(descriptor)

    def watched_rename(path: Path, target: Path) -> Path:
        done.append(("rename", path.stat().st_ino, path.stat().st_size))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "rename", watched_rename)
    await store.add(Evidence.from_bytes(b"mug" * CHUNK, name="x"), key=key_of("e1"), index=0)

    [copy] = [path for path in store.root.rglob("*") if path.is_file()]
    about, folder = copy.stat(), copy.parent.stat()
    assert ("file", about.st_ino, about.st_size) in done[: done.index(("rename", about.st_ino, about.st_size))]
    assert ("folder", folder.st_ino) == done[-1][:2]


CHILD = """
import asyncio, resource, signal, sys
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.source import Evidence
from tipline_client.vault import DataKey

root, path, limit = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    asyncio.run(EvidenceFolder(root).add(Evidence.from_path(path), key=DataKey(bytes(32), entry_id="e1"), index=0))
except OutboxUnavailableError as error:
    print(error)
"""


def test_disk_full_in_mid_copy(store: EvidenceFolder, tmp_path: Path) -> None:
    """A real limit of the operating system in the middle of a file: a clear error, and nothing is left."""
    path = tmp_path / "mug.jpg"
    path.write_bytes(bytes(SIZE))

    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(store.root), str(path), str(CHUNK + 7)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "could not be written: File too large; nothing was queued" in done.stdout
    assert [] == files(store)


KILLED = """
import asyncio, io, sys
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.source import Evidence
from tipline_client.models.file_details import EvidenceDetails
from tipline_client.vault import DataKey

class Stalling(io.BytesIO):
    def read(self, size=-1):
        if self.tell() >= 2 * 1024 * 1024:
            print("half", flush=True)
            sys.stdin.read()
        return super().read(size)

class Origin:
    kind, label = "bytes", "bytes"
    def open(self):
        return Stalling(bytes(4 * 1024 * 1024))
    def fingerprint(self, file):
        return (4 * 1024 * 1024,)

evidence = Evidence(Origin(), name="x", details=EvidenceDetails())
asyncio.run(EvidenceFolder(sys.argv[1]).add(evidence, key=DataKey(bytes(32), entry_id="e1"), index=0))
"""


def test_killed_in_mid_copy(store: EvidenceFolder) -> None:
    """A process killed with half a copy written leaves nothing that passes for one, and discarding clears it away."""
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert b"half\n" == child.stdout.readline()
        child.kill()
    item = ManifestItem(0, "x", 4 * 1024 * 1024, "a" * 32, "b" * 40, "c" * 64, "e1/0.bin", {})

    left = files(store)

    assert (-signal.SIGKILL, ["0.part"]) == (child.returncode, left)
    with pytest.raises(EvidenceError, match="No such file"):
        anyio.run(store.check, item)
    anyio.run(store.discard, "e1")
    assert [] == list(store.root.iterdir())
