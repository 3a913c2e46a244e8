"""The long form: every path up to a number of disturbances in several installations; exit code 1 on a broken promise.

python -m tests.explorer --faults 2
python -m tests.explorer --files 1 --dispatchers 2 --replay "7=stall 22=reply_lost"
python -m tests.explorer --plant upload_repeated
"""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from tests.explorer.choices import read_script, write_script
from tests.explorer.parallel import cores
from tests.explorer.path import Path, walk
from tests.explorer.plants import PLANTS
from tests.explorer.scenarios import ALONE, Scenario, long_plan
from tests.explorer.search import Found, sample

__all__ = ["main", "replay_command"]

_SHOWN_EACH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, and say what was searched. Returns the exit code."""
    asked = _parser().parse_args(arguments)
    logging.disable(logging.CRITICAL)
    one = _scenario(asked)
    try:
        with ExitStack() as planted:
            if asked.plant is not None:
                planted.enter_context(PLANTS[asked.plant].planted())
            if asked.replay is not None:
                return _show(walk(one.make_setup(), read_script(asked.replay)), one, asked.plant)
            if asked.sample:
                return _sample(one, asked)
            is_one = any(given is not None for given in (asked.files, asked.entries, asked.doors, asked.dispatchers))
            is_one = is_one or bool(asked.first) or asked.store != "memory" or asked.plant is not None
            scenarios = [one] if is_one else [replace(each, goes_on=one.goes_on) for each in long_plan(one.limit)]
            return _search(scenarios, asked)
    finally:
        logging.disable(logging.NOTSET)


def replay_command(path: Path, scenario: Scenario, plant: str | None = None) -> str:
    """The command that walks a path again."""
    planted = "" if plant is None else f"--plant {plant} "
    return f'python -m tests.explorer {planted}{scenario.arguments} --replay "{write_script(path.script)}"'


def _search(scenarios: Sequence[Scenario], asked: argparse.Namespace) -> int:
    total, is_broken = 0, False
    with cores(asked.jobs, plant=asked.plant) as workers:
        for scenario in scenarios:
            began = time.monotonic()
            print(f"{scenario}:", flush=True)
            found = workers.search(scenario, tell=_tell)
            print(f"  {found}; {time.monotonic() - began:.0f} s", flush=True)
            total += found.paths.total()
            for path in {id(path): path for path in found.broken.values()}.values():
                _show(path, scenario, asked.plant)
            is_broken = is_broken or bool(found.broken)
            if is_broken and not asked.keep_going:
                break
    print(f"{total} paths in all; " + ("SOME PROMISE WAS BROKEN" if is_broken else "every promise was kept on each"))
    return int(is_broken)


def _sample(scenario: Scenario, asked: argparse.Namespace) -> int:
    print(f"{scenario}, a sample of {asked.sample} with seed {asked.seed}:", flush=True)
    found = sample(scenario.make_setup(), seed=asked.seed, count=asked.sample, limit=scenario.limit)
    print(f"  {found}")
    return 0 if found.failed is None else _show(found.failed, scenario, asked.plant)


def _scenario(asked: argparse.Namespace) -> Scenario:
    doors = tuple(asked.doors) if asked.doors else ALONE * (2 if asked.dispatchers is None else asked.dispatchers)
    return Scenario(
        files=1 if asked.files is None else asked.files,
        entries=1 if asked.entries is None else asked.entries,
        doors=doors,
        limit=asked.faults,
        is_small=asked.small,
        firsts=tuple(asked.first),
        kept=asked.store,
        looks_for=PLANTS[asked.plant].broken if asked.plant else "",
        goes_on=asked.keep_going,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.explorer",
        description="Walk every path of the dispatchers and say whether a promise was broken on one.",
        epilog="Without one of --files, --entries, --doors, --dispatchers, --store, --first and --plant several "
        "installations are searched.",
    )
    parser.add_argument("--faults", type=int, default=1, metavar="N", help="disturbances that a path may have (1)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="on how many cores (2)")
    parser.add_argument("--small", action="store_true", help="only one answer of each class")
    parser.add_argument("--files", type=int, metavar="N", help="of each entry (1)")
    parser.add_argument("--entries", type=int, metavar="N", help="how many (1)")
    parser.add_argument("--dispatchers", type=int, metavar="N", help="how many run from the beginning (2)")
    parser.add_argument("--doors", nargs="+", choices=("drain", "deliver"), help="how each of them is started")
    parser.add_argument("--store", choices=("memory", "sqlite"), default="memory", help="which outbox")
    parser.add_argument("--first", action="append", default=[], metavar="'LABEL: OPTION'", help="a first disturbance")
    parser.add_argument("--plant", choices=tuple(PLANTS), help="a bug to plant into the product")
    parser.add_argument("--keep-going", action="store_true", help="show one path for each promise that is broken")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="draw so many paths instead of walking all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--replay", metavar="SCRIPT", help="walk one path and tell it")
    return parser


def _tell(done: int, of: int, found: Found) -> None:
    if done % _SHOWN_EACH == 0 and done < of:
        print(f"  {done} of {of} first disturbances, {found.paths.total()} paths", flush=True)


def _show(path: Path, scenario: Scenario, plant: str | None) -> int:
    print("\n".join(path.story))
    print(f"ends: {'; '.join(path.endings)}; {path.requests} requests")
    for violation in path.violations:
        print(f"BROKEN PROMISE: {violation}")
    if path.violations:
        print(f"again: {replay_command(path, scenario, plant)}")
    return 1 if path.violations else 0


if __name__ == "__main__":
    sys.exit(main())
