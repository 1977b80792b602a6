"""The scorecard: every indicator's score with the rule, inputs and deductions it comes from.

A score is never a bare number. The table in the report, the terminal and the
JSON all print the objects of this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from perfkit.forms.department import HIGHER, LOWER, Department, Indicator
from perfkit.quantities import halfwidth, parse_rate, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.rubric import (
    Checklist,
    Chosen,
    Excess,
    Grade,
    Ratio,
    Rubric,
    RubricIndicator,
    field_label,
)
from perfkit.scoring.scores import ZERO, Deduction, Input, Score

FULL = Decimal(1)


@dataclass(frozen=True)
class Scorecard:
    """评分结果 of a department: its scores in the order of the score sheet, total and grade.

    `total` is the sum of what is decided; `grade` is None while the undecided
    points could change it.
    """

    department: Department
    rubric: Rubric
    scores: tuple[Score, ...]
    total: Decimal
    grade: str | None

    @property
    def open_points(self) -> Decimal:
        """待定分值 of the whole sheet."""
        return sum((score.open_points for score in self.scores), ZERO)

    @property
    def undecided(self) -> list[Score]:
        """The indicators, or parts of them, that wait for a person's decision."""
        found: list[Score] = []
        for score in self.scores:
            waiting = [part for part in score.parts if part.open_points]
            if score.open_points:
                found += waiting or [score]
        return found

    def score(self, name: str) -> Score:
        """The score of the indicator with the id *name*."""
        return next(score for score in self.scores if score.id == name)

    def section_total(self, section_id: str) -> Decimal:
        """小计 of a section: the sum of its decided scores."""
        section = next(section for section in self.rubric.sections if section.id == section_id)
        return sum((self.score(i.id).awarded or ZERO for i in section.indicators), ZERO)

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: numbers as exact text, indicators in order."""
        reported = self.department.reported
        return {
            "department": self.department.name,
            "year": self.department.year,
            "rubric": self.rubric.id,
            "total": plain(self.total),
            "max": plain(self.rubric.points),
            "grade": self.grade,
            "reported_total": _text(reported.total),
            "reported_grade": reported.grade,
            "indicators": [_score_dict(score) for score in self.scores],
            "undecided": [
                {"id": s.id, "name": s.name, "points": plain(s.points), "reason": s.undecided}
                for s in self.undecided
            ],
        }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _score_dict(score: Score) -> dict[str, Any]:
    override = score.override
    found: dict[str, Any] = {
        "id": score.id,
        "name": score.name,
        "points": plain(score.points),
        "score": _text(score.awarded),
        "reported": _text(score.reported),
        "formula": score.formula,
        "inputs": [{"name": i.name, "value": i.value, "where": i.place} for i in score.inputs],
        "deductions": [
            {"points": plain(d.points), "reason": d.reason, "where": d.place}
            for d in score.deductions
        ],
        "stated": score.stated,
        "undecided": score.undecided if score.open_points else None,
    }
    if override:
        found["override"] = {
            "rule_score": _text(score.by_rule),
            "waived": plain(score.waived),
            "reason": override.reason,
            "stage": override.stage,
            "approver": override.approver,
        }
    if score.parts:
        found["parts"] = [_score_dict(part) for part in score.parts]
    return found


def score(department: Department, rubric: Rubric) -> Scorecard:
    """The department's scorecard (评分结果) by the rules of *rubric*."""
    scores = tuple(_score(department, rubric, indicator) for indicator in rubric.indicators)
    # With stage "indicator" the parts are rounded already, and this changes nothing.
    total = rubric.rounding.apply(sum((s.awarded or ZERO for s in scores), ZERO))
    card = Scorecard(department, rubric, scores, total, None)
    lowest, highest = grade_of(rubric, total), grade_of(rubric, total + card.open_points)
    return replace(card, grade=lowest.label if lowest == highest else None)


def grade_of(rubric: Rubric, total: Decimal) -> Grade:
    """评价等级 of a total: floors are inclusive."""
    return rubric.grades[rules.at_or_above(total, [grade.floor for grade in rubric.grades])]


def _score(department: Department, rubric: Rubric, indicator: RubricIndicator) -> Score:
    base = Score(
        id=indicator.id,
        name=indicator.name,
        points=indicator.points,
        reported=department.reported.scores.get(indicator.id),
        field=_turns_on(indicator.rule),
    )
    rule = indicator.rule
    if isinstance(rule, Ratio):
        found = _ratio(base, department, rubric, rule)
    elif isinstance(rule, Checklist):
        found = _checklist(base, department, rule)
    elif isinstance(rule, Excess):
        found = _excess(base, department, rubric, rule)
    else:
        found = _chosen(base, department, rubric, rule)
    return _overridden(found, department)


