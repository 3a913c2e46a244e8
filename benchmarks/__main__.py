"""Runs every measurement: `python -m benchmarks`."""

import anyio

from benchmarks.claims import measure_claims
from benchmarks.delivery import measure_delivery
from benchmarks.memory import measure_memory
from benchmarks.stages import measure_enqueue, measure_stages


def main() -> None:
    """Measure one thing after the other; each prints its table."""
    measure_stages()
    anyio.run(measure_enqueue)
    anyio.run(measure_claims)
    anyio.run(measure_delivery)
    measure_memory()


if __name__ == "__main__":
    main()
