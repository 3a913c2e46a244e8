"""Starts it: with `--mock` to try it, without for the endpoint that the environment names."""

import argparse
import os
from pathlib import Path

import uvicorn

from tipline_client.mock import MockEndpoint

from .app import create_app
from .settings import Settings


def main() -> None:
    """Serve until stopped by a signal."""
    parser = argparse.ArgumentParser(description="Take moderation decisions, and file them.")
    parser.add_argument("--mock", action="store_true", help="try it with a mock endpoint, which files nothing")
    parser.add_argument("--port", type=int, default=8000)
    asked = parser.parse_args()
    if not asked.mock:
        serve(Settings.from_environ(os.environ), port=asked.port)
        return
    with MockEndpoint() as endpoint:
        print(f"mock endpoint at {endpoint.base_url}: nothing is filed")
        # The pictures of the examples stand in for a media folder.
        media = Path(__file__).parent.parent
        # A trial has a home of its own, whatever is in use beside it.
        home, webhook = Path("fastapi-app-home"), os.environ.get("MODERATION_WEBHOOK")
        serve(Settings(endpoint.profile, home=home, media=media, webhook=webhook), port=asked.port)


def serve(settings: Settings, *, port: int) -> None:
    """Serve on loopback; SIGTERM and Ctrl-C end it cleanly, steps under way first."""
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
