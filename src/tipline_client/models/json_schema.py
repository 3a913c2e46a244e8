"""How the JSON form of a submission is described to others: JSON Schema, draft 2020-12.

The schema states the wire's names; Python's spellings are accepted as well but not advertised. What only code can check
(time zones that have gaps, UTF-16 units) it cannot say.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from tipline_client.models.base import WireModel
from tipline_client.models.report import Report
from tipline_client.models.submission import Submission

__all__ = ["report_json_schema", "submission_json_schema"]


def submission_json_schema() -> dict[str, Any]:
    """JSON Schema of a submission: `{"idempotencyKey", "report", "evidence"}`."""
    return _describe(Submission)


def report_json_schema() -> dict[str, Any]:
    """JSON Schema of a report alone."""
    return _describe(Report)


def _describe(model: type[WireModel]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, mode="validation")
    for definition in (schema, *schema["$defs"].values()):
        for alternative in (definition, *definition.get("anyOf", ())):
            for described in alternative.get("properties", {}).values():
                # pydantic derives a title from the name, in worse letters than the name's own.
                described.pop("title", None)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
