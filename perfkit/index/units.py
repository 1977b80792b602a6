"""二级单位 in the index: whose figures are part of another department's, so that no sum takes them twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfkit.scoring.units import departments_above

if TYPE_CHECKING:
    from perfkit.index.rows import Row


def above(rows: Sequence[Row]) -> dict[str, str]:
    """Of each row that is a 二级单位 of another, of the same year: the title of the nearest such one."""
    over = departments_above((row.year, row.title, row.units) for row in rows)
    return {
        row.name: over[row.year, row.department]
        for row in rows
        if (row.year, row.department) in over
    }
