"""Prints what was measured: one table, the ratio beside each figure."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

__all__ = ["show"]


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, note: str = "") -> None:
    """Print one table, with a note under it on how to read it."""
    table = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=110).print(table)
