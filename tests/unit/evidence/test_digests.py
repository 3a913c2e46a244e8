"""Digests: the same sums in one thread and in several, whatever the size."""

import gc
import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tipline_client._threads import begin
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence import digests
from tipline_client.evidence.digests import CHUNK, DigestPass, Digests, Sha256Pass


def expected_sums(data: bytes) -> Digests:
    return Digests(
        len(data),
        hashlib.md5(data, usedforsecurity=False).hexdigest(),
        hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        hashlib.sha256(data).hexdigest(),
    )


def test_known_sums() -> None:
    """The published sums of the text `abc` come out in lower-case hexadecimal."""
    one_pass = DigestPass(expected_size=3)
    one_pass.update(b"abc")

    digests = one_pass.finish()

    assert digests == Digests(
        3,
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK - 1])
@pytest.mark.parametrize("announced", [0, 10 * CHUNK])
def test_boundary_sizes(size: int, announced: int) -> None:
    """At each boundary of chunks, with threads and without, the sums are those of the whole."""
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    one_pass = DigestPass(expected_size=announced)

    for start in range(0, size, CHUNK):
        one_pass.update(data[start : start + CHUNK])

    assert expected_sums(data) == one_pass.finish()


def test_pass_left_in_the_middle() -> None:
    """A pass may be given up at any time and more than once."""
    one_pass = DigestPass(expected_size=10 * CHUNK)
    one_pass.update(bytes(CHUNK))

    one_pass.close()
    one_pass.close()

    assert one_pass.size == CHUNK


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "tipline-digest"}


def _have_ended(threads: set[threading.Thread]) -> bool:
    last = time.monotonic() + 20
    while any(thread.is_alive() for thread in threads) and time.monotonic() < last:
        time.sleep(0.01)
    return not any(thread.is_alive() for thread in threads)


def test_pass_that_is_dropped() -> None:
    """It leaves no thread behind, whether somebody closes it or not."""
    before = _threads()
    one_pass = DigestPass()
    one_pass.update(b"a coffee mug")
    begun = _threads() - before
    assert 3 == len(begun)

    del one_pass
    gc.collect()

    assert _have_ended(begun)


def test_more_after_the_end() -> None:
    """It is refused, and waits for nobody."""
    one_pass = Sha256Pass()
    one_pass.update(b"a coffee mug")
    one_pass.close()

    with pytest.raises(RuntimeError, match="over"):
        one_pass.update(b"another")


def test_closed_before_the_last_chunk_is_added() -> None:
    """A sum that lacks something is never given out."""
    one_pass = Sha256Pass()
    one_pass.update(b"a coffee mug")
    one_pass.close()

    with pytest.raises(RuntimeError, match="over"):
        one_pass.finish()


def test_process_that_ends_meanwhile() -> None:
    """Daemons sum on while the handlers of its end run, and have the right sum."""
    program = """
import atexit, hashlib, threading, time
from tipline_client.evidence.digests import Sha256Pass

has_begun = threading.Event()

def work():
    one_pass = Sha256Pass()
    one_pass.update(b"a" * 2**20)
    has_begun.set()
    time.sleep(0.3)
    one_pass.update(b"b" * 2**20)
    print(one_pass.finish() == hashlib.sha256(b"a" * 2**20 + b"b" * 2**20).hexdigest(), flush=True)

worker = threading.Thread(target=work, daemon=True)
# What is registered first is run last: whatever the passes have registered comes before.
atexit.register(lambda: worker.join())
worker.start()
has_begun.wait()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert ("True\n", "") == (ended.stdout, ended.stderr)


def test_thread_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were begun before it end."""
    begun = set[threading.Thread]()

    def refuse_the_third(target: Callable[[], None], *, name: str) -> threading.Thread:
        if len(begun) == 2:
            raise OutboxUnavailableError("no more threads")
        thread = begin(target, name=name)
        begun.add(thread)
        return thread

    monkeypatch.setattr(digests, "begin", refuse_the_third)
    with pytest.raises(OutboxUnavailableError):
        DigestPass()
    gc.collect()

    assert (2, True) == (len(begun), _have_ended(begun))
