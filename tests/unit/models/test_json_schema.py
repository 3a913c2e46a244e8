"""Does the exported JSON Schema describe what the models read?"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tipline_client.models import (
    Email,
    FileDetails,
    InternetDetails,
    Report,
    Submission,
    WireModel,
    report_json_schema,
    submission_json_schema,
)
from tipline_client.models.outline import outline


def objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the schema, by the name of its definition."""
    for name, definition in {schema["title"]: schema, **schema["$defs"]}.items():
        for alternative in (definition, *definition.get("anyOf", ())):
            if "properties" in alternative:
                yield name, alternative


def reachable(model: type[WireModel]) -> dict[str, type[WireModel]]:
    """A class and every class inside it, by name."""
    found = {model.__name__: model}
    for field in outline(model):
        if field.model is not None:
            found |= reachable(field.model)
    return found


@pytest.mark.parametrize(("schema", "model"), [(report_json_schema(), Report), (submission_json_schema(), Submission)])
def test_names_in_schema(schema: dict[str, Any], model: type[WireModel]) -> None:
    """Every class is there with exactly its wire names, closed to others, and its required ones marked."""
    expected = {
        name: (
            [field.wire for field in outline(one)],
            [field.wire for field in outline(one) if field.is_required],
            False,
        )
        for name, one in reachable(model).items()
    }

    found = {
        name: (list(each["properties"]), each.get("required", []), each["additionalProperties"])
        for name, each in objects(schema)
    }

    assert expected == found


def test_meaning_of_every_name() -> None:
    """Every class and every property says what it means."""
    schema = submission_json_schema()

    silent = [name for name, definition in schema["$defs"].items() if not definition.get("description")]
    silent += [
        f"{name}.{key}"
        for name, each in objects(schema)
        for key, held in each["properties"].items()
        if not held.get("description")
    ]

    assert silent == []


def test_meaning_of_every_field_of_file_details() -> None:
    """The ids of file details are described as well."""
    silent = [name for name, field in FileDetails.model_fields.items() if not field.description]

    assert silent == []


def test_draft_of_schema() -> None:
    """It names its draft and is plain JSON."""
    schema = submission_json_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema == json.loads(json.dumps(schema))


def test_bare_text_in_schema() -> None:
    """An element with attributes may be its bare text, unless an attribute is required."""
    definitions = submission_json_schema()["$defs"]

    assert definitions[Email.__name__]["anyOf"][1] == {"type": "string", "maxLength": 255}
    assert definitions["AccountPermanentlyDisabled"]["anyOf"][1] == {"type": "boolean"}
    assert "anyOf" not in definitions["OriginalFileHash"]


def test_single_item_in_schema() -> None:
    """An array may be a single item."""
    array = report_json_schema()["$defs"]["Person"]["properties"]["email"]["anyOf"]

    assert array == [{"items": {"$ref": "#/$defs/Email"}, "type": "array"}, {"$ref": "#/$defs/Email"}]


def test_limits_in_schema() -> None:
    """Closed lists, ranges, patterns and ids are stated."""
    definitions = submission_json_schema()["$defs"]
    port = definitions["IpCaptureEvent"]["properties"]["port"]["anyOf"][0]
    country = definitions["Address"]["properties"]["country"]["anyOf"][0]
    prior = definitions["PersonOrUserReported"]["properties"]["priorCTReports"]["anyOf"][1]

    assert port == {"type": "integer", "minimum": 1, "maximum": 65535}
    assert len(country["enum"]) == 258
    assert prior["anyOf"][0] == {"type": "string", "pattern": "^[0-9]{1,19}$"}
    assert definitions[InternetDetails.__name__]["maxProperties"] == 1
