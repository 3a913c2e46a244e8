"""Signals while the command is still starting: it ends at once, in its documented code, without a traceback.

The moments are counted in modules that are about to be imported, and the process signals itself: the same moments on a
busy machine, and nobody waits for a line that may never come.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.interrupting import INTERRUPTED, WORDS

pytestmark = pytest.mark.slow

SECONDS = 30.0
MOMENTS = 12
ENDING = {
    "enqueue": ("enqueue", "-"),
    "dispatch": ("dispatch", "--drain", "--patience", "0"),
    "mock": ("mock", "--faults", "missing.json"),
}
"""Commands that import all that the verb needs, and end by themselves; standard input is empty."""
SERVICES = {"dispatch": ("dispatch",), "mock": ("mock", "--port", "0")}

FIRST = "cyclopts"
"""What is imported first once the signal has its meaning."""
COUNTING = """
import os, sys
number, moment, sys.argv[1:] = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
looked_for = []
class Counter:
    def find_spec(self, name, path=None, target=None):
        if looked_for or name == "tipline_client.cli.interrupting":
            looked_for.append(name)
            if moment == len(looked_for):
                os.kill(os.getpid(), number)
sys.meta_path.insert(0, Counter())
from tipline_client.cli import main
code = main()
if not moment:
    print(*looked_for)
sys.exit(code)
"""


def run_until(moment: int, *arguments: str, by: signal.Signals = signal.SIGINT) -> subprocess.CompletedProcess[str]:
    """The command, which sends itself a signal before the import with this number; with 0 it lists the imports."""
    command = [sys.executable, "-c", COUNTING, str(int(by)), str(moment), *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def moments(verb: str) -> range:
    """Numbers of imports, evenly spread over all of them, from the first one after the signal has its meaning."""
    listed = run_until(0, *ENDING[verb]).stdout.splitlines()[-1].split(" ")
    # Otherwise the command ended before there was a verb, or the list is none of modules.
    assert f"tipline_client.cli.verbs.{verb}" in listed
    first = listed.index(FIRST) + 1
    return range(first, len(listed) + 1, (len(listed) - first) // MOMENTS)


def end_of(ran: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """The exit code and what was said."""
    return ran.returncode, ran.stderr.strip()


def test_interrupted_at_any_import(world: World) -> None:
    """Ctrl-C while a verb is being imported ends with 130 and one line."""
    when = moments("enqueue")

    ends = [end_of(run_until(moment, *ENDING["enqueue"])) for moment in when]

    assert len(when) >= MOMENTS
    assert [(int(ExitCode.INTERRUPTED), WORDS)] * len(when) == ends
    assert [] == world.listed()


def test_interrupted_before_the_signal_has_its_meaning() -> None:
    """The very first import of the command ends with 130 as well; there are no words for it yet."""
    ran = run_until(1, *ENDING["enqueue"])

    assert (int(ExitCode.INTERRUPTED), "") == end_of(ran)


def test_terminated_at_any_import(world: World) -> None:
    """SIGTERM while a verb is being imported is the end that it is for any process, which shells show as 143."""
    when = moments("enqueue")[::4]

    ends = [end_of(run_until(moment, *ENDING["enqueue"], by=signal.SIGTERM)) for moment in when]

    assert [(-signal.SIGTERM, "")] * len(when) == ends
    assert [] == world.listed()


@pytest.mark.parametrize("verb", sorted(SERVICES))
@pytest.mark.usefixtures("world")
def test_service_interrupted_at_any_import(verb: str) -> None:
    """A service ends with 130 before it runs and with 0 once it does, and never with a traceback."""
    when = moments(verb)[::2]

    ends = [end_of(run_until(moment, *SERVICES[verb])) for moment in when]

    assert [] == [(code, said) for code, said in ends if code not in {0, INTERRUPTED} or "Traceback" in said]
    assert (INTERRUPTED, WORDS) == ends[0]


def test_interrupt_that_is_ignored(world: World) -> None:
    """A shell starts background jobs with SIGINT ignored; it stays ignored."""
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); from tipline_client.cli import main; "
    code += "end = main(); assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN; sys.exit(end)"

    ended = subprocess.run([sys.executable, "-c", code, "list"], capture_output=True, timeout=SECONDS, check=False)

    assert (0, b"") == (ended.returncode, ended.stderr)
    assert world.home.exists()


def test_handler_given_back(world: World) -> None:
    """A program that calls the command finds its own Ctrl-C afterwards."""
    world.run("list")

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_command_under_both_names() -> None:
    """`python -m tipline_client` is the command `tipline`."""
    script = Path(sys.executable).with_name("tipline")
    commands = [[str(script)], [sys.executable, "-m", "tipline_client"]]

    said = [
        [
            subprocess.run([*command, word], capture_output=True, timeout=SECONDS, check=True).stdout
            for command in commands
        ]
        for word in ("--help", "--version")
    ]

    assert [one for one, _ in said] == [other for _, other in said]
    assert b"Usage: tipline COMMAND" in said[0][1]
