"""总分: how the scores come to the total, with 加分项, 扣分项, 限制条件 and points that are converted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.quantities import plain
from perfkit.scoring import rules
from perfkit.scoring.rubric import Grade, Limit, Rubric
from perfkit.scoring.scores import ZERO, Deduction, Score

STATES = {True: "applied", False: "clear", None: "open"}


@dataclass(frozen=True)
class Limited:
    """限制条件 with what a filing answers: whether it applies, None while it isn't answered.

    `follows` are the consequences in words.
    """

    limit: Limit
    applies: bool | None
    place: str
    follows: str

    @property
    def answered(self) -> str:
        """是否违反财经纪律：答“是”."""
        answer = "没有填" if self.applies is None else f"答“{'否' if self.limit.good else '是'}”"
        return f"{self.limit.text.rstrip('？?')}：{answer}"

    @property
    def sentence(self) -> str:
        """是否违反财经纪律：答“是”，等级最高为中."""
        return f"{self.answered}，{self.follows}"


def limited(department: Department, rubric: Rubric) -> tuple[Limited, ...]:
    """限制条件 of the rubric, each with whether it applies."""
    found = []
    for limit in rubric.limits:
        answer = department.checks.get(limit.id)
        applies = None if answer is None else answer != limit.good
        place = department.place(paths.check(limit.id) if answer is not None else "checks")
        found.append(Limited(limit, applies, place, rubric.follows(limit)))
    return tuple(found)


@dataclass(frozen=True)
class Step:
    """What a ceiling, a floor, a 限制条件 or rounding changes in the sum of the scores: its points, signed."""

    name: str
    words: str
    change: Decimal

    @property
    def shown(self) -> str:
        """The points as they stand in the column of 得分: −3."""
        return f"{'+' if self.change > 0 else '−'}{plain(abs(self.change))}"


@dataclass(frozen=True)
class Total:
    """总分 and its formula; the scores, 加分, 扣分 and the *steps* add up to it."""

    points: Decimal
    formula: str
    steps: tuple[Step, ...] = ()


def total_of(
    rubric: Rubric,
    scores: Sequence[Decimal],
    adjusting: Iterable[Decimal] = (),
    ceilings: Iterable[Decimal] = (),
) -> Total:
    """The sum of *scores*, with 加分 (above zero) and 扣分 (below), each group up to its most.

    *ceilings* are those of the 限制条件 that apply.
    """
    rounding, own = rubric.rounding, rubric.adjustments
    steps: list[Step] = []

    def step(name: str, words: str, change: Decimal) -> None:
        if change:
            steps.append(Step(name, words, change))

    # With stage "indicator" the parts are rounded already, and this changes nothing.
    points = rounding.apply(sum(scores, ZERO))
    formula = f"{' + '.join(map(plain, scores)) or '0'} = {plain(points)}"
    rounded_off = points - sum(scores, ZERO)
    changes = [change for change in adjusting if change]
    for sign, word, most in ((1, "加分", own.most_bonus), (-1, "扣分", own.most_penalty)):
        each = [change * sign for change in changes if change * sign > 0]
        if not each:
            continue
        change = sum(each, ZERO)
        listed = f"{' + '.join(map(plain, each))} = {plain(change)}" if len(each) > 1 else ""
        if most is not None and change > most:
            listed = f"{listed or plain(change)}，上限{plain(most)}"
            step(f"{word}上限", f"{word}合计最多{plain(most)}分", sign * (most - change))
            change = most
        before, points = points, rounding.apply(points + sign * change)
        rounded_off += points - before - sign * change
        said = f"{word}{listed}，" if listed else ""
        formula += (
            f"；{said}{plain(before)} {'+' if sign > 0 else '−'} {plain(change)} = {plain(points)}"
        )
    step("合计舍入", f"合计保留{rounding.places}位小数", rounded_off)
    highest = rubric.points if own.ceiling is None else own.ceiling
    if points < 0:
        step("总分下限", "总分不低于0分", -points)
        points, formula = ZERO, f"{formula.replace('-', '−')}，不低于0"
    if own.bonus and points > highest:
        step("总分上限", f"加分后总分最高{plain(highest)}分", highest - points)
        points, formula = highest, f"{formula}，总分上限{plain(highest)}"
    ceiling = min(ceilings, default=points)
    if points > ceiling:
        step("限制条件", f"限制条件：总分最高为{plain(ceiling)}分", ceiling - points)
        points, formula = ceiling, f"{formula}，因限制条件最高{plain(ceiling)}"
    return Total(points, formula, tuple(steps))


def grade_of(rubric: Rubric, total: Decimal, limits: Iterable[Limit] = ()) -> Grade:
    """评价等级 of a total: floors are inclusive; no better than the *limits* allow."""
    at = rules.at_or_above(total, [grade.floor for grade in rubric.grades])
    labels = [grade.label for grade in rubric.grades]
    caps = [labels.index(limit.grade) for limit in limits if limit.grade is not None]
    return rubric.grades[max([at, *caps])]


# ---- points that are not those of the rubric's file


def points_of(department: Department, rubric: Rubric) -> dict[str, Decimal]:
    """分值 of each indicator for a filing: those of what does not apply go to the others."""
    places, points = rubric.rounding.places, dict(rubric.worth)
    skipped = skipped_by(department, rubric)
    left = ZERO
    for section in rubric.sections:
        # What counts as full keeps its points, and gets none of the others'.
        gone = [i for i in section.indicators if i.id in skipped and i.optional != "full"]
        kept = [i.id for i in section.indicators if i.id not in skipped]
        within = [i.id for i in gone if i.optional == "section" and kept]
        pool = sum((points[name] for name in within), ZERO)
        left += sum((points[i.id] for i in gone if i.id not in within), ZERO)
        points |= _shared_out(pool, kept, points, places)
        points |= dict.fromkeys((i.id for i in gone), ZERO)
    return points | _shared_out(left, [n for n in points if n not in skipped], points, places)


def skipped_by(department: Department, rubric: Rubric) -> dict[str, str]:
    """The indicators that a filing says do not apply, each with its reason."""
    return {
        indicator.id: " ".join(reply.reason.split())
        for indicator in rubric.indicators
        if indicator.optional != "no"
        if (reply := department.answers.get(indicator.id)) is not None and not reply.applies
    }


def _shared_out(
    pool: Decimal, names: list[str], points: Mapping[str, Decimal], places: int
) -> dict[str, Decimal]:
    weights = [points[name] for name in names]
    if not pool or not any(weights):
        return {}
    return dict(zip(names, rules.shared(sum(weights, pool), weights, places), strict=True))


def skipped(score: Score, reason: str, full: bool) -> Score:
    """The score of an indicator that does not apply: nothing, or all its points if it counts as *full*."""
    if full:
        formula = f"不适用：{reason}，按满分计 = {plain(score.points)}"
        found = replace(score, by_rule=score.points, awarded=score.points, formula=formula)
        return replace(found, rate="不适用", verdict="不适用，按满分计", skipped=reason)
    formula = f"不适用：{reason}；分值{plain(score.of_rubric)}分分给其他指标"
    return replace(
        score,
        points=ZERO,
        by_rule=ZERO,
        awarded=ZERO,
        formula=f"{formula} = 0",
        rate="不适用",
        verdict="不适用",
        skipped=reason,
    )


def converted(score: Score, points: Decimal, rubric: Rubric) -> Score:
    """The score as a part of so many *points*, to which those of the rubric's file are converted."""
    before = score.points
    score = replace(score, points=points, native=score.native or before)
    if score.by_rule is None:
        return score
    rounding = rubric.rounding
    by_rule = rounding.at_indicator(score.by_rule * points / before)
    lost = points - by_rule
    costs = [deduction.points for deduction in score.deductions]
    if any(costs):
        places = rounding.places if rounding.stage == "indicator" else 12
        shares = rules.shared(lost, costs, places)
        deductions = tuple(
            replace(deduction, points=share)
            for deduction, share in zip(score.deductions, shares, strict=True)
        )
    else:
        reason = "折算的尾差"
        deductions = (Deduction(lost, reason, ""),) if lost else score.deductions
    formula = (
        f"{score.formula}；{plain(before)}分折算为{plain(points)}分，"
        f"{plain(score.by_rule)} × {plain(points)} ÷ {plain(before)} = {plain(by_rule)}"
    )
    return replace(score, by_rule=by_rule, awarded=by_rule, deductions=deductions, formula=formula)


