"""二级单位: the filings of a department's units, read with its own, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from perfkit.errors import PerfkitError, system_reason
from perfkit.forms.department import Budget, Department
from perfkit.forms.fields import Loc
from perfkit.quantities import percent, plain, rounded
from perfkit.scoring.rubric import Rubric
from perfkit.scoring.scorecard import Scorecard, score
from perfkit.scoring.scores import ZERO

Filing = tuple[Department, Rubric]


def read_units(
    filed: Mapping[str, Any],
    folder: Path,
    above: tuple[Path, ...],
    read: Callable[[Path, bool, tuple[Path, ...]], Filing],
) -> Iterator[tuple[Loc, Filing | str | None]]:
    """The filing of each of the ``units``, None for one without a file, or a fault in words.

    Args:
        filed: what stands below ``department``, not validated yet.
        folder: where the paths of the units' files start.
        above: the files that lead here, each a unit of the one before; none may come again.
        read: reads a parameter file below those that lead to it.
    """
    listed = filed.get("units")
    if not isinstance(listed, list):
        return
    seen: dict[Path | str, int] = {}
    for i, row in enumerate(listed):
        at: Loc = ("units", i)
        if not isinstance(row, dict):
            continue
        if not isinstance(file := row.get("file"), str):
            message = _again(seen, str(row["name"]), i) if row.get("name") else ""
            if message:
                yield (*at, "name"), message
            else:
                yield at, None
            continue
        try:
            path = (folder / file).resolve()
        except (OSError, ValueError, RuntimeError) as e:
            why = system_reason(e) if isinstance(e, OSError) else "路径不能用"
            yield (*at, "file"), f"二级单位的参数文件打不开：{why}"
            continue
        at = (*at, "file")
        if path in above:
            way = " → ".join(p.name for p in (*above[above.index(path) :], path))
            yield at, f"二级单位绕了圈：{way}；一个单位不能又包含它的上级，请删去其中一处"
            continue
        if message := _again(seen, path, i):
            yield at, message
            continue
        try:
            unit = read(folder / file, True, above)
        except PerfkitError as e:
            first, *others = str(e).splitlines()
            more = f"（另有 {len(others)} 处，用 perfkit check {file} 查看）" if others else ""
            yield at, f"二级单位的参数文件用不了：{first}{more}"
            continue
        department, _ = unit
        if str(filed.get("year")).strip() != str(department.year):
            yield at, f"“{Path(file).name}”是{department.year}年度的，应与部门同一年度"
        elif isinstance(name := row.get("name"), str) and name.strip() != department.name:
            yield (
                (*at[:2], "name"),
                f"这里写“{name}”，它的参数文件里是“{department.name}”；请改成一样，或删去这里的",
            )
        else:
            message = _again(seen, department.name, i)
            yield at, message or unit


def _again(seen: dict[Path | str, int], of: Path | str, i: int) -> str:
    """That a unit was listed before, by its file or its name; empty if it wasn't."""
    if seen.setdefault(of, i) == i:
        return ""
    name = of.name if isinstance(of, Path) else of
    return f"“{name}”已经是第 {seen[of] + 1} 个二级单位，列两次会重复计算"


OF_MONEY = ("budget", "spent", "rate", "carryover")
"""Figures of a unit that nothing says where the department's rubric doesn't evaluate money."""


@dataclass(frozen=True)
class UnitRow:
    """A 二级单位 as the report lists it: amounts in 万元, its own score and grade.

    `score` is what its own file gives, else as filed; None where there is none or
    where it is not decided yet (`open_points`). `file` and `place` are empty without a file.
    """

    name: str
    budget: Budget
    projects: int | None
    score: Decimal | None
    grade: str | None
    points: Decimal
    open_points: Decimal
    file: str
    place: str
    filing: Department | None

    @property
    def has_money(self) -> bool:
        """Whether amounts were filed: a unit's own rubric may not evaluate money."""
        return self.filing is None or bool(self.filing.listed_parts)

    def figures(self) -> dict[str, tuple[str, str]]:
        """What the report prints of it, by key: its words and its text; empty ones are left out."""
        overall, carryover = self.budget.overall, self.budget.carryover.amount
        rate = overall.execution_rate
        found = {
            "budget": ("全年预算数", f"{plain(overall.budget)}万元"),
            "spent": ("全年执行数", f"{plain(overall.spent)}万元"),
            "rate": ("执行率", "" if rate is None else percent(rate)),
            "carryover": ("结转结余", "" if carryover is None else f"{plain(carryover)}万元"),
            "projects": ("项目", "" if self.projects is None else f"{self.projects}个"),
            "score": ("得分", "" if self.score is None else f"{plain(self.score)}分"),
        }
        hidden = () if self.has_money else OF_MONEY
        return {k: (words, text) for k, (words, text) in found.items() if text and k not in hidden}


