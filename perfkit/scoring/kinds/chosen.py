"""部门自选指标: 三级指标 that a department chooses below 产出 and 效果."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from pydantic import Field, model_validator

from perfkit.forms import paths
from perfkit.forms.department import (
    HIGHER,
    LOWER,
    Answer,
    Department,
    Indicator,
    Name,
    Record,
    Text,
)
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, Rate, halfwidth, parse_rate, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.cells import Cell, cause_of, explanation, printed_stages, score_cells
from perfkit.scoring.kinds.kind import MOST, Rule, decided, lost, overridden, repeated
from perfkit.scoring.scores import ZERO, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, RubricIndicator
    from perfkit.scoring.scorecard import Scorecard

FULL = FAR_ABOVE = Decimal(1)
"""所有的分值; 超额一倍, from which a target is looked at if the rubric has no bands of its own."""


class Band(Record):
    """A band of rates with both ends; which end belongs to it is said by the rule."""

    name: str = Field("", title="档次")
    floor: Rate = Field(title="下限")
    ceiling: Rate | None = Field(None, title="上限")
    deduct: Rate | None = Field(None, title="扣分比例")


class Kind(Record):
    """A kind of 三级指标 (产出数量, 社会效益 …) that departments choose from."""

    id: Name
    name: Name
    required: Answer = Field(True, title="应当设置")
    lower_units: tuple[Text, ...] = Field(
        (), title="越低越好的计量单位", description="如产出成本的万元、产出进度的工作日"
    )
    least: Points | None = Field(None, gt=0, title="这一类分值合计不低于")

    @property
    def words(self) -> str:
        """产出（不低于15分）."""
        return self.name if self.least is None else f"{self.name}（不低于{plain(self.least)}分）"


class Chosen(Rule):
    """部门自选指标: quantified ones by ratio and overshoot, the others by a person's grade."""

    kind: Literal["chosen"]
    kinds: tuple[Kind, ...] = Field(min_length=1, max_length=MOST, title="类别")
    no_weights: Literal["equal", "stated"] = Field("equal", title="未设分值时")
    zero: Literal["undecided", "full", "zero", "redistribute"] = Field(
        "undecided", title="指标值为 0 时"
    )
    overshoot: tuple[Band, ...] = Field((), max_length=MOST, title="指标值偏低的扣分")
    bands: tuple[Band, ...] = Field(min_length=1, max_length=MOST, title="定性档次")
    achieved: tuple[Name, ...] = Field(max_length=MOST, title="表示已完成的用语")

    @model_validator(mode="after")
    def _contiguous(self) -> Chosen:
        low, high = self.overshoot, self.bands
        for band, following in pairwise(low):
            if band.ceiling != following.floor:
                raise ValueError("指标值偏低的各档不连续：每档的上限应等于下一档的下限")
            if band.floor >= following.floor:
                raise ValueError("指标值偏低的各档应由低到高排列")
        if low and low[-1].ceiling is not None:
            raise ValueError("指标值偏低的最后一档不应有上限")
        if any(band.deduct is None or not 0 <= band.deduct <= 1 for band in low):
            raise ValueError("指标值偏低的每一档都要有 0 到 100% 的扣分比例")
        ends = [Decimal(1), *(band.floor for band in high)]
        if [band.ceiling for band in high] != ends[:-1] or ends[-1] != 0:
            raise ValueError("定性档次应从 100% 到 0 首尾相接，由高到低排列")
        if any(band.floor >= (band.ceiling or 0) for band in high):
            raise ValueError("定性档次的上限应大于下限")
        return self

    def describe(self, rubric: Rubric) -> str:
        """The kinds to choose from."""
        return f"部门自选：{'、'.join(kind.words for kind in self.kinds)}"

    @property
    def turns_on(self) -> str:
        """All that the department chose."""
        return "indicators"

    @property
    def any_points(self) -> bool:
        """Shares of the points."""
        return True

    def turning_fields(self, score: Score) -> dict[str, str]:
        """Each part turns on its own row; the whole on nothing else."""
        return {part.id: part.field.removesuffix(".actual") for part in score.parts} | {
            score.id: ""
        }

    @property
    def choice(self) -> Chosen:
        """The rule itself."""
        return self

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Kinds that have the same id, or that must have more points than there are."""
        yield from repeated(
            "类别编号", [(("kinds", n), kind.id) for n, kind in enumerate(self.kinds)]
        )
        least = sum((kind.least or ZERO for kind in self.kinds), ZERO)
        if least > points:
            message = f"各类不低于的分值合计 {plain(least)} 分，超过指标的分值 {plain(points)} 分"
            yield ("kinds",), message

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The sum of the scores of what the department chose; undecided if it chose nothing."""
        rows = [
            (number, indicator)
            for number, indicator in enumerate(department.indicators)
            if indicator.group == score.id
        ]
        if not rows:
            return replace(score, undecided=f"没有填写{score.name}指标，需要补充")
        if self.no_weights == "stated" and all(indicator.weight is None for _, indicator in rows):
            if score.reported is None:
                return replace(score, undecided=f"{score.name}指标未设分值，自评得分也未填")
            place = department.place(paths.claim(score.id))
            awarded = min(score.reported, score.points)
            formula = f"指标未设分值，采用自评得分{plain(score.reported)}"
            found = decided(score, rubric, awarded, formula, stated=True)
            reason = f"{score.name}自评{plain(score.reported)}分"
            return replace(found, deductions=lost(score, found.by_rule or ZERO, reason, place))
        directions = [_direction(row, rubric, self) for _, row in rows]
        zeros = {
            i
            for i, (_, row) in enumerate(rows)
            if directions[i][0] == HIGHER and row.measured_target and not row.measured_target.value
        }
        places = rubric.rounding.places
        weights = weights_of(score.of_rubric, [row.weight for _, row in rows], places)
        if score.of_rubric != score.points:
            weights = rules.shared(score.points, weights, places)
        kept = [ZERO if i in zeros else weight for i, weight in enumerate(weights)]
        spread = self.zero == "redistribute" and any(kept)
        if spread and zeros:
            weights = rules.shared(score.points, kept, places)
        parts = []
        for i, ((number, row), weight) in enumerate(zip(rows, weights, strict=True)):
            part = Score(
                id=f"{score.id}.{i + 1}",
                name=row.name,
                points=weight,
                reported=department.reported.scores.get(f"{score.id}.{i + 1}"),
                indicator=row,
                direction=directions[i][0],
                assumed=directions[i][1],
                field=paths.indicator(number, "actual"),
                inputs=tuple(
                    Input(label, text, department.place(paths.indicator(number, field)))
                    for field, label, text in (
                        ("target", "指标值", row.with_unit(row.target)),
                        ("actual", "完成值", row.with_unit(row.actual) or "未填"),
                        ("initial", "年初指标值", row.with_unit(row.initial)),
                        ("grade", "评定得分率", row.grade),
                    )
                    if text
                ),
            )
            if spread and i in zeros:
                formula = "指标值为0，分值分给同组其他指标"
                part = replace(part, by_rule=ZERO, awarded=ZERO, formula=formula)
            else:
                part = _part(part, rubric, self)
            parts.append(overridden(part, department))
        return _summed(score, parts)

    def rows(self, card: Scorecard, indicator: RubricIndicator) -> list[list[Cell]]:
        """A row each of what the department chose, kind by kind, and their 小计."""
        score = card.score(indicator.id)
        names = {kind.id: kind.name for kind in self.kinds}
        listed = [
            (part.indicator, score_cells(part, cause=self._cause(part)))
            for part in score.parts
            if part.indicator
        ]
        if not listed:  # scored as a whole, or not at all
            none = [Cell("—", kind="num")] * (3 + len(printed_stages(score)))
            filed = (row for row in card.department.indicators if row.group == indicator.id)
            listed = [(row, [*none, Cell(_said(row.note))]) for row in filed]
        rows: list[list[Cell]] = []
        for kind, grouped in groupby(listed, key=lambda found: found[0].kind):
            below: list[list[Cell]] = []
            for row, points in grouped:
                actual = row.with_unit(row.actual) or "未填"
                below.append([Cell(self._aim(row)), Cell(actual), *points])
            below[0].insert(0, Cell(names[kind], rows=len(below), kind="label"))
            rows += below
        rows.append([Cell("小计", columns=3, kind="label"), *score_cells(score)])
        span = len(rows)
        rows[0] += [Cell(explanation(indicator), rows=span), Cell(indicator.standard, rows=span)]
        return rows

    def sentence(self, score: Score) -> Markup:
        """Nothing: the indicators have a chapter of their own."""
        return Markup("")

    @staticmethod
    def _cause(part: Score) -> str:
        """偏差原因 as the department wrote it; without a word of its own, what the rule says."""
        if part.override or part.open_points or any(one.changed for one in part.stages):
            return cause_of(part)
        note = " ".join(part.indicator.note.split()) if part.indicator else ""
        missed = part.deductions or part.overshoot is not None
        if note:
            return note if missed else _said(note)
        said = []
        for deduction in part.deductions:
            reason = deduction.reason.removeprefix(f"{part.name}：")
            # 指标值 and 完成值 stand beside it.
            values, rate, percents = reason.rpartition("得分率")
            said.append(rate + percents if values.startswith("指标值") else reason)
        return "；".join(said)

    def _aim(self, row: Indicator) -> str:
        # 指标值 of a qualitative row is its name: the target says no more than 完成.
        done = row.target in self.achieved
        aim = row.name if done else f"{row.name}：{row.with_unit(row.target)}"
        if row.initial:
            aim += f"（年初{row.with_unit(row.initial)}）"
        return f"{aim}（{row.direction}指标）" if row.direction else aim


