"""分档计分: the points of the first tier whose condition the rate or figure meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from perfkit.forms.department import Department, Name
from perfkit.forms.fields import Loc
from perfkit.quantities import Whole, rounded, without_tail
from perfkit.scoring.conditions import bounds, first_of
from perfkit.scoring.figures import RATE
from perfkit.scoring.filed import with_unit
from perfkit.scoring.kinds.awards import Tier, tier_problems
from perfkit.scoring.kinds.kind import MOST, decided, lost
from perfkit.scoring.kinds.quotient import Quotient, constant
from perfkit.scoring.scores import ZERO, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric


class Tiers(Quotient):
    """分档计分: the tiers are tried in order, the first that holds gives the points.

    With `over` the conditions are on the difference to that, in percentage points for
    a rate: 低于、等于、高于, or >5%. `places` rounds a rate, as a percentage, before it is
    compared: what prints as equal is equal.
    """

    kind: Literal["tiers"]
    over: Name | None = Field(
        None,
        title="比较对象",
        description="年度参数、参数文件里的字段、数字，或 last_year（上年参数文件）",
    )
    places: Annotated[Whole, Field(ge=0, le=8)] | None = Field(
        None, title="比较前保留的小数位数", description="比率按百分数算，如 2 即 12.34%"
    )
    awards: tuple[Tier, ...] = Field(min_length=2, max_length=MOST, title="各档")

    def describe(self, rubric: Rubric) -> str:
        """The tiers in one line of Chinese."""
        words = f"{self.formula_words(rubric)}分档：{'，'.join(tier.words for tier in self.awards)}"
        if self.over:
            words = words.replace(
                "分档", f"，与{self.against_words(self.over, rubric)}相比，按差额分档", 1
            )
        return words if self.places is None else f"{words}；保留{self.places}位小数后比较"

    @property
    def held_against(self) -> str:
        """比较对象."""
        return self.over or ""

    def turning_fields(self, score: Score) -> dict[str, str]:
        """What it is worked out from."""
        return {score.id: " ".join(f for f in self.fields if not f.startswith("budget.total"))}

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Figures that are none, and tiers that are never reached or can't give the points."""
        found = [*super().problems(rubric, points)]
        yield from found
        yield from tier_problems(self.awards, points, rubric)
        if found:
            return
        if self.over and (why := self.unfit_comparison(self.over, rubric)):
            yield ("over",), why
        rate = self.unit(rubric) == RATE
        for i, tier in enumerate(self.awards):
            for bound in bounds(tier.when) if tier.when else ():
                bare = bound.rate is None and not self.over
                if bare or (bound.rate not in (None, rate) and bound.value):
                    why = (
                        ""
                        if self.to or self.over
                        else f"：没有分母（to），比的是{self.unit(rubric)}数"
                    )
                    sign = "应带百分号" if rate else f"应不带百分号{why}"
                    yield ("awards", i, "when"), f"条件“{tier.when}”里的数{sign}"

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The points of the tier; undecided if a figure is missing."""
        found = self.measured(department, rubric)
        if found.value is None:
            reason = f"{found.missing}，无法分档，需要人工决定"
            return replace(score, inputs=found.inputs, undecided=reason, field=found.field)
        unit = self.unit(rubric)
        value, formula, inputs = self._rounded(found.value, unit), found.formula, found.inputs
        if value != found.value:
            formula += f"，保留{self.places}位小数为 {with_unit(value, unit)}"
        shown = with_unit(value, unit, self.reads)
        score = replace(score, rate=shown, ratio=found.value if unit == RATE else None)
        verdict = shown
        if self.over:
            against = self.compared(self.over, department, rubric)
            if against.value is None or against.input is None:
                score = replace(score, inputs=inputs, formula=formula)
                return replace(score, undecided=against.missing, field=against.field)
            other = self._rounded(against.value, unit)
            inputs = (*inputs, against.input)
            value = without_tail(value - other)
            gap = _gap(value, unit, self._tier)
            formula += f"；{against.input.name} {with_unit(other, unit)}，{gap}"
            verdict += f"，{against.input.name}{with_unit(other, unit)}，{gap}"
            if constant(self.over) is None and self.over not in rubric.parameters:
                score = replace(score, compared=with_unit(other, unit))
        tier = self.awards[self._tier(value)]
        condition = tier.when or "其余"
        result = decided(
            score, rubric, tier.points, f"{formula}，属于“{condition}”一档", inputs=inputs
        )
        verdict += f"，属于“{condition}”一档"
        reason = f"{score.name} {verdict}"
        missed = lost(score, result.by_rule or ZERO, reason, inputs[0].place)
        return replace(result, verdict=verdict, deductions=missed)

    def reads(self, rate: Decimal) -> object:
        """Its tier, where it is not held against something."""
        return None if self.over else self._tier(rate)

    def _tier(self, value: Decimal) -> int:
        return first_of([tier.when for tier in self.awards], value) or 0

    def _rounded(self, value: Decimal, unit: str) -> Decimal:
        if self.places is None:
            return value
        return (
            rounded(value * 100, self.places) / 100 if unit == RATE else rounded(value, self.places)
        )


def _gap(distance: Decimal, unit: str, tier: Callable[[Decimal], int]) -> str:
    if not distance:
        return "相等"
    size = abs(distance)
    told = with_unit(size, unit, lambda size: tier(size.copy_sign(distance)))
    shown = f"{told.rstrip('%')}个百分点" if unit == RATE else told
    return f"{'高出' if distance > 0 else '低于'}{shown}"
