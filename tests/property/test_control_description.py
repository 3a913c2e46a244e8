"""The control API keeps what its OpenAPI document says, for any request that can be made of it."""

import logging
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from tipline_client.mock.app import MockApplication

pytestmark = pytest.mark.slow

schema = schemathesis.openapi.from_asgi("/_mock/openapi.json", MockApplication().asgi)


@schema.parametrize()
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_request(case: Case[Any], caplog: pytest.LogCaptureFixture) -> None:
    """What the document allows is taken, what it forbids is refused, and every answer has a form that it names."""
    caplog.set_level(logging.ERROR, logger="tipline_client.mock")

    case.call_and_validate()
