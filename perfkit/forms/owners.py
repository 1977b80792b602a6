"""Whose the rows of a workbook of several departments are, by its column 部门.

A name that is only spaced otherwise is the same department's. One that can't be told is asked
about, with every row that has it: its rows belong to some department, whose report would lack
them, so that until then none of the book is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from perfkit.forms.bookfile import Sheet, column_letters
from perfkit.forms.layout import DEPARTMENT
from perfkit.quantities import halfwidth

LIKE = 75
"""How alike, of 100, a name is to the one that may be meant."""

ALONE = "其他各表"
"""What a name lacks that stands in the sheet 部门 and nowhere else."""

LISTED = 20
"""Places of a name that are listed; of more the number of rows is told."""


class Owners:
    """The departments' names as they stand in a book, with the rows of each."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}
        self._rows: dict[str, dict[tuple[str, int], list[int]]] = {}

    def name(self, text: str, sheet: Sheet, row: int, column: int) -> str:
        """The department that is called *text* in a row, by its first spelling in the book."""
        name = self._named.setdefault(_unspaced(text), text)
        rows = self._rows.setdefault(name, defaultdict(list))
        if row not in rows[sheet.name, column][-1:]:
            rows[sheet.name, column].append(row)
        return name

    def count(self, name: str) -> int:
        """How many rows have the name."""
        return sum(map(len, self._rows[name].values()))

    def sheets(self, name: str) -> set[str]:
        """The sheets in which it stands."""
        return {sheet for sheet, _ in self._rows[name]}

    def asked(
        self, name: str, known: Sequence[str], doubtful: Sequence[str], lacking: str
    ) -> tuple[str, list[str]]:
        """What is asked of a name, and which it may be meant for; empty if it is a department's.

        Of names as like it, those of the departments *known* go before *doubtful* ones. *lacking*
        says which rows a name has not that stands in the sheet 部门; it may be a department's.
        """
        near = _near(name, [*known, *doubtful])
        near = [one for one in near if one in known] or near
        if lacking and not near:
            return "", []
        words = "或".join(f"“{one}”" for one in near[:3])
        why = f"“{name}”没有{lacking}的行" if lacking else f"工作表“{DEPARTMENT}”里没有“{name}”"
        meant = f"，是不是{words}？请改成一样的" if near else "；请补上，或改成那里的写法"
        if lacking:
            meant += "，真是另一个部门就补上这些行"
        places = [*self._places(name)]
        more = "等" if len(places) > LISTED else ""
        listed = f"这样写的有 {self.count(name)} 行：{'；'.join(places[:LISTED])}{more}"
        return f"{why}{meant}。{listed}。改好以前整本都不读入，以免有的部门少了这几行", near

    def _places(self, name: str) -> Iterator[str]:
        """工作表“项目”A5—A7, a stretch of rows each."""
        for (sheet, column), rows in self._rows[name].items():
            letters = column_letters(column)
            first = rows[0]
            for row, following in zip(rows, [*rows[1:], 0], strict=True):
                if following != row + 1:
                    until = f"—{letters}{row}" if row > first else ""
                    yield f"工作表“{sheet}”{letters}{first}{until}"
                    first = following


@lru_cache(maxsize=5000)
def _unspaced(text: str) -> str:
    return re.sub(r"\s", "", halfwidth(text))


def _near(name: str, among: list[str]) -> list[str]:
    """Those most like *name*, if any are."""
    from rapidfuzz import fuzz, process

    found = process.extract(name, among, scorer=fuzz.ratio, score_cutoff=LIKE, limit=None)
    # 甲局 may be 示例甲局: what is left out says nothing against it.
    found = found or process.extract(
        name, among, scorer=fuzz.partial_ratio, score_cutoff=LIKE, limit=None
    )
    return [one for one, score, _ in found if score == found[0][1]]