def _said(note: str) -> str:
    """A note that explains no deviation."""
    return f"说明：{' '.join(note.split())}" if note else ""


def _summed(score: Score, parts: list[Score]) -> Score:
    decided = [part for part in parts if part.awarded is not None]
    waiting = [part for part in parts if part.open_points]
    undecided = ""
    if waiting:
        names = "、".join(part.name for part in waiting)
        undecided = f"{len(waiting)}个三级指标待定：{names}"
    if not decided:
        return replace(score, parts=tuple(parts), undecided=undecided)
    total = sum((part.awarded or ZERO for part in decided), ZERO)
    formula = " + ".join(plain(part.awarded or ZERO) for part in decided)
    return replace(
        score,
        by_rule=sum((part.by_rule or ZERO for part in decided), ZERO),
        awarded=total,
        formula=f"{formula} = {plain(total)}",
        deductions=tuple(d for part in decided for d in part.deductions),
        undecided=undecided,
        stated=all(part.stated for part in decided),
        parts=tuple(parts),
    )


def weights_of(points: Decimal, filed: list[Decimal | None], places: int) -> list[Decimal]:
    """各三级指标分值, which add up to *points* whatever was filed.

    Filed weights stand as they are if they add up; an indicator without one
    gets an equal share of what the others leave. Otherwise all are scaled.
    """
    given = sum((weight for weight in filed if weight is not None), ZERO)
    blank = filed.count(None)
    if given == points and not blank:
        return [weight or ZERO for weight in filed]
    if blank and given < points:
        shares = iter(rules.shared(points - given, [FULL] * blank, places))
        return [next(shares) if weight is None else weight for weight in filed]
    weights = [ZERO if weight is None else weight for weight in filed]
    return rules.shared(points, weights if given else [FULL] * len(filed), places)


