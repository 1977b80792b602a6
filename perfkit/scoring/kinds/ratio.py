"""比率计分: one filed amount by another, or a filed rate, by the points (预算执行率)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from pydantic import Field

from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc
from perfkit.quantities import Rate, money, percent, plain, telling_percent
from perfkit.scoring import rules
from perfkit.scoring.cells import SCORED, Cell, explanation, score_cells
from perfkit.scoring.kinds.kind import Steps, decided, lost, told
from perfkit.scoring.kinds.quotient import Quotient
from perfkit.scoring.scores import ZERO, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, Section
    from perfkit.scoring.scorecard import Scorecard

COLUMNS = ("一级指标", "二级指标", "预算数（万元）", "执行数（万元）", "预算执行率", *SCORED)
FULL = Decimal(1)
PART_WORDS = {"basic": "基本支出", "project": "项目支出", "other": "其他"}
"""The parts of 资金总体 as the score sheet names them."""
SPENT, BUDGET = paths.part("total", "spent"), paths.part("total", "budget")


class Ratio(Quotient):
    """比率计分: the rate × points, capped at the points (正向指标).

    A 反向指标 has the target as `of`, a field or a number (9% ÷ the rate). `full_at` is the rate that already earns all;
    below `none_below` nothing is earned; `above` is what each step over 100 % costs.
    """

    kind: Literal["ratio"]
    zero: Literal["undecided", "full", "zero"] = Field("undecided", title="分母为 0 时")
    full_at: Rate = Field(FULL, gt=0, le=1, title="得满分的比率")
    none_below: Rate | None = Field(None, le=1, title="不得分的比率", description="低于它不得分")
    above: Steps | None = Field(None, title="超过 100% 的扣分")

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Figures that give no rate, and readings that contradict each other."""
        found = [*super().problems(rubric, points)]
        yield from found
        if not found and (why := self.not_a_rate(rubric)):
            yield ("of",), why
        if self.above and (why := self.above.unfit(rubric)):
            yield ("above", "deduct"), why
        if self.none_below is not None and self.none_below > self.full_at:
            yield ("none_below",), "不得分的比率高于得满分的比率"

    def describe(self, rubric: Rubric) -> str:
        """The rule in one line of Chinese."""
        rate = self.formula_words(rubric).replace("÷", " ÷ ")
        words = f"{rate} × 分值，不超过分值"
        if self.full_at != 1:
            words += f"；达到 {percent(self.full_at)} 得满分，未达到的按比例"
        if self.none_below is not None:
            words += f"；低于 {percent(self.none_below)} 不得分"
        if self.above:
            words += f"；{self.above.describe('超过 100%')}，扣完为止"
        return words

    @property
    def is_execution(self) -> bool:
        """Spending by budget, of 资金总体."""
        return (self.of, self.less) == (SPENT, None) and self.to in (BUDGET, paths.INITIAL)

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by the ratio; undecided if an amount is missing, or the budget is 0."""
        found = self.measured(department, rubric)
        score = replace(score, inputs=found.inputs)
        if found.value is not None:
            rate, (share, formula) = found.value, self._share(found.value, found.formula)
            score = replace(score, ratio=rate)
        elif found.zero and self.zero != "undecided":
            rate = share = Decimal(self.zero == "full")
            formula = f"{found.missing}，按评分标准取 {percent(share, 4)}"
        else:
            reason = f"{found.missing}，无法计算比率，需要人工决定"
            return replace(score, undecided=reason, field=found.field)
        awarded, cause = score.points * share, f"未达到{percent(self.full_at)}"
        formula += f" × {plain(score.points)}"
        if self.above and rate > 1:
            count = self.above.count(rate - 1)
            cost = rules.deducted(score.points, count, self.above.deduct)
            awarded, cause = score.points - cost, "超过100%"
            steps = f"计{plain(round(count, 4))}档 × {plain(self.above.deduct)}"
            left = f"{plain(score.points)} − {plain(round(cost, 4))}"
            formula = f"{found.formula}，超过100%，{steps}，{left}"
        shown = telling_percent(rate, self.reads, 2)
        result = decided(score, rubric, awarded, formula, rate=shown)
        reason = f"{score.name} {shown}，{cause}"
        missed = lost(score, result.by_rule or ZERO, reason, found.inputs[0].place)
        verdict = f"{shown}，{cause}" if missed else shown
        return replace(result, deductions=missed, verdict=verdict)

    def reads(self, rate: Decimal) -> object:
        """Which of the rates that its words name it reaches."""
        return [rate >= end for end in (self.full_at, self.none_below or ZERO, FULL)]

    def _share(self, rate: Decimal, shown: str) -> tuple[Decimal, str]:
        """The share of the points that a rate earns, and how it comes about."""
        if self.none_below is not None and rate < self.none_below:
            return ZERO, f"{shown}，低于{percent(self.none_below)}，按 0%"
        share = rules.proportional(rate, self.full_at)
        if share == rate:
            return share, shown
        if share in (0, 1):
            return share, f"{shown}，按 {percent(share)}"
        return share, f"{shown} ÷ {percent(self.full_at)} = {percent(share, 4)}"

    @property
    def any_points(self) -> bool:
        """A share of the points, unless a step costs so many."""
        return self.above is None

    def sentence(self, score: Score) -> Markup:
        """Nothing of 预算执行率, which has a chapter of its own."""
        return Markup("") if self.is_execution else told(score)

    def table(
        self, card: Scorecard, section: Section
    ) -> tuple[Sequence[str], list[list[Cell]]] | None:
        """资金总体 is scored; its parts are shown below it, not scored."""
        if not self.is_execution or self.to != BUDGET:
            return None
        indicator = section.indicators[0]
        parts = card.budget_parts
        named = {"total": (indicator.level2, card.department.budget.overall)}
        named |= {key: (PART_WORDS[key], part) for key, part in parts.items()}
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
