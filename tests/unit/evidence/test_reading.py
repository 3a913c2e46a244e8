"""A source that is only digested: the same sums and the same refusals as of a copy, in the same words."""

import errno
import io
import os
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import anyio
import pytest

from tests.support.at_rest import key_of
from tests.unit.evidence.copies import files
from tipline_client.errors import EvidenceError
from tipline_client.evidence import CHUNK, Digests, Evidence, EvidenceFolder, Origin, digest
from tipline_client.evidence.origins import PathOrigin
from tipline_client.models.file_details import EvidenceDetails

SIZE = 4 * CHUNK
Pass = Callable[[Evidence], Awaitable[Digests]]


@pytest.fixture(params=["digest", "copy"])
def one_pass(request: pytest.FixtureRequest, store: EvidenceFolder) -> Pass:
    """Each of the two passes over one source, as file 1 of a submission."""

    async def copy(source: Evidence) -> Digests:
        stored = await store.add(source, key=key_of("e1"), index=1)
        return Digests(stored.size, stored.md5, stored.sha1, stored.sha256)

    return copy if request.param == "copy" else lambda source: digest(source, index=1)


@dataclass(frozen=True)
class Disturbed:
    """A real path, with which something happens once, after its first chunk was read."""

    path: Path
    happen: Callable[[], None]
    real: Origin
    opened: list[BinaryIO] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    kind = "path"
    label = "'mug.jpg'"

    def open(self) -> BinaryIO:
        reads, happen = self.reads, self.happen

        class File(io.FileIO):
            def read(self, size: int | None = -1, /) -> bytes:
                chunk = super().read(size) or b""
                reads.append(len(chunk))
                if len(reads) == 1:
                    happen()
                return chunk

        self.opened.append(File(self.path, "rb"))
        return self.opened[-1]

    def fingerprint(self, file: BinaryIO) -> tuple[int, ...]:
        return self.real.fingerprint(file)


def disturbed(path: Path, happen: Callable[[], None], *, size: int = SIZE) -> Evidence:
    with path.open("wb") as file:
        file.truncate(size)
    real = PathOrigin(str(path))
    return Evidence(Disturbed(path, happen, real), name="mug.jpg", details=EvidenceDetails())


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 3, 65 * CHUNK])
async def test_same_sums_as_a_copy(store: EvidenceFolder, tmp_path: Path, size: int) -> None:
    """At each boundary of chunks and slices, digesting finds what copying finds, and writes nothing."""
    path = tmp_path / "mug.jpg"
    path.write_bytes(os.urandom(size))

    digests = await digest(Evidence.from_path(path), index=0)

    assert not store.root.exists()
    stored = await store.add(Evidence.from_path(path), key=key_of("e1"), index=0)
    assert (size, stored.md5, stored.sha1, stored.sha256) == (
        digests.size,
        digests.md5,
        digests.sha1,
        digests.sha256,
    )


async def _refusal(one_pass: Pass, source: Evidence) -> str:
    with pytest.raises(EvidenceError) as refused:
        await one_pass(source)
    return str(refused.value)


async def test_file_that_cannot_be_taken(one_pass: Pass, store: EvidenceFolder, tmp_path: Path) -> None:
    """Missing, empty, a folder, a pipe, a device: refused by place and path, and nothing is made, not even a folder."""
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")

    said = [
        await _refusal(one_pass, Evidence.from_path(path))
        for path in ("gone\n.jpg", tmp_path / "empty", tmp_path, tmp_path / "pipe", "/dev/zero")
    ]

    assert [
        r"evidence[1] ('gone\n.jpg') cannot be opened: No such file or directory",
        f"evidence[1] ('{tmp_path}/empty') is empty",
        f"evidence[1] ('{tmp_path}') is a folder",
        f"evidence[1] ('{tmp_path}/pipe') is not a regular file",
        "evidence[1] ('/dev/zero') is not a regular file",
    ] == said
    assert not store.root.exists()


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _rewrite(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def rewrite_unseen(path: Path) -> None:
    """Write other bytes of the same number and set the time back, until the system's own clock has moved."""
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        with path.open("r+b") as file:
            file.write(b"other")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(bytes(SIZE))
    other.replace(path)


def _break(path: Path) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (_grow, "grew while it was read"),
        (lambda path: os.truncate(path, CHUNK), "shrank while it was read"),
        (_rewrite, "changed while it was read"),
        (rewrite_unseen, "changed while it was read"),
        (_replace, "was replaced while it was read"),
        (Path.unlink, "vanished while it was read: No such file or directory"),
        (_break, "cannot be read: Input/output error"),
    ],
)
async def test_file_that_changes_while_it_is_read(
    one_pass: Pass, store: EvidenceFolder, tmp_path: Path, happen: Callable[[Path], None], words: str
) -> None:
    """Whatever befalls the file under either pass is said in the same words, and no copy is left."""
    path = tmp_path / "mug.jpg"

    said = await _refusal(one_pass, disturbed(path, lambda: happen(path)))

    assert f"evidence[1] ('mug.jpg') {words}" == said
    assert [] == files(store)


async def test_rights_and_names_between_two_readings(store: EvidenceFolder, tmp_path: Path) -> None:
    """Other rights and another name are no other bytes: what was digested is copied later, with the same sums."""
    path = tmp_path / "mug.jpg"
    path.write_bytes(b"one coffee mug")
    source = Evidence.from_path(path)
    digests = await digest(source, index=0)

    path.chmod(0o400)
    path.with_name("cup.jpg").hardlink_to(path)
    os.utime(path, ns=(1, 1))
    stored = await store.add(source, key=key_of("e1"), index=0)

    assert digests == Digests(stored.size, stored.md5, stored.sha1, stored.sha256)


async def test_caller_gives_up_between_slices(one_pass: Pass, store: EvidenceFolder, tmp_path: Path) -> None:
    """Cancelled in the first slice, neither pass begins a second one; the file is let go, and no copy is left."""
    slices = 3
    source = disturbed(tmp_path / "mug.jpg", lambda: anyio.from_thread.run_sync(scope.cancel), size=slices * 64 * CHUNK)

    with anyio.CancelScope() as scope:
        await one_pass(source)

    assert scope.cancelled_caught
    assert isinstance(source.origin, Disturbed)
    [file] = source.origin.opened
    assert (True, 16) == (file.closed, source.origin.reads.count(CHUNK))
    assert [] == files(store)


async def test_large_file_is_digested_in_constant_memory(tmp_path: Path) -> None:
    """A file of 64 MiB is digested with a few chunks in memory."""
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()

    try:
        digests = await digest(Evidence.from_path(path), index=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert 64 * 1024 * 1024 == digests.size
    assert peak < 8 * 1024 * 1024
