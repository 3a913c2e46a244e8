"""Strict JSON: what is no JSON, what JSON repeats, and numbers that nobody can hold."""

import json
from typing import Any

import pytest

from tests.unit.validation.samples import (
    COMPLETE,
    REPORTED,
    errors_of,
    found,
    read,
)


def test_json_text() -> None:
    """Text and bytes are read alike."""
    text = json.dumps(COMPLETE)

    results = [read(text), read(text.encode()), read(COMPLETE)]

    assert all(result.is_acceptable for result in results)
    assert results[0] == results[1] == results[2]


def test_byte_order_mark() -> None:
    """A byte-order mark at the beginning is passed over."""
    result = read(b"\xef\xbb\xbf" + json.dumps(COMPLETE).encode())

    assert result.is_acceptable


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "json-syntax"),
        (b'{"report": {', "json-syntax"),
        (b"{} {}", "json-continued"),
        (b"{'report': 1}", "json-syntax"),
        (json.dumps(COMPLETE).encode("utf-16"), "json-not-utf8"),
        ("[" * 100_000, "input-too-deep"),
        ("[]", "submissions-in-an-array"),
        ("null", "object-expected"),
        ('"report"', "object-expected"),
    ],
)
def test_input_that_is_no_submission(data: bytes | str, rule: str) -> None:
    """One issue says why nothing could be read."""
    result = read(data)

    assert result.submission is None
    assert [(rule, "submission")] == found(result.issues)


def test_input_larger_than_the_caller_allows() -> None:
    """The size is counted in bytes of UTF-8, for text as for bytes."""
    text = json.dumps({"idempotencyKey": "Ä" * 60}, ensure_ascii=False)

    results = [read(text, max_bytes=100), read(text.encode(), max_bytes=100)]

    assert [[("input-too-large", "submission")]] * 2 == [errors_of(result) for result in results]


def test_syntax_error_without_content() -> None:
    """The message names line and column and nothing of the text."""
    (issue,) = read('{"report":\n  "sample_user" oops}').issues

    assert "line 2, column 17" in issue.message
    assert "sample_user" not in issue.message


def test_name_given_twice_in_json() -> None:
    """Each repeated name is an issue at its own path; no one of its values is believed."""
    text = json.dumps(COMPLETE).replace('"screenName":', '"screenName": "sample_other", "screenName":')

    result = read(text)

    assert [("name-given-twice", f"{REPORTED}.screenName")] == found(result.issues)
    assert result.submission is None


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9223372036854775808", "9" * 5000])
def test_number_that_nobody_can_hold(number: str) -> None:
    """Numbers that are not finite or need more than 64 bits are named by their place."""
    text = json.dumps(COMPLETE).replace("51000", number)

    result = read(text)

    assert ("number-unusable", f"{REPORTED}.ipCaptureEvent[0].port") in errors_of(result)


def test_nesting_deeper_than_any_submission() -> None:
    """Input that nests without end is refused at the place where it becomes absurd, even as Python objects."""
    endless: dict[str, Any] = {}
    endless["report"] = endless

    result = read(endless)

    assert "input-too-deep" in {issue.rule for issue in result.issues}
