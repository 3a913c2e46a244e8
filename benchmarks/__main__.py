"""Runs every measurement: `python -m benchmarks`."""

import anyio

from benchmarks.bulk import measure_bulk, measure_bulk_memory
from benchmarks.costs import measure_costs
from benchmarks.delivery import measure_delivery
from benchmarks.dispatchers import measure_dispatchers
from benchmarks.group_commit import measure_group_commit
from benchmarks.growth import measure_growth
from benchmarks.outbox_commits import measure_commits
from benchmarks.pause import measure_pause
from benchmarks.stages import measure_enqueue, measure_stages
from benchmarks.upload import measure_upload


def main() -> None:
    """Measure one thing after the other; each prints its table."""
    measure_stages()
    anyio.run(measure_enqueue)
    anyio.run(measure_delivery)
    anyio.run(measure_costs)
    anyio.run(measure_commits)
    anyio.run(measure_group_commit)
    anyio.run(measure_bulk)
    measure_bulk_memory()
    anyio.run(measure_dispatchers)
    anyio.run(measure_pause)
    anyio.run(measure_growth)
    measure_upload()


if __name__ == "__main__":
    main()
