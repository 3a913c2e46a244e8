"""The settings of the example `django_project`, with a server that dies where a request says so."""

import os
import signal
from collections.abc import Callable
from typing import Any

from desk.settings import *  # noqa: F403 - all of them
from desk.settings import MIDDLEWARE as ALL_OF_THE_DESK
from django.db import connection

MIDDLEWARE = ["tests.hosts.dying_desk.dying", *ALL_OF_THE_DESK]


def dying(respond: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Kill this process in the middle of a request that asks for it."""

    def middleware(request: Any) -> Any:
        when = request.headers.get("X-Die")
        if when == "before the commit":
            connection.commit = die
        response = respond(request)
        if when == "before the answer":
            die()
        return response

    return middleware


def die() -> None:
    """End as with `kill -9`: nothing is closed, flushed or answered."""
    os.kill(os.getpid(), signal.SIGKILL)
