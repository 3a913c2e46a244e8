"""`tipline mock`: an endpoint on loopback that files nothing, for tests."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urljoin

from tipline_client._closed import reason_of
from tipline_client.cli import mock_process
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.output import Output
from tipline_client.cli.output_options import OUTPUT, OutputOptions
from tipline_client.errors import ConfigurationError
from tipline_client.profiles import MOCK_PASSWORD, MOCK_USERNAME

__all__ = ["mock"]

_LARGEST_PORT: Final = 65535
_DESCRIPTION: Final = "/_mock/openapi.json"
"""Where the control API describes itself, on the endpoint's own port."""


def mock(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    username: str = MOCK_USERNAME,
    password: str = MOCK_PASSWORD,
    fault: tuple[str, ...] = (),
    faults: Path | None = None,
    dice: int | None = None,
    chance: tuple[str, ...] = (),
    era: Literal["2026", "2016"] = "2026",
    newer_elements: bool = False,
    wait: bool = False,
    options: OutputOptions = OUTPUT,
) -> ExitCode:
    """Run a mock endpoint until SIGINT or SIGTERM. It is no hotline: nothing sent to it is filed.

    Prints its base URL on a line of its own when it is ready; give that as TIPLINE_ENDPOINT. Its control API stands
    beside it, under /_mock; the line after says where that is described, and the next whom it lets in. With --wait it
    goes on in the background, and the command ends when it answers calls, with its process id on the last line.

    Example: tipline mock --port 0 --fault finish:lost_reply

    Args:
        port: 0 lets the system choose.
        host: A loopback address.
        username: The one user that is let in.
        password: That user's password.
        fault: What shall go wrong once, in order: finish:lost_reply, submit:status=503, or JSON. Repeatable.
        faults: A JSON file with a whole plan.
        dice: Seed of random faults; needs --chance.
        chance: A fault and its probability: lost_reply=0.1. Repeatable.
        era: 2026 (errors with HTTP 400) or 2016 (errors with HTTP 200).
        newer_elements: Accept the elements that newer documentation adds.
        wait: Start it in the background, and return when it answers.
        options: Shared options.
    """
    try:
        from tipline_client.cli.fault_words import read_words
        from tipline_client.mock import Dice, read_plan, serve
        from tipline_client.mock.script import fault_names, thrown_faults
    except ImportError as error:
        raise ConfigurationError("the mock endpoint needs its extra", hint=str(error)) from None
    if not 0 <= port <= _LARGEST_PORT:
        raise CommandError(f"--port {port} is out of range", hint=f"Give one from 1 to {_LARGEST_PORT}, or 0 for any.")
    if dice is None and chance:
        raise CommandError("--chance without --dice", hint="Give the dice a seed, such as --dice 1.")
    chances = dict(_chance(text, known=thrown_faults()) for text in chance)
    script = [read_words(text) for text in fault]
    thrown = None
    try:
        if faults is not None:
            plan = read_plan(json.loads(faults.read_bytes()))
            script, thrown = [*plan.faults, *script], plan.dice
        if dice is not None or chance:
            thrown = Dice.model_validate({"seed": dice, "chances": chances})
    except OSError as error:
        raise CommandError(f"{faults}: {reason_of(error, error.filename or '')}") from None
    except ValueError:
        raise CommandError(
            "the faults or dice have no form that the mock endpoint knows",
            hint=f"The faults are {', '.join(fault_names())}; {_DESCRIPTION} of a running one describes the form.",
        ) from None
    if wait:
        given: dict[str, object] = {"port": port, "host": host, "username": username, "password": password, "era": era}
        given |= {"faults": faults and faults.absolute(), "dice": dice, "newer-elements": newer_elements or None}
        return _start(given | {"fault": fault, "chance": chance}, options.output())
    serve(
        port=port,
        host=host,
        username=username,
        password=password,
        era=era,
        newer_elements=newer_elements,
        faults=script,
        dice=thrown,
        announce=_Announcer(options.output(), username=username, password=password).hear,
    )
    return ExitCode.OK


def _start(given: Mapping[str, object], output: Output) -> ExitCode:
    started = mock_process.start(_words(given))
    pid = started["pid"]
    lines = [*started["notices"], *_ready_lines(started)]
    output.finish(started, [*lines, f"It goes on in the background until it is stopped: kill {pid}"])
    return ExitCode.OK


def _ready_lines(said: Mapping[str, Any]) -> list[str]:
    password = said.get("password", "that it was given")
    return [
        said["baseUrl"],
        f"Its control API: {said['openapi']}",
        f"It lets in: {said['username']} with the password {password}",
    ]


def _words(given: Mapping[str, object]) -> list[str]:
    """Options as words again; what was not given is left out, and what can be repeated is."""
    words = []
    for name, value in given.items():
        if value is True:
            words.append(f"--{name}")
        elif value is not None:
            words += [f"--{name}={one}" for one in (value if isinstance(value, tuple) else (value,))]
    return words


def _chance(text: str, *, known: Sequence[str]) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if name not in known:
        raise CommandError(f"--chance {name}: dice throw no such fault", hint=f"They throw {', '.join(known)}.")
    try:
        chance = float(value)
    except ValueError:
        chance = -1.0
    if not 0 <= chance <= 1:
        raise CommandError(
            f"--chance {text}: a probability from 0 to 1 is expected", hint="Write it as --chance lost_reply=0.1."
        )
    return name, chance


class _Announcer:
    """Passes on what the endpoint says at its start; as one document when it is ready, with `--json`."""

    def __init__(self, output: Output, *, username: str, password: str) -> None:
        self._output = output
        # One that everybody knows is no secret; one that was given may be.
        self._account = {"username": username, **({"password": password} if password == MOCK_PASSWORD else {})}
        self._notices: list[str] = []

    def hear(self, line: str) -> None:
        """One line."""
        if not line.startswith(("http://", "https://")):
            self._notices.append(line)
            self._output.say(line)
            return
        description = urljoin(line, _DESCRIPTION)
        said = {"baseUrl": line, "openapi": description, **self._account, "notices": self._notices}
        self._output.finish(said, _ready_lines(said))
