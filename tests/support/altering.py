"""Puts into an outbox file what its own tables refuse to hold, as somebody does who edits the file by hand."""

import sqlite3
from pathlib import Path

__all__ = ["alter"]


def alter(path: Path, statement: str, *, is_strict_again: bool = False) -> None:
    """Run a statement without the tables' rules.

    Args:
        path: The outbox file; nobody has it open.
        statement: What to change.
        is_strict_again: Whether the rules are in force afterwards, so that the row cannot even be updated any more.
    """
    connection = sqlite3.connect(path)
    rules = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    connection.execute("PRAGMA writable_schema = ON")
    for name, sql in rules:
        loose = (sql or "").replace(" STRICT,", "").replace(" STRICT", "").replace(" NOT NULL", "")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, name))
    connection.commit()
    connection.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    if is_strict_again:
        connection.execute("PRAGMA writable_schema = ON")
        for name, sql in rules:
            connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
    connection.commit()
    connection.close()
