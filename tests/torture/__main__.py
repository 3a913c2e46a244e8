"""The long run: python -m tests.torture --entries 2000 --dispatchers 3 --seconds 180 --seed 1."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.run import Torture


def main() -> int:
    """Torture as asked for; 0 when every report was filed exactly once."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=main.__doc__)
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--dispatchers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=None, help="printed, so that a run can be tried again")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        torture = Torture(
            folder=Path(folder),
            seed=seed,
            entries=asked.entries,
            dispatchers=asked.dispatchers,
            seconds=asked.seconds,
            tell=lambda words: print(words, flush=True),
        )
        began = time.monotonic()
        finding = torture.run()
    faults = finding.faults(asked.entries)
    print(f"{time.monotonic() - began:.0f} s; dispatchers {dict(finding.deaths)}; copies opened {finding.copies}")
    print(f"endpoint {finding.summary}")
    for words in faults or [f"{asked.entries} entries, each filed exactly once"]:
        print(words)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
