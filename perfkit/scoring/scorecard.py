"""The scorecard: every indicator's score with the rule, inputs and deductions it comes from.

A score is never a bare number. The table in the report, the terminal and the
JSON all print the objects of this module.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from perfkit.forms.department import Department, Part
from perfkit.quantities import plain
from perfkit.scoring.kinds.kind import StatedRate, overridden
from perfkit.scoring.rubric import Limit, Rubric, RubricIndicator
from perfkit.scoring.scores import ZERO, Score
from perfkit.scoring.totals import (
    Limited,
    Step,
    adjustment,
    converted,
    grade_of,
    limited,
    points_of,
    skipped,
    skipped_by,
    total_of,
    zeroed,
)


@dataclass(frozen=True)
class Scorecard:
    """评分结果 of a department: its scores in the order of the score sheet, total and grade.

    `total` is the sum of what is decided; `grade` is None while the undecided
    points could change it. The scores, the adjustments and the *steps* add up to it.
    """

    department: Department
    rubric: Rubric
    scores: tuple[Score, ...]
    total: Decimal
    grade: str | None
    formula: str = ""
    adjustments: tuple[Score, ...] = ()
    limits: tuple[Limited, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def everything(self) -> tuple[Score, ...]:
        """The scores, then 加分项 and 扣分项."""
        return (*self.scores, *self.adjustments)

    @property
    def counted(self) -> dict[str, Decimal | None]:
        """What the total adds up from, by name: scores, 加分, 扣分 below zero, `steps`.

        What has the same name is added; None is 待定.
        """
        found: dict[str, Decimal | None] = {}
        for score in self.everything:
            if score.awarded is None:
                found.setdefault(score.name, None)
            else:
                found[score.name] = (found.get(score.name) or ZERO) + score.counted
        for step in self.steps:
            found[step.name] = (found.get(step.name) or ZERO) + step.change
        return found

    @property
    def open_points(self) -> Decimal:
        """待定分值 of the whole sheet."""
        return sum((score.open_points for score in self.everything), ZERO)

    @property
    def highest(self) -> Decimal:
        """可能的最高总分: once all that is open is decided in the department's favour."""
        return self._bound(favourable=True)

    @property
    def lowest(self) -> Decimal:
        """可能的最低总分."""
        return self._bound(favourable=False)

    def _bound(self, favourable: bool) -> Decimal:
        scores = [s.counted + (s.open_points if favourable else ZERO) for s in self.scores]
        adjusting = [
            s.counted + (s.open_points * s.sign if favourable == (s.sign > 0) else ZERO)
            for s in self.adjustments
        ]
        met = self.met(unanswered=not favourable)
        ceilings = [limit.total for limit in met if limit.total is not None]
        return total_of(self.rubric, scores, adjusting, ceilings).points

    def met(self, unanswered: bool = False) -> list[Limit]:
        """限制条件 that apply, or with *unanswered* may apply."""
        return [
            one.limit for one in self.limits if one.applies or (unanswered and one.applies is None)
        ]

    def section_points(self, section_id: str) -> Decimal:
        """分值 of a section, without those that went to other sections."""
        section = next(section for section in self.rubric.sections if section.id == section_id)
        return sum((self.score(i.id).points for i in section.indicators), ZERO)

    @property
    def undecided(self) -> list[Score]:
        """The indicators, or parts of them, that wait for a person's decision."""
        found: list[Score] = []
        for score in self.everything:
            waiting = [part for part in score.parts if part.open_points]
            if score.open_points:
                found += waiting or [score]
        return found

    def score(self, name: str) -> Score:
        """The score of the indicator with the id *name*."""
        return next(score for score in self.everything if score.id == name)

    def section_total(self, section_id: str) -> Decimal:
        """小计 of a section: the sum of its decided scores."""
        section = next(section for section in self.rubric.sections if section.id == section_id)
        return sum((self.score(i.id).awarded or ZERO for i in section.indicators), ZERO)

    @property
    def budget_parts(self) -> dict[str, Part]:
        """The parts of 资金总体 that a report lists below it; none if there is but one."""
        return self.filed_parts if len(self.rubric.parts) > 1 else {}

    @property
    def filed_parts(self) -> dict[str, Part]:
        """The parts of 资金总体 that the rubric has, by field name."""
        parts = self.department.budget.parts
        return {key: part for key, part in parts.items() if key in self.rubric.parts}

    @cached_property
    def last_year(self) -> Scorecard | None:
        """The scorecard of last year's filing by its own rubric; None without `previous`."""
        last = self.department.last_filed
        return score(*last) if last else None

    def how_to_set(self, one: Score) -> str:
        """The command that supplies the yearly parameter that *one* waits for; empty if it is none."""
        department, rubric = self.department, self.rubric
        rules = {indicator.id: indicator.rule for indicator in rubric.everything}
        for name in rules[one.id].named if one.id in rules else ():  # a part has no rule
            known = rubric.parameters.get(name)
            if known and department.year not in known.years and known.name in one.undecided:
                break
        else:
            return ""
        named = department.rubric
        if named.endswith((".yaml", ".yml")):  # as it is called from the folder that is worked in
            folder = PurePosixPath(department.source.name).parent
            named = posixpath.normpath(folder / PureWindowsPath(named).as_posix())
        return f"perfkit rubric set {named} {name} {department.year} 百分数 --source 公布它的文件"

    def before_stage(self, number: int) -> Scorecard:
        """The scorecard as it stood before the stage (环节) *number*: 0 is by the rules alone."""
        stages = self.department.stages[:number]
        if len(stages) == len(self.department.stages):
            return self
        return score(self.department.model_copy(update={"stages": stages}), self.rubric)

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: numbers as exact text, indicators in order."""
        reported = self.department.reported
        stages = [
            {
                "name": stage.name,
                "person": stage.person,
                "date": stage.date.isoformat(),
                "total": plain(self.before_stage(i + 1).total),
            }
            for i, stage in enumerate(self.department.stages)
        ]
        return {
            "department": self.department.name,
            "year": self.department.year,
            "rubric": self.rubric.id,
            "total": plain(self.total),
            "max": plain(self.rubric.points),
            "grade": self.grade,
            "reported_total": _text(reported.total),
            "reported_grade": reported.grade,
            **(
                {"rule_total": plain(self.before_stage(0).total), "stages": stages}
                if stages
                else {}
            ),
            "indicators": [_score_dict(score) for score in self.scores],
            **self._beside(),
            "undecided": [
                {"id": s.id, "name": s.name, "points": plain(s.points), "reason": s.undecided}
                for s in self.undecided
            ],
        }

    def _beside(self) -> dict[str, Any]:
        """加分项, 扣分项 and 限制条件, where the rubric has any."""
        found: dict[str, Any] = {}
        if self.adjustments:
            found["adjustments"] = [
                _score_dict(score) | {"sign": score.sign} for score in self.adjustments
            ]
        if self.steps:
            found["steps"] = [
                {"name": one.name, "words": one.words, "points": plain(one.change)}
                for one in self.steps
            ]
        if self.limits:
            found["limits"] = [
                {"id": one.limit.id, "applies": one.applies, "words": one.sentence}
                for one in self.limits
            ]
        return found


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
    if score.stages:
        found["rule_score"] = _text(score.by_rule)
        found["stages"] = {
            one.stage.name: {"score": _text(one.points), "reason": one.reason}
            for one in score.stages
            if one.given
        }
    if score.parts:
        found["parts"] = [_score_dict(part) for part in score.parts]
    return found


def score(department: Department, rubric: Rubric) -> Scorecard:
    """The department's scorecard (评分结果) by the rules of *rubric*."""
    limits = limited(department, rubric)
    points, gone = points_of(department, rubric), skipped_by(department, rubric)
    scores = []
    for section in rubric.sections:
        for indicator in section.indicators:
            zeroing = [
                one
                for one in limits
                if indicator.id in one.limit.zero or section.id in one.limit.zero
            ]
            found = _score(department, rubric, indicator, points[indicator.id], gone)
            scores.append(overridden(zeroed(found, zeroing), department))
    bonus = {indicator.id for indicator in rubric.adjustments.bonus}
    adjusted = []
    for indicator in rubric.adjusting:
        found = _score(department, rubric, indicator, indicator.points, {})
        claimed = indicator.rule.claimed(indicator.id, department)
        found = adjustment(found, indicator.id in bonus, claimed)
        adjusted.append(overridden(found, department))
    ceilings = [one.limit.total for one in limits if one.applies and one.limit.total is not None]
    decided = [s.awarded for s in scores if s.awarded is not None]
    total = total_of(rubric, decided, [s.counted for s in adjusted], ceilings)
    card = Scorecard(
        department,
        rubric,
        tuple(scores),
        total.points,
        None,
        total.formula,
        tuple(adjusted),
        limits,
        total.steps,
    )
    lowest = grade_of(rubric, card.lowest, card.met(unanswered=True))
    highest = grade_of(rubric, card.highest, card.met())
    return replace(card, grade=lowest.label if lowest == highest else None)


