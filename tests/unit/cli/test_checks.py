"""What doctor looks at, where a process of its own would take too long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tipline_client.cli.checks import Grade, check_outbox, check_settings
from tipline_client.cli.disk_checks import check_disk
from tipline_client.cli.settings import Settings, resolve
from tipline_client.evidence import Room
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import choose_driver, connect


async def test_outbox_that_somebody_keeps_locked(tmp_path: Path) -> None:
    """An outbox that can be read and not be written is a problem, with the word who to look for."""
    path = tmp_path / "outbox.sqlite"
    outbox = SqliteOutbox.open(path, busy_timeout=timedelta(milliseconds=20))
    free = await check_outbox(outbox, now=datetime.now(UTC), reader=None)
    holder = connect(path, driver=choose_driver("auto"), busy_timeout=1)
    holder.execute("BEGIN IMMEDIATE")

    locked = await check_outbox(outbox, now=datetime.now(UTC), reader=None)

    holder.close()
    await outbox.close()
    assert [] == [check for check in free if check.grade is Grade.PROBLEM]
    [problem] = [check for check in locked if check.grade is Grade.PROBLEM]
    assert ("outbox", True) == (problem.name, "the outbox is locked" in problem.detail)
    assert "keeps the outbox file locked" in problem.hint


@pytest.mark.parametrize(("free", "grade"), [(0, Grade.PROBLEM), (900 * 1024**2, Grade.WARNING), (2**40, Grade.OK)])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, grade: Grade) -> None:
    """Little room is a warning; none is a problem, since nothing can be queued any more."""
    monkeypatch.setattr(Room, "free", lambda _: free)

    [disk, *_] = check_disk(Settings(home=tmp_path))

    assert ("disk", grade) == (disk.name, disk.grade)


@pytest.mark.parametrize(
    ("text", "mode", "found"),
    [
        ('[credentials.testing]\nusername = "a"\npassword = "example"\n', 0o644, {"settings.toml": Grade.PROBLEM}),
        (
            'slots = 3\n[credentials.testing]\npassword = "example"\n',
            0o640,
            {"settings.toml": Grade.PROBLEM},
        ),
        ('password = "example"\n', 0o600, {}),
        ('password_file = "secret"\n', 0o644, {"secret": Grade.WARNING}),
        ('outbox_file = "secret"\n', 0o644, {}),
    ],
)
def test_secrets_open_to_others(tmp_path: Path, text: str, mode: int, found: dict[str, Grade]) -> None:
    """The file that holds one is named, of whichever endpoint it is; one that only names another file is none."""
    file, secret = tmp_path / "settings.toml", tmp_path / "secret"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    secret.write_text("postgresql:///desk" if "outbox" in text else "example", encoding="utf-8")
    secret.chmod(0o644)

    checks = check_settings(resolve(config=str(file), environ={}), environ={})

    assert found == {
        Path(check.detail.split(" holds ")[0]).name: check.grade for check in checks if "open to others" in check.detail
    }
