"""推导: how every computed figure of a report comes about, for the reader who asks.

A figure in a sentence or cell names its derivation by a key: an indicator's id
for its score, else the path of the amount that it states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from perfkit.forms import paths
from perfkit.forms.department import Department, Part, Project
from perfkit.quantities import percent, plain
from perfkit.scoring.filed import FIGURES, part_names
from perfkit.scoring.marked import (
    GRADE,
    HIGHEST,
    LOWEST,
    OPEN,
    TOTAL,
    count_key,
    projects_key,
    section_key,
    stage_key,
)
from perfkit.scoring.rubric import Rubric
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import Input, Score, walk
from perfkit.scoring.stages import by_whom
from perfkit.scoring.units import OF_MONEY, unit_key, unit_sums, units_of
from perfkit.texts import numbers

AMOUNTS = {"budget": "全年预算数", "spent": "全年执行数"}
ZERO = Decimal(0)


@dataclass(frozen=True)
class Derivation:
    """How one figure comes about: its name, the rule, the formula with the numbers, its inputs.

    `notes` are what else bears on it: deductions, what is undecided, the claim.
    """

    name: str
    formula: str
    rule: str = ""
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The machine's form, without what is empty."""
        found: dict[str, Any] = {"name": self.name, "formula": self.formula, "rule": self.rule}
        found["inputs"] = [[i.name, i.value, i.place] for i in self.inputs]
        found["notes"] = list(self.notes)
        return {key: value for key, value in found.items() if value}


def derivations(card: Scorecard) -> dict[str, Derivation]:
    """The derivation of every computed figure of the report, by key."""
    found: dict[str, Derivation] = {}
    for items in (_amounts, _units, _projects, _scores, _sums):
        found.update(items(card))
    return found


Items = Iterator[tuple[str, Derivation]]


def _amounts(card: Scorecard) -> Items:
    department = card.department
    budget = department.budget
    names, parts = part_names(card.rubric), card.filed_parts
    for key, part in {"total": budget.overall, **parts}.items() if parts else ():
        place, name = paths.part(key), names[key]
        inputs = tuple(
            Input(words, f"{plain(getattr(part, of))}万元", department.place(f"{place}.{of}"))
            for of, words in AMOUNTS.items()
        )
        for (of, words), filed in zip(AMOUNTS.items(), inputs, strict=True):
            if key == "total" and budget.total is None:
                yield f"{place}.{of}", _total_of_parts(card, of)
            else:
                formula = f"部门填写，{filed.value}"
                yield f"{place}.{of}", Derivation(f"{name}{words}", formula, inputs=(filed,))
        unspent = f"{plain(part.budget)} − {plain(part.spent)} = {plain(part.unspent)}万元"
        yield f"{place}.unspent", Derivation(f"{name}未支出", unspent, "预算数 − 执行数", inputs)
        yield f"{place}.rate", _rate(f"{name}预算执行率", part, inputs)
    for place, name, value in (
        ("budget.initial", "年初预算数", budget.initial),
        ("budget.carryover.amount", "结转结余总额", budget.carryover.amount),
    ):
        if value is not None:
            filed = Input(name, f"{plain(value)}万元", department.place(place))
            yield place, Derivation(name, f"部门填写，{filed.value}", inputs=(filed,))
    for key, figure in card.rubric.figures.items():
        value = department.figures.get(key)
        if value is not None:
            place = f"{FIGURES}{key}"
            filed = Input(figure.name, figure.shown(value), department.place(place))
            formula = f"部门填写，{filed.value}"
            yield place, Derivation(figure.name, formula, figure.about, (filed,))


def _total_of_parts(card: Scorecard, of: str) -> Derivation:
    names = part_names(card.rubric)
    amounts = {key: getattr(part, of) for key, part in card.filed_parts.items()}
    inputs = tuple(
        Input(names[key], f"{plain(value)}万元", card.department.place(paths.part(key, of)))
        for key, value in amounts.items()
    )
    whole = names["total"]
    if len(inputs) == 1:
        return Derivation(f"{whole}{AMOUNTS[of]}", f"部门填写，{inputs[0].value}", inputs=inputs)
    terms = " + ".join(map(plain, amounts.values()))
    formula = f"{terms} = {plain(sum(amounts.values(), ZERO))}万元"
    return Derivation(f"{whole}{AMOUNTS[of]}", formula, f"没有填写{whole}，取各部分之和", inputs)


def _rate(name: str, part: Part | Project, inputs: tuple[Input, ...]) -> Derivation:
    rule = "执行数 ÷ 全年预算数，保留两位小数"
    if part.execution_rate is None or part.spent is None:
        return Derivation(name, "没有预算数或执行数，无法计算", rule, inputs)
    rate = percent(part.execution_rate)
    formula = f"{plain(part.spent)} ÷ {plain(part.budget)} = {rate}"
    notes = []
    if part.rate is not None and percent(part.rate, 4) != percent(part.execution_rate, 4):
        notes.append(f"部门所填执行率{percent(part.rate, 4)}")
    return Derivation(name, formula, rule, inputs, tuple(notes))


