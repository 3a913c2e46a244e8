"""Lines of a stream that somebody else writes."""

import os
from collections.abc import Iterator

import anyio
import pytest

from tipline_client.bulk import Stream


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Its ends to read and to write; the second one may be closed by the test."""
    reads, writes = os.pipe()
    yield reads, writes
    os.close(reads)
    try:
        os.close(writes)
    except OSError:
        # The test has let go of it.
        return


def test_parts_of_lines(pipe: tuple[int, int]) -> None:
    reads, writes = pipe
    stream = Stream(reads, b"head")
    os.write(writes, b" of it\nsecond line\nthird")
    os.close(writes)

    assert b"head of it\n" == stream.readline()
    assert b"seco" == stream.readline(4)
    assert b"nd line\n" == stream.readline(100)
    assert [b"third", b"", b""] == [stream.readline(), stream.readline(), stream.readline()]


def test_half_a_line_is_none(pipe: tuple[int, int]) -> None:
    """Only a whole line, or the end, needs no waiting."""
    reads, writes = pipe
    stream = Stream(reads)

    seen = [stream.has_line]
    os.write(writes, b"half")
    seen += [stream.has_line]
    os.write(writes, b" and half\nmore")
    seen += [stream.has_line]
    assert b"half and half\n" == stream.readline()
    seen += [stream.has_line]
    os.close(writes)
    seen += [stream.has_line]

    assert [False, False, True, False, True] == seen
    assert b"more" == stream.readline()


async def test_wait_that_is_given_up(pipe: tuple[int, int]) -> None:
    """What came during it is still there."""
    reads, writes = pipe
    stream = Stream(reads)
    os.write(writes, b"ha")
    with anyio.move_on_after(0.01) as scope:
        await stream.wait()
    os.write(writes, b"lf\n")

    await stream.wait()

    assert scope.cancelled_caught
    assert b"half\n" == stream.readline()


def test_put_back() -> None:
    stream = Stream(None, b"one\ntwo\n")
    first = stream.readline()

    stream.put_back(first)

    assert (True, b"one\ntwo\n", b"") == (stream.has_line, stream.read(), stream.read())


async def test_file_is_there(pipe: tuple[int, int]) -> None:
    """A file and the null device cannot be waited for, and need not be."""
    with open(os.devnull, "rb") as null, open(__file__, "rb") as file:  # noqa: ASYNC230, PTH123 - their descriptors
        for opened in (null, file):
            await Stream(opened.fileno()).wait()
            assert Stream(opened.fileno()).has_line
