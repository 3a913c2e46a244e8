"""What the explorer is made of, where a mistake would let it see less than it says."""

import asyncio

import pytest

from tests.explorer.__main__ import main
from tests.explorer.choices import Choices, ScriptError, read_script, write_script
from tests.explorer.loop import DeadlockError, VirtualLoop
from tests.explorer.path import walk
from tests.explorer.scenarios import TWO, Scenario
from tests.explorer.setup import make_setup


def test_a_script_is_read_as_it_was_written() -> None:
    """What is printed of a path is enough to walk it again."""
    script = {12: "reply_lost", 3: "die"}

    assert "3=die 12=reply_lost" == write_script(script)
    assert script == read_script(write_script(script))
    assert {} == read_script(write_script({}))


@pytest.mark.parametrize("text", ["die", "x=die", "3=", "3 = die"])
def test_a_line_that_is_no_script(text: str) -> None:
    """It is refused instead of being walked as something else."""
    with pytest.raises(ScriptError):
        read_script(text)


def test_points_are_offered_only_while_a_disturbance_is_left() -> None:
    """After the last one only what belongs to it is open: when a request that was held up arrives."""
    choices = Choices({0: "late"}, limit=1)

    taken = choices.pick("A send submit", ("late", "die"))
    choices.pick("A before send upload", ("die",))
    choices.pick("A the request held up", ("arrives",))

    assert "late" == taken
    assert [("A the request held up", ("arrives",))] == [(point.label, point.options) for point in choices.points]


@pytest.mark.parametrize("script", [{0: "no such option"}, {100_000: "die"}])
def test_a_script_for_another_path(script: dict[int, str]) -> None:
    """A script that does not fit is refused: it would be walked as if nothing had happened."""
    setup = make_setup(files=0)

    with pytest.raises(ScriptError):
        walk(setup, script)


def test_days_pass_in_no_time() -> None:
    """A wait turns the clock, and the timers come due in their order."""
    loop = VirtualLoop()
    woken: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, loop.time()))

    async def wait_for_both() -> None:
        await asyncio.gather(wait("late", 86_400.0), wait("early", 60.0))

    loop.run_until_complete(wait_for_both())
    loop.close()

    assert [("early", 60.0), ("late", 86_400.0)] == woken


def test_everybody_waits_for_ever() -> None:
    """A wait that nothing can end is said, instead of hanging the search."""
    loop = VirtualLoop()

    async def wait() -> None:
        await asyncio.Event().wait()

    task = loop.create_task(wait())
    with pytest.raises(DeadlockError):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_a_dispatcher_is_overtaken() -> None:
    """It goes on exactly when the one that took over has done as much as was asked for, and finds its lease gone."""
    setup = make_setup(files=0, doors=TWO)
    smooth = walk(setup, {}, limit=1)
    number = next(point.number for point in smooth.points if point.label == "A before send finish")

    path = walk(setup, {number: "overtaken_2"})

    effects = [line.strip() for line in path.story if line.startswith("     ")]
    taken_over = effects.index("B claims (take-over)")
    assert ["B writes record(finish)", "B sends finish -> HTTP 200, code 0, report 400000001"] == effects[
        taken_over + 1 : taken_over + 3
    ]
    assert effects[taken_over + 3].startswith("A sends finish -> HTTP 400, code 5102")
    assert [] == path.violations


def test_a_first_disturbance_that_is_not_there() -> None:
    """A search that was to begin with it is refused, instead of finding nothing wrong."""
    scenario = Scenario(files=0, firsts=("A send upload: reply_lost",))
    smooth = walk(scenario.make_setup(), {}, limit=1)

    with pytest.raises(ScriptError, match="A send upload"):
        list(scenario.first_scripts(smooth))


def test_a_sample_of_deeper_paths(capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed draws the same paths; none of them breaks a promise."""
    arguments = ["--faults", "3", "--files", "0", "--sample", "5", "--seed", "3"]

    results = [(main(arguments), capsys.readouterr().out) for _ in range(2)]

    assert results[0] == results[1]
    assert 0 == results[0][0]
    assert "a sample of 5 with seed 3" in results[0][1]
