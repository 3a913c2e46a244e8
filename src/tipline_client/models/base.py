"""How every model behaves: frozen, strict about names and types, silent about content.

Wire names are aliases of Python names and both are accepted. An unknown name is refused with the nearest right one.
Nothing here knows a single element of the report.
"""

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError

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
        use_attribute_docstrings=True,
        json_schema_extra={"additionalProperties": False},
    )

    _python_names: ClassVar[frozenset[str]]
    _wire_names: ClassVar[frozenset[str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Note both spellings of every field once, so that the check of names costs next to nothing."""
        super().__pydantic_init_subclass__(**kwargs)
        cls._python_names = frozenset(cls.model_fields)
        cls._wire_names = frozenset(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_names(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        names = data.keys()
        # Within one spelling no field can be named twice, so the common cases end here.
        if names <= cls._wire_names or names <= cls._python_names:
            return data
        spellings = cls.spellings()
        unknown = [str(key) for key in data if key not in spellings]
        if unknown:
            cls._refuse(unknown, {key: value for key, value in data.items() if key in spellings})
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
    def _refuse(cls, unknown: list[str], rest: Mapping[str, Any]) -> NoReturn:
        """Refuse the unknown names together with all that is wrong with the rest: nothing is found only later."""
        spellings = cls.spellings()
        nearest = [nearest_name(name, spellings) for name in unknown]
        listing = "; ".join(_unknown(name, near) for name, near in zip(unknown, nearest, strict=True))
        context = {"names": unknown, "nearest": nearest, "listing": listing}
        problems = [InitErrorDetails(type=PydanticCustomError("unknown_name", "{listing}", context), input=None)]
        try:
            cls.model_validate(rest)
        except ValidationError as error:
            problems += [_again(problem) for problem in error.errors(include_url=False, include_input=False)]
        raise ValidationError.from_exception_data(cls.__name__, problems, hide_input=True)

    @classmethod
    def spellings(cls) -> Mapping[str, str]:
        """Every accepted spelling of a field's name, with the wire name it stands for."""
        wires = {name: field.alias or name for name, field in cls.model_fields.items()}
        return wires | {wire: wire for wire in wires.values()}

    def to_json_dict(self) -> dict[str, Any]:
        """The JSON form: wire names in the order of the wire, nothing that was left out, always the same.

        Report ids are strings of digits, since readers of JSON lose large numbers; instants are UTC text.

        Returns:
            A value for `json.dumps`, from which `model_validate` builds an equal instance. Text may hold lone
            surrogates, which JSON can carry only escaped (`ensure_ascii=True`, the default).
        """
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Only how many fields are set: a repr ends in logs."""
        return [("fields_set", len(self.model_fields_set))]

    def __str__(self) -> str:
        return repr(self)


def _again(problem: ErrorDetails) -> InitErrorDetails:
    """The same problem once more, without the input that caused it."""
    # A message that was already formatted holds no placeholder; braces in it are no template.
    message = problem["msg"].replace("{", "(").replace("}", ")")
    kind = PydanticCustomError(problem["type"], message, problem.get("ctx"))
    return InitErrorDetails(type=kind, loc=problem["loc"], input=None)


def _unknown(name: str, nearest: str | None) -> str:
    shown = name if len(name) <= 64 and name.isprintable() else "a name"
    return f"unknown name {shown!r}" + (f"; did you mean {nearest!r}?" if nearest else "")


class TextElement(WireModel):
    """An element with text and attributes; the bare text alone is accepted for it.

    The subclass declares which field is the text, by the `Text` fact.
    """

    _text_field: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Find the field that is the text."""
        super().__pydantic_init_subclass__(**kwargs)
        cls._text_field = next(
            name for name, field in cls.model_fields.items() if any(isinstance(fact, Text) for fact in field.metadata)
        )

    @model_validator(mode="before")
    @classmethod
    def _accept_bare_text(cls, data: Any) -> Any:
        if isinstance(data, (Mapping, cls)):
            return data
        return {cls._text_field: data}

    @classmethod
    def text_field(cls) -> str:
        """Name of the field that is the text of the element."""
        return cls._text_field

    @classmethod
    def of(cls, text: Any, **attributes: Any) -> Self:
        """Build one from its text and attributes: `Email.of("a@example.com", type="Work")`."""
        return cls.model_validate({cls._text_field: text, **attributes})

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The object, or its bare text where no attribute is required."""
        element = handler(schema)
        definition = handler.resolve_ref_schema(element)
        if definition.get("required") == [cls.model_fields[cls._text_field].alias]:
            text = definition["properties"][cls.model_fields[cls._text_field].alias]
            described = {key: definition.pop(key) for key in ("title", "description") if key in definition}
            alternatives = [dict(definition), {key: text[key] for key in text if key not in {"title", "description"}}]
            definition.clear()
            definition.update(described | {"anyOf": alternatives})
        return element