def _turns_on(rule: Ratio | Chosen | Checklist | Excess) -> str:
    if isinstance(rule, Chosen):
        return "indicators"
    return "checks" if isinstance(rule, Checklist) else rule.of


def _overridden(score: Score, department: Department) -> Score:
    """The score after an override (例外情况), if one names it."""
    for override in department.overrides:
        if override.indicator == score.id:
            awarded = min(override.score, score.points)
            return replace(score, awarded=awarded, override=override)
    return score


def _decided(score: Score, rubric: Rubric, awarded: Decimal, formula: str, **more: Any) -> Score:
    """*score* with its points; *formula* gets the rounded result as its last word."""
    rounded = rubric.rounding.at_indicator(awarded)
    formula = f"{formula} = {plain(rounded)}"
    return replace(score, by_rule=rounded, awarded=rounded, formula=formula, **more)


def _lost(score: Score, awarded: Decimal, reason: str, place: str) -> tuple[Deduction, ...]:
    lost = score.points - awarded
    return (Deduction(lost, reason, place),) if lost else ()


def _ratio(score: Score, department: Department, rubric: Rubric, rule: Ratio) -> Score:
    of, to = _figure(department, rule.of), _figure(department, rule.to)
    inputs = (_input(department, rule.of), _input(department, rule.to))
    score = replace(score, inputs=inputs, ratio=of / to if of is not None and to else None)
    if of is None or to is None or (to == 0 and rule.zero == "undecided"):
        blank = [field_label(f) for f, v in ((rule.of, of), (rule.to, to)) if v is None]
        why = f"未填{'、'.join(blank)}" if blank else f"{field_label(rule.to)}为0"
        reason = f"{why}，无法计算比率，需要人工决定"
        return replace(score, undecided=reason, field=rule.of if of is None else rule.to)
    if to == 0:
        rate, shown = Decimal(rule.zero == "full"), f"{field_label(rule.to)}为0，按评分标准取"
    else:
        rate, shown = rules.proportional(of, to), f"{plain(of)} ÷ {plain(to)} ="
        if of > to:
            shown += f" {percent(of / to, 4)}，按"
    formula = f"{shown} {percent(rate, 4)} × {plain(score.points)}"
    shown_rate = percent(of / to if to else rate)
    found = _decided(score, rubric, score.points * rate, formula, rate=shown_rate)
    reason = f"{score.name} {percent(rate)}，未达到100%"
    return replace(found, deductions=_lost(score, found.by_rule or ZERO, reason, inputs[0].place))


def _checklist(score: Score, department: Department, rule: Checklist) -> Score:
    answers = department.checks
    inputs = tuple(
        Input(
            item.text,
            ("是" if answers[item.id] else "否") if item.id in answers else "未填",
            department.place(f"checks.{item.id}" if item.id in answers else "checks"),
        )
        for item in rule.items
    )
    score = replace(score, inputs=inputs)
    missing = [item.text for item in rule.items if item.id not in answers]
    if missing:
        return replace(score, undecided=f"检查清单有{len(missing)}项未填：{'；'.join(missing)}")
    failed = [item for item in rule.items if answers[item.id] != item.good]
    left = score.points
    deductions = []
    for item in failed:
        # 扣完为止: the item that reaches the floor costs what is left, later ones nothing.
        cost = min(rule.deduct, left)
        left -= cost
        reason = f"不合格：{item.text}" + ("" if cost else "（已扣完，不再扣分）")
        deductions.append(Deduction(cost, reason, department.place(f"checks.{item.id}")))
    awarded = score.points - rules.deducted(score.points, len(failed), rule.deduct)
    formula = (
        f"{len(rule.items)}项中{len(failed)}项不合格，{plain(score.points)} − "
        f"{len(failed)} × {plain(rule.deduct)}" + ("（扣完为止）" if left == 0 else "")
        if failed
        else f"{len(rule.items)}项全部合格，不扣分，得分"
    )
    return replace(
        score,
        by_rule=awarded,
        awarded=awarded,
        formula=f"{formula} = {plain(awarded)}",
        deductions=tuple(deductions),
    )


