"""The command as a process of its own: start, signals, pipes, locales, and death at a bad moment."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.world import World
from tipline_client.mock import slow

pytestmark = pytest.mark.slow

SECONDS = 60.0


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Wait for the end; code and both streams."""
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out.decode(), err.decode()


def read_until(process: subprocess.Popen[bytes], words: bytes) -> None:
    """Read standard error up to a line with these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"the process ended without saying {words!r}")


def wait_until_taken(world: World, process: subprocess.Popen[bytes]) -> None:
    """Wait until the call that a fault was scripted for has arrived."""
    while world.endpoint.faults.to_json()["faults"]:
        assert process.poll() is None
        os.sched_yield()


@contextmanager
def mock_process(world: World, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`tipline mock` as a process, ready."""
    process = world.start("mock", "--port", "0", *arguments)
    assert process.stdout is not None
    try:
        notice = process.stdout.readline()
        assert b"no hotline" in notice
        yield process.stdout.readline().decode().strip(), process
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


def test_whole_job_over_processes(bare_world: World) -> None:
    """Init, submit with a lost reply, and a list, each a process, against a mock that is another: filed once."""
    with mock_process(bare_world, "--fault", "finish:lost_reply", "--fault", "submit:status=503") as (url, mock):
        environ = {"TIPLINE_ENDPOINT": url}
        codes = [
            ended(bare_world.start("init"))[0],
            ended(bare_world.start("submit", str(bare_world.submission()), environ=environ))[0],
        ]
        code, out, _ = ended(bare_world.start("list", "--json", "--state", "acknowledged", environ=environ))
        summary = httpx.get(url.removesuffix("/ispws") + "/_mock/summary", trust_env=False).json()

    assert [0, 0, 0] == [*codes, code]
    assert ["case-1"] == [entry["idempotencyKey"] for entry in json.loads(out)]
    assert (1, 0, 0) == (summary["finished"], summary["duplicates"], summary["stray_files"])
    assert 0 == mock.returncode


def test_mock_in_json(bare_world: World) -> None:
    """One document with the base URL when it is ready; SIGINT ends it cleanly."""
    process = bare_world.start("mock", "--json", "--dice", "7", "--chance", "lost_reply=0.1")
    assert process.stdout is not None
    lines: list[bytes] = []
    while not lines or lines[-1] != b"}\n":
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS)

    document = json.loads(b"".join(lines))

    assert document["baseUrl"].endswith("/ispws")
    assert any("seed 7" in notice for notice in document["notices"])
    assert 0 == process.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_dispatch_stopped(world: World, number: signal.Signals) -> None:
    """One signal ends the service cleanly, with its summary and code 0."""
    process = world.start("dispatch", "--debug")
    read_until(process, b"dispatching to")

    process.send_signal(number)

    code, out, err = ended(process)
    assert 0 == code
    assert "tries: none; waiting: 0" in out
    assert "Traceback" not in err


def test_second_signal_ends_at_once(world: World) -> None:
    """A second signal does not wait for the step under way; the entry and its intent are durable."""
    world.run("enqueue", str(world.submission()))
    world.endpoint.faults.script("submit", slow(30))
    process = world.start("dispatch", "-v")
    wait_until_taken(world, process)
    process.send_signal(signal.SIGINT)
    read_until(process, b"stopping")

    process.send_signal(signal.SIGINT)

    assert 130 == ended(process)[0]
    assert "submit" == world.run("show", "case-1", "--json").document["checkpoint"]["intent"]["step"]


def test_submit_interrupted_between_steps(world: World) -> None:
    """Ctrl-C lets the step under way end and exits with 130; the same command goes on at once and files once."""
    path = str(world.submission())
    world.endpoint.faults.script("upload", slow(0.5))
    process = world.start("submit", "--json", path)
    wait_until_taken(world, process)
    process.send_signal(signal.SIGINT)
    code, out, err = ended(process)

    again = world.run("submit", path)

    assert (130, "queued", 0) == (code, json.loads(out)["state"], again.code)
    assert "stopping: what is under way ends first" in err
    assert once(world)


def test_submit_interrupted_twice(world: World) -> None:
    """A second Ctrl-C does not wait for the reply; once the lease is over the same command settles it: filed once."""
    path = str(world.submission())
    world.endpoint.faults.script("finish", slow(30))
    process = world.start("submit", path)
    wait_until_taken(world, process)
    process.send_signal(signal.SIGINT)
    read_until(process, b"stopping")
    process.send_signal(signal.SIGINT)
    code, _, _ = ended(process)
    expire_leases(world)

    again = world.run("submit", path)

    assert (130, 0) == (code, again.code)
    assert once(world)


