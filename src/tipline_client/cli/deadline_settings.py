"""What `file_within` and `warn_before` say together: the deadline, and which of the two is wrong where one is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tipline_client.cli.durations import read_duration
from tipline_client.cli.setting_problems import Problems, kept
from tipline_client.delivery.deadline import Deadline
from tipline_client.errors import ConfigurationError

__all__ = ["read_deadline"]


def read_deadline(
    given: Mapping[str, Any], origins: Mapping[str, str], *, problems: Problems | None = None
) -> Deadline | None:
    """The deadline; `None` where none is set.

    Args:
        given: Setting to value.
        origins: Setting to where it came from.
        problems: Takes what is wrong with each of the two; without it the first is raised.

    Raises:
        ConfigurationError: One of them is no duration, or they do not go together.
    """
    spans = dict[str, timedelta]()
    for name in ("file_within", "warn_before"):
        if name in given:
            with kept(problems, name):
                spans[name] = read_duration(given[name], what=f"{name} ({origins[name]})")
    if "file_within" in spans:
        with kept(problems, "warn_before"):
            return Deadline(**spans)
        return Deadline(spans["file_within"])
    if "warn_before" in spans and "file_within" not in given:
        with kept(problems, "warn_before"):
            raise ConfigurationError(
                f"warn_before ({origins['warn_before']}) needs file_within: before what is somebody to be warned",
                hint="Set TIPLINE_FILE_WITHIN too, or leave both out.",
            )
    return None
