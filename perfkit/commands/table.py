"""Tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Print *rows* below *columns*; what is too wide is folded."""
    table = Table(title=Text(title), show_lines=True)
    for name in columns:
        table.add_column(
            name, justify="right" if name in ("分值", "得分", "自评") else "left", overflow="fold"
        )
    for row in rows:
        # Text, not str: in a str rich would read [brackets] as markup.
        table.add_row(*(Text(value) for value in row))
    Console().print(table)