def test_interrupted_while_reading(world: World) -> None:
    """Ctrl-C before anything is queued ends with 130 and a line."""
    process = world.start("enqueue", "-", "--debug", stdin=subprocess.PIPE)
    assert process.stdin is not None
    # More than a pipe holds: once all of it is written, the command is reading.
    process.stdin.write(b" " * 1_000_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)

    code, _, err = ended(process)

    assert 130 == code
    assert "interrupted: what is durable stays" in err
    assert "Traceback" not in err


def once(world: World) -> bool:
    """Whether exactly one report was filed, without a copy of anything."""
    summary = world.endpoint.summary()
    return (1, 0, 0) == (summary["finished"], summary["duplicates"], summary["stray_files"])


def test_killed_in_mid_delivery(world: World) -> None:
    """After SIGKILL during the upload's description, the next dispatcher retracts and starts over: filed once."""
    world.run("enqueue", str(world.submission()))
    world.endpoint.faults.script("fileinfo", slow(30))
    process = world.start("submit", str(world.submission()))
    wait_until_taken(world, process)
    process.kill()
    process.communicate(timeout=SECONDS)
    expire_leases(world)

    ran = world.run("dispatch", "--drain")

    assert 0 == ran.code
    assert 1 == world.endpoint.summary()["retracted"]
    assert once(world)


def expire_leases(world: World) -> None:
    """Let the leases of a dead process end now instead of half a minute later."""
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute("UPDATE entries SET lease_expires_at = 0 WHERE state = 'leased'")
    connection.close()


def test_reader_of_output_gone(world: World) -> None:
    """A closed pipe ends with 141 and without a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    process = world.start("schema", "export", stdout=writing)
    os.close(writing)

    _, err = process.communicate(timeout=SECONDS)

    assert (141, b"") == (process.returncode, err)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_output_on_a_full_disk(world: World, words: tuple[str, ...]) -> None:
    """It ends with 10 and says that the work is durable; the same command tells the results where there is room."""
    cases = world.lines(world.content("a"), world.content("b"))
    with Path("/dev/full").open("wb") as full:
        process = world.start("enqueue", str(cases), *words, stdout=full)
        _, err = process.communicate(timeout=SECONDS)

    again = world.run("enqueue", str(cases))

    assert (10, 0, 2) == (process.returncode, again.code, len(world.listed("queued")))
    assert b"standard output cannot be written: No space left on device" in err
    assert b"what was queued is queued" in err
    assert "there already: 2 queued" in again.out


def test_all_output_on_a_full_disk(world: World) -> None:
    """As where a log file takes both streams: the remarks are lost, and the work is done."""
    with Path("/dev/full").open("wb") as full:
        process = world.start("enqueue", str(world.submission()), stdout=full, stderr=full)
        process.communicate(timeout=SECONDS)

    assert (10, 1) == (process.returncode, len(world.listed("queued")))


def test_remarks_that_nobody_reads(world: World) -> None:
    """As when `tee` has ended by the same Ctrl-C: they are lost, and the work goes on to its own end."""
    reading, writing = os.pipe()
    os.close(reading)
    process = world.start("submit", str(world.submission()), "--json", stderr=writing)
    os.close(writing)

    out, _ = process.communicate(timeout=SECONDS)

    assert (0, "acknowledged") == (process.returncode, json.loads(out)["state"])


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(world: World, closed: str) -> None:
    """As some starters of jobs leave them: nobody wants the output, and the work is done."""
    command = [sys.executable, "-m", "tipline_client", "enqueue", str(world.submission())]
    process = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command], capture_output=True, timeout=SECONDS, check=False
    )

    assert 0 == process.returncode
    assert b"Traceback" not in process.stdout + process.stderr
    assert 1 == len(world.listed("queued"))
    assert 0 == world.run("verify", "--all").code


def test_locale_without_unicode(world: World) -> None:
    """What the terminal's encoding cannot show is escaped, in text and in JSON."""
    world.run("enqueue", str(world.submission(idempotencyKey="Zoë ☕")))
    environ = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}

    code, out, err = ended(world.start("list", environ=environ))

    assert (0, "") == (code, err)
    assert "Zo\\xeb \\u2615" in out
