"""What the store that the tests start can do, so that a test against it means what it says."""

import os
import subprocess
import sys
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, PreconditionError

from tests.support.object_server import ObjectServer

ROOT = Path(__file__).resolve().parents[2]
STARTS_ONE = "from tests.support import object_server; print(object_server.required().folder)"


def test_object_in_several_parts(server: ObjectServer) -> None:
    """A multipart upload comes back whole, under an entity tag that says of how many parts it is."""
    data = os.urandom(11 * 1024 * 1024)

    obstore.put(server.store(), "parts.bin", data, chunk_size=5 * 1024 * 1024)

    assert data == bytes(obstore.get(server.store(), "parts.bin").bytes())
    assert str(obstore.head(server.store(), "parts.bin")["e_tag"]).endswith('-3"')


def test_object_that_must_not_exist_yet(server: ObjectServer) -> None:
    """A conditional write makes an object once and leaves the first one alone."""
    server.put("once.bin", b"first")

    with pytest.raises(AlreadyExistsError):
        obstore.put(server.store(), "once.bin", b"second", mode="create")

    assert b"first" == bytes(obstore.get(server.store(), "once.bin").bytes())


def test_object_that_must_be_the_same(server: ObjectServer) -> None:
    """A conditional read of a version that was replaced is refused."""
    server.put("mug.bin", b"first")
    seen = obstore.head(server.store(), "mug.bin")["e_tag"]
    server.put("mug.bin", b"second")

    with pytest.raises(PreconditionError):
        obstore.get(server.store(), "mug.bin", options={"if_match": seen})


def test_process_that_ends() -> None:
    """It waits for its server's end, and leaves neither a folder nor a warning."""
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", STARTS_ONE]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert "" == ended.stderr
    assert not Path(ended.stdout.strip()).exists()
