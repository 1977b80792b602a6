"""与上年比较 in the index: last year's figures of a department, and of the whole district, beside this year's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from perfkit.index.units import departments
from perfkit.quantities import money, plain, rounded, signed

if TYPE_CHECKING:
    from perfkit.index.rows import Row
    from perfkit.scoring.scorecard import Scorecard

NONE = "—"


@dataclass(frozen=True)
class LastYear:
    """上年 of a department, scored by its own rubric; amounts in 万元, the rate as a fraction.

    Without amounts where that rubric doesn't evaluate money.
    """

    year: int
    rubric: str
    total: Decimal
    max: Decimal
    open_points: Decimal
    grade: str | None
    execution_rate: Decimal | None
    budget: Decimal | None
    spent: Decimal | None


def last_year_of(card: Scorecard) -> LastYear | None:
    """What the filing names as last year's (``previous``); None without it."""
    last = card.last_year
    if last is None:
        return None
    overall, money = last.department.budget.overall, last.rubric.has_money
    return LastYear(
        year=last.department.year,
        rubric=last.rubric.name,
        total=last.total,
        max=last.rubric.points,
        open_points=last.open_points,
        grade=last.grade,
        execution_rate=overall.execution_rate if money else None,
        budget=overall.budget if money else None,
        spent=overall.spent if money else None,
    )


def score_change(row: Row) -> Decimal | None:
    """得分增减; None where points are undecided in a year, or the full scores differ."""
    last = row.last_year
    if last is None or row.total is None or row.max != last.max or row.open_points:
        return None
    return None if last.open_points else row.total - last.total


def rate_change(row: Row) -> Decimal | None:
    """执行率增减, in percentage points."""
    last = row.last_year
    if last is None or last.execution_rate is None or row.execution_rate is None:
        return None
    # Of the rates as they are printed, so that a reader who subtracts them finds the same.
    return rounded(row.execution_rate * 100, 2) - rounded(last.execution_rate * 100, 2)


def spending_change(row: Row) -> Decimal | None:
    """执行数增减, in per cent of last year's."""
    last, spent = row.last_year, row.spent
    if last is None or spent is None or not last.spent:
        return None
    return rounded((spent / last.spent - 1) * 100, 2)


def unlike(row: Row) -> str:
    """What keeps the scores of the two years from being compared as they stand, in words."""
    last = row.last_year
    if last is None or row.max is None:
        return ""
    told = []
    if row.max != last.max:
        told.append(f"满分不同（上年{plain(last.max)}分，本年{plain(row.max)}分），得分不比")
    elif last.rubric != row.rubric_name:
        told.append(f"上年按“{last.rubric}”评分")
    if last.open_points:
        told.append(f"上年另有{plain(last.open_points)}分待定")
    if row.open_points:
        told.append(f"本年另有{plain(row.open_points)}分待定")
    return "，".join(told)


@dataclass(frozen=True)
class Line:
    """A line of the comparison of a district: what, last year, this year, the change."""

    name: str
    before: str
    after: str
    change: str


@dataclass(frozen=True)
class Together:
    """The departments that have both years: which, how many, and their figures together.

    A 二级单位 of one of them is in its figures, and not counted again.
    """

    before: int
    after: int
    count: int
    lines: tuple[Line, ...]


def together(rows: Sequence[Row]) -> list[Together]:
    """The comparison of the whole district, by pairs of years, the latest first."""
    pairs = {(row.year, row.last_year.year) for row in rows if row.last_year and row.year}
    found = []
    for year, before in sorted(pairs, reverse=True):
        both = [row for row in rows if row.year == year and _year(row) == before]
        both = departments(both)
        found.append(Together(before, year, len(both), tuple(_lines(both))))
    return found


def _year(row: Row) -> int | None:
    return row.last_year.year if row.last_year else None


def _lines(rows: Sequence[Row]) -> Iterator[Line]:
    both = [(row, last) for row in rows if (last := row.last_year)]
    money = [(row, last) for row, last in both if None not in (row.budget, last.budget)]
    budgets = [_sum(last.budget for _, last in money), _sum(row.budget for row, _ in money)]
    spent = [_sum(last.spent for _, last in money), _sum(row.spent for row, _ in money)]
    if money:
        of = "万元" if len(money) == len(both) else f"万元，{len(money)} 个评资金的部门"
        yield _amounts(f"全年预算数合计（{of}）", *budgets)
        yield _amounts(f"全年执行数合计（{of}）", *spent)
    if all(budgets):
        was, is_ = (
            rounded(of / budget * 100, 2) for of, budget in zip(spent, budgets, strict=True)
        )
        change = f"{signed(is_ - was)} 个百分点"
        yield Line("预算执行率（合计）", f"{plain(was)}%", f"{plain(is_)}%", change)
    scored = [(row, last) for row, last in both if score_change(row) is not None]
    if scored:
        count = len(scored)
        was = rounded(_sum(last.total for _, last in scored) / count, 2)
        is_ = rounded(_sum(row.total for row, _ in scored) / count, 2)
        name = f"平均得分（得分可比的 {count} 个部门）"
        yield Line(name, plain(was), plain(is_), signed(is_ - was))
        changes = [score_change(row) or 0 for row, _ in scored]
        up, down = sum(of > 0 for of in changes), sum(of < 0 for of in changes)
        told = f"{up} 个上升，{down} 个下降，{count - up - down} 个持平"
        yield Line("得分变化", NONE, NONE, told)
    for grade in dict.fromkeys(label for row, _ in both for label in row.grades):
        now, was_ = (sum(of.grade == grade for of in side) for side in zip(*both, strict=True))
        if now or was_:
            yield Line(
                f"等级为{grade}的部门（个）", str(was_), str(now), signed(Decimal(now - was_))
            )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _amounts(name: str, was: Decimal, is_: Decimal) -> Line:
    change = f"{signed(rounded((is_ / was - 1) * 100, 2))}%" if was else NONE
    return Line(name, money(was), money(is_), change)