def _direction(row: Indicator, rubric: Rubric, rule: Chosen) -> tuple[str, bool]:
    """指标方向 of a quantified row and whether it is assumed; empty where a person must say it."""
    target, actual = row.measured_target, row.measured_actual
    if target is None or actual is None:
        return "", False
    if row.stated_direction:
        return row.stated_direction, False
    if target.value == actual.value != 0:
        return HIGHER, False  # full either way
    kind = next(kind for kind in rule.kinds if kind.id == row.kind)
    said = rubric.directions.of(row.name, target.unit, kind.lower_units)
    direction = {"higher": HIGHER, "lower": LOWER, "unclear": ""}.get(said or "higher", "")
    return direction, said in ("lower", None)


def _part(part: Score, rubric: Rubric, rule: Chosen) -> Score:
    """The score of one 三级指标: by ratio if both values are numbers, else by grade."""
    row = part.indicator
    assert row is not None
    if not row.actual:
        return replace(part, undecided="未填完成值")
    if row.quantified:
        return _quantified(part, row, rubric, rule)
    if row.measured_target and not row.grade:
        reason = f"指标值是数字，完成值“{row.actual}”不是，需要补充完成的数量"
        return replace(part, undecided=reason)
    if row.grade:
        return _graded(part, row.grade, rubric, rule)
    if row.actual == row.target or row.actual in rule.achieved:
        formula = f"部门自报“{row.actual}”，没有可核对的数字，按100% × {plain(part.points)}"
        return decided(part, rubric, part.points, formula, stated=True)
    reason = f"定性指标完成值为“{row.actual}”，需要评价人填评定得分率（grade），如 85%"
    return replace(part, undecided=reason)


