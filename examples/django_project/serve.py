"""The whole desk on this machine, in one command: a mock endpoint, the tables, the site and the dispatcher.

    python serve.py            until Ctrl-C, at http://127.0.0.1:8000
    python serve.py --once     decides one case, waits until it is filed, and ends

It makes the folder `django-desk-data` where it is started. Nothing leaves this machine.
"""

import argparse
import contextlib
import http.cookiejar
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from tipline_client.mock import MockEndpoint

HERE = Path(__file__).parent
LEASH = [sys.executable, str(HERE.with_name("until_parent_ends.py"))]
MANAGE = [sys.executable, str(HERE / "manage.py")]
PATIENCE = 60


@contextlib.contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of Django's commands, until the block ends or this program does."""
    command = [*LEASH, *MANAGE, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - files of the examples
        try:
            yield process
        finally:
            process.communicate()


def prepare(person: str) -> None:
    """Make home, tables and a person who may see the admin; the settings come from the environment."""
    django.setup()
    call_command("tipline", "init")
    call_command("migrate", verbosity=0)
    call_command("createsuperuser", interactive=False, username=person, email="desk@example.com")


class Browser:
    """What a moderator's browser does: it keeps cookies, and sends the form's token back."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._cookies = http.cookiejar.CookieJar()
        handlers = urllib.request.HTTPCookieProcessor(self._cookies), urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(*handlers)

    def wait(self) -> None:
        """Wait until the site answers."""
        for _ in range(PATIENCE * 10):
            with contextlib.suppress(OSError):
                self._opener.open(self._site, timeout=PATIENCE).close()
                return
            time.sleep(0.1)
        raise SystemExit("the site does not answer")

    def post(self, **form: str) -> Any:
        """Send the form of a decision."""
        token = next(cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken")
        data = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token}).encode()
        with self._opener.open(self._site, data, timeout=PATIENCE) as answer:
            return json.load(answer)

    def get(self, path: str) -> Any:
        """A document of the site."""
        with self._opener.open(self._site + path, timeout=PATIENCE) as answer:
            return json.load(answer)


def decide_once(browser: Browser) -> None:
    """Decide a case, and wait until its report is filed and the desk knows the number."""
    answer = browser.post(case=f"case-{secrets.token_hex(4)}", url="https://www.example.com/mug")
    print(f"queued as entry {answer['entry']}")
    for _ in range(PATIENCE * 10):
        found = browser.get(f"decisions/{answer['case']}")
        if found["report"] is not None:
            print(f"filed as report {found['report']}")
            return
        time.sleep(0.1)
    raise SystemExit("it was not filed in time")


def main() -> None:
    """Start everything, and end it."""
    parser = argparse.ArgumentParser(description="A moderation desk with Django, against a mock endpoint.")
    parser.add_argument("--port", type=int, default=8000, help="of the site; 0 for any that is free")
    parser.add_argument("--once", action="store_true", help="decide one case, and end when it is filed")
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", given.port)) as free:
        port = free.getsockname()[1]
    data = Path("django-desk-data").absolute()
    data.mkdir(mode=0o700, exist_ok=True)
    # A service manager's way to ask for the end is Ctrl-C's.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with MockEndpoint() as endpoint, contextlib.suppress(KeyboardInterrupt):
        person, password = f"moderator-{secrets.token_hex(2)}", secrets.token_urlsafe(12)
        os.environ |= {"DESK_DATA": str(data), "DESK_DEBUG": "1", "TIPLINE_ENDPOINT": endpoint.base_url}
        os.environ |= {"DESK_SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SUPERUSER_PASSWORD": password}
        os.environ["DJANGO_SETTINGS_MODULE"] = "desk.settings"
        prepare(person)
        site = f"http://127.0.0.1:{port}/"
        with (
            running("runserver", "--noreload", f"127.0.0.1:{port}") as server,
            running("tipline", "dispatch"),
        ):
            browser = Browser(site)
            browser.wait()
            print(f"{site} is up; {site}admin/ takes {person} with the password {password}", flush=True)
            if given.once:
                decide_once(browser)
            else:
                server.wait()


if __name__ == "__main__":
    main()
