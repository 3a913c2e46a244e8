"""Faults as words of the command line: `finish:lost_reply`, `submit:status=503`, or one JSON object.

Only the spelling is known here; which faults there are, the mock endpoint says.
"""

import json

from tipline_client.cli.exit_codes import CommandError
from tipline_client.mock import ScriptedFault, read_fault
from tipline_client.mock.script import STEPS, fault_names

__all__ = ["read_words"]

_MAIN_ARGUMENT = {
    "status": "status",
    "code": "code",
    "slow": "seconds",
    "truncate": "size",
    "huge": "size",
    "redirect": "location",
    "garbage": "body",
    "reply": "body",
    "unauthorized": "body",
}
"""What `=` after a fault's name gives it."""


def read_words(text: str) -> ScriptedFault:
    """One fault of a script.

    Args:
        text: `STEP:FAULT`, `STEP:FAULT=VALUE`, or the JSON form.

    Raises:
        CommandError: It is none of these, or the mock endpoint knows no such fault.
    """
    hint = "Write STEP:FAULT such as finish:lost_reply or submit:status=503, or the JSON form."
    try:
        if text.lstrip().startswith("{"):
            return read_fault(json.loads(text))
        step, separator, rest = text.partition(":")
        name, has_value, value = rest.partition("=")
        if separator and step not in STEPS:
            raise CommandError(f"{text!r}: there is no step {step!r}", hint=f"There are {', '.join(STEPS)}.")
        if separator and name not in fault_names():
            raise CommandError(f"{text!r}: there is no fault {name!r}", hint=f"There are {', '.join(fault_names())}.")
        if not separator or (has_value and name not in _MAIN_ARGUMENT):
            raise CommandError(f"{text!r} is no fault", hint=hint)
        given = {_MAIN_ARGUMENT[name]: _value(value)} if has_value else {}
        return read_fault({"step": step, "fault": name, **given})
    except ValueError:
        pass
    raise CommandError(f"{text!r} is no fault that the mock endpoint knows", hint=hint)


def _value(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
