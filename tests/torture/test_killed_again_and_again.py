"""The short form of the torture run, with printed seeds."""

from pathlib import Path

import pytest

from tests.support import postgres
from tests.torture.grounds import PostgresGround, SqliteGround
from tests.torture.run import Torture


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20260105, 4711])
def test_dispatchers_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    """Two dispatchers struck in mid-work, a fifth of all calls failing: each entry filed once, with its own files."""
    home = tmp_path / "home"
    ground = SqliteGround(tmp_path, home)
    torture = Torture(home=home, ground=ground, seed=seed, entries=60, dispatchers=2, seconds=8, strikes=6)

    finding = torture.run()

    assert [] == finding.faults(60)
    assert finding.deaths["killed"] > 0
    assert finding.blows["copied"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3])
def test_database_killed_under_dispatchers_that_are_killed(tmp_path: Path, seed: int) -> None:
    """The server dies too, again and again; dispatchers that nobody killed outlast it, and each entry is filed once."""
    server = postgres.required()
    server.empty_outbox()
    torture = Torture(
        home=tmp_path / "home",
        ground=PostgresGround(server),
        seed=seed,
        entries=30,
        dispatchers=2,
        seconds=6,
        strikes=8,
    )

    finding = torture.run()

    assert [] == finding.faults(30)
    assert finding.deaths["killed"] > 0
    assert min(finding.blows["database killed"], finding.blows["database crashed"]) > 0
