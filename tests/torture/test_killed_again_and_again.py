"""The short form of the torture run, with printed seeds."""

from pathlib import Path

import pytest

from tests.torture.run import Torture


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20260105, 4711])
def test_dispatchers_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    """Two dispatchers struck in mid-work, a fifth of all calls failing: each entry filed once, with its own files."""
    torture = Torture(folder=tmp_path, seed=seed, entries=60, dispatchers=2, seconds=8)

    finding = torture.run()

    assert [] == finding.faults(60)
    assert finding.deaths["killed"] > 0
    assert finding.copies > 0
