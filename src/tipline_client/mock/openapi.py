"""The control API, described as an OpenAPI 3.1 document.

The schemas of faults come from the faults themselves, so that the description cannot fall behind; everything else is
written here, and a test compares it with the routes. It serves nothing itself.
"""

from typing import Any

from pydantic import TypeAdapter

from tipline_client.mock.script import STEPS, AnyFault, Dice, thrown_faults

__all__ = ["describe"]

Json = dict[str, Any]

_COUNTS = ("open", "finished", "retracted", "lapsed", "orphans", "duplicates", "stray_files", "requests")
_ID = {"type": "string", "pattern": "^[0-9]{1,19}$"}
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


def describe(*, version: str) -> Json:
    """The document, ready to be written as JSON."""
    schemas = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tipline-client mock endpoint: control API",
            "version": version,
            "description": "For tests. This is no hotline; nothing sent here is filed anywhere.",
        },
        "paths": _paths(),
        "components": {"schemas": schemas},
    }


def _paths() -> Json:
    wrong = {
        "400": _answer("The body is not JSON", "Error"),
        "409": _answer("Of the right form, and impossible: chances beyond certainty, a time no clock shows", "Error"),
        "422": _answer("JSON of the wrong form", "Error"),
    }
    report_id = {"name": "report_id", "in": "path", "required": True, "schema": _ID}
    file_id = {"name": "file_id", "in": "path", "required": True, "schema": _TEXT}
    xml = {"description": "The document", "content": {"application/xml": {"schema": _TEXT}}}
    return {
        "/_mock/summary": {"get": _call("summary", "Counts of reports and of anomalies", "Summary")},
        "/_mock/reports": {"get": _call("reports", "Every report in the order of opening", "Report", is_list=True)},
        "/_mock/reports/{report_id}/xml": {
            "get": {
                "operationId": "report_xml",
                "summary": "The document as it arrived",
                "parameters": [report_id],
                "responses": {"200": xml, "404": _answer("No such report", "Error")},
            }
        },
        "/_mock/reports/{report_id}/files/{file_id}/xml": {
            "get": {
                "operationId": "file_details_xml",
                "summary": "What was said of a file: the details document as it arrived, the latest of several",
                "parameters": [report_id, file_id],
                "responses": {"200": xml, "404": _answer("No such file, or nothing was said of it", "Error")},
            }
        },
        "/_mock/requests": {"get": _call("requests", "The latest calls, oldest first", "Request", is_list=True)},
        "/_mock/faults": {
            "get": _call("faults", "What is still to go wrong", "Plan"),
            "put": _call("replace_faults", "Replace all scripts and dice", "Plan", takes="PlanInput", errors=wrong),
        },
        "/_mock/clock": {
            "get": _call("clock", "The endpoint's time", "Clock"),
            "put": _call("turn_clock", "Set or advance the time", "Clock", takes="ClockInput", errors=wrong),
        },
        "/_mock/reset": {"post": _call("reset", "Forget reports, requests, scripts and clock; ids go on", "Summary")},
        "/_mock/ready": {"get": _call("ready", "Whether calls are answered", "Ready")},
        "/_mock/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document",
                "responses": {
                    "200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
                },
            }
        },
    }


def _call(
    name: str, summary: str, gives: str, *, is_list: bool = False, takes: str | None = None, errors: Json | None = None
) -> Json:
    operation: Json = {
        "operationId": name,
        "summary": summary,
        "responses": {"200": _answer("OK", gives, is_list=is_list), **(errors or {})},
    }
    if takes is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(takes)}}}
    return operation


def _answer(description: str, name: str, *, is_list: bool = False) -> Json:
    schema = {"type": "array", "items": _ref(name)} if is_list else _ref(name)
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _schemas() -> Json:
    template = "#/components/schemas/{model}"
    fault = TypeAdapter(AnyFault).json_schema(ref_template=template)
    dice = Dice.model_json_schema(ref_template=template)
    chance = dice["properties"]["chances"].pop("additionalProperties")
    dice["properties"]["chances"] |= {
        "properties": dict.fromkeys(thrown_faults(), chance),
        "additionalProperties": False,
    }
    nullable_dice = {"anyOf": [_ref("Dice"), {"type": "null"}]}
    scripted = {
        "allOf": [
            _ref("Fault"),
            {"type": "object", "properties": {"step": {"enum": list(STEPS)}}, "required": ["step"]},
        ]
    }
    kinds = {name: _open_to_step(schema) for name, schema in fault.pop("$defs").items()}
    file = {
        "file_id": _TEXT,
        "name": _TEXT,
        "size": _COUNT,
        "md5": _TEXT,
        "sha256": _TEXT,
        "details": {"type": "boolean"},
    }
    times = {"opened_at": _TIME, "last_change_at": _TIME, "lapses_at": _TIME}
    states = {"enum": ["open", "finished", "retracted", "lapsed"]}
    listed = {"type": "array", "items": _ref("ScriptedFault")}
    return {
        **kinds,
        "Fault": fault,
        "Dice": dice,
        "ScriptedFault": scripted,
        "Plan": _object({"faults": listed, "dice": nullable_dice}),
        "PlanInput": {
            "oneOf": [
                listed,
                _ref("ScriptedFault"),
                {**_object({"faults": listed, "dice": nullable_dice}), "required": []},
            ]
        },
        "Summary": _object(dict.fromkeys(_COUNTS, _COUNT)),
        "Report": _object(
            {"report_id": _ID, "state": states, **times, "files": {"type": "array", "items": _ref("File")}}
        ),
        "File": _object(file),
        "Request": _object(
            {
                "step": {"enum": [*STEPS, "unknown"]},
                "status": {"type": ["integer", "null"]},
                "request_id": _TEXT,
                "time": _TIME,
                "fault": {"type": ["string", "null"]},
                "unexpected": {"type": ["string", "null"]},
            }
        ),
        "Clock": _object({"now": _TIME, "offset_seconds": {"type": "number"}}),
        "ClockInput": {"oneOf": [_object({"now": _TIME}), _object({"advance_seconds": {"type": "number"}})]},
        "Ready": _object({"ready": {"const": True}}),
        "Error": _object({"error": _TEXT}),
    }


def _open_to_step(schema: Json) -> Json:
    """A fault's schema that tolerates the `step` beside its arguments, as the scripted form has it."""
    if "fault" not in schema.get("properties", {}):
        return schema
    properties = {**schema["properties"], "step": {"enum": list(STEPS)}}
    return {**schema, "properties": properties, "required": sorted({"fault", *schema.get("required", [])})}
