"""`manage.py tipline VERB ...`: the command `tipline`, with the settings of the project."""

import argparse
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from tipline_client.cli import main
from tipline_client.cli.host_settings import settings_of
from tipline_client.django.hook_connections import closing_those_of_hooks
from tipline_client.django.project import host
from tipline_client.errors import TiplineError

__all__ = ["Command"]


class Command(BaseCommand):  # type: ignore[misc]  # Django bears no types
    """Hands everything behind its name on. It ends with the exit code of the verb."""

    help = "Run a verb of the command tipline with settings.TIPLINE: dispatch, status, list, doctor, and all others."
    # `tipline init` makes what the checks miss.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Whatever there is."""
        parser.add_argument(
            "words",
            nargs=argparse.REMAINDER,
            metavar="VERB ...",
            help="a verb with its options; `help` lists them",
        )

    def handle(
        self, *_: Any, words: list[str], stdout: TextIO | None = None, stderr: TextIO | None = None, **__: Any
    ) -> None:
        """Run the verb; what it says goes where `call_command` says, if it does.

        Raises:
            CommandError: Called by a program, and the verb ended with another exit code than 0, which is in
                `returncode`; or the settings are not usable.
        """
        try:
            found = host(with_hooks=True)
        except TiplineError as error:
            raise CommandError(f"{error}\nhint: {error.hint}", returncode=5) from None
        with (
            settings_of(found),
            redirect_stdout(stdout or sys.stdout),
            redirect_stderr(stderr or sys.stderr),
            closing_those_of_hooks(),
        ):
            code = main(words or ["--help"])
        if code and self._called_from_command_line:
            sys.exit(code)
        if code:
            raise CommandError(f"tipline {' '.join(words[:1])} ended with {code}", returncode=code)
