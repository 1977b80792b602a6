"""二级单位 in the report: a sentence and the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from perfkit.forms import paths
from perfkit.quantities import money, percent, plain
from perfkit.scoring.marked import TOTAL, figure, projects_key
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.units import OF_MONEY, unit_key, unit_sums, units_of

COLUMNS = {
    "budget": ("全年预算数", 15),
    "spent": ("全年执行数", 15),
    "rate": ("执行率", 12),
    "carryover": ("结转结余", 13),
    "projects": ("项目", 8),
    "score": ("得分", 9),
}
"""The figures of a unit in the table: their headings and widths in per cent."""

Row = tuple[str, str, list[Markup | str]]


@dataclass(frozen=True)
class UnitTable:
    """The table of the units: caption, columns with their widths in per cent, and a row each."""

    caption: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: list[Row]


def _columns(card: Scorecard) -> list[str]:
    """The figures that are shown of a unit: without those of money, where it isn't evaluated."""
    return [key for key in COLUMNS if card.rubric.has_money or key not in OF_MONEY]


def units_sentence(card: Scorecard) -> Markup:
    """How many units there are, what they add up to, and what their scores come to."""
    units = units_of(card)
    if not units:
        return Markup("")
    sums = {key: text for key, (_, _, text) in unit_sums(units).items()}

    def of_all(key: str) -> Markup:
        return figure(sums[key], unit_key(None, key))

    if not card.rubric.has_money or "budget" not in sums:
        return Markup("二级单位共{}，得分见下表，供参考，不计入部门得分。").format(of_all("count"))
    amounts = Markup("二级单位共{}，全年预算数合计{}，全年执行数合计{}").format(
        of_all("count"), of_all("budget"), of_all("spent")
    )
    if "score" not in sums:
        return amounts + "。"
    scored = sum(1 for unit in units if unit.score is not None and unit.has_money)
    of_whom = "各单位" if scored == len(units) else f"有得分的{scored}个单位"
    return Markup("{}；{}得分按全年预算数加权平均为{}，供参考，不计入部门得分。").format(
        amounts, of_whom, of_all("score")
    )


def unit_table(card: Scorecard) -> UnitTable | None:
    """A row a unit, their sum, and the department's own: its name, its field, its figures."""
    units = units_of(card)
    if not units:
        return None
    rows: list[Row] = []
    shown = _columns(card)
    for i, unit in enumerate(units):
        known = unit.figures()
        carryover = unit.budget.carryover.amount
        texts = {
            "budget": money(unit.budget.overall.budget) if unit.has_money else "—",
            "spent": money(unit.budget.overall.spent) if unit.has_money else "—",
            "rate": known.get("rate", ("", "—"))[1],
            "carryover": "—" if carryover is None else money(carryover),
            "projects": "—" if unit.projects is None else str(unit.projects),
            "score": "待定"
            if unit.open_points
            else "—"
            if unit.score is None
            else plain(unit.score),
        }
        figures = [
            figure(texts[key], unit_key(i, key)) if key in known else texts[key] for key in shown
        ]
        rows.append((unit.name, paths.unit(i), figures))
    with_money = card.rubric.has_money
    summed = {
        key: text for key, (_, _, text) in unit_sums(units).items() if with_money or key != "score"
    }
    together: list[Markup | str] = [
        figure(_bare(summed[key]), unit_key(None, key)) if key in summed else "—" for key in shown
    ]
    rows.append(("合计（得分为加权平均）" if with_money else "合计", "units", together))
    rows.append(_department(card))
    widths = [COLUMNS[key][1] for key in shown]
    caption = "二级单位预算执行情况（单位：万元）" if with_money else "二级单位得分"
    titles = ("单位", *(COLUMNS[key][0] for key in shown))
    return UnitTable(caption, titles, (100 - sum(widths), *widths), rows)


def _bare(text: str) -> str:
    """A sum without its unit, as the column prints it."""
    amount = text.removesuffix("万元")
    return money(Decimal(amount)) if amount != text else text.rstrip("个分")


def _department(card: Scorecard) -> Row:
    budget = card.department.budget
    overall, carryover = budget.overall, budget.carryover.amount
    rate = overall.execution_rate
    projects = len(card.department.projects)
    figures = {
        "budget": figure(money(overall.budget), paths.part("total", "budget")),
        "spent": figure(money(overall.spent), paths.part("total", "spent")),
        "rate": "—" if rate is None else figure(percent(rate), paths.part("total", "rate")),
        "carryover": "—" if carryover is None else figure(money(carryover), paths.CARRYOVER),
        "projects": figure(str(projects), projects_key("count")) if projects else "—",
        "score": figure(plain(card.total), TOTAL),
    }
    field = "budget.total" if card.rubric.has_money else "name"
    return "部门填报", field, [figures[key] for key in _columns(card)]
