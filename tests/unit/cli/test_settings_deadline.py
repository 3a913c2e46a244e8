"""The time to file within, as people write it in settings."""

from datetime import timedelta
from pathlib import Path

import pytest

from tipline_client.cli.durations import read_duration
from tipline_client.cli.setting_problems import Problems
from tipline_client.cli.settings import resolve
from tipline_client.delivery.deadline import Deadline
from tipline_client.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", timedelta(hours=24)),
        (" 90 min ", timedelta(minutes=90)),
        ("30s", timedelta(seconds=30)),
        ("2d", timedelta(days=2)),
    ],
)
def test_duration(text: str, expected: timedelta) -> None:
    """A whole number and its unit."""
    assert expected == read_duration(text, what="file_within")


@pytest.mark.parametrize("text", ["", "24", "h", "0h", "-1h", "1.5h", "24 hours", "1h30min", "99999999d", "²h"])
def test_no_duration(text: str) -> None:
    """Anything else is refused, with the setting named and an example."""
    with pytest.raises(ConfigurationError, match="file_within") as refused:
        read_duration(text, what="file_within")

    assert "24h" in str(refused.value.hint)


def test_deadline_of_the_file_and_the_variables() -> None:
    """The nearest one wins, each for itself."""
    Path("tipline.toml").write_text('file_within = "24h"\nwarn_before = "6h"\n')

    settings = resolve(environ={"TIPLINE_WARN_BEFORE": "2h"})

    assert Deadline(timedelta(hours=24), timedelta(hours=2)) == settings.deadline


def test_no_deadline_by_default() -> None:
    """Nobody is warned unless somebody says of what."""
    assert resolve(environ={}).deadline is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TIPLINE_WARN_BEFORE": "2h"}, "needs file_within"),
        ({"TIPLINE_FILE_WITHIN": "soon"}, "TIPLINE_FILE_WITHIN"),
        ({"TIPLINE_FILE_WITHIN": "2h", "TIPLINE_WARN_BEFORE": "3h"}, "warn_before"),
    ],
)
def test_deadline_that_makes_no_sense(environ: dict[str, str], words: str) -> None:
    """What could never warn, or would warn of everything, is refused by name."""
    with pytest.raises(ConfigurationError, match=words):
        resolve(environ=environ)


def test_wrong_warning_leaves_the_deadline() -> None:
    """Where problems are kept, the time stands, with the warning's default."""
    problems: Problems = []

    settings = resolve(environ={"TIPLINE_FILE_WITHIN": "24h", "TIPLINE_WARN_BEFORE": "25h"}, problems=problems)

    assert Deadline(timedelta(hours=24)) == settings.deadline
    assert ["warn_before"] == [name for name, _ in problems]
