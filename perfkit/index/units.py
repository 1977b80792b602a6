"""二级单位 in the index: whose figures are part of another department's, so that no sum takes them twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfkit.forms.department import Department
    from perfkit.index.rows import Row


def unit_names(department: Department) -> tuple[str, ...]:
    """The names of the 二级单位 that have files of their own, those of the units too."""
    found: list[str] = []
    for filing in department.unit_filings:
        if filing is not None:
            found += [filing[0].name, *unit_names(filing[0])]
    return tuple(found)


def above(rows: Sequence[Row]) -> dict[str, str]:
    """Of each row that is a 二级单位 of another, of the same year: the title of the nearest such one."""
    # Of two that have it, that with the fewer units stands nearer.
    ranked = sorted(rows, key=lambda row: -len(row.units))
    over = {(row.year, unit): row.title for row in ranked for unit in row.units}
    return {
        row.name: over[row.year, row.department]
        for row in rows
        if (row.year, row.department) in over
    }
