"""The short search: every single disturbance in each installation, and every second one after chosen first ones.

The long one is `make explore`.
"""

from collections.abc import Iterator

import pytest

from tests.explorer.__main__ import replay_command
from tests.explorer.answers import answers_to
from tests.explorer.parallel import Cores, cores
from tests.explorer.scenarios import TWO, Scenario, short_plan
from tests.explorer.search import Found, explore
from tipline_client.delivery.steps import Step

STEPS_OF_A_REPORT = (Step.SUBMIT, Step.UPLOAD, Step.FILEINFO, Step.FINISH, Step.RETRACT)
FENCED_WRITES = (
    *(f"record({step})" for step in STEPS_OF_A_REPORT),
    "release",
    "acknowledge",
    "dead_letter",
    "mark_retracted",
)
UNFENCED_WRITES = ("change_lane", "store_receipt")


@pytest.fixture(scope="module")
def workers() -> Iterator[Cores]:
    """Two processes that search."""
    with cores(2) as started:
        yield started


@pytest.fixture(scope="module")
def found_by_scenario(workers: Cores) -> dict[Scenario, Found]:
    """The whole short plan, searched once."""
    return {scenario: workers.search(scenario) for scenario in short_plan()}


@pytest.mark.slow
def test_no_promise_is_broken_on_any_path(
    found_by_scenario: dict[Scenario, Found], capsys: pytest.CaptureFixture[str]
) -> None:
    """On every path one report is filed and acknowledged, or none with a reason; each file once; no unfenced write."""
    broken = [
        "\n".join([*found.failed.story, *found.failed.violations, replay_command(found.failed, scenario)])
        for scenario, found in found_by_scenario.items()
        if found.failed is not None
    ]

    with capsys.disabled():
        print()
        for scenario, found in found_by_scenario.items():
            print(f"explorer: {scenario}: {found}")
    assert not broken, broken[0]


@pytest.mark.slow
def test_the_search_is_as_wide_as_it_says(found_by_scenario: dict[Scenario, Found]) -> None:
    """Every step met every answer, every write a crash on both sides and two failures, every end came about."""
    tried = {choice for found in found_by_scenario.values() for choice in found.choices}
    ends = {end for found in found_by_scenario.values() for end in found.ends}

    answers = {
        (f"send {step}", answer)
        for step in (*STEPS_OF_A_REPORT, Step.STATUS)
        for answer in answers_to(step, names_a_report=step not in {Step.SUBMIT, Step.STATUS})
    }
    assert set() == answers - tried
    crashes = {
        (f"{side} {verb}", end)
        for verb in (*FENCED_WRITES, *UNFENCED_WRITES)
        for side in ("before", "after")
        for end in ("die", "cancel")
    }
    assert set() == crashes - tried
    failures = {
        (verb, failure)
        for verb in (*FENCED_WRITES, *UNFENCED_WRITES)
        for failure in ("unavailable", "unavailable_though_written")
    }
    assert set() == failures - tried
    stops = {
        (label, option)
        for label in (*(f"before {verb}" for verb in FENCED_WRITES), *(f"before send {s}" for s in STEPS_OF_A_REPORT))
        for option in ("stall", "stall_renewing_first", "overtaken_0", "overtaken_3", "overtaken_8", "pause_25h")
    }
    assert set() == stops - tried
    by_hand = {(f"{side} send {step}", "filed_by_hand") for side in ("before", "after") for step in STEPS_OF_A_REPORT}
    assert set() == by_hand - tried
    assert {"acknowledged", "dead_letter", "filed_by_hand", "retracted"} == ends


def test_the_same_search_twice() -> None:
    """The same arguments give the same paths in the same order, with the same effects."""
    scenario = Scenario(files=0, doors=TWO, is_small=True)

    first, second = (explore(scenario.make_setup(), limit=scenario.limit, choose=scenario.choose) for _ in range(2))

    assert first.paths == second.paths
    assert first.digest == second.digest


@pytest.mark.slow
def test_the_stores_agree(workers: Cores, found_by_scenario: dict[Scenario, Found]) -> None:
    """On an SQLite file the same things come about in the same order as in memory."""
    in_memory = Scenario(files=0, doors=TWO)

    on_disk = workers.search(Scenario(files=0, doors=TWO, kept="sqlite"))

    assert found_by_scenario[in_memory].digest == on_disk.digest