def _excess(score: Score, department: Department, rubric: Rubric, rule: Excess) -> Score:
    fields = dict.fromkeys(field for field in (rule.of, rule.less, rule.to) if field)
    figures = {field: _figure(department, field) for field in fields}
    stated = _figure(department, rule.stated)
    inputs = [_input(department, field) for field in fields if figures[field] is not None]
    over, over_input, over_missing = _compared(department, rubric, rule)
    missing = [field_label(field) for field in fields if figures[field] is None]
    zero = figures[rule.to] == 0
    if missing or zero:
        if stated is None:
            why = f"未填{'、'.join(missing)}" if missing else f"{field_label(rule.to)}为0"
            reason = f"{why}，也没有填写{score.name}，无法计算，需要人工决定"
            field = next((f for f in fields if figures[f] is None), rule.to)
            return replace(score, inputs=tuple(inputs), undecided=reason, field=field)
        rate, shown = stated, f"采用部门所填{percent(stated, 4)}（无法复核）"
        if rule.less and rule.difference == "absolute":
            rate = abs(stated)
        inputs = [_input(department, rule.stated)]
    else:
        rate, shown = _rate(figures, rule)
        score = replace(score, ratio=rate)
    # The sheet has a column for last year's rate, none for a benchmark.
    last_year = percent(over) if over is not None and rule.over not in rubric.parameters else ""
    score = replace(score, rate=percent(rate), compared=last_year)
    if over is None:
        # A benchmark is missing in the rubric, for the year; all else in the filing.
        field = "year" if rule.over in rubric.parameters else rule.over
        score = replace(score, inputs=tuple(inputs), formula=shown)
        return replace(score, undecided=over_missing, field=field)
    assert over_input is not None
    if rule.measure == "relative" and over == 0 and rate > 0:
        reason = f"{over_input.name}为0，不能按相对比例计档，需要人工决定"
        score = replace(score, inputs=(*inputs, over_input), formula=shown)
        return replace(score, undecided=reason, field=rule.over)
    excess = rate - over
    formula = f"{shown}；{over_input.name} {percent(over, 4)}，"
    step = rule.step * (over if rule.measure == "relative" else 1)
    count = rules.steps(excess, step, rule.partial) if step else ZERO
    cost = rules.deducted(score.points, count, rule.deduct)
    gap = f"{plain(excess * 100)}个百分点" if excess == round(excess, 8) else ""
    gap = gap or f"{percent(excess, 4).rstrip('%')}个百分点"
    if excess <= 0:
        formula += f"未高出，不扣分，{plain(score.points)} − 0"
    else:
        formula += (
            f"高出{gap}，计{plain(round(count, 4))}档 × {plain(rule.deduct)}"
            f"，{plain(score.points)} − {plain(round(cost, 4))}"
        )
    found = _decided(score, rubric, score.points - cost, formula)
    reason = f"{score.name} {percent(rate)}，比{over_input.name} {percent(over)}高出{gap}"
    verdict = f"高出{gap}" if excess > 0 else "未高出"
    if not count:
        verdict += "，不足一档，不扣分" if excess > 0 else "，不扣分"
    return replace(
        found,
        verdict=f"{over_input.name}{percent(over)}，{verdict}",
        inputs=(*inputs, over_input),
        stated=bool(missing or zero),
        deductions=_lost(score, found.by_rule or ZERO, reason, inputs[0].place),
    )


def _rate(figures: dict[str, Decimal | None], rule: Excess) -> tuple[Decimal, str]:
    of, to = figures[rule.of] or ZERO, figures[rule.to] or ZERO
    shown = plain(of)
    if rule.less:
        less = figures[rule.less] or ZERO
        shown = f"{plain(of)} − {plain(less)}"
        of -= less
        shown = f"({shown})"
        if rule.difference == "absolute":
            of, shown = abs(of), f"|{shown[1:-1]}|"
    return of / to, f"{shown} ÷ {plain(to)} = {percent(of / to, 4)}"


@dataclass(frozen=True)
class StatedRate:
    """A rate that a department may state (结转结余率, 预决算差异率) beside what its rule gives.

    `stated` and `computed` are None where the filing has neither the rate nor
    the amounts; `formula` is the rule's, in the form's own words.
    """

    name: str
    field: str
    formula: str
    stated: Decimal | None
    computed: Decimal | None


def stated_rates(card: Scorecard) -> dict[str, StatedRate]:
    """The rates that the rubric's rules compute, by the field in which they may be stated."""
    found = {}
    for score in card.scores:
        rule = card.rubric.indicator(score.id).rule
        if isinstance(rule, Excess):
            stated = _figure(card.department, rule.stated)
            of = field_label(rule.of)
            if rule.less:
                of = f"{of}与{field_label(rule.less)}之差"
            formula = f"{of}÷{field_label(rule.to)}"
            found[rule.stated] = StatedRate(score.name, rule.stated, formula, stated, score.ratio)
    return found


def rate_of_last_year(card: Scorecard, field: str) -> Decimal | None:
    """上年比率: what the rule that is held against *field* gives for last year's filing.

    None without last year's filing, without such a rule, or if its amounts were not filed.
    """
    last_year = card.department.last_year
    for indicator in card.rubric.indicators:
        rule = indicator.rule
        if isinstance(rule, Excess) and rule.over == field and last_year is not None:
            named = {name for name in (rule.of, rule.less, rule.to) if name}
            figures = {name: _figure(last_year, name) for name in named}
            if None not in figures.values() and figures[rule.to]:
                return _rate(figures, rule)[0]
    return None