def zeroed(score: Score, found: Iterable[Limited]) -> Score:
    """The score after the 限制条件 by which it is nothing; undecided while one is not answered."""
    for one in found if score.points else ():
        text = one.limit.text.rstrip("？?")
        if one.applies is None:
            words = f"未填“{text}”，答“{'否' if one.limit.good else '是'}”则不得分"
            score = replace(
                score,
                by_rule=None,
                awarded=None,
                parts=(),
                deductions=(),
                skipped="",
                undecided=f"{words}：请在 checks 下填 {one.limit.id}",
                field="checks",
            )
        elif one.applies:
            reason = f"{one.answered}，{score.name}不得分"
            return replace(
                score,
                by_rule=ZERO,
                awarded=ZERO,
                parts=(),
                skipped="",
                undecided="",
                formula=f"{reason} = 0",
                verdict=reason,
                deductions=(Deduction(score.points, reason, one.place),),
            )
    return score


def adjustment(score: Score, bonus: bool, claimed: bool) -> Score:
    """The score of a 加分项, or what a 扣分项 takes, of one scored as an indicator is.

    A 加分项 may be left unclaimed; one that is *claimed*, and a 扣分项, wait for what is missing.
    """
    if bonus:
        score = replace(score, sign=1, deductions=())
        if claimed or score.by_rule is not None:
            return score
        return replace(
            score,
            by_rule=ZERO,
            awarded=ZERO,
            undecided="",
            formula="没有申报，不加分 = 0",
            verdict="没有申报",
        )
    score = replace(score, sign=-1)
    if score.by_rule is None:
        return score
    cost = score.points - score.by_rule
    formula = f"{score.formula}；扣 {plain(score.points)} − {plain(score.by_rule)} = {plain(cost)}"
    return replace(score, by_rule=cost, awarded=cost, formula=formula, deductions=())
