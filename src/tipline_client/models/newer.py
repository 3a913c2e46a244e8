"""Which facts of an instance the schema of November 2025 cannot hold.

They are documented, so the models carry them; an endpoint that still has that schema refuses them. Whether a given
endpoint knows them is for its profile to say.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tipline_client.models.base import WireModel
from tipline_client.models.outline import FieldOutline, Kind, outline

__all__ = ["NewerElement", "find_newer"]


class NewerElement(NamedTuple):
    """One such fact.

    Attributes:
        path: Where it stands, in the wire's names, from the root of the instance.
        owner: The schema's name of the type that would hold it.
        name: The element's name.
    """

    path: str
    owner: str
    name: str


def find_newer(model: WireModel) -> tuple[NewerElement, ...]:
    """Every fact of `model` that needs a newer schema, in document order."""
    return tuple(_walk(model, ""))


def _walk(model: WireModel, prefix: str) -> Iterator[NewerElement]:
    for field in _fields_that_lead_there(type(model)):
        value = getattr(model, field.name)
        path = prefix + field.wire
        if field.newer is not None and value not in (None, ()) and not (field.kind is Kind.FLAG and value is False):
            yield NewerElement(path, field.newer.owner, field.wire)
        if field.model is None or value is None:
            continue
        if field.is_repeated:
            for index, item in enumerate(value):
                yield from _walk(item, f"{path}[{index}].")
        else:
            yield from _walk(value, f"{path}.")


@cache
def _fields_that_lead_there(model: type[WireModel]) -> tuple[FieldOutline, ...]:
    return tuple(
        field
        for field in outline(model)
        if field.newer is not None or (field.model is not None and _fields_that_lead_there(field.model))
    )
