"""Writes every field of the models: both names, form, limits, meaning, and where each of these comes from."""

from collections.abc import Iterable
from functools import cache

from annotated_types import Ge, Le
from docs.tables import first_paragraph, table

from tipline_client import models
from tipline_client.models.geography import OneOf
from tipline_client.models.outline import FieldOutline, Kind, Place, outline
from tipline_client.models.scalars import MaxUnits, Pattern

__all__ = ["fields", "models_in_order"]

_ROOTS = (models.Submission, models.FileDetails, models.ReportResponse, models.ReportDoneResponse)
_OURS = (models.Submission, models.EvidenceItem)
"""What no schema of the endpoint knows: the form in which a report is handed in."""

_HEAD = ("name", "form", "occurs", "limits", "meaning", "source")


def fields() -> str:
    """A table for each model, then the long lists of words."""
    parts = [_model(model) for model in models_in_order()]
    return "\n".join([*parts, _codes("US states", models.STATES), _codes("Countries", models.COUNTRIES)])


@cache
def models_in_order() -> tuple[type[models.WireModel], ...]:
    """Every model, each after the one that first needs it."""
    found: list[type[models.WireModel]] = []

    def visit(model: type[models.WireModel]) -> None:
        if model not in found:
            found.append(model)
            for field in outline(model):
                if field.model is not None:
                    visit(field.model)

    for root in _ROOTS:
        visit(root)
    return tuple(found)


def _model(model: type[models.WireModel]) -> str:
    rows = [
        (
            f"`{field.wire}`" if field.wire == field.name else f"`{field.wire}`<br>`{field.name}`",
            _form(field),
            _occurrence(field),
            "; ".join(_limits(field)),
            first_paragraph(model.model_fields[field.name].description),
            _source(field, is_ours=model in _OURS),
        )
        for field in outline(model)
    ]
    return f"## {model.__name__}\n\n{first_paragraph(model.__doc__)}\n\n{table(_HEAD, rows)}"


_FORMS = {
    Kind.TEXT: "text",
    Kind.WORD: "word",
    Kind.TRUTH: "boolean",
    Kind.FLAG: "flag",
    Kind.WHOLE: "whole number",
    Kind.DEGREES: "degrees",
    Kind.INSTANT: "instant",
    Kind.DATE: "date",
}
_PLACES = {
    Place.ELEMENT: "",
    Place.ATTRIBUTE: ", attribute",
    Place.TEXT: ", the element's text",
    Place.NOWHERE: ", not sent",
}


def _form(field: FieldOutline) -> str:
    form = f"[{field.model.__name__}](#{field.model.__name__.lower()})" if field.model else _FORMS[field.kind]
    return form + _PLACES[field.place]


def _occurrence(field: FieldOutline) -> str:
    least = "1" if field.is_required else "0"
    return f"{least} or more" if field.is_repeated else least if field.is_required else "0 or 1"


def _limits(field: FieldOutline) -> list[str]:
    said = [", ".join(f"`{word}`" for word in field.words)] if field.words else []
    bounds: dict[str, object] = {}
    for fact in field.facts:
        match fact:
            case MaxUnits(units=units):
                said.append(f"at most {units} UTF-16 units")
            case Pattern(meaning=meaning) | OneOf(meaning=meaning):
                said.append(meaning)
            case Ge(ge=bound):
                bounds["least"] = bound
            case Le(le=bound):
                bounds["most"] = bound
            case _:
                pass
    if bounds:
        said.append(f"{bounds.get('least', 'any')} to {bounds.get('most', 'any')}")
    if field.newer is not None:
        said.append("newer than the schema of November 2025")
    return said


def _source(field: FieldOutline, *, is_ours: bool) -> str:
    """Where the field comes from, and its limit where that comes from elsewhere; as the rules of validation have it."""
    if is_ours or field.place is Place.NOWHERE:
        return "ours"
    if field.newer is not None:
        return f"documentation: {field.newer.evidence}"
    said = ["schema"]
    if any(isinstance(fact, MaxUnits) for fact in field.facts):
        said.append("length: documentation")
    if any(isinstance(fact, (Ge, Le)) for fact in field.facts) and field.name in _DOCUMENTED_RANGES:
        said.append("range: documentation")
    elif any(isinstance(fact, (Ge, Le)) for fact in field.facts) and field.kind is Kind.DEGREES:
        said.append("range: recommendation")
    return "; ".join(said)


_DOCUMENTED_RANGES = ("age", "approximate_age", "port")


def _codes(title: str, codes: Iterable[str]) -> str:
    listed = " ".join(f"`{code}`" for code in sorted(codes) if code)
    return f"## {title}\n\n{listed}\n"
