"""What doctor looks at, where a process of its own would take too long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tipline_client.cli.checks import Grade, check_outbox
from tipline_client.cli.disk_checks import check_disk
from tipline_client.cli.settings import Settings
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
