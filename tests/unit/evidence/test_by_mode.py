"""What is only referred to: nothing of it is copied, and it is proven again where it lies, like a copy in the store."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.at_rest import key_of
from tests.unit.evidence.copies import files
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.envelope.payload import content_digest
from tipline_client.errors import EnvelopeError, EvidenceError, EvidenceUnavailableError
from tipline_client.evidence import CHUNK, Evidence, EvidenceByMode, EvidenceFolder, StoredEvidence


def manifest(stored: StoredEvidence) -> ManifestItem:
    return ManifestItem(
        0, "mug.jpg", stored.size, stored.md5, stored.sha1, stored.sha256, stored.locator, {}, stored.reference
    )


async def drain(store: EvidenceByMode, item: ManifestItem, into: Callable[[bytes], object]) -> None:
    async for chunk in store.open_verified(item, key=key_of("e1")):
        into(chunk)


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.fixture
def by_mode(store: EvidenceFolder) -> EvidenceByMode:
    return EvidenceByMode(store)


async def referred(by_mode: EvidenceByMode, path: Path, data: bytes) -> ManifestItem:
    await anyio.Path(path).write_bytes(data)
    return manifest(await by_mode.add(Evidence.from_path(path, mode="reference"), key=key_of("e1"), index=0))


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 64 * CHUNK, 65 * CHUNK + 3])
async def test_file_that_is_referred_to(
    by_mode: EvidenceByMode, store: EvidenceFolder, tmp_path: Path, size: int
) -> None:
    """At each boundary of chunks and slices its bytes come back from where they lie, and nothing was copied."""
    data = os.urandom(size)
    given: list[bytes] = []

    item = await referred(by_mode, tmp_path / "mug.jpg", data)
    await by_mode.check(item)
    await drain(by_mode, item, given.append)

    assert data == b"".join(given)
    assert max(map(len, given)) <= CHUNK
    assert str(tmp_path / "mug.jpg") == item.reference
    assert not store.root.exists()


async def test_copy_among_references(by_mode: EvidenceByMode, store: EvidenceFolder, tmp_path: Path) -> None:
    """A copy goes to the store and comes from it; what is referred to is told apart by its item alone."""
    item = manifest(await by_mode.add(Evidence.from_bytes(b"a cup", name="x"), key=key_of("e1"), index=0))
    given: list[bytes] = []

    await by_mode.check(item)
    await drain(by_mode, item, given.append)

    assert (b"a cup", None, ["e1/0.bin"]) == (b"".join(given), item.reference, files(store))
    assert ["e1"] == [holding.entry_id async for holding in by_mode.holdings()]
    await by_mode.discard("e1")
    assert [] == files(store)


async def test_path_that_is_relative(by_mode: EvidenceByMode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed is where it lies from everywhere, since a dispatcher has another current folder."""
    monkeypatch.chdir(tmp_path)

    item = await referred(by_mode, Path("mug.jpg"), b"a coffee mug")

    assert str(tmp_path / "mug.jpg") == item.reference


@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (Path.unlink, "cannot be opened: No such file or directory"),
        (lambda path: os.truncate(path, 3), "has 3 bytes, 1048576 were sealed"),
        (lambda path: path.write_bytes(bytes(2 * CHUNK + 1)), "has 1048577 bytes, 1048576 were sealed"),
        (_make_folder, "is a folder"),
        (_make_pipe, "is not a regular file"),
    ],
)
async def test_reference_to_what_is_gone(
    by_mode: EvidenceByMode, tmp_path: Path, happen: Callable[[Path], object], words: str
) -> None:
    """Missing, or of another size or kind: refused by the look before, and by the reading before its first byte."""
    path = tmp_path / "mug.jpg"
    item = await referred(by_mode, path, bytes(2 * CHUNK))
    happen(path)
    given: list[bytes] = []

    with pytest.raises(EvidenceError) as looked:
        await by_mode.check(item)
    with pytest.raises(EvidenceError) as read:
        await drain(by_mode, item, given.append)

    assert f"evidence[0] ('{path}') {words}" == str(looked.value) == str(read.value)
    assert [] == given


