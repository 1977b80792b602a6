"""二级单位: what they add up to is held against the department's own figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from perfkit.audit.findings import Found, tolerance
from perfkit.forms import paths
from perfkit.forms.department import Budget
from perfkit.quantities import plain
from perfkit.scoring.asked import asks
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.units import UnitRow, units_of

ZERO = Decimal(0)

AMOUNTS: dict[str, tuple[str, Callable[[Budget], Decimal | None]]] = {
    "budget.basic.budget": ("基本支出全年预算数", lambda b: b.basic.budget),
    "budget.basic.spent": ("基本支出全年执行数", lambda b: b.basic.spent),
    "budget.project.budget": ("项目支出全年预算数", lambda b: b.project.budget),
    "budget.project.spent": ("项目支出全年执行数", lambda b: b.project.spent),
    "budget.other.budget": ("其他支出全年预算数", lambda b: b.other.budget),
    "budget.other.spent": ("其他支出全年执行数", lambda b: b.other.spent),
    paths.INITIAL: ("年初预算数", lambda b: b.initial),
    paths.CARRYOVER: ("结转结余总额", lambda b: b.carryover.amount),
}
"""The amounts of a budget that the units' add up to, by field."""


def units(card: Scorecard) -> Found:
    """Amounts and projects of the units against the department's."""
    rows = units_of(card)
    if not rows:
        return
    for field, (words, amount) in AMOUNTS.items():
        if asks(tuple(field.split(".")), card.rubric):
            yield from _sum(card, rows, field, words, amount)
    yield from _projects(card, rows)
    for i, row in enumerate(rows):
        if row.open_points:
            message = (
                f"二级单位“{row.name}”还有{plain(row.open_points)}分待定，没有列出得分，"
                "也没有算进加权平均"
            )
            yield "unit.open", "info", message, paths.unit(i)


def _sum(
    card: Scorecard,
    rows: Sequence[UnitRow],
    field: str,
    words: str,
    amount: Callable[[Budget], Decimal | None],
) -> Found:
    own = amount(card.department.budget)
    found = [amount(row.budget) if row.has_money else None for row in rows]
    known = [value for value in found if value is not None]
    if own is None or not known:
        return  # nothing to hold against each other
    missing = [row.name for row, value in zip(rows, found, strict=True) if value is None]
    if missing:
        message = f"二级单位{_listed(missing)}没有填写{words}，部门的{plain(own)}万元无从核对"
        yield "unit.not_filed", "info", message, field
        return
    total = sum(known, ZERO)
    off = own - total
    if abs(off) <= tolerance(len(rows) + 1):
        return
    more = "多" if off > 0 else "少"
    message = (
        f"部门{words}{plain(own)}万元，{len(rows)}个二级单位合计{plain(total)}万元，"
        f"部门{more}{plain(abs(off))}万元"
    )
    yield "unit.sum", "error", message + _cause(rows, known, off), field


def _cause(rows: Sequence[UnitRow], amounts: Sequence[Decimal], off: Decimal) -> str:
    allowed = tolerance(len(rows) + 1)
    same = [
        row.name
        for row, value in zip(rows, amounts, strict=True)
        if value and abs(abs(off) - value) <= allowed
    ]
    if off < 0:
        return f"，正好是{_listed(same)}的数，部门的数里可能没有包括它" if same else ""
    if same:
        return f"，正好是{_listed(same)}的数，部门的数里可能重复计算了它"
    return "；二级单位（units）里可能少列了单位（如部门本级），请补上或核对部门的数"


def _projects(card: Scorecard, rows: Sequence[UnitRow]) -> Found:
    """Projects of the units that the department doesn't list, or lists with another amount."""
    own = card.department.projects
    if not own:
        return
    listed = {_plain_name(project.name): i for i, project in enumerate(own)}
    sums: dict[str, Decimal] = {}
    for i, row in enumerate(rows):
        for project in row.filing.projects if row.filing else ():
            name = _plain_name(project.name)
            sums[name] = sums.get(name, ZERO) + project.budget
            if name not in listed:
                message = f"二级单位“{row.name}”的项目“{project.name}”没有列入部门的项目"
                yield "unit.project", "warning", message, paths.unit(i)
    for name, total in sums.items():
        if name in listed and own[listed[name]].budget != total:
            project = own[listed[name]]
            message = (
                f"项目“{project.name}”部门填预算{plain(project.budget)}万元，"
                f"二级单位合计{plain(total)}万元"
            )
            field = paths.project(listed[name], "budget")
            yield "unit.project_sum", "warning", message, field


def _plain_name(name: str) -> str:
    return "".join(name.split())


def _listed(names: Sequence[str]) -> str:
    return "、".join(f"“{name}”" for name in names)
