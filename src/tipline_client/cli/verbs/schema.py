"""`tipline schema`: the endpoint's own XSD, fetched and kept; and the JSON Schema of submission files."""

import hashlib
from dataclasses import replace
from typing import Any

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output_options import OUTPUT, OutputOptions
from tipline_client.client import AsyncTiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.profiles import EndpointSchema

__all__ = ["export", "fetch", "show"]


def fetch(*, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Fetch the endpoint's XSD and keep it; from then on every document is checked against it before it is queued.

    Example: tipline schema fetch

    Args:
        options: Shared options.
    """
    session = options.start()

    async def work(client: AsyncTiplineClient) -> tuple[str, EndpointSchema]:
        return client.profile.name, await client.fetch_schema()

    name, schema = with_client(session.settings, work)
    path = session.settings.place.schema_path(name)
    session.output.finish({"profile": name, "file": str(path), **_view(schema)}, [f"saved to {path}", *_lines(schema)])
    return ExitCode.OK


def show(*, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Say which schema is kept for the named endpoint, and which newer elements it has.

    Example: tipline schema show

    Args:
        options: Shared options.
    """
    session = options.start()
    lane = session.settings.lane
    if lane is None:
        raise ConfigurationError("no endpoint is named", hint="Give --endpoint or TIPLINE_ENDPOINT.")
    home = session.settings.place
    path, schema = home.schema_path(lane[0]), home.schema(lane[0])
    if schema is None:
        session.output.finish(
            {"profile": lane[0], "file": None},
            [f"no schema is kept for {lane[0]}: documents are checked against the rules of November 2025"],
        )
        return ExitCode.OK
    session.output.finish({"profile": lane[0], "file": str(path), **_view(schema)}, [str(path), *_lines(schema)])
    return ExitCode.OK


def export(*, options: OutputOptions = OUTPUT) -> ExitCode:
    """Print the JSON Schema of a submission file, for editors and other languages.

    Example: tipline schema export

    Args:
        options: Shared options.
    """
    from tipline_client.models.json_schema import submission_json_schema

    # JSON either way: it is what was asked for.
    replace(options, json=True).output().finish(submission_json_schema())
    return ExitCode.OK


def _view(schema: EndpointSchema) -> dict[str, Any]:
    return {
        "bytes": len(schema.text),
        "sha256": hashlib.sha256(schema.text).hexdigest(),
        "newerElements": [f"{owner}.{name}" for owner, name in sorted(schema.newer_elements)],
    }


def _lines(schema: EndpointSchema) -> list[str]:
    newer = ", ".join(f"{owner}.{name}" for owner, name in sorted(schema.newer_elements))
    return [
        f"  {len(schema.text)} bytes, sha256 {hashlib.sha256(schema.text).hexdigest()}",
        f"  newer elements: {newer or 'none'}",
    ]