def units_of(card: Scorecard) -> tuple[UnitRow, ...]:
    """The 二级单位 of a department in its order; one with a file is scored by its own rubric."""
    department = card.department
    rows = []
    for unit, filing in zip(department.units, department.unit_filings, strict=False):
        if filing is not None:
            own = score(*filing)
            found = own.department
            rows.append(
                UnitRow(
                    name=found.name,
                    budget=found.budget,
                    projects=len(found.projects),
                    score=None if own.open_points else own.total,
                    grade=own.grade,
                    points=own.rubric.points,
                    open_points=own.open_points,
                    file=unit.file or "",
                    place=found.source.name,
                    filing=found,
                )
            )
        elif unit.budget is not None:
            rows.append(
                UnitRow(
                    name=unit.name or "",
                    budget=unit.budget.whole,
                    projects=unit.projects,
                    score=unit.score,
                    grade=None,
                    points=card.rubric.points,
                    open_points=ZERO,
                    file="",
                    place="",
                    filing=None,
                )
            )
    return tuple(rows)


def unit_names(department: Department) -> tuple[str, ...]:
    """The names of the 二级单位 that have files of their own, those of the units too."""
    found: list[str] = []
    for filing in department.unit_filings:
        if filing is not None:
            found += [filing[0].name, *unit_names(filing[0])]
    return tuple(found)


def departments_above(
    listed: Iterable[tuple[int | None, str, Sequence[str]]],
) -> dict[tuple[int | None, str], str]:
    """Of each 二级单位, by year and name, the department that it is next below.

    Args:
        listed: year, name and `unit_names` of each department.
    """
    # Of two that have it, that with the fewer units stands nearer.
    ranked = sorted(listed, key=lambda one: -len(one[2]))
    return {(year, unit): name for year, name, units in ranked for unit in units}


def unit_key(i: int | None, key: str) -> str:
    """The key of a figure of a unit; None for all of them together."""
    return f"units.{'all' if i is None else i}.{key}"


def weighted_score(units: Sequence[UnitRow]) -> Decimal | None:
    """各单位得分按全年预算数加权的平均, of those that have a score; None without any.

    Scores of other full marks are taken as a share of 100.
    """
    scored = [(_hundredth(unit), unit.budget.overall.budget) for unit in units if _has_score(unit)]
    weights = sum((weight for _, weight in scored), ZERO)
    if not weights:
        return None
    return sum((points * weight for points, weight in scored), ZERO) / weights


def _has_score(unit: UnitRow) -> bool:
    return unit.score is not None and unit.has_money  # without amounts it has no weight


def _hundredth(unit: UnitRow) -> Decimal:
    return (unit.score or ZERO) * 100 / unit.points


def unit_sums(units: Sequence[UnitRow]) -> dict[str, tuple[str, str, str]]:
    """What the units add up to, by key: its words, the terms, and the text of the sum."""
    if not units:
        return {}
    found: dict[str, tuple[str, str, str]] = {}
    for key, words in (("budget", "全年预算数合计"), ("spent", "全年执行数合计")):
        terms = [getattr(unit.budget.overall, key) for unit in units if unit.has_money]
        if not terms:
            continue
        found[key] = (words, " + ".join(map(plain, terms)), f"{plain(sum(terms, ZERO))}万元")
    budget = sum((unit.budget.overall.budget for unit in units), ZERO)
    spent = sum((unit.budget.overall.spent for unit in units), ZERO)
    if budget:
        found["rate"] = ("执行率", f"{plain(spent)} ÷ {plain(budget)}", percent(spent / budget))
    left = [unit.budget.carryover.amount for unit in units]
    if known := [amount for amount in left if amount is not None]:
        terms_text = " + ".join(map(plain, known))
        found["carryover"] = ("结转结余合计", terms_text, f"{plain(sum(known, ZERO))}万元")
    if counts := [unit.projects for unit in units if unit.projects is not None]:
        found["projects"] = ("项目合计", " + ".join(map(str, counts)), f"{sum(counts)}个")
    average = weighted_score(units)
    if average is not None:
        scored = [unit for unit in units if _has_score(unit)]
        terms_text = " + ".join(
            f"{plain(_hundredth(u))}×{plain(u.budget.overall.budget)}" for u in scored
        )
        weights = plain(sum((u.budget.overall.budget for u in scored), ZERO))
        found["score"] = (
            "得分按全年预算数加权平均",
            f"({terms_text}) ÷ {weights}",
            f"{plain(rounded(average, 2))}分",
        )
    found["count"] = ("个数", "", f"{len(units)}个")
    return found
