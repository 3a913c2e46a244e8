"""For the verbs that need no home: what this user may not read there is left out, with a warning, and they go on."""

import os
from typing import Final

from tipline_client.cli.host_settings import host_settings
from tipline_client.cli.options import HomeOptions, Session
from tipline_client.cli.setting_problems import Problems
from tipline_client.cli.submissions import FileRules, rules_for
from tipline_client.cli.variables import CONFIG_VARIABLE

__all__ = ["rules_without_home", "start_without_home"]

_UNUSED: Final = {"password", "outbox", "master_key"}
"""Secrets in files, which nothing is checked with."""


def start_without_home(options: HomeOptions) -> Session:
    """Settings and output; a secret that cannot be read is none that is needed, nor is a home that is closed.

    Raises:
        ConfigurationError: Another setting is not usable.
    """
    problems: Problems = []
    session = options.start(problems=problems)
    is_file_of_home = options.config is None and not os.environ.get(CONFIG_VARIABLE)
    is_closed = is_file_of_home and session.settings.place.closed_to_user() is not None
    for name, error in problems:
        if name not in _UNUSED and not (name == "file" and is_closed):
            raise error
    return session


def rules_without_home(session: Session) -> FileRules:
    """The rules of the named endpoint, without the schema in a home that is closed to this user.

    Raises:
        ConfigurationError: The endpoint is unknown, or the saved schema is none.
    """
    settings = session.settings
    closed = settings.place.closed_to_user()
    if closed is None:
        return rules_for(settings)
    lane = settings.lane
    # Where the settings came from elsewhere, those of the home would not have been read.
    left_out = [] if settings.file or host_settings() else ["settings"]
    left_out += ["the endpoint's schema"] if lane else []
    if left_out:
        session.output.note(f"warning: {settings.home} is closed, so {' and '.join(left_out)} in it are left out")
        session.output.note(f"  {closed}")
    return FileRules() if lane is None else FileRules(lane[1])
