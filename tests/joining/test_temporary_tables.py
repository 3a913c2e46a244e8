"""Temporary tables of the caller's, which SQLite takes in place of the outbox's own where they have its names."""

import sqlite3
from pathlib import Path

import pytest

from tests.joining.refusing import refused
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient
from tipline_client.errors import ConfigurationError, DuplicateKeyError
from tipline_client.outbox.sqlite import joining


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ("TABLE history (what)", "history"),
        ("TABLE Entries AS SELECT * FROM main.entries", "entries"),
        ("VIEW acknowledgements AS SELECT 1", "acknowledgements"),
    ],
)
async def test_temporary_table_with_a_name_of_the_outbox(
    on_file: AsyncTiplineClient, file: Path, made: str, name: str, request: pytest.FixtureRequest
) -> None:
    """SQLite would take it in place of the outbox's own: it is named, and no disk is blamed."""
    await on_file.outbox.count()
    connection = sqlite3.connect(file)
    request.addfinalizer(connection.close)
    connection.execute(f"CREATE TEMP {made}")

    error = await refused(on_file, connection)
    connection.execute(f"DROP {made.split(maxsplit=1)[0]} temp.{name}")
    await on_file.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
    connection.commit()

    assert isinstance(error, ConfigurationError)
    assert f"hide those of the outbox: {name}" in str(error)
    assert await on_file.find("case-1") is not None


async def test_every_table_that_could_be_hidden_is_looked_for(
    on_file: AsyncTiplineClient, file: Path, request: pytest.FixtureRequest
) -> None:
    """What an enqueue names, new, again, and with other content, is what is looked for; triggers name their own."""
    await on_file.outbox.count()
    connection = sqlite3.connect(file)
    request.addfinalizer(connection.close)
    named: set[str] = set()

    def see(action: int, table: str | None, _: object, __: object, trigger: str | None) -> int:
        if action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE} and trigger is None:
            named.add(str(table))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(see)
    for content in ("one", "one"):
        await on_file.enqueue(sample_report(content), idempotency_key="case-1", connection=connection)
    with pytest.raises(DuplicateKeyError):
        await on_file.enqueue(sample_report("other"), idempotency_key="case-1", connection=connection)
    connection.rollback()

    assert joining._MET == {name for name in named if not name.startswith("sqlite_")}
