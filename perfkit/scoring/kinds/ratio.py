"""比率计分: one filed amount by another, capped at the points (预算执行率)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from perfkit.forms import paths
from perfkit.forms.department import Department, Name
from perfkit.quantities import money, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.cells import SCORED, Cell, explanation, score_cells
from perfkit.scoring.filed import amount_field, field_label, filed_figure, filed_input
from perfkit.scoring.kinds.kind import Rule, decided, lost
from perfkit.scoring.scores import ZERO, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, Section
    from perfkit.scoring.scorecard import Scorecard

COLUMNS = ("一级指标", "二级指标", "预算数（万元）", "执行数（万元）", "预算执行率", *SCORED)


class Ratio(Rule):
    """比率计分: `of` ÷ `to` × points, capped at the points (正向指标)."""

    kind: Literal["ratio"]
    of: Name = Field(title="分子")
    to: Name = Field(title="分母")
    zero: Literal["undecided", "full", "zero"] = Field("undecided", title="分母为 0 时")

    check_amounts = field_validator("of", "to")(amount_field)

    def describe(self) -> str:
        """The rule in one line of Chinese."""
        return f"{field_label(self.of)} ÷ {field_label(self.to)} × 分值，不超过分值"

    @property
    def turns_on(self) -> str:
        """分子."""
        return self.of

    @property
    def is_execution(self) -> bool:
        """Spending by budget."""
        return True

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by the ratio; undecided if an amount is missing, or the budget is 0."""
        of, to = filed_figure(department, self.of), filed_figure(department, self.to)
        inputs = (filed_input(department, self.of), filed_input(department, self.to))
        score = replace(score, inputs=inputs, ratio=of / to if of is not None and to else None)
        if of is None or to is None or (to == 0 and self.zero == "undecided"):
            blank = [field_label(f) for f, v in ((self.of, of), (self.to, to)) if v is None]
            why = f"未填{'、'.join(blank)}" if blank else f"{field_label(self.to)}为0"
            reason = f"{why}，无法计算比率，需要人工决定"
            return replace(score, undecided=reason, field=self.of if of is None else self.to)
        if to == 0:
            rate, shown = Decimal(self.zero == "full"), f"{field_label(self.to)}为0，按评分标准取"
        else:
            rate, shown = rules.proportional(of, to), f"{plain(of)} ÷ {plain(to)} ="
            if of > to:
                shown += f" {percent(of / to, 4)}，按"
        formula = f"{shown} {percent(rate, 4)} × {plain(score.points)}"
        shown_rate = percent(of / to if to else rate)
        found = decided(score, rubric, score.points * rate, formula, rate=shown_rate)
        reason = f"{score.name} {percent(rate)}，未达到100%"
        place = inputs[0].place
        return replace(found, deductions=lost(score, found.by_rule or ZERO, reason, place))

    def table(
        self, card: Scorecard, section: Section
    ) -> tuple[Sequence[str], list[list[Cell]]] | None:
        """资金总体 is scored; its parts are shown below it, not scored."""
        if (self.of, self.to) != (paths.part("total", "spent"), paths.part("total", "budget")):
            return None
        indicator = section.indicators[0]
        budget = card.department.budget
        named = {
            "total": (indicator.level2, budget.overall),
            "basic": ("基本支出", budget.basic),
            "project": ("项目支出", budget.project),
            "other": ("其他", budget.other),
        }
        rows = []
        for key, (name, part) in named.items():
            rate = part.execution_rate
            of = paths.part(key, "rate")
            rows.append(
                [
                    Cell(name, kind="label"),
                    Cell(money(part.budget), kind="num"),
                    Cell(money(part.spent), kind="num"),
                    Cell("—" if rate is None else percent(rate), kind="num", of=of),
                ]
            )
        span = len(rows)
        rows[0] += score_cells(card.score(indicator.id), span)
        rows[0] += [Cell(explanation(indicator), rows=span), Cell(indicator.standard, rows=span)]
        return COLUMNS, rows
