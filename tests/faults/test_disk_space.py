"""A disk that fills: what is new is refused while there is room, and what is queued is delivered to the last."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, Evidence
from tipline_client.client import Options
from tipline_client.delivery.states import State
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import MockEndpoint

MEBIBYTE = 1024 * 1024
OPTIONS = Options(keep_free=6 * MEBIBYTE)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 24 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("NO SMALL DISK CAN BE MOUNTED HERE: room is tried with a disk that is only said to be full")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.fixture
async def client(disk: Path, shared_endpoint: MockEndpoint) -> AsyncIterator[AsyncTiplineClient]:
    shared_endpoint.reset()
    async with AsyncTiplineClient.open(disk / "home", profile=shared_endpoint.profile, options=OPTIONS) as client:
        yield client


def left(disk: Path) -> list[str]:
    return sorted(path.parent.name for path in (disk / "home" / "evidence").rglob("*") if path.is_file())


async def fill(client: AsyncTiplineClient, *, size: int) -> tuple[list[str], str]:
    """Queue reports with a file of this size, or with none, until one is refused: their ids, and the refusal."""
    queued: list[str] = []
    while True:
        evidence = [Evidence.from_bytes(os.urandom(size), name="mug.bin")] if size else []
        try:
            entry = await client.enqueue(sample_report(f"{size} {len(queued)}"), evidence=evidence)
        except OutboxUnavailableError as error:
            return queued, str(error)
        queued.append(entry.id)


async def test_disk_that_fills(client: AsyncTiplineClient, disk: Path, shared_endpoint: MockEndpoint) -> None:
    """Reports are queued until the kept part is reached; then each is refused by that reason, and all are delivered."""
    with_files, refused = await fill(client, size=2 * MEBIBYTE)
    without, refused_without = await fill(client, size=0)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize

    for entry_id in (*with_files, *without):
        await client.deliver(entry_id)

    assert len(with_files) >= 4
    assert "are kept for what is queued already; nothing was queued" in refused
    assert refused_without.startswith("the entry needs")
    assert free >= OPTIONS.keep_free - MEBIBYTE
    assert {State.ACKNOWLEDGED} == {entry.state for entry in await client.outbox.list_entries()}
    assert len(with_files) + len(without) == shared_endpoint.summary()["finished"]


async def test_stream_that_fills_the_disk(client: AsyncTiplineClient, disk: Path) -> None:
    """A stream of unknown length is refused in mid-copy, leaves nothing, and does not touch the kept part."""
    waiting = await client.enqueue(sample_report("before"), evidence=[Evidence.from_bytes(b"mug", name="mug.txt")])
    least = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            least.append(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize)
            yield os.urandom(MEBIBYTE)

    with pytest.raises(OutboxUnavailableError, match="nothing was queued"):
        await client.enqueue(sample_report("stream"), evidence=[Evidence.from_stream(endless(), name="x")])

    assert [waiting.id] == left(disk)
    assert min(least) >= OPTIONS.keep_free
    assert 1 < len(least) < 24
    await client.deliver(waiting.id)


async def test_files_that_do_not_fit(client: AsyncTiplineClient, disk: Path) -> None:
    """Files of known size are refused before one of them is copied, with what is needed and what is free."""
    fits = Evidence.from_bytes(bytes(10 * MEBIBYTE), name="a.bin")
    too_much = Evidence.from_bytes(bytes(9 * MEBIBYTE), name="b.bin")

    with pytest.raises(OutboxUnavailableError, match=r"2 file\(s\), needs 199\d{5} bytes; \d+ are free"):
        await client.enqueue(sample_report("two"), evidence=[fits, too_much])

    assert [] == left(disk)
    assert [] == await client.outbox.list_entries()