async def test_reference_to_other_bytes(by_mode: EvidenceByMode, tmp_path: Path) -> None:
    """Bytes of the same number that are not those sealed are refused before the last of them leaves."""
    path = tmp_path / "mug.jpg"
    item = await referred(by_mode, path, bytes(3 * CHUNK))
    path.write_bytes(bytes(3 * CHUNK - 1) + b"x")
    given: list[bytes] = []

    with pytest.raises(EvidenceError, match="is not the bytes that were sealed"):
        await drain(by_mode, item, given.append)

    assert sum(map(len, given)) < 3 * CHUNK


async def test_reference_that_grows_while_it_is_sent(by_mode: EvidenceByMode, tmp_path: Path) -> None:
    """A file that grows after it was opened is refused before its last chunk."""
    path = tmp_path / "mug.jpg"
    item = await referred(by_mode, path, bytes(3 * CHUNK))
    given: list[int] = []

    def grow(chunk: bytes) -> None:
        given.append(len(chunk))
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(EvidenceError, match="is longer than what was sealed"):
        await drain(by_mode, item, grow)

    assert sum(given) < 3 * CHUNK


async def test_reader_that_leaves_early(by_mode: EvidenceByMode, tmp_path: Path) -> None:
    """A reader that stops after the first chunk lets the file go."""
    item = await referred(by_mode, tmp_path / "mug.jpg", bytes(5 * CHUNK))
    before = open_files()

    chunks = by_mode.open_verified(item, key=key_of("e1"))
    await anext(chunks)
    await chunks.aclose()

    assert before == open_files()


async def test_object_without_the_extra(by_mode: EvidenceByMode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that cannot ask the store knows nothing of the object, and does not take it for lost."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    item = ManifestItem(0, "x", 3, "a" * 32, "b" * 40, "c" * 64, "referred-to", {}, "s3://desk/mug.jpg")

    with pytest.raises(EvidenceUnavailableError, match="obstore is not installed"):
        await by_mode.check(item)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Evidence.from_bytes(b"mug", name="m", mode="reference"),
        lambda: Evidence.from_url("s3://desk/mug.jpg", store=object(), mode="reference"),  # type: ignore[arg-type]
        lambda: Evidence.from_path("mug.jpg", mode="refer"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_referred_to(make: Callable[[], Evidence]) -> None:
    """Bytes, a store that only the caller has, and unknown modes are refused when the evidence is made."""
    with pytest.raises((EvidenceError, TypeError, ValueError), match=r"mode|referred"):
        make()


def item_with(reference: Any) -> ManifestItem:
    return ManifestItem(0, "x", 3, "a" * 32, "b" * 40, "c" * 64, "referred-to", {}, reference)


@pytest.mark.parametrize("reference", ["/srv/mug.jpg", "/srv/mug \udcff\n.jpg", "s3://desk/a%20b.jpg", "az://c/k"])
def test_reference_in_a_manifest(reference: str) -> None:
    """It is signed and comes back; without one, the item is what it was before there were references."""
    assert item_with(reference) == ManifestItem.from_json(item_with(reference).to_json(), index=0)
    assert "reference" not in item_with(None).to_json()
    assert content_digest({}, [item_with(reference)]) == content_digest({}, [item_with(None)])


@pytest.mark.parametrize(
    "reference",
    ["", "mug.jpg", "/nul\x00", "s3://u:p@desk/k", "s3://desk/k?q=1", "s3://desk/", "https://example.com/k"],
)
def test_reference_out_of_its_form(reference: str) -> None:
    """Anything else is refused by the member's name."""
    with pytest.raises(EnvelopeError, match=r"^manifest\[0\]: reference out of range$"):
        item_with(reference)
