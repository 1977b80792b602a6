"""超出扣分: a rate held against last year's or a benchmark (结转结余率, 预决算差异率)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from pydantic import Field, model_validator

from perfkit.forms.department import Department, Name
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, percent, plain, telling_percent, without_tail
from perfkit.scoring import rules
from perfkit.scoring.cells import SCORED, Cell, explanation, score_cells
from perfkit.scoring.filed import filed_figure, filed_input, unfit
from perfkit.scoring.kinds.kind import StatedRate, Steps, StepSize, decided, lost
from perfkit.scoring.kinds.quotient import Quotient, constant
from perfkit.scoring.marked import awarded, figure
from perfkit.scoring.rules import Partial
from perfkit.scoring.scores import ZERO, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, RubricIndicator
    from perfkit.scoring.scorecard import Scorecard


class Excess(Quotient):
    """超出扣分: a rate held against last year's or a benchmark; each step away from it costs points.

    `step` and `deduct` are for a rate that is above, `below` for one that is below; the
    rubric has one of them or both. `measure` says what a step above is counted in: percentage
    points, or parts of the benchmark (``relative``: 28.3 % may grow by a tenth of itself to
    31.13 %). `stated` is the filed rate that serves where the amounts are not known.
    """

    kind: Literal["excess"]
    stated: Name | None = Field(None, title="无法计算时采用的所填比率")
    over: Name = Field(
        title="比较对象",
        description="年度参数、参数文件里的比率、百分数，或 last_year（上年参数文件）",
    )
    step: StepSize | None = Field(None, title="每档")
    deduct: Points | None = Field(None, gt=0, title="每档扣分")
    measure: Literal["points", "relative"] = Field("points", title="档的单位")
    partial: Partial = Field("floor", title="不足一档")
    below: Steps | None = Field(None, title="低于比较对象的扣分")

    @model_validator(mode="after")
    def _some_steps(self) -> Excess:
        if (self.step is None) != (self.deduct is None):
            raise ValueError("每档（step）和每档扣分（deduct）要同时写")
        if self.step is None and self.below is None:
            raise ValueError(
                "要写高出时的扣分（step、deduct），或低于时的扣分（below），或两样都写"
            )
        return self

    @property
    def above(self) -> Steps | None:
        """What being above costs."""
        if self.step is None or self.deduct is None:
            return None
        # Validated already, as fields of this rule.
        return Steps.model_construct(step=self.step, deduct=self.deduct, partial=self.partial)

    def describe(self, rubric: Rubric) -> str:
        """The rule and its readings in one line of Chinese."""
        of = "（相对比较对象）" if self.measure == "relative" else ""
        said = [self.above.describe("高出", of)] if self.above else []
        said += [self.below.describe("低于")] if self.below else []
        against = self.against_words(self.over, rubric)
        return f"{self.formula_words(rubric)}，与{against}相比，{'；'.join(said)}，扣完为止"

    def turning_fields(self, score: Score) -> dict[str, str]:
        """The amount, the stated rate and what it is compared with."""
        # 资金总体 has a row of its own.
        named = (self.turns_on, self.stated or "", self.over)
        kept = (f for f in named if "." in f and not f.startswith("budget.total"))
        return {score.id: " ".join(f for f in kept if constant(f) is None)}

    @property
    def named(self) -> tuple[str, ...]:
        """Its fields, 比较对象 and the stated rate."""
        return (*super().named, self.stated or "")

    @property
    def held_against(self) -> str:
        """比较对象."""
        return self.over

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Figures that give no rate, and a 比较对象 that is none."""
        found = [*super().problems(rubric, points)]
        yield from found
        for at, steps in (((), self.above), (("below",), self.below)):
            if steps and (why := steps.unfit(rubric)):
                yield (*at, "deduct"), why
        if found:
            return
        if why := self.not_a_rate(rubric):
            yield ("of",), why
        elif why := self.unfit_comparison(self.over, rubric):
            yield ("over",), why
        if self.stated and (why := unfit(self.stated, rubric, rate=True)):
            yield ("stated",), why

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by how far the rate is from what it is held against."""
        found = self.measured(department, rubric)
        inputs, rate, shown = found.inputs, found.value, found.formula
        stated = filed_figure(department, self.stated) if self.stated else None
        if rate is not None:
            score = replace(score, ratio=rate)
        elif stated is None or self.stated is None:
            also = f"，也没有填写{score.name}" if self.stated else ""
            reason = f"{found.missing}{also}，无法计算，需要人工决定"
            return replace(score, inputs=inputs, undecided=reason, field=found.field)
        else:
            shown = f"采用部门所填{percent(stated, 4)}（无法复核）"
            rate = abs(stated) if self.less and self.difference == "absolute" else stated
            inputs = (filed_input(department, self.stated, rubric),)
        against = self.compared(self.over, department, rubric)
        over = against.value
        # The sheet has a column for last year's rate, none for a benchmark.
        fixed = self.over in rubric.parameters or constant(self.over) is not None
        last_year = "" if fixed or over is None else percent(over)
        score = replace(score, rate=percent(rate), compared=last_year)
        if over is None or against.input is None:
            score = replace(score, inputs=inputs, formula=shown)
            return replace(score, undecided=against.missing, field=against.field)
        name = against.input.name
        if self.above and self.measure == "relative" and over <= 0 and rate > over:
            why = "是负数" if over else "为0"
            reason = f"{name}{why}，不能按相对比例计档，需要人工决定"
            score = replace(score, inputs=(*inputs, against.input), formula=shown)
            return replace(score, undecided=reason, field=self.over)
        distance = without_tail(rate - over)
        count, each = self._steps(distance, over)
        cost = rules.deducted(score.points, count, each)
        gap = _gap(distance, lambda distance: self._steps(distance, over))
        away = "高出" if distance > 0 else "低于"
        formula = f"{shown}；{name} {percent(over, 4)}，"
        none = self.above is None if distance > 0 else self.below is None
        if none or not distance:
            same = "未高出" if self.below is None else "未低于" if self.above is None else "相等"
            formula += f"{same}，不扣分，{plain(score.points)} − 0"
            verdict = f"{same}，不扣分"
        else:
            formula += (
                f"{away}{gap}，计{plain(round(count, 4))}档 × {plain(each)}"
                f"，{plain(score.points)} − {plain(round(cost, 4))}"
            )
            verdict = f"{away}{gap}" + ("" if count else "，不足一档，不扣分")
        result = decided(score, rubric, score.points - cost, formula)
        reason = f"{score.name} {percent(rate)}，比{name} {percent(over)}{away}{gap}"
        return replace(
            result,
            verdict=f"{name}{percent(over)}，{verdict}",
            inputs=(*inputs, against.input),
            stated=found.value is None,
            deductions=lost(score, result.by_rule or ZERO, reason, inputs[0].place),
        )

    def _steps(self, distance: Decimal, over: Decimal) -> tuple[Decimal, Decimal]:
        """How many steps a rate is away, and what each costs."""
        steps = self.above if distance > 0 else self.below
        if steps is None:
            return ZERO, ZERO
        step = steps.step * (over if distance > 0 and self.measure == "relative" else 1)
        count = rules.steps(abs(distance), step, steps.partial) if step else ZERO
        return count, steps.deduct

    def stated_rate(
        self, score: Score, department: Department, rubric: Rubric
    ) -> StatedRate | None:
        """The rate that may be stated where its amounts are not known."""
        if self.stated is None:
            return None
        stated = filed_figure(department, self.stated)
        formula = self.formula_words(rubric)
        return StatedRate(score.name, self.stated, formula, stated, score.ratio)

    def heading(self, year: int) -> list[Cell] | None:
        """The two years stand where other rows have 指标值 and 完成值; none beside a fixed value."""
        if constant(self.over) is not None:
            return None
        names = (f"{year - 1}年", f"{year}年", *SCORED)
        return [Cell("指标", columns=2, kind="head"), *(Cell(name, kind="head") for name in names)]

    def rows_beside_last_year(
        self, card: Scorecard, indicator: RubricIndicator
    ) -> list[list[Cell]]:
        """One row: last year's rate and this year's."""
        score = card.score(indicator.id)
        level2 = "" if indicator.level2 == indicator.name else f"{indicator.level2}："
        name = f"{level2}{indicator.name}（{plain(score.points)}）"
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


def _gap(distance: Decimal, steps: Callable[[Decimal], object]) -> str:
    exact = distance == round(distance, 8)
    floor = telling_percent(abs(distance), lambda size: steps(size.copy_sign(distance)))
    return f"{plain(abs(distance) * 100) if exact else floor.rstrip('%')}个百分点"
