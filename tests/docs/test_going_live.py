"""The page on going live is walked to its end, with the pages that it sends its reader to; nothing reaches a hotline.

The keys are made in the ceremony of their page, the host is set up as its page says, and a mock endpoint stands in the
place of production.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.machine import Machine, shell_block
from tests.docs.pages import ROOT, Block, blocks
from tests.docs.running import commands, run_command
from tipline_client.cli import main
from tipline_client.mock import MockEndpoint

PAGE = ROOT / "docs" / "operations" / "going-live.md"
GOING_LIVE = "docs/operations/going-live.md"
KEYS_PAGE = ROOT / "docs" / "operations" / "backup-of-keys.md"
ONE_HOST_PAGE = "docs/hosts/service.md"
HOME = "/var/lib/tipline"
AS_SERVICE = "export TIPLINE_HOME"


def settings_for(environment: str) -> str:
    """What the page saves for an endpoint."""
    shown = blocks(PAGE.read_text(encoding="utf-8"))
    [settings] = [block.code for block in shown if f'endpoint = "{environment}"' in block.code]
    return settings


def test_settings_of_the_rehearsal(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Saved where the page says, they are found by the commands as printed, and name the endpoint that they are for."""
    text = PAGE.read_text(encoding="utf-8")
    assert "saved as `rehearsal/tipline.toml`" in text
    assert "$ tipline doctor --home rehearsal\n" in text
    secret = workplace / "password"
    secret.write_text("a password that is nobody's", encoding="utf-8")
    secret.chmod(0o600)

    assert 0 == main(["init", "--home", "rehearsal"])
    at_secret = settings_for("testing").replace("/run/secrets/tipline-testing-password", str(secret))
    (workplace / "rehearsal" / "tipline.toml").write_text(at_secret, encoding="utf-8")
    capsys.readouterr()
    code = main(["doctor", "--offline", "--json", "--home", "rehearsal"])

    assert settings_for("testing") != at_secret
    said = json.loads(capsys.readouterr().out)
    assert (0, "testing") == (code, said["environment"]), said


def test_settings_of_production_by_hand(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the service's home they name production, with the password that the service is given."""
    assert f"saved as `{HOME}/tipline.toml`" in PAGE.read_text(encoding="utf-8")
    assert 0 == main(["init", "--home", "production"])
    (workplace / "production" / "tipline.toml").write_text(settings_for("production"), encoding="utf-8")
    monkeypatch.setenv("TIPLINE_PASSWORD", "a password that is nobody's")
    capsys.readouterr()

    code = main(["doctor", "--offline", "--json", "--home", "production"])

    said = json.loads(capsys.readouterr().out)
    assert (0, "production") == (code, said["environment"]), said


def test_sample_that_would_be_filed_for_real() -> None:
    """From the first real report on, no command of the page takes the sample."""
    _, real = PAGE.read_text(encoding="utf-8").split("## 7.")

    assert "first-report.json" in real
    assert "submission.json" not in real


@pytest.fixture
def production() -> Iterator[MockEndpoint]:
    """A mock endpoint in the place of production."""
    with MockEndpoint() as endpoint:
        yield endpoint


def ceremony() -> list[Block]:
    """Its blocks, which make keys and copies of them in the current directory."""
    text = KEYS_PAGE.read_text(encoding="utf-8")
    start, end = (text[: text.index(title)].count("\n") for title in ("## The ceremony", "## To test a copy"))
    return [block for block in blocks(text) if start < block.line < end]


def active_key(home: Path) -> str:
    """Which key signs there."""
    return (home / "keys" / "active").read_text(encoding="utf-8").strip()


@pytest.mark.slow
def test_first_report_and_the_service_in_one_home(
    tmp_path: Path, workplace: Path, production: MockEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the ceremony to the service at each boot: one set of keys, one home, and no second report of the first case.

    The blocks are those of three pages, in the order in which this one sends its reader through them.
    """
    with monkeypatch.context() as context:
        context.setenv("TIPLINE_ENDPOINT", production.base_url)
        for block in ceremony():
            for command in commands(block):
                run_command(command, address=urlsplit(production.base_url).netloc)
    machine = Machine(tmp_path / "host")
    for medium in ("signing-1", "master-1"):
        (workplace / medium).rename(machine.place(f"/mnt/{medium}"))
    (workplace / "desk").rename(tmp_path / "wiped")
    cases = machine.place("/srv/cases")
    cases.mkdir()
    for name in ("first-report.json", "mug.png"):
        (workplace / name).rename(cases / name)

    # Step 4: the host as its own page sets it up, with the keys of the ceremony.
    machine.run(shell_block(ONE_HOST_PAGE, "useradd").code)
    machine.run(shell_block(ONE_HOST_PAGE, "cp -pR /mnt/signing-1/keys").code)
    machine.run(shell_block(ONE_HOST_PAGE, "cd /var/lib/tipline").code)
    as_service = shell_block(GOING_LIVE, AS_SERVICE).code
    known = machine.run(as_service)
    service = "".join(as_service.splitlines(keepends=True)[:2])
    home = machine.place(HOME)

    # Step 6.
    settings = settings_for("production").replace('"production"', f'"{production.base_url}"')
    (home / "tipline.toml").write_text(settings.replace("example-user", production.username), encoding="utf-8")
    machine.place("/etc/tipline/credentials/password").write_text(production.password, encoding="utf-8")
    machine.run(service + shell_block(GOING_LIVE, "systemctl start tipline-doctor").code)

    # Step 7.
    machine.run(service + shell_block(GOING_LIVE, "cd /srv/cases").code)
    assert 0 == production.summary()["finished"]
    delivered = machine.run(service + shell_block(GOING_LIVE, "systemctl start tipline-dispatch").code)
    receipts = machine.run(service + shell_block(GOING_LIVE, "cd /var/lib/tipline").code)

    # The service for good, on the page of the host; and the first case is handed in once more.
    machine.run(shell_block(ONE_HOST_PAGE, "systemctl enable").code)
    again = machine.run(f"{service}cd /srv/cases\ntipline enqueue first-report.json\ntipline show first-report")
    machine.run("systemctl start tipline-dispatch")

    assert active_key(tmp_path / "wiped") == active_key(home)
    assert active_key(home) in known
    assert "nothing to do: it is a home already" in known
    assert "acknowledged" in delivered
    [report] = {*re.findall(r"report (?:id )?(\d{4,})", receipts)} or {""}
    assert report in again
    assert 1 == production.summary()["finished"]
    assert [home / "outbox.sqlite"] == [*machine.root.rglob("outbox.sqlite")]
    assert 1 == len([*home.glob("keys/*.private.pem")])
    assert 1 == len([*home.glob("keys/master/*.private.pem")])
