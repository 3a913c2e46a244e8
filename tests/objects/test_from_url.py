"""Evidence read from a real S3-compatible store: whole, in constant memory, never from two versions of an object."""

import os
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import obstore
import pytest
from obstore.store import LocalStore, MemoryStore

from tests.support.at_rest import key_of
from tests.support.object_server import ObjectServer
from tests.support.shelves import item_for, read
from tests.unit.evidence.copies import files
from tests.unit.evidence.test_digests import expected_sums
from tipline_client.errors import EvidenceError
from tipline_client.evidence import Evidence, EvidenceFolder, digest
from tipline_client.evidence.streams import ByteStream, StreamOrigin
from tipline_client.models.file_details import EvidenceDetails

PIECE = 4 * 1024 * 1024


@dataclass
class Disturbed:
    """A real object, with which something happens once, after its first piece was read."""

    real: StreamOrigin
    happen: Callable[[], object]
    kind = "url"
    label = "'s3://desk/mug.jpg'"

    async def open_stream(self) -> ByteStream:
        real, happen = await self.real.open_stream(), self.happen

        class Stream:
            size = real.size
            is_begun = False

            async def read(self) -> bytes:
                piece = await real.read()
                if not self.is_begun:
                    self.is_begun = True
                    happen()
                return piece

            async def aclose(self) -> None:
                await real.aclose()

        return Stream()


def disturbed(url: str, happen: Callable[[], object]) -> Evidence:
    real = Evidence.from_url(url).origin
    assert isinstance(real, StreamOrigin)
    return Evidence(Disturbed(real, happen), name="mug.jpg", details=EvidenceDetails())


async def refusal(source: Evidence) -> str:
    with pytest.raises(EvidenceError) as refused:
        await digest(source, index=0)
    return str(refused.value)


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
async def test_object_is_copied(server: ObjectServer, store: EvidenceFolder, size: int) -> None:
    """At each boundary of pieces the copy has the object's bytes and digests, and its key's last part for a name."""
    data = os.urandom(size)
    source = Evidence.from_url(server.put("cases/4711/mug.jpg", data))

    stored = await store.add(source, key=key_of("e1"), index=0)

    sums = expected_sums(data)
    assert (sums.size, sums.md5, sums.sha1, sums.sha256) == (stored.size, stored.md5, stored.sha1, stored.sha256)
    assert data == await read(store, item_for(stored))
    assert ("url", "mug.jpg", False) == (source.kind, source.name, source.is_spent)


async def test_object_is_read_again(server: ObjectServer) -> None:
    """One evidence may be read twice: an object is still there."""
    source = Evidence.from_url(server.put("mug.jpg", b"a coffee mug"))

    assert await digest(source, index=0) == await digest(source, index=0)


@pytest.mark.parametrize(
    "key", ["a b.jpg", "Zoë.jpg", "100%25.jpg", 'say "mug".jpg', "a#b?c.jpg", "photo\u202egpj.exe"]
)
async def test_key_with_odd_characters(server: ObjectServer, key: str) -> None:
    """Percent-encoded in the URL, every key that the store can hold is found, and none is taken for another."""
    server.put(key, key.encode())

    digests = await digest(Evidence.from_url(f"s3://desk/{quote(key)}"), index=0)

    assert expected_sums(key.encode()) == digests
    server.delete(key)


async def test_object_that_is_not_there(server: ObjectServer, store: EvidenceFolder) -> None:
    """A missing object and a missing bucket are named by their URL, and nothing is kept."""
    with pytest.raises(EvidenceError, match=r"^evidence\[1\] \('s3://desk/gone\.jpg'\) does not exist$"):
        await store.add(Evidence.from_url("s3://desk/gone.jpg"), key=key_of("e1"), index=1)

    assert "evidence[0] ('s3://nowhere/mug.jpg') does not exist" == await refusal(
        Evidence.from_url("s3://nowhere/mug.jpg")
    )
    assert [] == files(store)


async def test_object_without_bytes(server: ObjectServer, store: EvidenceFolder) -> None:
    """An empty object is refused like an empty file."""
    with pytest.raises(EvidenceError, match=r"\('s3://desk/empty\.jpg'\) is empty$"):
        await store.add(Evidence.from_url(server.put("empty.jpg", b"")), key=key_of("e1"), index=0)

    assert [] == files(store)


@pytest.mark.parametrize("user", ["owner", "stranger"])
async def test_credentials_that_are_refused(server: ObjectServer, monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    """A wrong secret and a user without permission are told apart from a missing object, and no credential is shown."""
    url = server.put("mug.jpg", b"a coffee mug")
    secret = "planted-secret" if user == "owner" else None
    for name, value in server.environment(user=user, secret=secret).items():
        monkeypatch.setenv(name, value)

    said = await refusal(Evidence.from_url(url))

    assert "evidence[0] ('s3://desk/mug.jpg') may not be read: the store refuses" == said


async def test_store_that_is_down(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers, the error says so, with where to look."""
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")

    with pytest.raises(EvidenceError, match=r"'s3://desk/mug\.jpg'\) cannot be read: the store gives") as refused:
        await digest(Evidence.from_url("s3://desk/mug.jpg"), index=0)

    assert "endpoint" in refused.value.hint


@pytest.mark.parametrize(
    ("size", "words"), [(2 * PIECE, "changed while it was read"), (PIECE + 9, "changed while it was read")]
)
async def test_object_replaced_while_it_is_read(
    server: ObjectServer, store: EvidenceFolder, size: int, words: str
) -> None:
    """A second version under the same key never continues the first, whether it has another size or the same."""
    url = server.put("mug.jpg", os.urandom(2 * PIECE))

    with pytest.raises(EvidenceError, match=words):
        await store.add(disturbed(url, lambda: server.put("mug.jpg", os.urandom(size))), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_object_deleted_while_it_is_read(server: ObjectServer, store: EvidenceFolder) -> None:
    """An object that vanishes under the copy is refused."""
    url = server.put("mug.jpg", os.urandom(2 * PIECE))

    with pytest.raises(EvidenceError, match="vanished while it was read"):
        await store.add(disturbed(url, lambda: server.delete("mug.jpg")), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_store_given_by_the_caller(tmp_path: Path) -> None:
    """A store object of the caller's is read from, whatever kind it is, with the URL's path as the key."""
    (tmp_path / "mug.jpg").write_bytes(b"a coffee mug")
    memory = MemoryStore()
    obstore.put(memory, "cases/mug.jpg", b"a coffee mug")

    from_memory = await digest(Evidence.from_url("memory:///cases/mug.jpg", store=memory), index=0)
    from_folder = await digest(Evidence.from_url("file:///mug.jpg", store=LocalStore(tmp_path)), index=0)

    assert expected_sums(b"a coffee mug") == from_memory == from_folder


async def test_large_object_in_constant_memory(server: ObjectServer) -> None:
    """An object of 40 MiB is digested with a few pieces in memory."""
    source = Evidence.from_url(server.put("large.bin", bytes(40 * 1024 * 1024)))
    tracemalloc.start()

    try:
        digests = await digest(source, index=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert 40 * 1024 * 1024 == digests.size
    assert peak < 20 * 1024 * 1024