def _units(card: Scorecard) -> Items:
    units = units_of(card)
    place = card.department.place("units")
    listed = (Input("二级单位", f"{len(units)}个", place),)
    hidden = () if card.rubric.has_money else OF_MONEY
    for i, unit in enumerate(units):
        where = card.department.place(paths.unit(i))
        for key, (words, text) in unit.figures().items():
            if key in hidden:
                continue
            filed = Input(words, text, unit.place or where)
            name = f"{unit.name}{words}"
            yield unit_key(i, key), Derivation(name, f"单位填写，{text}", inputs=(filed,))
    for key, (words, terms, text) in unit_sums(units).items():
        if key in hidden or (hidden and key == "score"):
            continue
        formula = f"{terms} = {text}" if terms else text
        yield unit_key(None, key), Derivation(f"二级单位{words}", formula, inputs=listed)


def _projects(card: Scorecard) -> Items:
    department = card.department
    projects = department.projects
    money = card.rubric.has_money
    for i, project in enumerate(projects if money else ()):
        field, name = paths.project(i), f"第{i + 1}个项目"
        inputs = tuple(
            Input(words, shown, department.place(f"{field}.{key}"))
            for key, words, shown in (
                ("budget", "预算数", f"{plain(project.budget)}万元"),
                ("spent", "支出数", _amount(project.spent)),
                ("rate", "所填执行率", _percent(project.rate)),
            )
            if shown
        )
        if project.spent is not None and project.execution_rate is not None:
            yield f"{field}.rate", _rate(f"{name}预算执行率", project, inputs)
        elif project.executed is not None and project.rate is not None:
            rate, spent = percent(project.rate, 4), plain(project.executed)
            formula = f"{plain(project.budget)} × {rate} = {spent}万元"
            rule = "支出数没有填写，按预算数 × 所填执行率推算"
            yield f"{field}.executed", Derivation(f"{name}支出数", formula, rule, inputs)
    if not projects:
        return
    place = department.place("projects")
    listed = (Input("项目", f"{len(projects)}个", place),)
    yield (
        projects_key("count"),
        Derivation("项目个数", f"参数文件列出{len(projects)}个", inputs=listed),
    )
    if not money:
        return
    for key, words in (("budget", "预算"), ("executed", "支出")):
        amounts = [getattr(project, key) for project in projects]
        known = [amount for amount in amounts if amount is not None]
        formula = f"{' + '.join(map(plain, known))} = {plain(sum(known, ZERO))}万元"
        yield projects_key(key), Derivation(f"项目{words}合计", formula, "各项目之和", listed)
    derived = [i for i, p in enumerate(projects) if p.spent is None and p.executed is not None]
    missing = [i for i, p in enumerate(projects) if p.executed is None]
    full = [
        i for i, p in enumerate(projects) if p.execution_rate is not None and p.execution_rate >= 1
    ]
    for key, words, rows in (
        ("derived", "按所填执行率推算支出数的项目", derived),
        ("missing", "没有填写支出数的项目", missing),
        ("full", "预算执行率达到100%的项目", full),
    ):
        formula = f"第{numbers(rows)}个项目，共{len(rows)}个" if rows else "没有，共0个"
        yield projects_key(key), Derivation(words, formula, inputs=listed)


def _scores(card: Scorecard) -> Items:
    for score in card.everything:
        rule = card.rubric.indicator(score.id)
        standard = f"{rule.rule.describe(card.rubric)}。出处：{rule.source}"
        yield score.id, _score(score, standard)
        for part in score.parts:
            yield part.id, _score(part, "按指标值和完成值计分，定性的按评定得分率")
        if score.parts:
            counted = sum(1 for p in score.parts if p.indicator and p.indicator.quantified)
            place = card.department.place("indicators")
            inputs = (Input("三级指标", f"{len(score.parts)}个", place),)
            formula = f"共{len(score.parts)}个，其中指标值和完成值都是数字的{counted}个"
            yield count_key(score.id), Derivation(f"{score.name}三级指标", formula, inputs=inputs)


def _score(score: Score, rule: str) -> Derivation:
    waiting = f"{plain(score.open_points)}分" if score.open_points else ""
    notes = [f"{waiting}待定：{score.undecided}"] if score.undecided else []
    if score.stated:
        notes.append("按所填计分，无法复核")
    if not score.parts:
        notes += [f"扣{plain(d.points)}分：{d.reason}" for d in score.deductions]
    if score.override:
        by = f"（{score.override.stage}，{score.override.approver}）"
        notes.append(
            f"{score.decision}{plain(score.awarded or ZERO)}分：{score.override.reason}{by}"
        )
    if score.reported is not None and score.reported != score.awarded:
        notes.append(f"部门自评{plain(score.reported)}分")
    name = f"{score.name}（{score.points_words}分）"
    return Derivation(name, score.formula, rule, score.inputs, tuple(notes))