def _score(
    department: Department,
    rubric: Rubric,
    indicator: RubricIndicator,
    points: Decimal,
    gone: Mapping[str, str],
) -> Score:
    """By its rule, of so many *points*; *gone* are the indicators that do not apply."""
    rule = indicator.rule
    direct = rule.any_points or indicator.id in gone
    base = Score(
        id=indicator.id,
        name=indicator.name,
        points=points if direct else indicator.points,
        native=indicator.points if direct and points != indicator.points else None,
        reported=department.reported.scores.get(indicator.id),
        field=rule.turns_on,
    )
    if indicator.id in gone:
        return skipped(base, gone[indicator.id], indicator.optional == "full")
    found = rule.scored(base, department, rubric)
    return found if found.points == points else converted(found, points, rubric)


def stated_rates(card: Scorecard) -> dict[str, StatedRate]:
    """The rates that the rubric's rules compute, by the field in which they may be stated."""
    rules = ((card.rubric.indicator(score.id).rule, score) for score in card.scores)
    rates = (rule.stated_rate(score, card.department, card.rubric) for rule, score in rules)
    return {rate.field: rate for rate in rates if rate}


def rate_of_last_year(card: Scorecard, field: str) -> Decimal | None:
    """上年比率: what the rule that is held against *field* gives for last year's filing.

    None without last year's filing, without such a rule, or if its amounts were not filed.
    """
    last_year = card.department.last_year
    return filed_rate(card.rubric, last_year, field) if last_year else None


def filed_rate(rubric: Rubric, department: Department, field: str) -> Decimal | None:
    """What the rule that is held against *field* gives for a filing; None if it can't be worked out."""
    for indicator in rubric.indicators:
        if indicator.rule.held_against == field:
            rate = indicator.rule.rate_of(department, rubric)
            if rate is not None:
                return rate
    return None
