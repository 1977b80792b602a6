"""超出扣分: a rate held against last year's or a benchmark (结转结余率, 预决算差异率)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from pydantic import Field, field_validator

from perfkit.forms import paths
from perfkit.forms.department import Department, Name
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, Rate, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.cells import SCORED, Cell, explanation, score_cells
from perfkit.scoring.filed import amount_field, field_label, filed_figure, filed_input, rate_field
from perfkit.scoring.kinds.kind import Rule, StatedRate, decided, lost
from perfkit.scoring.marked import awarded, figure
from perfkit.scoring.rules import Partial
from perfkit.scoring.scores import ZERO, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, RubricIndicator
    from perfkit.scoring.scorecard import Scorecard

SMALLEST_STEP = Decimal("0.0001")
"""The finest that a rate is printed with."""


class Excess(Rule):
    """超出扣分: a rate held against last year's or a benchmark; each step above it costs `deduct`.

    The rate is `of` ÷ `to`, or, with `less`, the difference of `of` and `less` ÷ `to`.
    `measure` says what a step is counted in: percentage points, or parts of the
    benchmark (``relative``: 28.3 % may grow by a tenth of itself to 31.13 %).
    """

    kind: Literal["excess"]
    of: Name = Field(title="分子")
    to: Name = Field(title="分母")
    less: Name | None = Field(None, title="减数")
    difference: Literal["absolute", "signed"] = Field("absolute", title="差额的算法")
    stated: Name = Field(title="无法计算时采用的所填比率")
    over: Name = Field(title="比较对象")
    step: Rate = Field(gt=0, title="每档")
    deduct: Points = Field(gt=0, title="每档扣分")
    measure: Literal["points", "relative"] = Field("points", title="档的单位")
    partial: Partial = Field("floor", title="不足一档")

    check_amounts = field_validator("of", "to", "less")(amount_field)
    check_rate = field_validator("stated")(rate_field)

    @field_validator("step")
    @classmethod
    def _not_tiny(cls, step: Decimal) -> Decimal:
        if step < SMALLEST_STEP:
            raise ValueError(f"每档不能小于 {percent(SMALLEST_STEP)}")
        return step

    def describe(self) -> str:
        """The rule and its readings in one line of Chinese."""
        part = {"floor": "不足一档不扣", "linear": "按比例扣", "ceil": "不足一档按一档扣"}
        unit = "个百分点" if self.measure == "points" else "（相对比较对象）"
        step = percent(self.step).rstrip("%") if self.measure == "points" else percent(self.step)
        return f"每高出 {step}{unit}扣 {plain(self.deduct)} 分，{part[self.partial]}，扣完为止"

    @property
    def turns_on(self) -> str:
        """分子."""
        return self.of

    def turning_fields(self, score: Score) -> dict[str, str]:
        """The amount, the stated rate and what it is compared with."""
        # 资金总体 has a row of its own.
        named = (self.of, self.stated, self.over)
        return {score.id: " ".join(f for f in named if not f.startswith("budget.total"))}

    @property
    def held_against(self) -> str:
        """比较对象."""
        return self.over

    def problems(self, rubric: Rubric) -> Iterator[tuple[Loc, str]]:
        """比较对象 must be a yearly parameter or a filed rate."""
        if self.over not in rubric.parameters:
            try:
                rate_field(self.over)
            except ValueError:
                message = f"比较对象“{self.over}”既不是年度参数，也不是参数文件里的比率"
                yield ("over",), message

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by how far the rate is above what it is held against."""
        fields = dict.fromkeys(field for field in (self.of, self.less, self.to) if field)
        figures = {field: filed_figure(department, field) for field in fields}
        stated = filed_figure(department, self.stated)
        inputs = [filed_input(department, field) for field in fields if figures[field] is not None]
        over, over_input, over_missing = self._compared(department, rubric)
        missing = [field_label(field) for field in fields if figures[field] is None]
        zero = figures[self.to] == 0
        if missing or zero:
            if stated is None:
                why = f"未填{'、'.join(missing)}" if missing else f"{field_label(self.to)}为0"
                reason = f"{why}，也没有填写{score.name}，无法计算，需要人工决定"
                field = next((f for f in fields if figures[f] is None), self.to)
                return replace(score, inputs=tuple(inputs), undecided=reason, field=field)
            rate, shown = stated, f"采用部门所填{percent(stated, 4)}（无法复核）"
            if self.less and self.difference == "absolute":
                rate = abs(stated)
            inputs = [filed_input(department, self.stated)]
        else:
            rate, shown = self._rate(figures)
            score = replace(score, ratio=rate)
        # The sheet has a column for last year's rate, none for a benchmark.
        last_year = percent(over) if over is not None and self.over not in rubric.parameters else ""
        score = replace(score, rate=percent(rate), compared=last_year)
        if over is None:
            # A benchmark is missing in the rubric, for the year; all else in the filing.
            field = "year" if self.over in rubric.parameters else self.over
            score = replace(score, inputs=tuple(inputs), formula=shown)
            return replace(score, undecided=over_missing, field=field)
        assert over_input is not None
        if self.measure == "relative" and over == 0 and rate > 0:
            reason = f"{over_input.name}为0，不能按相对比例计档，需要人工决定"
            score = replace(score, inputs=(*inputs, over_input), formula=shown)
            return replace(score, undecided=reason, field=self.over)
        excess = rate - over
        formula = f"{shown}；{over_input.name} {percent(over, 4)}，"
        step = self.step * (over if self.measure == "relative" else 1)
        count = rules.steps(excess, step, self.partial) if step else ZERO
        cost = rules.deducted(score.points, count, self.deduct)
        gap = f"{plain(excess * 100)}个百分点" if excess == round(excess, 8) else ""
        gap = gap or f"{percent(excess, 4).rstrip('%')}个百分点"
        if excess <= 0:
            formula += f"未高出，不扣分，{plain(score.points)} − 0"
        else:
            formula += (
                f"高出{gap}，计{plain(round(count, 4))}档 × {plain(self.deduct)}"
                f"，{plain(score.points)} − {plain(round(cost, 4))}"
            )
        found = decided(score, rubric, score.points - cost, formula)
        reason = f"{score.name} {percent(rate)}，比{over_input.name} {percent(over)}高出{gap}"
        verdict = f"高出{gap}" if excess > 0 else "未高出"
        if not count:
            verdict += "，不足一档，不扣分" if excess > 0 else "，不扣分"
        return replace(
            found,
            verdict=f"{over_input.name}{percent(over)}，{verdict}",
            inputs=(*inputs, over_input),
            stated=bool(missing or zero),
            deductions=lost(score, found.by_rule or ZERO, reason, inputs[0].place),
        )

    def _rate(self, figures: dict[str, Decimal | None]) -> tuple[Decimal, str]:
        of, to = figures[self.of] or ZERO, figures[self.to] or ZERO
        shown = plain(of)
        if self.less:
            less = figures[self.less] or ZERO
            shown = f"{plain(of)} − {plain(less)}"
            of -= less
            shown = f"({shown})"
            if self.difference == "absolute":
                of, shown = abs(of), f"|{shown[1:-1]}|"
        return of / to, f"{shown} ÷ {plain(to)} = {percent(of / to, 4)}"

    def _compared(
        self, department: Department, rubric: Rubric
    ) -> tuple[Decimal | None, Input | None, str]:
        """What a rate is held against, or why it is not known."""
        parameter = rubric.parameters.get(self.over)
        if parameter is None:
            value, found = filed_figure(department, self.over), filed_input(department, self.over)
            source = department.budget.carryover.previous_source
            if source and self.over == paths.PREVIOUS_RATE:
                found = replace(found, value=f"{found.value}（{source}）")
            return value, found, f"未填{found.name}，无法比较，需要人工决定"
        year = parameter.years.get(department.year)
        if year is None:
            reason = (
                f"评分标准{rubric.id}没有{department.year}年的{parameter.name}，需要补充后再评分"
            )
            return None, None, reason
        return year.value, Input(parameter.name, percent(year.value, 4), year.source), ""

    def rate_of(self, department: Department) -> Decimal | None:
        """The rate by the filed amounts alone."""
        named = {name for name in (self.of, self.less, self.to) if name}
        figures = {name: filed_figure(department, name) for name in named}
        if None in figures.values() or not figures[self.to]:
            return None
        return self._rate(figures)[0]

    def stated_rate(self, score: Score, department: Department) -> StatedRate:
        """The rate that may be stated where its amounts are not known."""
        of = field_label(self.of)
        if self.less:
            of = f"{of}与{field_label(self.less)}之差"
        formula = f"{of}÷{field_label(self.to)}"
        stated = filed_figure(department, self.stated)
        return StatedRate(score.name, self.stated, formula, stated, score.ratio)

    def heading(self, year: int) -> list[Cell]:
        """The two years stand where other rows have 指标值 and 完成值."""
        names = (f"{year - 1}年", f"{year}年", *SCORED)
        return [Cell("指标", columns=2, kind="head"), *(Cell(name, kind="head") for name in names)]

    def rows(self, card: Scorecard, indicator: RubricIndicator) -> list[list[Cell]]:
        """One row: last year's rate and this year's."""
        score = card.score(indicator.id)
        level2 = "" if indicator.level2 == indicator.name else f"{indicator.level2}："
        name = f"{level2}{indicator.name}（{plain(indicator.points)}）"
        return [
            [
                Cell(name, columns=2, kind="label"),
                Cell(score.compared or "——", kind="num"),
                self.found(score),
                *score_cells(score),
                Cell(explanation(indicator)),
                Cell(indicator.standard),
            ]
        ]

    def sentence(self, score: Score) -> Markup:
        """The rate against last year's or a benchmark, in words."""
        points = awarded(score)
        if score.awarded is None:
            return Markup("{}：{}，{}。").format(score.name, score.undecided, points)
        if not score.verdict:  # decided by a person, where the rule could not
            return Markup("{}：{}；例外核定，{}。").format(score.name, score.undecided, points)
        basis = "（采用部门所填）" if score.stated else ""
        rate = figure(score.rate, score.id)
        return Markup("{}为{}{}，{}，{}。").format(score.name, rate, basis, score.verdict, points)
