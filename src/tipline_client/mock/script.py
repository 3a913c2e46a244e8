"""Which fault meets the next call?

Scripts are consumed in order, one list per step; where a step has no script left, dice may be thrown, and then only
with a seed that is written to the log so that the run can be repeated. It knows the faults' names, not what they do.
"""

import json
import logging
import random
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from tipline_client.mock.fault_kinds import (
    ChangedAnswer,
    Close,
    Code,
    Fault,
    Garbage,
    Huge,
    LostReply,
    LostRequest,
    Ok,
    Redirect,
    ScriptedReply,
    Slow,
    Status,
    Truncate,
    Unauthorized,
)

__all__ = [
    "IMPOSSIBLE",
    "STEPS",
    "AnyFault",
    "Dice",
    "FaultBook",
    "FaultPlan",
    "ScriptedFault",
    "Step",
    "read_fault",
    "read_plan",
    "thrown_faults",
]

logger = logging.getLogger("tipline_client.mock")

M = TypeVar("M", bound=BaseModel)

Step = Literal["submit", "upload", "fileinfo", "finish", "retract", "status", "xsd"]
STEPS: tuple[Step, ...] = get_args(Step)

IMPOSSIBLE = "impossible_chances"
"""Type of the one error that no schema can state: chances that are each in order, and together exceed certainty."""

AnyFault = Annotated[
    Ok
    | Status
    | Code
    | LostRequest
    | LostReply
    | Slow
    | Truncate
    | Garbage
    | Close
    | ScriptedReply
    | Redirect
    | Huge
    | Unauthorized
    | ChangedAnswer,
    Discriminator("fault"),
]
_FAULT: TypeAdapter[AnyFault] = TypeAdapter(AnyFault)


class Dice(BaseModel):
    """Random faults with a known seed.

    Attributes:
        seed: Repeats the same throws for the same order of calls.
        chances: For each fault's name the probability, between 0 and 1, that a call meets it; together at most 1. The
            faults are thrown with their default arguments.
        steps: The steps that the dice are thrown for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    chances: dict[str, Annotated[float, Field(ge=0, le=1)]]
    steps: tuple[Step, ...] = ("submit", "upload", "fileinfo", "finish", "retract")

    def model_post_init(self, _context: object, /) -> None:
        """Refuse names that no fault has, and chances that exceed certainty."""
        for name in self.chances:
            _FAULT.validate_python({"fault": name})
        if sum(self.chances.values()) > 1:
            raise PydanticCustomError(IMPOSSIBLE, "the chances add up to more than 1")


class ScriptedFault(BaseModel):
    """A fault at its place in the script of a step; in JSON both are one object."""

    model_config = ConfigDict(frozen=True)

    step: Step
    fault: AnyFault


class FaultPlan(BaseModel):
    """All scripts, and the dice."""

    model_config = ConfigDict(frozen=True)

    faults: tuple[ScriptedFault, ...] = ()
    dice: Dice | None = None


class FaultBook:
    """The scripts of one endpoint. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripts: dict[Step, deque[Fault]] = {step: deque() for step in STEPS}
        self._dice: Dice | None = None
        self._random = random.Random()  # noqa: S311 - dice for tests, no secret

    def script(self, step: Step, *faults: Fault) -> None:
        """Append faults to the script of a step; each meets one call, in order.

        Raises:
            ValueError: There is no such step.
        """
        if step not in self._scripts:
            raise ValueError(f"no step named {step!r}; the steps are {', '.join(STEPS)}")
        with self._lock:
            self._scripts[step].extend(faults)

    def dice(self, seed: int, *, chances: Mapping[str, float], steps: Iterable[Step] | None = None) -> None:
        """Throw dice for every call that no script covers. The seed is logged.

        Raises:
            pydantic.ValidationError: A `ValueError`: an unknown fault, step or impossible chance.
        """
        given = {} if steps is None else {"steps": tuple(steps)}
        self._set_dice(Dice.model_validate({"seed": seed, "chances": dict(chances), **given}))

    def clear(self) -> None:
        """Forget every script and the dice."""
        with self._lock:
            for script in self._scripts.values():
                script.clear()
            self._dice = None

    def replace(self, plan: FaultPlan) -> None:
        """Put `plan` in the place of everything scripted so far."""
        self.clear()
        for entry in plan.faults:
            self.script(entry.step, entry.fault)
        if plan.dice is not None:
            self._set_dice(plan.dice)

    def to_json(self) -> dict[str, object]:
        """What is still to come, in the form that `read_plan` reads."""
        with self._lock:
            faults = [
                {"step": step, **fault.model_dump(mode="json")}
                for step, script in self._scripts.items()
                for fault in script
            ]
            return {"faults": faults, "dice": None if self._dice is None else self._dice.model_dump(mode="json")}

    def scripted(self) -> list[tuple[Step, str]]:
        """Step and name of each fault that has met no call yet; dice do not count."""
        with self._lock:
            return [
                (step, str(getattr(fault, "fault", "fault")))
                for step, script in self._scripts.items()
                for fault in script
            ]

    def take(self, step: Step) -> Fault | None:
        """The fault that the next call of `step` meets, or None."""
        with self._lock:
            if self._scripts[step]:
                return self._scripts[step].popleft()
            if self._dice is None or step not in self._dice.steps:
                return None
            throw = self._random.random()
            for name, chance in self._dice.chances.items():
                throw -= chance
                if throw < 0:
                    return _FAULT.validate_python({"fault": name})
            return None

    def _set_dice(self, dice: Dice) -> None:
        with self._lock:
            self._dice = dice
            self._random.seed(dice.seed)
        logger.warning("mock endpoint throws dice with seed %d", dice.seed)


