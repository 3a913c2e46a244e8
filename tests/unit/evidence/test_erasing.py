"""The copies of an entry erased: all of them, durably, once or twice, and nobody else's."""

import os
from pathlib import Path

import pytest

from tests.support.at_rest import key_of
from tipline_client._whole_file import sync_folder
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence import Evidence, EvidenceFolder
from tipline_client.evidence import folder as folder_module


async def _stored(root: Path, *ids: str) -> EvidenceFolder:
    store = EvidenceFolder(root)
    for entry_id in ids:
        for index in range(2):
            source = Evidence.from_bytes(b"one coffee mug", name="mug.bin")
            await store.add(source, key=key_of(entry_id), index=index)
    return store


def _names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


async def test_erased(tmp_path: Path) -> None:
    """Finished copies and drafts of the entry are gone, and another's stay."""
    store = await _stored(tmp_path, "e1", "e2")
    (tmp_path / "e1" / "2.part").write_bytes(b"half")

    assert 3 == await store.erase("e1")

    assert ["e2", "e2/0.bin", "e2/1.bin"] == _names(tmp_path)


async def test_erased_again(tmp_path: Path) -> None:
    """A second time there is nothing to do; so it is for an entry without copies, and without any folder."""
    store = await _stored(tmp_path, "e1")
    await store.erase("e1")

    assert [0, 0, 0] == [
        await store.erase("e1"),
        await store.erase("never"),
        await EvidenceFolder(tmp_path / "none").erase("e1"),
    ]


async def test_erased_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that lost the copies and the one that lost the folder are both synchronised."""
    store = await _stored(tmp_path, "e1")
    synchronised: list[Path] = []

    def watched(folder: Path) -> None:
        synchronised.append(folder)
        sync_folder(folder)

    monkeypatch.setattr(folder_module, "sync_folder", watched)

    await store.erase("e1")

    assert [tmp_path / "e1", tmp_path] == synchronised


async def test_erasing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that cannot be removed is said; the next time it is removed."""
    store = await _stored(tmp_path, "e1")

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, os.strerror(13))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        with pytest.raises(OutboxUnavailableError):
            await store.erase("e1")

    assert 2 == await store.erase("e1")
