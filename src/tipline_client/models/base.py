"""How every model behaves: frozen, strict about names and types, silent about content.

Wire names are aliases of Python names and both are accepted. An unknown name is refused with the nearest right one.
Nothing here knows a single element of the report.
"""

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from tipline_client.models.xml_facts import Text

__all__ = ["TextElement", "WireModel", "nearest_name"]


def nearest_name(name: str, known: Mapping[str, str]) -> str | None:
    """The known wire name that `name` most likely means.

    Args:
        name: What was written.
        known: Accepted spelling to wire name, Python spellings included.

    Returns:
        A wire name, or `None` when nothing is near.
    """
    folded = {spelling.replace("_", "").lower(): wire for spelling, wire in known.items()}
    matches = difflib.get_close_matches(name.replace("_", "").lower(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


class WireModel(BaseModel):
    """Base of every element: immutable, closed to unknown names, and with a repr that shows no content."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",  # the check below refuses unknown names, and names the nearest right one
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        validate_default=False,
        ser_json_inf_nan="constants",
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_names(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        spellings = cls.spellings()
        unknown = [str(key) for key in data if key not in spellings]
        if unknown:
            nearest = [nearest_name(name, spellings) for name in unknown]
            raise PydanticCustomError(
                "unknown_name",
                "{listing}",
                {
                    "names": unknown,
                    "nearest": nearest,
                    "listing": "; ".join(_unknown(name, near) for name, near in zip(unknown, nearest, strict=True)),
                },
            )
        written = [spellings[key] for key in data]
        twice = sorted({wire for wire in written if written.count(wire) > 1})
        if twice:
            raise PydanticCustomError(
                "name_given_twice",
                "{listing}: given in both spellings; keep one",
                {"names": twice, "listing": ", ".join(twice)},
            )
        return data

    @classmethod
    def spellings(cls) -> Mapping[str, str]:
        """Every accepted spelling of a field's name, with the wire name it stands for."""
        cached = cls.__dict__.get("_spellings")
        if cached is None:
            cached = {}
            for name, field in cls.model_fields.items():
                wire = field.alias or name
                cached[name] = cached[wire] = wire
            cls._spellings = cached
        return cached

    _spellings: ClassVar[Mapping[str, str]]

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Only how many fields are set: a repr ends in logs."""
        return [("fields_set", len(self.model_fields_set))]

    def __str__(self) -> str:
        return repr(self)


def _unknown(name: str, nearest: str | None) -> str:
    shown = name if len(name) <= 64 and name.isprintable() else "a name"
    return f"unknown name {shown!r}" + (f"; did you mean {nearest!r}?" if nearest else "")


class TextElement(WireModel):
    """An element with text and attributes; the bare text alone is accepted for it.

    The subclass declares which field is the text, by the `Text` fact.
    """

    @model_validator(mode="before")
    @classmethod
    def _accept_bare_text(cls, data: Any) -> Any:
        if isinstance(data, (Mapping, cls)):
            return data
        return {cls.text_field(): data}

    @classmethod
    def text_field(cls) -> str:
        """Name of the field that is the text of the element."""
        return next(
            name for name, field in cls.model_fields.items() if any(isinstance(fact, Text) for fact in field.metadata)
        )

    @classmethod
    def of(cls, text: Any, **attributes: Any) -> Self:
        """Build one from its text and attributes: `Email.of("a@example.com", type="Work")`."""
        return cls.model_validate({cls.text_field(): text, **attributes})