def read_fault(value: object) -> ScriptedFault:
    """One fault from its JSON form, `{"step": "finish", "fault": "status", "status": 502}`.

    Raises:
        ValueError: It has no such form.
    """
    if not isinstance(value, dict):
        raise ValueError("a fault is an object with a step, a fault and its arguments")
    arguments = {name: item for name, item in value.items() if name != "step"}
    return _read(ScriptedFault, {"step": value.get("step"), "fault": arguments})


def read_plan(value: object) -> FaultPlan:
    """A plan from JSON: a list of faults, one fault, or `{"faults": [...], "dice": {"seed": 1, "chances": {...}}}`.

    Raises:
        ValueError: It has none of these forms.
    """
    if isinstance(value, dict) and "step" in value:
        value = [value]
    if isinstance(value, list):
        value = {"faults": value}
    if not isinstance(value, dict) or not set(value) <= {"faults", "dice"}:
        raise ValueError("a plan is a list of faults, or an object with `faults` and `dice`")
    faults = value.get("faults", [])
    if not isinstance(faults, list):
        raise ValueError("`faults` is a list")
    dice = None if value.get("dice") is None else _read(Dice, value["dice"])
    return FaultPlan(faults=tuple(read_fault(fault) for fault in faults), dice=dice)


def thrown_faults() -> tuple[str, ...]:
    """Names of the faults that dice can throw: those that need no argument."""
    return tuple(name for name in fault_names() if _needs_nothing(name))


def fault_names() -> tuple[str, ...]:
    """Names of all faults."""
    kinds = get_args(get_args(AnyFault)[0])
    return tuple(name for kind in kinds for name in get_args(kind.model_fields["fault"].annotation))


def _needs_nothing(name: str) -> bool:
    try:
        _FAULT.validate_python({"fault": name})
    except ValidationError:
        return False
    return True


def _read(model: type[M], value: object) -> M:
    # As JSON, where a number is no text and a truth no number; Python's own values are taken more kindly.
    return model.model_validate_json(json.dumps(_whole_numbers(value)), strict=True)


def _whole_numbers(value: object) -> object:
    # In JSON 503.0 is the same whole number as 503.
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_whole_numbers(item) for item in value]
        case dict():
            return {name: _whole_numbers(item) for name, item in value.items()}
    return value