def _sums(card: Scorecard) -> Items:
    rubric = card.rubric
    for section in rubric.sections:
        scores = [card.score(indicator.id) for indicator in section.indicators]
        formula = f"{_sum(scores)} = {plain(card.section_total(section.id))}"
        name = f"{section.name}（{plain(card.section_points(section.id))}分）"
        yield section_key(section.id), Derivation(name, formula, "本部分各指标得分之和")
    grades = "，".join(f"{plain(grade.floor)}分以上为{grade.label}" for grade in rubric.grades[:-1])
    notes = [f"另有{plain(card.open_points)}分待定"] if card.open_points else []
    rule = "各指标得分之和" + ("，加加分项，减扣分项" if card.adjustments else "")
    yield TOTAL, Derivation("总分", card.formula, rule, notes=tuple(notes))
    grade = f"{plain(card.total)}分，{card.grade or '待定'}"
    told = tuple(one.sentence for one in card.limits if one.applies is not False)
    rule = f"{grades}，其余为{rubric.grades[-1].label}"
    yield GRADE, Derivation(rubric.words.grade, grade, rule, notes=told)
    if card.lowest != card.total:
        formula = f"待定的扣分、限制条件都成立时{plain(card.lowest)}分"
        yield LOWEST, Derivation("可能的最低总分", formula)
    if card.open_points:
        waiting = " + ".join(plain(s.open_points) for s in card.everything if s.open_points)
        names = tuple(f"{s.name}：{s.undecided}" for s in card.undecided)
        formula = f"{waiting} = {plain(card.open_points)}"
        yield OPEN, Derivation("待定分值", formula, "待定指标的分值之和", notes=names)
        highest = plain(card.highest)
        formula = f"{plain(card.total)} + {plain(card.open_points)} = {highest}"
        if card.total + card.open_points != card.highest:
            formula = f"待定的都按对部门有利的定，{highest}分"
        yield HIGHEST, Derivation("可能的最高总分", formula, "总分 + 待定分值")
    yield from _stages(card)
    yield from _claims(card.department, rubric)
    yield from _counts(card.department)


def _stages(card: Scorecard) -> Items:
    for i, stage in enumerate(card.department.stages):
        by, after = by_whom(stage), card.before_stage(i + 1)
        for one in walk(card.everything):
            if not one.stages[i].given:
                continue
            points, before = one.stages[i].points, one.stages[i].before
            place = card.department.place(one.stages[i].field)
            inputs = (Input("环节得分", f"{plain(points or ZERO)}分", place),)
            words = "待定" if before is None else f"{plain(before)}分"
            formula = f"{stage.name}给{plain(points or ZERO)}分（{by}），此前{words}"
            notes = (one.stages[i].reason,) if one.stages[i].reason else ()
            name = f"{one.name}{stage.name}得分"
            yield one.stages[i].field, Derivation(name, formula, inputs=inputs, notes=notes)
        formula = after.formula
        rule = "各指标到这个环节为止的得分之和，没有给分的指标沿用此前的得分"
        yield stage_key(i), Derivation(f"{stage.name}后的总分", formula, rule)


def _claims(department: Department, rubric: Rubric) -> Items:
    claimed = department.reported
    named = {indicator.id: indicator.name for indicator in rubric.everything}
    fields = {f"scores.{i}": (named.get(i, i), value) for i, value in claimed.scores.items()}
    if claimed.total is not None:
        fields["total"] = ("总分", claimed.total)
    for key, (name, value) in fields.items():
        filed = Input("自评得分", f"{plain(value)}分", department.place(f"reported.{key}"))
        words = f"部门填写，{plain(value)}分"
        yield f"reported.{key}", Derivation(f"{name}自评", words, inputs=(filed,))


def _counts(department: Department) -> Items:
    counts = department.reported.projects
    if counts is not None:
        words = f"部门填写，单位自评{counts.self_}个，部门评价{counts.department}个"
        filed = Input("所填项目个数", words, department.place(paths.CLAIMED_PROJECTS))
        yield paths.CLAIMED_PROJECTS, Derivation("所填项目个数", words, inputs=(filed,))


def _sum(scores: list[Score] | tuple[Score, ...]) -> str:
    return " + ".join(plain(s.awarded) for s in scores if s.awarded is not None) or "0"


def _amount(value: Decimal | None) -> str:
    return "" if value is None else f"{plain(value)}万元"


def _percent(value: Decimal | None) -> str:
    return "" if value is None else percent(value, 4)
