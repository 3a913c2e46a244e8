"""Every data key wrapped anew: once, resumable, without touching a file, and past keys that cannot be unwrapped."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import KeyRewrapped
from tipline_client.dispatch.rewrapping import rewrap_all
from tipline_client.errors import KeyUnavailableError, OutboxUnavailableError, UnreadableRowError
from tipline_client.evidence import Evidence, EvidenceFolder
from tipline_client.outbox import MemoryOutbox
from tipline_client.vault import DataKey, Kind, Vault, WrappedKey
from tipline_client.vault.local_keys import LocalMasterKeys, key_id_of

OLD, NEW = (X25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (3, 4))
NEW_ID = key_id_of(NEW.public_key())


def _vault(active: X25519PrivateKey, *private: X25519PrivateKey) -> Vault:
    return Vault(LocalMasterKeys(active.public_key(), {key_id_of(key.public_key()): key for key in private}))


def _sealed(key: DataKey) -> bytes:
    return key.seal(b"what was signed", kind=Kind.ENVELOPE)


BEFORE, AFTER = _vault(OLD, OLD), _vault(NEW, OLD, NEW)


async def _enqueue(outbox: MemoryOutbox, *ids: str) -> dict[str, bytes]:
    secrets = {}
    for entry_id in ids:
        key, wrapped = await BEFORE.new_key(entry_id)
        secrets[entry_id] = key.secret
        await outbox.enqueue(
            NewEntry(entry_id, "mock", Environment.MOCK, f"case-{entry_id}", "0" * 64, _sealed(key), wrapped)
        )
    return secrets


async def test_all_wrapped_anew() -> None:
    """Afterwards the new master key alone unwraps each data key, and each is the one that it was."""
    outbox = MemoryOutbox()
    secrets = await _enqueue(outbox, *(f"e{number}" for number in range(450)))

    done = await rewrap_all(outbox, AFTER)

    assert (450, 0, NEW_ID) == (done.count, done.refused, done.master)
    only_new = _vault(NEW, NEW)
    found = {name: (await only_new.open_key(name, (await outbox.get(name)).data_key)).secret for name in secrets}
    assert secrets == found
    assert KeyRewrapped(NEW_ID) == (await outbox.history("e0"))[-1].event.what


async def test_row_that_cannot_be_read_back() -> None:
    """It is named among the refused, and keeps nobody else from being wrapped anew."""
    outbox = MemoryOutbox()
    await _enqueue(outbox, "e1", "e2", "e3")
    damaged: Any = _Damaged(outbox, "e2")

    done = await rewrap_all(damaged, AFTER)

    assert (2, 1) == (done.count, done.refused)
    assert ["e2"] == [entry_id for entry_id, _ in done.first_refused]


class _Damaged:
    """An outbox in which one row holds what no release ever wrote."""

    def __init__(self, outbox: MemoryOutbox, entry_id: str) -> None:
        self._outbox = outbox
        self._entry_id = entry_id

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)

    async def get(self, entry_id: str) -> Entry:
        if entry_id == self._entry_id:
            raise UnreadableRowError("its state is none")
        return await self._outbox.get(entry_id)


async def test_again() -> None:
    """A second run finds nothing to do, and writes nothing."""
    outbox = MemoryOutbox()
    await _enqueue(outbox, "e1")
    await rewrap_all(outbox, AFTER)
    before = await outbox.history("e1")

    done = await rewrap_all(outbox, AFTER)

    assert 0 == done.count
    assert before == await outbox.history("e1")


async def test_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was wrapped before the outbox failed stays so, and the next run does the rest."""
    outbox = MemoryOutbox()
    await _enqueue(outbox, *(f"e{number}" for number in range(100)))
    rewrap, calls = outbox.archive.rewrap, 0

    async def failing(*arguments: Any, **named: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls > 30:
            raise OutboxUnavailableError("the disk is full")
        return await rewrap(*arguments, **named)

    monkeypatch.setattr(outbox.archive, "rewrap", failing)
    with pytest.raises(OutboxUnavailableError):
        await rewrap_all(outbox, AFTER)
    monkeypatch.undo()

    done = await rewrap_all(outbox, AFTER)

    assert 70 == done.count
    assert [] == await outbox.archive.keys_to_rewrap(NEW_ID)


async def test_keys_that_do_not_open() -> None:
    """An altered key, and one of a master key that is not here, are named; all others are wrapped anew."""
    outbox = MemoryOutbox()
    await _enqueue(outbox, "e1", "e2", "e3")
    old = (await outbox.get("e2")).data_key
    await outbox.archive.rewrap("e2", old=old, new="foreign AAAA", master="foreign")
    await outbox.archive.rewrap("e3", old=(await outbox.get("e3")).data_key, new=old, master="exchanged")

    done = await rewrap_all(outbox, AFTER)

    assert (1, 2, ["e2", "e3"]) == (done.count, done.refused, sorted(name for name, _ in done.first_refused))
    assert "foreign AAAA" == (await outbox.get("e2")).data_key


class _Erring:
    """Master keys of which one call gives another key than it should."""

    can_unwrap = True

    def __init__(self, *, wraps: bytes | None = None, unwraps: bytes | None = None) -> None:
        self._keys = LocalMasterKeys(NEW.public_key(), {key_id_of(key.public_key()): key for key in (OLD, NEW)})
        self._wraps = wraps
        self._unwraps = unwraps

    async def active(self) -> str:
        return await self._keys.active()

    async def wrap(self, secret: bytes, *, context: bytes) -> WrappedKey:
        return await self._keys.wrap(self._wraps or secret, context=context)

    async def unwrap(self, key: WrappedKey, *, context: bytes) -> bytes:
        return self._unwraps or await self._keys.unwrap(key, context=context)


@pytest.mark.parametrize("erring", [_Erring(unwraps=b"w" * 32), _Erring(wraps=b"w" * 32)], ids=["unwrap", "wrap"])
async def test_wrong_key_from_whoever_wraps(erring: _Erring) -> None:
    """The form that opens is not written over by one that does not: it is named, and the next run does it."""
    outbox = MemoryOutbox()
    secrets = await _enqueue(outbox, "e1")
    before = (await outbox.get("e1")).data_key

    done = await rewrap_all(outbox, Vault(erring))

    assert (0, 1, before) == (done.count, done.refused, (await outbox.get("e1")).data_key)
    assert 1 == (await rewrap_all(outbox, AFTER)).count
    assert secrets["e1"] == (await _vault(NEW, NEW).open_key("e1", (await outbox.get("e1")).data_key)).secret


async def test_host_that_cannot_read() -> None:
    """A host without a private half changes nothing."""
    outbox = MemoryOutbox()
    await _enqueue(outbox, "e1")

    with pytest.raises(KeyUnavailableError):
        await rewrap_all(outbox, _vault(NEW))

    assert 1 == len(await outbox.history("e1"))


async def test_evidence_untouched(tmp_path: Path) -> None:
    """The sealed copies are the same files with the same bytes, and open with the key that was wrapped anew."""
    outbox, store = MemoryOutbox(), EvidenceFolder(tmp_path)
    key, wrapped = await BEFORE.new_key("e1")
    await store.add(Evidence.from_bytes(b"one coffee mug", name="mug.bin"), key=key, index=0)
    await outbox.enqueue(NewEntry("e1", "mock", Environment.MOCK, "case-1", "0" * 64, _sealed(key), wrapped))
    path = tmp_path / "e1" / "0.bin"
    before = (path.read_bytes(), path.stat())

    await rewrap_all(outbox, AFTER)

    assert before == (path.read_bytes(), path.stat())
    assert key.file_key == (await _vault(NEW, NEW).open_key("e1", (await outbox.get("e1")).data_key)).file_key
