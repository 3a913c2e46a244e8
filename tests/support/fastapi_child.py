"""The example application in a process of its own, for a test to kill.

python -m tests.support.fastapi_child HOME BASE_URL MEDIA [--webhook URL]

It is the application as it stands in the examples, with waits that are short enough for a test. It prints its port, and
kills itself just before it answers a request that has the header `X-Die`: after everything that the request did.
"""

import argparse
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import uvicorn
from examples.fastapi_app import app as example
from examples.fastapi_app.settings import Settings
from examples.fastapi_app.webhook import webhook
from fastapi import Request, Response

from tests.support.dispatcher_child import hasty
from tipline_client import profiles

Answer = Callable[[Request], Awaitable[Response]]


def main() -> None:
    """Serve until killed or told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("base_url")
    parser.add_argument("media", type=Path)
    parser.add_argument("--webhook")
    asked = parser.parse_args()
    # Its timeout is part of the time for which others leave it to a process that died.
    vars(example)["webhook"] = lambda *given: replace(webhook(*given), timeout=timedelta(seconds=1))
    app = example.create_app(
        Settings(
            profiles.mock(asked.base_url),
            home=asked.home,
            media=asked.media,
            webhook=asked.webhook,
            options=hasty(),
        )
    )

    @app.middleware("http")
    async def die(request: Request, answer: Answer) -> Response:
        response = await answer(request)
        if "x-die" in request.headers:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
