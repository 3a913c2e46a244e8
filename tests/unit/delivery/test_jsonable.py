"""Delivery's values through JSON and back, and what a refusal says."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.contract.values import FAILURE, FULL_CHECKPOINT, acknowledgement
from tipline_client.delivery.acknowledgement import Acknowledgement
from tipline_client.delivery.checkpoint import Checkpoint, Intent
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step


@pytest.mark.parametrize("value", [Checkpoint(), FULL_CHECKPOINT, FAILURE, acknowledgement(), acknowledgement(2**70)])
def test_there_and_back(value: object) -> None:
    """Every value comes back equal, with ids beyond 64 bits and times to the microsecond."""
    assert value == from_json(type(value), to_json(value))


def test_defaults_are_left_out() -> None:
    """A fresh checkpoint costs two characters, so that writing one per step costs little."""
    assert "{}" == to_json(Checkpoint())
    assert {"report_id": 4711} == json.loads(to_json(Checkpoint(report_id=4711)))


def test_time_in_another_zone() -> None:
    """A time keeps its instant, whatever zone it was given in."""
    instant = datetime(2026, 1, 5, 14, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    intent = Intent(Step.SUBMIT, instant)

    again = from_json(Intent, to_json(intent))

    assert datetime(2026, 1, 5, 9, 0, tzinfo=UTC) == again.since


@pytest.mark.parametrize(
    ("kind", "text", "place"),
    [
        (Checkpoint, '{"report_id": "coffee mug"}', "report_id"),
        (Checkpoint, '{"files": [{"index": 0, "file_id": ["coffee mug"]}]}', "files.0.file_id"),
        (Failure, '{"kind": "mug"}', "text"),
        (Acknowledgement, '"coffee mug"', "the whole"),
        (Checkpoint, "coffee mug", "the whole"),
        (Checkpoint, b"\xff mug", "the whole"),
    ],
)
def test_text_that_is_no_such_value(kind: type[object], text: str | bytes, place: str) -> None:
    """A refusal names the kind and the member, and never what stands in it, not even in its cause."""
    with pytest.raises(ValueError, match=f"not a {kind.__name__}: wrong at {place}") as caught:
        from_json(kind, text)

    assert "mug" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
