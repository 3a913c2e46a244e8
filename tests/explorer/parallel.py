"""The same search on several cores: each takes the paths that begin with one first disturbance.

The order of the search is kept, so the first failing path is the same however many cores there are.
"""

import gc
import logging
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.pool import Pool

from tests.explorer.choices import Script
from tests.explorer.path import walk
from tests.explorer.plants import PLANTS
from tests.explorer.scenarios import Scenario
from tests.explorer.search import Found, branches, explore
from tests.explorer.setup import Setup

__all__ = ["Cores", "Tell", "cores"]

Tell = Callable[[int, int, Found], None]
"""Told of progress: first disturbances done, how many there are, what was found so far."""

_setups: dict[Scenario, Setup] = {}
_planted = ExitStack()


def _begin(plant: str | None) -> None:
    logging.disable(logging.CRITICAL)
    # Each path leaves its tasks behind in cycles; to look for them less often saves a tenth of the time.
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    if plant is not None:
        _planted.enter_context(PLANTS[plant].planted())


def _search_below(task: tuple[Scenario, Script]) -> Found:
    scenario, script = task
    if scenario not in _setups:
        _setups[scenario] = scenario.make_setup()
    return explore(
        _setups[scenario],
        limit=scenario.limit,
        root=script,
        choose=scenario.choose,
        looks_for=scenario.looks_for,
        goes_on=scenario.goes_on,
    )


class Cores:
    """Processes that search; made by `cores`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def search(self, scenario: Scenario, *, tell: Tell = lambda *_: None) -> Found:
        """Walk every path of a scenario, until a promise is broken.

        Raises:
            ScriptError: A chosen first disturbance is not to be found.
        """
        found = Found(scenario.looks_for)
        tasks = [(scenario, script) for script in self._roots(scenario, found)]
        if found.failed is not None and not scenario.goes_on:
            return found
        for done, part in enumerate(self._pool.imap(_search_below, tasks), 1):
            found.add(part)
            tell(done, len(tasks), found)
            if found.failed is not None and not scenario.goes_on:
                break
        return found

    @staticmethod
    def _roots(scenario: Scenario, found: Found) -> Iterator[Script]:
        """Walk the paths that all others begin with. Gives the scripts that share out what is left to be searched."""
        setup = scenario.make_setup()
        smooth = walk(setup, {}, limit=scenario.limit)
        found.note(smooth)
        if not scenario.firsts:
            yield from branches(smooth, scenario.choose)
        for script in scenario.first_scripts(smooth):
            path = walk(setup, script, limit=scenario.limit)
            found.note(path)
            yield from branches(path, scenario.choose)


@contextmanager
def cores(jobs: int, *, plant: str | None = None) -> Iterator[Cores]:
    """So many processes, for as long as the block runs; `plant` names a bug that each of them is to have."""
    with multiprocessing.get_context("spawn").Pool(jobs, _begin, (plant,)) as pool:
        yield Cores(pool)
