"""Tables without rules in a PDF, read by where the words stand, only where their own sums close.

What stands below a heading is not surely of its column: a cell may be empty, a label over several
rows, a text on two lines. So a table is taken for one only if each row has words in every column
and one row is the sum of all others, in every column of points or amounts. What else looks like a
table is left to be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice, pairwise

from perfkit.received.paper import Cell, Table, bare
from perfkit.received.tables import NONE, column_kind, is_heading, number

Piece = tuple[str, float, float]
"""Words that stand together in a line, with where they begin and end."""

ADDED = {
    "points", "claimed", "awarded", "score",
    "initial", "adjusted", "budget", "spent", "unspent",
}  # fmt: skip
"""The kinds of columns whose figures add up."""

_SUM = re.compile(r"合计|总计|总分|总得分|资金总体|(?:年度)?资金总额")


def closed_table(
    lines: Sequence[Sequence[Piece]], first: int, place: str
) -> tuple[Table, int] | None:
    """The table whose heading is the line *first*, and how many lines it takes; else none."""
    heads = [Cell(text, f"{place}第1行") for text, *_ in lines[first]]
    added = [c for c, cell in enumerate(heads) if column_kind(cell.bare) in ADDED]
    if not added or not is_heading(heads):
        return None
    middles = [(x0 + x1) / 2 for _, x0, x1 in lines[first]]
    rows: list[list[str]] = []
    sums: list[int] = []
    for line in islice(lines, first + 1, None):
        row = _placed(line, middles)
        is_sum = bool(row) and any(_SUM.fullmatch(bare(row[c])) for c in range(added[0]) if row[c])
        filled = all(row[c] for c in (added if is_sum else range(len(row))))
        if not row or not filled or not all(_figure(row[c]) is not None for c in added):
            break
        if is_sum:
            sums.append(len(rows))
        rows.append(row)
        if is_sum and len(rows) > 2:
            break
    if len(sums) != 1 or len(rows) < 3:
        return None
    (at,) = sums
    for c in added:
        figures = [_figure(row[c]) or Decimal(0) for row in rows]
        if sum(figures) != 2 * figures[at]:
            return None
    cells = [
        [Cell(text, f"{place}第{r}行") for text in row] for r, row in enumerate(rows, 2)
    ]  # fmt: skip
    return Table(tuple(map(tuple, [heads, *cells])), place), len(rows) + 1


def _placed(line: Sequence[Piece], middles: Sequence[float]) -> list[str]:
    """The words of a line by column, each below the heading that is nearest; none if two share one."""
    row = [""] * len(middles)
    order = []
    for text, x0, x1 in line:
        middle = (x0 + x1) / 2
        c = min(range(len(middles)), key=lambda n: abs(middles[n] - middle))
        row[c] = text
        order.append(c)
    return row if order and all(one < two for one, two in pairwise(order)) else []


def _figure(text: str) -> Decimal | None:
    """The number in a cell; a line in place of one is none of the sum."""
    if bare(text) in NONE:
        return Decimal(0)
    found = number(text)
    return Decimal(found) if found else None
