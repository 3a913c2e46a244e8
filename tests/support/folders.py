"""Folders of tests that say nothing about a disk: in memory, where there is room, as syncing a disk takes time.

Tests of crashes, of full disks and of what lies at rest keep the folders on disk that pytest gives them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

__all__ = ["folder_of_the_run", "tmp_path"]

MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 2 << 30


def _place() -> Path | None:
    """Where to make folders: in memory, or none for the usual place on disk."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return MEMORY


@pytest.fixture(scope="session")
def folder_of_the_run() -> Iterator[tuple[Path, Iterator[int]]]:
    """A folder for all of a worker's tests, with the numbers to give to them."""
    with tempfile.TemporaryDirectory(prefix="tipline-tests-", dir=_place()) as made:
        yield Path(made), count()


@pytest.fixture
def tmp_path(folder_of_the_run: tuple[Path, Iterator[int]]) -> Iterator[Path]:
    """An empty folder of the test's own, gone when it ends; takes the place of pytest's."""
    folder, numbers = folder_of_the_run
    made = folder / str(next(numbers))
    made.mkdir()
    yield made
    shutil.rmtree(made, ignore_errors=True)