def _quantified(part: Score, row: Indicator, rubric: Rubric, rule: Chosen) -> Score:
    target, actual = row.measured_target, row.measured_actual
    assert target is not None
    assert actual is not None
    a, b = target.value, actual.value
    reverse = part.direction == LOWER
    if not part.direction and row.grade:
        return _graded(part, row.grade, rubric, rule)
    if not part.direction:
        bare = row.target.lstrip("=＝ ")
        reason = (
            f"指标值“{row.target}”没有写≥或≤，看不出越高越好还是越低越好：越低越好请写“≤{bare}”"
            f"或在指标方向（direction）填反向，越高越好请写“≥{bare}”或填正向"
        )
        return replace(part, undecided=reason)
    if a < 0 or (a == 0 and not reverse and rule.zero in ("undecided", "redistribute")):
        reason = f"指标值为{plain(a)}，不能按比率计分，需要人工决定"
        return replace(part, undecided=reason)
    if reverse:
        rate = rules.inverse_proportional(b, a)
        raw = a / b if b > 0 else None
        shown = f"{plain(a)} ÷ {plain(b)} =" if b > 0 else f"反向指标，完成值{plain(b)}，按"
    elif a == 0:
        rate, raw = Decimal(rule.zero == "full"), None
        shown = "指标值为0，按评分标准取"
    else:
        rate, raw = rules.proportional(b, a), b / a
        shown = f"{plain(b)} ÷ {plain(a)} ="
    if raw is not None and raw != rate:
        shown += f" {percent(raw, 4)}，按"
    points = plain(part.points)
    formula = f"{shown} {percent(rate, 4)} × {points}"
    place = part.inputs[1].place
    over = rules.overshoot(b, a) if a > 0 and not reverse else None
    bands = [(band.floor, band.deduct or ZERO) for band in rule.overshoot]
    share = rules.overshoot_share(over, bands) if over is not None else ZERO
    if share and row.low_target:
        assert over is not None
        formula += (
            f"；({plain(b)} − {plain(a)}) ÷ {plain(a)} = {percent(over, 4)}，指标值偏低，"
            f"扣{percent(share)}：{points} × {percent(1 - share)}"
        )
        found = decided(part, rubric, part.points * (1 - share), formula)
        reason = f"{part.name}：指标值设定偏低，超额{percent(over)}，扣分值的{percent(share)}"
    else:
        found = decided(part, rubric, part.points * rate, formula)
        values = f"指标值{row.with_unit(row.target)}，完成值{row.with_unit(row.actual)}"
        reason = f"{part.name}：{values}，得分率{percent(rate)}"
    # 财预〔2020〕10号, 第十六条: 高于指标值较多的要分析原因, where a rubric says no more than that.
    far = over is not None and not bands and over >= FAR_ABOVE
    return replace(
        found,
        overshoot=over if share or far else None,
        deductions=lost(part, found.by_rule or ZERO, reason, place),
    )


def _graded(part: Score, grade: str, rubric: Rubric, rule: Chosen) -> Score:
    """定性评分: the reviewer's rate, which must lie inside the band that is named."""
    match = re.fullmatch(
        r"([^0-9%]{0,40}?)\s{0,9}([0-9]{1,6}(?:\.[0-9]{1,20})?\s*%)?", halfwidth(grade)
    )
    bands = rule.bands
    known = {band.name: band for band in bands}
    if match is None:
        reason = f"评定得分率“{grade}”读不懂，应写百分数，如 85%，或{bands[0].name} 85%"
        return replace(part, undecided=reason)
    name, text = match[1], match[2]
    if name and name not in known:
        reason = f"评分标准里没有档次“{name}”，可用的有：{'、'.join(known)}"
        return replace(part, undecided=reason)
    if text is None:
        band = known[name] if name else bands[0]
        reason = f"只写了档次“{grade}”，还需要评价人给出得分率，如{band.name} {percent(band.floor)}"
        return replace(part, undecided=reason)
    rate = parse_rate(text)
    if rate > 1:
        return replace(part, undecided=f"评定得分率{text}超过100%，请更正")
    band = bands[rules.at_or_above(rate, [b.floor for b in bands])]
    if name and name != band.name:
        reason = f"得分率{percent(rate)}属于“{band.name}”档，与所写“{name}”不符，请更正"
        return replace(part, undecided=reason)
    formula = f"评定“{band.name}”，得分率{percent(rate)} × {plain(part.points)}"
    found = decided(part, rubric, part.points * rate, formula)
    reason = f"{part.name}：评定“{band.name}”，得分率{percent(rate)}"
    place = part.inputs[-1].place
    return replace(found, deductions=lost(part, found.by_rule or ZERO, reason, place))
