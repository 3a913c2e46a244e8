"""The page on going live with its own settings, as far as nothing of it reaches a hotline."""

import json
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tipline_client.cli import main

PAGE = ROOT / "docs" / "operations" / "going-live.md"


@pytest.mark.parametrize(("home", "environment"), [("rehearsal", "testing"), ("production", "production")])
def test_settings_of_the_page(home: str, environment: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Saved where the page says, they are found by the commands as printed, and name the endpoint that they are for."""
    text = PAGE.read_text(encoding="utf-8")
    [settings] = [
        block.code for block in blocks(text) if block.language == "toml" and f'endpoint = "{environment}"' in block.code
    ]
    assert f"saved as `{home}/tipline.toml`" in text
    assert f"$ tipline doctor --home {home}\n" in text
    secret = workplace / "password"
    secret.write_text("a password that is nobody's", encoding="utf-8")
    secret.chmod(0o600)

    assert 0 == main(["init", "--home", home])
    at_secret = settings.replace(f"/run/secrets/tipline-{environment}-password", str(secret))
    (workplace / home / "tipline.toml").write_text(at_secret, encoding="utf-8")
    capsys.readouterr()
    code = main(["doctor", "--offline", "--json", "--home", home])

    assert settings != at_secret
    said = json.loads(capsys.readouterr().out)
    assert (0, environment) == (code, said["environment"]), said


def test_sample_that_would_be_filed_for_real() -> None:
    """From the first real report on, no command of the page takes the sample."""
    _, real = PAGE.read_text(encoding="utf-8").split("## 7.")

    assert "first-report.json" in real
    assert "submission.json" not in real
