"""Amounts that were plainly meant in 元 (单位有误): read as 万元 they would be 10 000 times more.

Nothing else in the report would show it: every rate stays the same. So the file
is not accepted until its author has written a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from perfkit.errors import Fault
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc
from perfkit.forms.yamlfile import Source
from perfkit.quantities import halfwidth, plain

LARGEST_BUDGET = Decimal(10) ** 7
"""万元 (1000 亿元): hardly any department has a larger budget."""

SMALLEST = Decimal(10_000)
"""万元 (1 亿元): where there are some figures and none is smaller, they look like 元."""

FEW = 4
"""Figures from which on their size says something."""

DIGITS = 4
"""Significant digits from which on a figure found again in a text is no coincidence."""

ASK = "以元计的金额要写明“元”，如 350000元；确实以万元计就写明“万元”，如 35万元"

_IN_TEXT = re.compile(r"(?<![\d.,])(\d+(?:,\d{3})*(?:\.\d+)?)\s*(万元|元)")


def unit_doubts(department: Department, source: Source) -> Iterator[Fault]:
    """Why the amounts can't be taken as 万元, each at its line; none if a unit settles it."""
    written = {loc: halfwidth(source.texts.get(loc, "")) for loc, _ in _amounts(department)}
    bare = {
        loc: amount
        for loc, amount in _amounts(department)
        if amount and re.fullmatch(r"[\d.,\s]+", written[loc])
    }
    contradicted = list(_contradicted(department, bare))
    for loc, said in contradicted:
        message = f"“{written[loc]}”没有写单位，按万元读，文字里却是“{said}”；{ASK}"
        yield source.fault(loc, message)
    settled = any("万" in text or "亿" in text for text in written.values())
    in_parts = [loc for loc in bare if loc[:2] == ("department", "budget")]
    if contradicted or settled or not in_parts:
        return
    overall = department.budget.overall.budget
    total = f"全年预算数合计 {plain(overall / 10_000)} 亿元"
    if overall > LARGEST_BUDGET:
        yield source.fault(in_parts[0], f"{total}，超过 1000 亿元，多半是单位有误；{ASK}")
    elif len(bare) >= FEW and min(bare.values()) >= SMALLEST:
        message = f"{total}，没有一个金额小于 1 亿元，多半是单位有误；{ASK}"
        yield source.fault(in_parts[0], message)


def _contradicted(department: Department, bare: dict[Loc, Decimal]) -> Iterator[tuple[Loc, str]]:
    """The amounts that the texts give with the same digits in 元, or as 10 000 times less."""
    said = {
        (Decimal(figure.replace(",", "")), unit)
        for text in department.texts.values()
        for figure, unit in _IN_TEXT.findall(halfwidth(text))
    }
    for loc, amount in bare.items():
        digits = len(amount.normalize().as_tuple().digits)
        if amount < SMALLEST or digits < DIGITS or (amount, "万元") in said:
            continue
        for figure, unit in ((amount, "元"), (amount / 10_000, "万元")):
            if (figure, unit) in said:
                yield loc, f"{plain(figure)}{unit}"
                break


def _amounts(department: Department) -> Iterator[tuple[Loc, Decimal]]:
    """Every amount that may stand in the file, with its place."""
    budget = department.budget
    parts = {**budget.parts, **({"total": budget.total} if budget.total else {})}
    for name, part in parts.items():
        yield ("department", "budget", name, "budget"), part.budget
        yield ("department", "budget", name, "spent"), part.spent
    if budget.initial is not None:
        yield ("department", "budget", "initial"), budget.initial
    if budget.carryover.amount is not None:
        yield ("department", "budget", "carryover", "amount"), budget.carryover.amount
    for i, project in enumerate(department.projects):
        yield ("department", "projects", i, "budget"), project.budget
        if project.spent is not None:
            yield ("department", "projects", i, "spent"), project.spent
