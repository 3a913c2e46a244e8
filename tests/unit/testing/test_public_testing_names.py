"""What `tipline_client.testing` offers, and what it costs to have it."""

import subprocess
import sys

import pytest

from tipline_client import testing
from tipline_client.testing import clock, endpoint, guard, in_process


def test_names_at_their_first_use() -> None:
    """Each is the very object of its module; others are refused."""
    found = [getattr(testing, name) for name in testing.__all__]

    assert [in_process.InProcess, guard.RealHotlineError, endpoint.TiplineEndpoint, clock.TurnableClock] == found
    assert set(testing.__all__) <= set(dir(testing))
    with pytest.raises(AttributeError, match="has no attribute 'FrozenClock'"):
        testing.FrozenClock  # type: ignore[attr-defined]  # noqa: B018 - that is the test


@pytest.mark.parametrize(
    ("missing", "module", "says"),
    [
        ("hypothesis", "tipline_client.testing.strategies", 'pip install "tipline-client[testing]"'),
        ("starlette", "tipline_client.testing.endpoint", 'pip install "tipline-client[mock]"'),
        ("starlette", "tipline_client.testing.in_process", 'pip install "tipline-client[mock]"'),
    ],
)
def test_extra_that_is_not_installed(missing: str, module: str, says: str) -> None:
    """Whoever uses what needs an extra is told which; the plug-in itself needs none."""
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        f"import tipline_client.testing.plugin\n"
        f"try:\n    import {module}\nexcept ImportError as error:\n    print(error)\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert says in ended.stdout
