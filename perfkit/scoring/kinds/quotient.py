"""所比的数: the rate or figure of the filing that a rule scores, and what it may be held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from perfkit.forms import paths
from perfkit.forms.codes import nearest
from perfkit.forms.department import Department, Name
from perfkit.forms.fields import Loc
from perfkit.quantities import parse_points, parse_signed_rate, percent, plain
from perfkit.scoring.figures import RATE
from perfkit.scoring.filed import (
    FIGURES,
    PREVIOUS,
    field_label,
    field_unit,
    filed_figure,
    filed_input,
    known_figures,
    not_listed,
    unfilled,
    unfit,
    with_unit,
)
from perfkit.scoring.kinds.kind import Rule
from perfkit.scoring.scores import ZERO, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, RubricIndicator

LAST_YEAR = "last_year"
"""What a rule names to hold a figure against the same of last year's filing (``previous``)."""


@dataclass(frozen=True)
class Measured:
    """A rate or figure as a rule works it out; without a `value`, `missing` says why and `field` where.

    `zero`: it is missing because 分母 is 0.
    """

    value: Decimal | None
    formula: str
    inputs: tuple[Input, ...]
    missing: str = ""
    field: str = ""
    zero: bool = False


@dataclass(frozen=True)
class Compared:
    """What a figure is held against; without a `value`, `missing` says what to fill in, `field` where."""

    value: Decimal | None
    input: Input | None
    missing: str = ""
    field: str = ""


