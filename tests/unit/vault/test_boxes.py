"""Documents sealed under a key, and data keys wrapped by a master key: what opens, and what is refused."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.at_rest import key_of, new_vault
from tipline_client.errors import ConfigurationError, EnvelopeError, KeyUnavailableError
from tipline_client.vault import Box, DataKey, Kind, Vault, WrappedKey
from tipline_client.vault.broken import SealBrokenError
from tipline_client.vault.local_keys import LocalMasterKeys

BOX = Box(bytes(32))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_document_comes_back(document: bytes, context: bytes) -> None:
    """What was sealed opens in the same context, to the byte."""
    assert document == BOX.open(BOX.seal(document, context=context), context=context)


@given(st.binary(max_size=60), st.data())
def test_altered_document(document: bytes, data: st.DataObject) -> None:
    """A bit changed anywhere, or bytes cut off or added, and it does not open."""
    sealed = BOX.seal(document, context=b"mug")
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    flipped = bytearray(sealed)
    flipped[place // 8] ^= 1 << place % 8

    for altered in (bytes(flipped), sealed[:-1], sealed + b"\0", b""):
        with pytest.raises(SealBrokenError):
            BOX.open(altered, context=b"mug")


def test_same_document_twice() -> None:
    """Sealed twice it looks different, so that nobody sees which documents are the same."""
    assert BOX.seal(b"mug", context=b"") != BOX.seal(b"mug", context=b"")


@pytest.mark.parametrize("opened_as", [(b"cup", bytes(32)), (b"mug", bytes(31) + b"\1")])
def test_document_in_another_place(opened_as: tuple[bytes, bytes]) -> None:
    """Another context or another key does not open it."""
    context, key = opened_as
    sealed = BOX.seal(b"a coffee mug", context=b"mug")

    with pytest.raises(SealBrokenError):
        Box(key).open(sealed, context=context)


def test_document_of_another_entry_or_kind() -> None:
    """A reply never passes for an envelope, and nothing of one entry for another's."""
    sealed = key_of("e1").seal(b"mug", kind=Kind.REPLY)

    assert b"mug" == key_of("e1").open(sealed, kind=Kind.REPLY)
    for key, kind in ((key_of("e1"), Kind.ENVELOPE), (key_of("e2"), Kind.REPLY)):
        with pytest.raises(EnvelopeError, match="does not open"):
            key.open(sealed, kind=kind)


def test_same_secret_under_another_id() -> None:
    """Even the very same secret is bound to the entry that it was made for."""
    sealed = DataKey(bytes(32), entry_id="e1").seal(b"mug", kind=Kind.REPLY)

    with pytest.raises(EnvelopeError):
        DataKey(bytes(32), entry_id="e2").open(sealed, kind=Kind.REPLY)


def test_data_key_of_another_length() -> None:
    """A data key has 32 bytes, or is none."""
    with pytest.raises(EnvelopeError, match="32 bytes"):
        DataKey(bytes(31), entry_id="e1")


def test_data_key_in_words() -> None:
    """Neither a key nor what holds one shows anything of it."""
    secret = b"a coffee mug".ljust(32, b".")

    assert "DataKey(entry_id='e1') Box()" == f"{DataKey(secret, entry_id='e1')!r} {BOX!r}"


def test_wrapped_and_opened() -> None:
    """A data key that was wrapped for an entry opens for it, and for no other."""

    async def scene() -> None:
        vault = new_vault()
        key, stored = await vault.new_key("e1")
        opened = await vault.open_key("e1", stored)

        assert key.secret == opened.secret
        assert key.secret.hex() not in stored
        with pytest.raises(EnvelopeError, match="altered"):
            await vault.open_key("e2", stored)

    anyio.run(scene)


@pytest.mark.parametrize("stored", ["mug", "mug AAAA", " ", "a b c", "mug ===="])
def test_row_without_a_wrapped_key(stored: str) -> None:
    """A column with anything else in it is an altered row; a master key that is not here proves nothing."""
    with pytest.raises((EnvelopeError, KeyUnavailableError)):
        anyio.run(new_vault().open_key, "e1", stored)


def test_erased_key() -> None:
    """An erased key is said to be erased, and nothing opens any more."""
    with pytest.raises(EnvelopeError, match="erased"):
        anyio.run(new_vault().open_key, "e1", "")


def test_host_that_only_queues() -> None:
    """With the public half alone a host seals for those who read, and reads nothing itself."""

    async def scene() -> None:
        queueing, reading = new_vault(can_open=False), new_vault()
        key, stored = await queueing.new_key("e1")

        assert (False, True) == (queueing.can_open, reading.can_open)
        with pytest.raises(KeyUnavailableError):
            await queueing.open_key("e1", stored)
        assert key.secret == (await reading.open_key("e1", stored)).secret

    anyio.run(scene)


def test_host_without_a_master_key() -> None:
    """Nothing is queued unsealed: without a master key there is no data key."""
    with pytest.raises(ConfigurationError, match="no master key"):
        anyio.run(Vault(LocalMasterKeys(None, {})).new_key, "e1")


def test_altered_wrapping() -> None:
    """A wrapped key that was changed by a bit opens nothing, and is called altered."""

    async def scene() -> None:
        vault = new_vault()
        _, stored = await vault.new_key("e1")
        wrapped = WrappedKey.from_text(stored)
        flipped = bytes([wrapped.wrapped[0] ^ 1, *wrapped.wrapped[1:]])

        with pytest.raises(EnvelopeError, match="altered"):
            await vault.open_key("e1", WrappedKey(wrapped.master, flipped).to_text())

    anyio.run(scene)


@pytest.mark.parametrize(
    ("name", "wrapped"), [("two words", b"x"), ("", b"x"), ("n" * 257, b"x"), ("one", b""), ("one", b"x" * 4000)]
)
def test_wrapped_as_no_row_can_keep_it(name: str, wrapped: bytes) -> None:
    """Nothing is sealed with a key that could not be read back: it is refused before."""

    class Odd(LocalMasterKeys):
        async def wrap(self, *_: object, **__: object) -> WrappedKey:
            return WrappedKey(name, wrapped)

    with pytest.raises(KeyUnavailableError, match="no row can keep"):
        anyio.run(Vault(Odd(None, {})).new_key, "e1")


def test_rotation() -> None:
    """Wrapped anew, the data key is the same; what the active master key wrapped already is left as it is."""

    async def scene() -> None:
        old, new = new_vault(), new_vault(bytes(32))
        key, stored = await old.new_key("e1")
        both = Vault(_both(old, new))

        envelope = key.seal(b"what was signed", kind=Kind.ENVELOPE)
        again = await both.rewrap("e1", stored, envelope=envelope)

        assert again is not None
        assert key.secret == (await new.open_key("e1", again)).secret
        assert await both.rewrap("e1", again, envelope=envelope) is None

    anyio.run(scene)


def _both(old: Vault, new: Vault) -> LocalMasterKeys:
    one, other = old._master, new._master
    assert isinstance(one, LocalMasterKeys)
    assert isinstance(other, LocalMasterKeys)
    return LocalMasterKeys(other._public, {**one._private, **other._private})
