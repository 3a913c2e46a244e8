"""Evidence from an open file: from where it stands, left open, rewound or refused, and never taken for empty."""

import gzip
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import item_for, read
from tests.unit.evidence.copies import files
from tests.unit.evidence.test_digests import expected_sums
from tests.unit.evidence.test_reading import rewrite_unseen
from tipline_client.errors import EvidenceError
from tipline_client.evidence import CHUNK, Evidence, EvidenceFolder, digest

MUG = b"one coffee mug, in bytes " * 50_000
Open = Callable[[Path], BinaryIO]


def on_disk(path: Path) -> BinaryIO:
    path.write_bytes(MUG)
    return path.open("rb")


def unbuffered(path: Path) -> BinaryIO:
    path.write_bytes(MUG)
    return cast("BinaryIO", io.FileIO(path, "rb"))


def compressed(path: Path) -> BinaryIO:
    path.write_bytes(gzip.compress(MUG))
    return cast("BinaryIO", gzip.open(path, "rb"))


def spooled(path: Path) -> BinaryIO:
    file = tempfile.SpooledTemporaryFile(dir=str(path.parent))  # noqa: SIM115 - the test closes it
    file.write(MUG)
    file.seek(0)
    return cast("BinaryIO", file)


def in_memory(path: Path) -> BinaryIO:
    return io.BytesIO(MUG)


@pytest.mark.parametrize("opened", [on_disk, unbuffered, compressed, spooled, in_memory])
async def test_open_file_is_copied_and_left_open(store: EvidenceFolder, tmp_path: Path, opened: Open) -> None:
    """Whatever kind of file it is, the copy has its bytes, and closing stays with the caller; twice gives the same."""
    with opened(tmp_path / "mug") as file:
        source = Evidence.from_file(file, name="mug.jpg")

        stored = await store.add(source, key=key_of("e1"), index=0)
        again = await digest(source, index=0)

        assert not file.closed
    assert MUG == await read(store, item_for(stored))
    assert expected_sums(MUG) == again
    assert ("file", False) == (source.kind, source.is_spent)


@pytest.mark.parametrize("opened", [on_disk, unbuffered, compressed, spooled, in_memory])
async def test_open_file_that_stands_in_its_middle(tmp_path: Path, opened: Open) -> None:
    """It is read from where it stood when it was named, at each reading."""
    with opened(tmp_path / "mug") as file:
        file.seek(25)
        source = Evidence.from_file(file, name="mug.jpg")
        file.seek(3)

        sums = [await digest(source, index=0) for _ in range(2)]

    assert [expected_sums(MUG[25:])] * 2 == sums


async def test_file_with_unwritten_bytes(tmp_path: Path) -> None:
    """What the caller wrote and did not flush yet is part of the file."""
    with (tmp_path / "mug").open("w+b") as file:
        file.write(MUG)
        file.seek(0)
        file.write(b"ONE")
        file.seek(0)

        digests = await digest(Evidence.from_file(file, name="mug.jpg"), index=0)

    assert expected_sums(b"ONE" + MUG[3:]) == digests


def pipe_with(data: bytes) -> BinaryIO:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return os.fdopen(reading, "rb")


async def test_pipe_is_read_once(store: EvidenceFolder) -> None:
    """What cannot be rewound is read once; a second reading is refused by its reason and never taken for empty."""
    with pipe_with(b"a coffee mug") as file:
        source = Evidence.from_file(file, name="mug.jpg")
        stored = await store.add(source, key=key_of("e1"), index=0)

        with pytest.raises(EvidenceError, match="was read already, and cannot be read again") as refused:
            await digest(source, index=0)

    assert b"a coffee mug" == await read(store, item_for(stored))
    assert source.is_spent
    assert "anew" in refused.value.hint


@pytest.mark.parametrize("opened", [on_disk, in_memory])
async def test_open_file_at_its_end(store: EvidenceFolder, tmp_path: Path, opened: Open) -> None:
    """A file that was read to its end before has nothing left, and is refused as empty."""
    with opened(tmp_path / "mug") as file:
        file.seek(0, os.SEEK_END)

        with pytest.raises(EvidenceError, match=r"^evidence\[0\] \(open file\) is empty$"):
            await store.add(Evidence.from_file(file, name="mug.jpg"), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_empty_pipe(store: EvidenceFolder) -> None:
    """A pipe without a byte is refused as empty."""
    with pipe_with(b"") as file, pytest.raises(EvidenceError, match="is empty"):
        await store.add(Evidence.from_file(file, name="mug.jpg"), key=key_of("e1"), index=0)

    assert [] == files(store)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


class Disturbed(io.FileIO):
    """A file with which something happens once, after its first chunk."""

    def __init__(self, path: Path, happen: Callable[[Path], None]) -> None:
        super().__init__(path)
        self._path = path
        self._pending = [happen]

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size) or b""
        while self._pending:
            self._pending.pop()(self._path)
        return chunk


