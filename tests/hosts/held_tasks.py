"""The example `celery_worker`, whose task stops where a test wants it: queued, and not written down as that.

Which process stopped is said by a file in the folder `HOLD`; a file `go` there lets all of them go on.
"""

import os
import time
from pathlib import Path

import decisions
import tasks

__all__ = ["app"]

app = tasks.app
HOLD = Path(os.environ["HOLD"])


def held(decision_id: int, entry_id: str) -> None:
    """Stop before the decision is marked, until the test says go."""
    (HOLD / f"{os.getpid()}.held").touch()
    while not (HOLD / "go").exists():
        time.sleep(0.01)
    mark_queued(decision_id, entry_id)


mark_queued, decisions.mark_queued = decisions.mark_queued, held
