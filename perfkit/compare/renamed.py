"""更名: rows of two filings that are the same project, indicator or division under another name.

Only rows whose name the other filing lacks are looked at, and a pair is always
told. That the names differ in the year alone is enough; else they must be alike,
and more alike than to any other; or half alike, with the same figures beside
them. Names that differ in a number (一期, 二期) are never one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perfkit.forms.department import Department, Division, Indicator, Project

ALIKE = 75
"""How alike, of 100, names are of one row."""

HALF_ALIKE = 50
"""How alike where the figures beside them are the same."""

_YEAR = re.compile(r"20[0-9]{2}(?:年度?)?")
_NUMBERS = re.compile(r"[0-9]+|[一二三四五六七八九十百]+(?=期|批|次|轮|标段|号)")

Row = Project | Indicator | Division


@dataclass(frozen=True)
class Renamed:
    """A row that has another name: what it is (项目、指标、科室), the name before and after."""

    kind: str
    before: str
    after: str


KINDS = {"projects": "项目", "indicators": "指标", "divisions": "科室"}
"""The lists of a filing whose rows have names."""


def renamed(before: Department, after: Department) -> tuple[Renamed, ...]:
    """The rows that go by another name in *after*."""
    return tuple(
        Renamed(words, old, new)
        for field, words in KINDS.items()
        for old, new in _pairs(getattr(before, field), getattr(after, field))
    )


def under_new_names(department: Department, pairs: Sequence[Renamed]) -> Department:
    """*department* with its rows called as they are called in the other filing."""
    names = {(one.kind, one.before): one.after for one in pairs}
    rows = {
        field: [
            row.model_copy(update={"name": names.get((words, row.name), row.name)})
            for row in getattr(department, field)
        ]
        for field, words in KINDS.items()
    }
    return department.model_copy(update=rows)


def _pairs(before: Sequence[Row], after: Sequence[Row]) -> Iterator[tuple[str, str]]:
    old, new = _alone(before, after), _alone(after, before)
    if not old or not new:
        return
    rated = sorted(
        ((_likeness(one, other), i, j) for i, one in enumerate(old) for j, other in enumerate(new)),
        key=lambda found: (-found[0], found[1], found[2]),
    )
    taken: tuple[set[int], set[int]] = set(), set()
    for likeness, i, j in rated:
        if not likeness or i in taken[0] or j in taken[1]:
            continue
        # As like to a third: nobody can say which of them it is.
        if sum(rate == likeness and (i == a or j == b) for rate, a, b in rated) == 1:
            yield old[i].name, new[j].name
        taken[0].add(i)
        taken[1].add(j)


def _alone(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """The rows whose name the other filing has not, and no second row of the same."""
    there, counts = {row.name for row in others}, Counter(row.name for row in rows)
    return [row for row in rows if row.name not in there and counts[row.name] == 1]


def _likeness(one: Row, other: Row) -> float:
    """How alike the names are, of 100; 0 where the two can't be one row."""
    from rapidfuzz import fuzz  # of use where names differ

    first, second = (_plain(row.name) for row in (one, other))
    if first == second:
        return 100
    if _NUMBERS.findall(first) != _NUMBERS.findall(second):
        return 0
    likeness = float(fuzz.ratio(first, second))
    return likeness if likeness >= (HALF_ALIKE if _same_figures(one, other) else ALIKE) else 0


def _plain(name: str) -> str:
    """A name without years, blanks and marks."""
    name = unicodedata.normalize("NFKC", name)
    return re.sub(r"[\W_]", "", _YEAR.sub("", name))


def _same_figures(one: Row, other: Row) -> bool:
    if isinstance(one, Project) and isinstance(other, Project):
        return bool(one.budget) and one.budget == other.budget
    if isinstance(one, Indicator) and isinstance(other, Indicator):
        places = ((row.group, row.kind, row.target, row.unit) for row in (one, other))
        return len({*places}) == 1
    return False