@pytest.mark.parametrize(("happen", "word"), [(grow, "grew"), (rewrite_unseen, "changed")])
async def test_open_file_that_changes(
    store: EvidenceFolder, tmp_path: Path, happen: Callable[[Path], None], word: str
) -> None:
    """A file of the disk that grows or is rewritten under the copy is refused, as by its path."""
    path = tmp_path / "mug"
    path.write_bytes(bytes(3 * CHUNK))

    with Disturbed(path, happen) as file, pytest.raises(EvidenceError, match=f"{word} while it was read"):
        await store.add(Evidence.from_file(cast("BinaryIO", file), name="mug.jpg"), key=key_of("e1"), index=0)

    assert [] == files(store)


def test_text_file(tmp_path: Path) -> None:
    """A file that gives text is refused when it is named, with the mode to open it in."""
    (tmp_path / "mug.txt").write_text("a coffee mug", encoding="utf-8")

    with (tmp_path / "mug.txt").open(encoding="utf-8") as file, pytest.raises(EvidenceError, match="text") as refused:
        Evidence.from_file(file, name="mug.txt")  # type: ignore[arg-type] # the situation

    assert "'rb'" in refused.value.hint


def test_closed_file(tmp_path: Path) -> None:
    """A file that is closed already is refused when it is named."""
    file = on_disk(tmp_path / "mug")
    file.close()

    with pytest.raises(EvidenceError, match="closed"):
        Evidence.from_file(file, name="mug.jpg")


@pytest.mark.parametrize("thing", [b"a coffee mug", "mug.jpg", Path("mug.jpg"), None, [b"mug"]])
def test_something_that_is_no_file(thing: Any) -> None:
    """Bytes and paths are led to where they belong."""
    with pytest.raises(EvidenceError, match="not an open binary file") as refused:
        Evidence.from_file(thing, name="mug.jpg")

    assert "from_bytes" in refused.value.hint


class Odd:
    """A file of somebody else's making."""

    def __init__(self, answer: Callable[[], object]) -> None:
        self._answer = answer

    def read(self, _: int) -> object:
        return self._answer()


def fail(error: Exception) -> Callable[[], object]:
    def answer() -> object:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: "planted", "gives str, not bytes"),
        (lambda: None, "has nothing to read yet, and does not wait"),
        (fail(ValueError("planted")), "cannot be read: it is closed"),
        (fail(io.UnsupportedOperation("planted")), "cannot be read: UnsupportedOperation"),
        (fail(KeyError("planted")), "cannot be read: KeyError"),
        (fail(OSError(5, "Input/output error")), "cannot be read: Input/output error"),
    ],
)
async def test_file_of_an_odd_kind(store: EvidenceFolder, answer: Callable[[], object], words: str) -> None:
    """Whatever a file of the caller's gives or raises, the error is ours, names the place, and repeats no word."""
    source = Evidence.from_file(cast("BinaryIO", Odd(answer)), name="mug.jpg")

    with pytest.raises(EvidenceError) as refused:
        await store.add(source, key=key_of("e1"), index=2)

    assert f"evidence[2] (open file) {words}" == str(refused.value)
    assert refused.value.__cause__ is None
    assert [] == files(store)


async def test_file_that_gives_little_at_a_time() -> None:
    """Short reads, and buffers that are no `bytes`, add up like any others."""
    pieces = [bytearray(b"a cof"), memoryview(b"fee m"), b"ug", b""]
    source = Evidence.from_file(cast("BinaryIO", Odd(lambda: pieces.pop(0))), name="mug.jpg")

    assert expected_sums(b"a coffee mug") == await digest(source, index=0)


def test_open_file_as_a_file(tmp_path: Path) -> None:
    """`Evidence.open` lends the file: closing what it gives leaves the caller's open."""
    with on_disk(tmp_path / "mug") as file:
        source = Evidence.from_file(file, name="mug.jpg")
        with source.open() as lent:
            content = lent.read()

        assert not file.closed
    assert MUG == content
