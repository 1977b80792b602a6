"""其余填报: what else two filings differ in, so that none of their fields goes untold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from perfkit.forms.department import Department
from perfkit.forms.fields import Loc, field_words, leaves
from perfkit.forms.written import tree
from perfkit.quantities import halfwidth
from perfkit.scoring.rubric import Rubric
from perfkit.scoring.scorecard import Scorecard

ELSEWHERE = re.compile(
    r"name|year|rubric|previous|template|options\..*|objective|narrative\..*|figures\..*|checks\..*"
    r"|budget\.(total|basic|project|other)\.(budget|spent)|budget\.initial|budget\.variance\.rate"
    r"|budget\.carryover\.(amount|rate|previous_rate)|projects\.(name|budget|spent|score|narrative)"
    r"|indicators\.(name|target|actual|unit|note)|divisions\.duties"
)
"""The fields, without the numbers of rows, that a comparison tells in another place or is not of."""

OF_A_YEAR = re.compile(r"report_date|(reported|stages)\.(date|person)")
"""Those that are others each year."""

ROWS = {
    "projects": "项目",
    "indicators": "指标",
    "divisions": "科室",
    "overrides": "例外核定",
    "stages": "环节",
    "rectified": "上年问题",
    "units": "二级单位",
    "audit_off": "不再提示的审核意见",
}
"""What a row of a list is called."""


def numbered(names: Iterable[str]) -> list[str]:
    """Names that tell rows apart: of the same name, the second is 甲（第2个）."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}（第{seen[name]}个）")
    return found


def other_fields(
    before: Scorecard, after: Scorecard, with_stages: bool
) -> Iterator[tuple[str, str, str]]:
    """The label and both texts of each filed field that differs and is told nowhere else."""
    old, new = _filed(before.department, before.rubric), _filed(after.department, after.rubric)
    same_year = before.department.year == after.department.year
    for label in dict.fromkeys([*old, *new]):
        path, was = old.get(label, ("", "—"))
        path, is_ = new.get(label, (path, "—"))
        if _plain(was) == _plain(is_) or not (same_year or not OF_A_YEAR.fullmatch(path)):
            continue
        if with_stages or not path.startswith("stages."):
            yield label, was, is_


def _filed(department: Department, rubric: Rubric) -> dict[str, tuple[str, str]]:
    """The path, without the numbers of rows, and the text of each field, by its label."""
    filed = tree(department)
    names = {one.id: one.name for one in rubric.everything}
    kinds = {
        (group, kind.id): kind.name for group, rule in rubric.groups.items() for kind in rule.kinds
    }
    rows = {
        field: numbered(_row_name(row, i, names) for i, row in enumerate(filed.get(field, ())))
        for field in ROWS
    }
    found = {}
    for loc, value in leaves(filed, ()):
        path = ".".join(step for step in loc if isinstance(step, str))
        if not ELSEWHERE.fullmatch(path):
            said = " ".join(str(value).split())
            if path in ("indicators.group", "overrides.indicator"):
                said = names.get(said, said)
            elif path == "indicators.kind":
                said = kinds.get((filed["indicators"][loc[1]].get("group"), said), said)
            found[_label(loc, rows, names)] = (path, said)
    return found


def _row_name(row: Any, i: int, names: dict[str, str]) -> str:
    own = row if isinstance(row, dict) else {}
    code = str(own.get("indicator", ""))
    known = (own.get("name"), names.get(code, code), own.get("problem"), own.get("code"))
    return str(next(filter(None, known), f"第{i + 1}项"))


def _label(loc: Loc, rows: dict[str, list[str]], names: dict[str, str]) -> str:
    first, *_ = loc
    words = [re.sub("（.*", "", word) for word in field_words(Department, loc)]
    said = [
        f"“{names.get(str(step), step)}”" if word == step else word
        for step, word in zip(loc, words, strict=True)
        if isinstance(step, str)
    ]
    if first in rows and len(loc) > 1 and isinstance(loc[1], int):
        return f"{ROWS[str(first)]}“{rows[str(first)][loc[1]]}”{''.join(said[1:])}"
    return "".join(said[1:] or said)


def _plain(text: str) -> str | Decimal:
    """A text as it counts: 8 and 8.00 are one, as 1,200 and １２００ are."""
    plain = halfwidth(text).replace(",", "")
    try:
        return Decimal(plain)
    except InvalidOperation:
        return plain
