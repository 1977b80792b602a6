"""二级单位 in the report: a sentence and the rows of a table."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from perfkit.forms import paths
from perfkit.quantities import money, percent, plain
from perfkit.scoring.marked import TOTAL, figure, projects_key
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.units import unit_key, unit_sums, units_of

COLUMNS = ("budget", "spent", "rate", "carryover", "projects", "score")


def units_sentence(card: Scorecard) -> Markup:
    """How many units there are, what they add up to, and what their scores come to."""
    units = units_of(card)
    if not units:
        return Markup("")
    sums = {key: text for key, (_, _, text) in unit_sums(units).items()}

    def of_all(key: str) -> Markup:
        return figure(sums[key], unit_key(None, key))

    amounts = Markup("二级单位共{}，全年预算数合计{}，全年执行数合计{}").format(
        of_all("count"), of_all("budget"), of_all("spent")
    )
    if "score" not in sums:
        return amounts + "。"
    scored = sum(1 for unit in units if unit.score is not None)
    of_whom = "各单位" if scored == len(units) else f"有得分的{scored}个单位"
    return Markup("{}；{}得分按全年预算数加权平均为{}，供参考，不计入部门得分。").format(
        amounts, of_whom, of_all("score")
    )


def unit_table(card: Scorecard) -> list[tuple[str, str, list[Markup | str]]]:
    """A row a unit, their sum, and the department's own: its name, its field, its figures."""
    units = units_of(card)
    if not units:
        return []
    rows: list[tuple[str, str, list[Markup | str]]] = []
    for i, unit in enumerate(units):
        known = unit.figures()
        carryover = unit.budget.carryover.amount
        texts = {
            "budget": money(unit.budget.overall.budget),
            "spent": money(unit.budget.overall.spent),
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
            figure(text, unit_key(i, key)) if key in known else text for key, text in texts.items()
        ]
        rows.append((unit.name, paths.unit(i), figures))
    sums = {key: text for key, (_, _, text) in unit_sums(units).items()}
    shown = [
        figure(_bare(sums[key]), unit_key(None, key)) if key in sums else "—" for key in COLUMNS
    ]
    rows.append(("合计（得分为加权平均）", "units", shown))
    return [*rows, _department(card)]


def _bare(text: str) -> str:
    """A sum without its unit, as the column prints it."""
    amount = text.removesuffix("万元")
    return money(Decimal(amount)) if amount != text else text.rstrip("个分")


def _department(card: Scorecard) -> tuple[str, str, list[Markup | str]]:
    budget = card.department.budget
    overall, carryover = budget.overall, budget.carryover.amount
    rate = overall.execution_rate
    projects = len(card.department.projects)
    return (
        "部门填报",
        "budget.total",
        [
            figure(money(overall.budget), paths.part("total", "budget")),
            figure(money(overall.spent), paths.part("total", "spent")),
            "—" if rate is None else figure(percent(rate), paths.part("total", "rate")),
            "—" if carryover is None else figure(money(carryover), paths.CARRYOVER),
            figure(str(projects), projects_key("count")) if projects else "—",
            figure(plain(card.total), TOTAL),
        ],
    )
