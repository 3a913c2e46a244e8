"""One sealed copy becomes one object of a store, or nothing is left that passes for a copy.

A small copy is one conditional write, which makes the object or finds one there. A large one is written in parts, in
constant memory, and appears under its name when all of them are there; as long as it is under way, a small object of
its own, its draft, holds its place and tells of it. Nothing here knows what is in a copy.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final, Literal, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from tipline_client._undivided import wholly
from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence.object_reading import ObjectStore, words_for

__all__ = ["PART", "Uploading", "unwritten"]

Answer = TypeVar("Answer")

PART: Final = 8 * 1024 * 1024
"""Bytes of a part; what fits into one is written at once. The library gives a request half a minute in all."""
_MOST_PARTS = 9_000
"""S3 numbers parts up to 10000."""
_PARTS_AT_ONCE = 2
_PATIENCE = 60
"""Seconds that what was handed to the store may take to end, once the copy is given up."""
_DRAFT = b"a copy is under way, or was cut off\n"


class Uploading:
    """An object under way. Call `finish` after the last piece, or `abandon`.

    Args:
        store: Where it goes.
        final: Its key.
        draft: The key of its draft.
        name: What error messages call it.
    """

    def __init__(self, store: ObjectStore, *, final: str, draft: str, name: str) -> None:
        self._store = store
        self._final = final
        self._draft = draft
        self._name = name
        self._first = bytearray()
        self._size = 0
        self._owned: list[str] = []
        self._parts: _Parts | None = None

    async def put(self, piece: bytes, *, expected_size: int | None) -> None:
        """Hand over the next bytes; returns when the store has room for more.

        Args:
            piece: The bytes.
            expected_size: How many there will be in all, if that is known.

        Raises:
            EvidenceError: There is such an object already.
            OutboxUnavailableError: It cannot be written.
        """
        self._size += len(piece)
        if self._parts is None:
            self._first += piece
            if len(self._first) <= PART:
                return
            await self._take_place()
            size = max(PART, -(-(expected_size or 0) // _MOST_PARTS))
            self._parts = _Parts(self._store, self._final, size=size, name=self._name)
            piece, self._first = bytes(self._first), bytearray()
        await self._parts.put(piece)

    async def finish(self) -> None:
        """Make it complete, and see that the store has all of it.

        Raises:
            EvidenceError: There is such an object already.
            OutboxUnavailableError: It cannot be written.
        """
        import obstore

        if self._parts is None:
            await self._create(self._final, bytes(self._first))
        else:
            await self._parts.finish()
        seen = await self._asked(obstore.head_async(self._store, self._final))
        if seen["size"] != self._size:
            raise OutboxUnavailableError(f"the copy of {self._name}: the store kept {seen['size']} of its bytes")
        if self._parts is not None:
            await self._asked(obstore.delete_async(self._store, self._draft))
        self._owned.clear()

    async def abandon(self) -> None:
        """Stop, and remove what this made; what cannot be removed is known by its draft. No error when it is done."""
        await wholly(self._abandon())

    async def _abandon(self) -> None:
        if self._parts is not None:
            await self._parts.abandon()
        with anyio.move_on_after(_PATIENCE):
            await self._remove()

    async def _remove(self) -> None:
        import obstore

        # The draft last: a copy without its end is told apart by it.
        for key in reversed(self._owned):
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                continue
            except Exception:
                # What led here is the error that counts.
                return
        self._owned.clear()

    async def _take_place(self) -> None:
        """Hold the place of the copy while it is written in parts, which no store does under a condition."""
        import obstore

        await self._create(self._draft, _DRAFT)
        # Looked for only now: whoever holds the draft is alone, so nobody can complete the copy in between.
        try:
            await obstore.head_async(self._store, self._final)
        except FileNotFoundError:
            self._owned.append(self._final)
            return
        except Exception as error:
            raise unwritten(self._name, error) from None
        raise EvidenceError(f"{self._name} is stored already for this entry")

    async def _create(self, key: str, data: bytes) -> None:
        """Make an object where there is none."""
        from obstore.exceptions import AlreadyExistsError

        try:
            await wholly(self._put(key, data, mode="create"))
        except AlreadyExistsError:
            if key == self._draft:
                raise OutboxUnavailableError(
                    f"the copy of {self._name} could not be written: another one is under way; nothing was queued"
                ) from None
            raise EvidenceError(f"{self._name} is stored already for this entry") from None
        except NotImplementedError:
            await self._create_unconditionally(key, data)
        except Exception as error:
            raise unwritten(self._name, error) from None

    async def _create_unconditionally(self, key: str, data: bytes) -> None:
        """For a store without conditional writes: an entry's id is random, and one enqueue alone knows it."""
        import obstore

        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            await self._asked(wholly(self._put(key, data, mode="overwrite")))
        except Exception as error:
            raise unwritten(self._name, error) from None
        else:
            raise EvidenceError(f"{self._name} is stored already for this entry")

    async def _put(self, key: str, data: bytes, *, mode: Literal["create", "overwrite"]) -> None:
        """Never cancelled half-way: whether the object is this one's decides whether it may be removed."""
        import obstore

        await obstore.put_async(self._store, key, data, mode=mode, use_multipart=False)
        self._owned.append(key)

    async def _asked(self, answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        except Exception as error:
            raise unwritten(self._name, error) from None


class _Parts:
    """The parts of one large object, taken over by the store as they come.

    Args:
        store: Where it goes.
        key: Its key.
        size: Bytes of each part.
        name: What error messages call it.
    """

    def __init__(self, store: ObjectStore, key: str, *, size: int, name: str) -> None:
        self._name = name
        self._pieces, taken = anyio.create_memory_object_stream[bytes](0)
        self._writing = asyncio.create_task(_write(store, key, taken, part_size=size))

    async def put(self, piece: bytes) -> None:
        try:
            await self._pieces.send(piece)
        except anyio.BrokenResourceError:
            await self.finish()

    async def finish(self) -> None:
        await self._pieces.aclose()
        await asyncio.wait([self._writing])
        error = self._writing.exception()
        if error is not None:
            raise unwritten(self._name, error) from None

    async def abandon(self) -> None:
        # A store gives no other way to let go of parts that it has: they are put together, and that is removed.
        with anyio.move_on_after(_PATIENCE):
            await self._pieces.aclose()
            await asyncio.wait([self._writing])
        if not self._writing.cancel() and not self._writing.cancelled():
            self._writing.exception()


async def _write(store: ObjectStore, key: str, pieces: MemoryObjectReceiveStream[bytes], *, part_size: int) -> None:
    import obstore

    # Closed when the writing fails, so that whoever hands over does not wait for it.
    with pieces:
        await obstore.put_async(
            store, key, pieces, use_multipart=True, chunk_size=part_size, max_concurrency=_PARTS_AT_ONCE
        )


def unwritten(name: str, error: BaseException) -> OutboxUnavailableError:
    """What to raise when a store does not take a copy."""
    return OutboxUnavailableError(
        f"the copy of {name} could not be written: {words_for(error)}; nothing was queued",
        hint="See that the store of evidence is up and lets this host write: `tipline doctor` tries it.",
    )