class Quotient(Rule):
    """A rule over `of` ÷ `to`, over the difference of `of` and `less` ÷ `to`, or over `of` alone.

    A side may be a fixed number (9% ÷ a rate, 100% − a rate), but for one that is a field.
    """

    of: Name = Field(title="分子", description="参数文件里的字段，或一个数；没有分母时就是所比的数")
    to: Name | None = Field(None, title="分母")
    less: Name | None = Field(None, title="减数")
    difference: Literal["absolute", "signed"] | None = Field(None, title="差额的算法")

    @model_validator(mode="after")
    def _how_it_differs(self) -> Quotient:
        # A fall since last year costs nothing by the one, as much as a rise by the other.
        if self.less and self.difference is None:
            raise ValueError(
                "写了减数（less），还要写差额的算法（difference）：signed 有正有负，减少的是负数；"
                "absolute 取绝对值，增加、减少都一样算"
            )
        return self

    @property
    def turns_on(self) -> str:
        """分子, or the next side that is a field."""
        return next(iter(self.fields), self.of)

    @property
    def fields(self) -> list[str]:
        """The fields of the filing that it is worked out from."""
        sides = dict.fromkeys((self.of, self.less, self.to))
        return [side for side in sides if side and constant(side) is None]

    @property
    def named(self) -> tuple[str, ...]:
        """Its fields and 比较对象."""
        return (*self.fields, self.held_against)

    def claimed(self, name: str, department: Department) -> bool:
        """Whether one of the figures is filed that the rubric asks for itself, if it asks for any."""
        own = [f for f in (*self.fields, self.held_against) if f.startswith(FIGURES)]
        return not own or any(filed_figure(department, f) is not None for f in own)

    def unit(self, rubric: Rubric) -> str:
        """``%`` for a rate, else the unit of the figure, or of one by another: 万元/人."""
        if not self.to:
            return field_unit(self.turns_on, rubric)
        above = [side for side in (self.of, self.less) if side and constant(side) is None]
        if not above or constant(self.to) is not None:
            return RATE
        of, to = (field_unit(side, rubric) for side in (above[0], self.to))
        return RATE if of == to else f"{of}/{to}"

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Fields that are none, and figures that can't be divided or subtracted."""
        named = {"of": self.of, "to": self.to, "less": self.less}
        sides = {key: side for key, side in named.items() if side is not None}
        if not self.fields:
            yield ("of",), "分子、分母、减数都是固定的数，至少要有一个参数文件里的字段"
            return
        known: dict[str, str] = {}
        for key, side in sides.items():
            if constant(side) is not None:
                continue
            if why := unfit(side, rubric):
                yield (key,), why
            else:
                known[key] = field_unit(side, rubric)
        of_one = {unit for key, unit in known.items() if key != "to"}
        if len(of_one) > 1 or (RATE in known.values() and len(set(known.values())) > 1):
            words = "、".join(f"{_label(sides[key], rubric)}（{u}）" for key, u in known.items())
            yield ("of",), f"单位不同，不能相减、相除：{words}"
        elif known:
            rate = RATE in known.values()
            for key, side in sides.items():
                if constant(side) is not None and side.strip().endswith(PERCENT) != rate:
                    yield (key,), f"“{side}”应{'带' if rate else '不带'}百分号"
        if self.to and constant(self.to) == 0:
            yield ("to",), "分母不能是 0"

    def not_a_rate(self, rubric: Rubric) -> str:
        """Why a rule that scores a rate can't score it; else empty."""
        unit = self.unit(rubric)
        if unit == RATE:
            return ""
        if self.to:
            return f"单位不同，相除得{unit}，不是比率；要分档的写 kind: tiers（分档计分）"
        return "没有分母（to）时，分子（of）应是比率"

    def formula_words(self, rubric: Rubric) -> str:
        """The formula in the form's own words: 全年执行数÷全年预算数."""
        of = self.numerator_words(rubric)
        return f"{of}÷{_label(self.to, rubric)}" if self.to else of

    def numerator_words(self, rubric: Rubric) -> str:
        """What is divided, or stands alone: 全年执行数与年初预算数之差的绝对值."""
        of = _label(self.of, rubric)
        if not self.less:
            return of
        less = _label(self.less, rubric)
        signed = f"（{of}－{less}）" if self.to else f"{of}－{less}"
        return signed if self.difference == "signed" else f"{of}与{less}之差的绝对值"

    def measured(self, department: Department, rubric: Rubric) -> Measured:
        """The rate or figure of a filing."""
        fields = self.fields
        figures = {side: constant(side) for side in (self.of, self.less, self.to) if side}
        figures |= {field: filed_figure(department, field) for field in fields}
        missing = [field for field in fields if figures[field] is None]
        inputs = tuple(filed_input(department, f, rubric) for f in fields if f not in missing)
        if missing:
            why = unfilled(department, missing, rubric)
            return Measured(None, "", inputs, why, missing[0])
        if self.to and (to := figures[self.to] or ZERO) <= 0:
            # A part of what is below zero, or growth from it, says nothing of more or less.
            why = f"{_label(self.to, rubric)}{'是负数，不能作分母' if to else '为0'}"
            return Measured(None, "", inputs, why, self.to, not to)
        value, shown = self._worked_out(figures, rubric)
        return Measured(value, shown, inputs)

    def _worked_out(
        self, figures: dict[str, Decimal | None], rubric: Rubric
    ) -> tuple[Decimal, str]:
        unit = field_unit(self.turns_on, rubric)

        def said(value: Decimal) -> str:
            return percent(value, 4) if unit == RATE else plain(value)

        of = figures[self.of] or ZERO
        shown = said(of)
        if self.less:
            less = figures[self.less] or ZERO
            subtracted = said(less)
            both = f"{shown} − {f'({subtracted})' if less < 0 else subtracted}"
            of, shown = of - less, f"({both})"
            if self.difference == "absolute":
                of, shown = abs(of), f"|{both}|"
        if not self.to:
            return of, f"{shown} = {with_unit(of, unit)}" if self.less else with_unit(of, unit)
        to = figures[self.to] or ZERO
        by = with_unit(of / to, self.unit(rubric), self.reads)
        return of / to, f"{shown} ÷ {said(to)} = {by}"

    def reads(self, rate: Decimal) -> object:
        """What a rate is taken for by itself: one that is printed must not be taken for another."""
        return None

    def rate_of(self, department: Department, rubric: Rubric) -> Decimal | None:
        """The rate by the filed amounts alone."""
        return self.measured(department, rubric).value

    # ---- 比较对象

    @property
    def of_last_year(self) -> bool:
        """Whether it is held against last year's filing, or last year's rate in this one."""
        over = self.held_against
        return over in (LAST_YEAR, paths.PREVIOUS_RATE) or over.startswith(PREVIOUS)

    def target(self, indicator: RubricIndicator, score: Score) -> str:
        """指标值 as the rubric has it, else what the figure is held against."""
        over = self.held_against
        if indicator.value or not over:
            return indicator.value
        if constant(over) is not None:
            return over
        if score.undecided or not score.inputs:
            return ""
        against = score.inputs[-1]
        return f"{against.name}{against.value}"

    def unfit_comparison(self, against: str, rubric: Rubric) -> str:
        """Why *against* can't be what the rate or figure is held against; else empty."""
        rate = self.unit(rubric) == RATE
        if against == LAST_YEAR or (rate and against in rubric.parameters):
            return ""
        if constant(against) is not None:
            if against.strip().endswith(PERCENT) == rate:
                return ""
            return f"比较对象“{against}”应{'带' if rate else '不带'}百分号"
        if why := not_listed(against, rubric):
            return why
        why = unfit(against, rubric, rate)
        if not why and field_unit(against, rubric) != self.unit(rubric):
            unit, other = self.unit(rubric), field_unit(against, rubric)
            return f"比较对象“{against}”的单位是{other}，所比的数是{unit}，不能相比"
        if why:
            what = "年度参数，也不是参数文件里的比率" if rate else "数字，也不是参数文件里的金额"
            named = {key: found.name for key, found in rubric.parameters.items()} if rate else {}
            named |= {path: field_label(path, rubric) for path in known_figures(rubric)}
            near = nearest(against, named)
            meant = f"，是不是 {near}" if near not in (None, against) else ""
            return (
                f"比较对象“{against}”既不是{what}{meant}；也可以写"
                f"{'百分数' if rate else '数字'}，或 {LAST_YEAR}（上年参数文件）"
            )
        return ""

    def against_words(self, against: str, rubric: Rubric) -> str:
        """比较对象 in the form's own words: 市级平均预决算差异率, 上年, 100%."""
        if parameter := rubric.parameters.get(against):
            return parameter.name
        if against == LAST_YEAR:
            return "上年"
        return _label(against, rubric)

    def compared(self, against: str, department: Department, rubric: Rubric) -> Compared:
        """The value of 比较对象 for a filing."""
        unit = self.unit(rubric)
        if (number := constant(against)) is not None:
            return Compared(
                number, Input("标准值", with_unit(number, unit), f"评分标准{rubric.id}")
            )
        if parameter := rubric.parameters.get(against):
            year = parameter.years.get(department.year)
            if year is None:
                # A benchmark is missing in the rubric, for the year; all else in the filing.
                reason = f"评分标准{rubric.id}没有{department.year}年的{parameter.name}，需要补充后再评分"
                return Compared(None, None, reason, "year")
            shown = Input(parameter.name, percent(year.value, 4), year.origin)
            return Compared(year.value, shown)
        if against == LAST_YEAR:
            return self._last_year(department, rubric)
        value, found = filed_figure(department, against), filed_input(department, against, rubric)
        source = department.budget.carryover.previous_source
        if source and against == paths.PREVIOUS_RATE:
            found = Input(found.name, f"{found.value}（{source}）", found.place)
        if value is None:
            lacking = unfilled(department, [against], rubric)
            reason = f"{lacking}，无法比较，需要人工决定"
            return Compared(None, found, reason, against)
        return Compared(value, found)

    def _last_year(self, department: Department, rubric: Rubric) -> Compared:
        last_year, words = department.last_year, self.formula_words(rubric)
        if last_year is None:
            reason = f"没有上年的{words}可比：请写上年参数文件（previous）的路径"
            return Compared(None, None, reason, "previous")
        found = self.measured(last_year, rubric)
        if found.value is None:
            reason = f"上年参数文件{found.missing}，没有上年的{words}可比"
            return Compared(None, None, reason, "previous")
        shown = with_unit(found.value, self.unit(rubric))
        return Compared(found.value, Input(f"上年{words}", shown, last_year.place(self.turns_on)))


def _label(side: str, rubric: Rubric) -> str:
    """A field in the form's own words; a number as it stands in the rubric."""
    return side if constant(side) is not None else field_label(side, rubric)


PERCENT = ("%", "％")


def constant(text: str) -> Decimal | None:
    """The number that *text* is, a percentage as a fraction; None if it is a name."""
    try:
        if text.strip().endswith(PERCENT):
            return parse_signed_rate(text)
        number = parse_points(text)
    except ValueError:
        return None
    return number if isinstance(number, Decimal) else None