def _compared(
    department: Department, rubric: Rubric, rule: Excess
) -> tuple[Decimal | None, Input | None, str]:
    """What a rate is held against, or why it is not known."""
    parameter = rubric.parameters.get(rule.over)
    if parameter is None:
        value, found = _figure(department, rule.over), _input(department, rule.over)
        source = department.budget.carryover.previous_source
        if source and rule.over == "budget.carryover.previous_rate":
            found = replace(found, value=f"{found.value}（{source}）")
        return value, found, f"未填{found.name}，无法比较，需要人工决定"
    year = parameter.years.get(department.year)
    if year is None:
        reason = f"评分标准{rubric.id}没有{department.year}年的{parameter.name}，需要补充后再评分"
        return None, None, reason
    return year.value, Input(parameter.name, percent(year.value, 4), year.source), ""


def _chosen(score: Score, department: Department, rubric: Rubric, rule: Chosen) -> Score:
    rows = [
        (number, indicator)
        for number, indicator in enumerate(department.indicators)
        if indicator.group == score.id
    ]
    if not rows:
        return replace(score, undecided=f"没有填写{score.name}指标，需要补充")
    if rule.no_weights == "stated" and all(indicator.weight is None for _, indicator in rows):
        if score.reported is None:
            return replace(score, undecided=f"{score.name}指标未设分值，自评得分也未填")
        place = department.place(f"reported.scores.{score.id}")
        awarded = min(score.reported, score.points)
        formula = f"指标未设分值，采用自评得分{plain(score.reported)}"
        found = _decided(score, rubric, awarded, formula, stated=True)
        reason = f"{score.name}自评{plain(score.reported)}分"
        return replace(found, deductions=_lost(score, found.by_rule or ZERO, reason, place))
    directions = [_direction(row, rubric, rule) for _, row in rows]
    zeros = {
        i
        for i, (_, row) in enumerate(rows)
        if directions[i][0] == HIGHER and row.measured_target and not row.measured_target.value
    }
    weights = weights_of(score.points, [row.weight for _, row in rows], rubric.rounding.places)
    kept = [ZERO if i in zeros else weight for i, weight in enumerate(weights)]
    spread = rule.zero == "redistribute" and any(kept)
    if spread and zeros:
        weights = rules.shared(score.points, kept, rubric.rounding.places)
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
            field=f"indicators.{number}.actual",
            inputs=tuple(
                Input(label, text, department.place(f"indicators.{number}.{field}"))
                for field, label, text in (
                    ("target", "指标值", row.with_unit(row.target)),
                    ("actual", "完成值", row.with_unit(row.actual) or "未填"),
                    ("grade", "评定得分率", row.grade),
                )
                if text
            ),
        )
        if spread and i in zeros:
            formula = "指标值为0，分值分给同组其他指标"
            part = replace(part, by_rule=ZERO, awarded=ZERO, formula=formula)
        else:
            part = _part(part, rubric, rule)
        parts.append(_overridden(part, department))
    return _summed(score, parts)


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
    said = rubric.directions.of(row.name, target.unit, kind)
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
        return _decided(part, rubric, part.points, formula, stated=True)
    reason = f"定性指标完成值为“{row.actual}”，需要评价人评定得分率（如 grade: 85%）"
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
            f"或填 direction: 反向，越高越好请写“≥{bare}”或填 direction: 正向"
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
        found = _decided(part, rubric, part.points * (1 - share), formula)
        reason = f"{part.name}：指标值设定偏低，超额{percent(over)}，扣分值的{percent(share)}"
    else:
        found = _decided(part, rubric, part.points * rate, formula)
        values = f"指标值{row.with_unit(row.target)}，完成值{row.with_unit(row.actual)}"
        reason = f"{part.name}：{values}，得分率{percent(rate)}"
    return replace(
        found,
        overshoot=over if share else None,
        deductions=_lost(part, found.by_rule or ZERO, reason, place),
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
    found = _decided(part, rubric, part.points * rate, formula)
    reason = f"{part.name}：评定“{band.name}”，得分率{percent(rate)}"
    place = part.inputs[-1].place
    return replace(found, deductions=_lost(part, found.by_rule or ZERO, reason, place))


def _figure(department: Department, field: str) -> Decimal | None:
    """The filed figure at *field*; 资金总体 is the sum of its parts if it isn't filed."""
    value: Any = department
    for step in field.split("."):
        value = department.budget.overall if step == "total" else getattr(value, step)
        if value is None:
            return None
    assert isinstance(value, Decimal)
    return value


def _input(department: Department, field: str) -> Input:
    value = _figure(department, field)
    place = department.place(field)
    if value is None:
        return Input(field_label(field), "未填", place)
    rate = "rate" in field
    return Input(field_label(field), percent(value, 4) if rate else f"{plain(value)}万元", place)
