"""The records of a CSV file: what reading them costs, whatever is wrong with them."""

import io
import tracemalloc
from collections import deque

import pytest

from tipline_client.bulk.records import Records

MIB = 1024 * 1024


class Counted(Records):
    """Counts the lines that are looked at."""

    looks = 0

    def _next(self) -> bytes:
        self.looks += 1
        return super()._next()


@pytest.mark.parametrize("row", [b'k,12"",x\n', b'k,12",x\n', b'k,"12,x\n'], ids=["doubled", "bare", "open"])
def test_no_line_is_looked_at_for_each_cell_left_open(row: bytes) -> None:
    """However many rows are wrong, each is read a few times at the most."""
    count = 3000
    records = Counted(io.BytesIO(b"a,b,c\n" + row * count), delimiter=",", line_breaks=frozenset())
    records.header()

    assert all(record.problem for record in records)
    assert records.looks < 4 * count


@pytest.mark.parametrize(
    "line",
    [b"," * (4 * MIB - 1), b'1,2,"' + b'""' * (2 * MIB - 10) + b'"'],
    ids=["delimiters", "quotes"],
)
@pytest.mark.parametrize("line_breaks", [frozenset[str](), frozenset({"c"})], ids=["lines", "records"])
def test_long_line_of_little_else(line: bytes, line_breaks: frozenset[str]) -> None:
    """It takes a small multiple of its own size, as what is tried in it is tried in one way."""
    records = Records(io.BytesIO(b"a,b,c\n" + line + b"\n"), delimiter=",", line_breaks=line_breaks)
    records.header()
    tracemalloc.start()
    try:
        [record] = records
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert line + b"\n" == record.raw
    assert peak < 96 * MIB


@pytest.mark.parametrize("row", [b"\n", b"1,2\n", b"1,2,3\n"], ids=["blank", "short", "whole"])
def test_many_short_rows_that_wait(row: bytes) -> None:
    """Each takes its bytes and a few more until it is known that it is one."""
    count = 20_000
    records = Records(io.BytesIO(b"a,b,c\n" + row * count), delimiter=",", line_breaks=frozenset({"c"}))
    records.header()
    tracemalloc.start()
    try:
        [last] = deque(((record.line, record.position) for record in records), maxlen=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert ((2 if row == b"1,2\n" else count + 1), 6 + count * len(row)) == last
    assert peak < count * (len(row) + 8) * 2 + MIB // 4
