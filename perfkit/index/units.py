"""二级单位 in the index: whose figures are part of another department's, so that none counts twice.

A unit is listed with its own report, but is no department: what is counted, added up or averaged
over departments leaves it out where its department is there. How far the reports are made and
reviewed is counted over all of them.
"""

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


def departments(rows: Sequence[Row]) -> list[Row]:
    """The rows without the 二级单位 of another."""
    parts = above(rows)
    return [row for row in rows if row.name not in parts]
