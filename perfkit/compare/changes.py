"""比较两份填报: figures, scores with the cause of each change, and texts sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from perfkit.compare.others import numbered, other_fields
from perfkit.compare.renamed import Renamed, renamed, under_new_names
from perfkit.forms.department import Department
from perfkit.quantities import percent, plain, signed
from perfkit.scoring.derivations import AMOUNTS
from perfkit.scoring.figures import AMOUNT, RATE
from perfkit.scoring.filed import part_names
from perfkit.scoring.rubric import Chapters
from perfkit.scoring.scorecard import Scorecard, score
from perfkit.scoring.scores import Score
from perfkit.scoring.stages import stage_changes
from perfkit.scoring.totals import Step

NONE = "—"

TEXTS = {
    "objective": "objective",
    **{f"narrative.{name}": name for name in ("execution", "management", "result", "problems")},
    "narrative.measures": "measures",
}
"""The chapters that a department writes, by field, as a rubric names them."""


@dataclass(frozen=True)
class Side:
    """One of the two: whose filing, of which year, from which file, up to which stage, total and grade."""

    name: str
    year: int
    file: str
    stage: str
    rubric: str
    total: str
    grade: str


@dataclass(frozen=True)
class FigureChange:
    """A filed figure that differs: both texts, and the difference of two numbers, with its sign."""

    label: str
    before: str
    after: str
    difference: str = ""


@dataclass(frozen=True)
class ScoreChange:
    """A score that differs, the causes in words, and the parts of it that differ."""

    name: str
    before: str
    after: str
    difference: str
    causes: tuple[str, ...]
    parts: tuple[ScoreChange, ...] = ()


@dataclass(frozen=True)
class TextChange:
    """A text that differs: its sentences, each with ``=`` (in both), ``-`` or ``+``."""

    label: str
    sentences: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Changes:
    """All that differs between two filings."""

    before: Side
    after: Side
    figures: tuple[FigureChange, ...]
    scores: tuple[ScoreChange, ...]
    texts: tuple[TextChange, ...]
    renamed: tuple[Renamed, ...] = ()
    others: tuple[FigureChange, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        differences = (self.figures, self.scores, self.texts, self.renamed, self.others)
        return not any(differences)


def compare(before: Scorecard, after: Scorecard, stages: tuple[str, str] = ("", "")) -> Changes:
    """What differs from *before* to *after*; *stages* names the stages at which they are taken."""
    pairs = renamed(before.department, after.department)
    if pairs:
        before = score(under_new_names(before.department, pairs), before.rubric)
    return Changes(
        _side(before, stages[0]),
        _side(after, stages[1]),
        tuple(_figures(before, after)),
        tuple(_scores(before, after)),
        tuple(_texts(before.department, after.department, after.rubric.words.chapters)),
        pairs,
        tuple(FigureChange(*one) for one in other_fields(before, after, not any(stages))),
    )


def _side(card: Scorecard, stage: str) -> Side:
    department = card.department
    return Side(
        name=department.name,
        year=department.year,
        file=department.source.name,
        stage=stage,
        rubric=card.rubric.name,
        total=plain(card.total),
        grade=card.grade or "待定",
    )


# ---- figures


@dataclass(frozen=True)
class _Figure:
    text: str
    value: Decimal | None = None
    unit: str = ""


def _figures(before: Scorecard, after: Scorecard) -> Iterator[FigureChange]:
    # One name for the whole of the money, whatever either rubric calls it.
    names = part_names(after.rubric)
    old, new = _filed(before, names), _filed(after, names)
    for label in dict.fromkeys([*old, *new]):
        was, is_ = old.get(label, _Figure(NONE)), new.get(label, _Figure(NONE))
        if was.text != is_.text:
            yield FigureChange(label, was.text, is_.text, _difference(was, is_))


def _difference(was: _Figure, is_: _Figure) -> str:
    if was.value is None or is_.value is None or was.unit != is_.unit:
        return ""
    off = is_.value - was.value
    return f"{signed(off)}{is_.unit}" if off else ""


def _filed(card: Scorecard, names: Mapping[str, str]) -> dict[str, _Figure]:
    """The figures of a filing by their labels, in the order of the report."""
    department = card.department
    budget = department.budget
    found: dict[str, _Figure] = {}

    def amount(label: str, value: Decimal | None) -> None:
        if value is not None:
            found[label] = _Figure(f"{plain(value)}万元", value, "万元")

    def rate(label: str, value: Decimal | None) -> None:
        if value is not None:
            found[label] = _Figure(
                percent(value), (value * 100).quantize(Decimal("0.01")), "个百分点"
            )

    whole = {"total": budget.overall} if card.rubric.has_money else {}
    for key, part in {**whole, **card.budget_parts}.items():
        for of, words in AMOUNTS.items():
            amount(f"{names[key]}{words}", getattr(part, of))
        rate(f"{names[key]}预算执行率", part.execution_rate)
    amount("年初预算数", budget.initial)
    amount("结转结余总额", budget.carryover.amount)
    rate("所填结转结余率", budget.carryover.rate)
    rate("上年结转结余率", budget.carryover.previous_rate)
    rate("所填预决算差异率", budget.variance.rate)
    count = len(department.projects)
    found["项目个数"] = _Figure(f"{count}个", Decimal(count), "个")
    named = numbered(project.name for project in department.projects)
    for project, called in zip(department.projects, named, strict=True):
        name = f"项目“{called}”"
        if card.rubric.has_money:
            amount(f"{name}预算数", project.budget)
            amount(f"{name}支出数", project.executed)
        if project.score is not None:
            found[f"{name}评价得分"] = _Figure(f"{plain(project.score)}分", project.score, "分")
    named = numbered(row.name for row in department.indicators)
    for row, called in zip(department.indicators, named, strict=True):
        for words, text in (("指标值", row.target), ("完成值", row.actual)):
            if text:
                found[f"指标“{called}”{words}"] = _Figure(row.with_unit(text))
    for key, asked in card.rubric.figures.items():
        value = department.figures.get(key)
        if value is not None:
            number, unit = value, AMOUNT if asked.is_amount else asked.unit
            if asked.unit == RATE:
                number, unit = value * 100, "个百分点"
            found[asked.name] = _Figure(asked.shown(value), number, unit)
    items = card.rubric.items
    for item, answer in department.checks.items():
        words = answer if isinstance(answer, str) else "是" if answer else "否"
        found[f"检查项“{items[item].text}”"] = _Figure(words)
    return found


# ---- scores


def _scores(before: Scorecard, after: Scorecard) -> Iterator[ScoreChange]:
    # Of one rubric the ids hold, whatever an indicator is called this year.
    by = _by_id if before.rubric.id == after.rubric.id else _by_name
    old, new = by(before.everything), by(after.everything)
    for name in dict.fromkeys([*old, *new]):
        was, is_ = old.get(name), new.get(name)
        change = _score(was, is_, (_rule(before, was), _rule(after, is_)))
        if change:
            yield change
    then, now = ({one.name: one for one in card.steps} for card in (before, after))
    for name in dict.fromkeys([*then, *now]):
        change = _step(then.get(name), now.get(name))
        if change:
            yield change
    if before.total != after.total or before.grade != after.grade:
        off = after.total - before.total
        grades = (before.grade or "待定", after.grade or "待定")
        told = (
            ()
            if grades[0] == grades[1]
            else (f"{after.rubric.words.grade}由{grades[0]}变为{grades[1]}",)
        )
        total = (plain(before.total), plain(after.total), signed(off) if off else "")
        yield ScoreChange("总分", *total, told)


def _step(was: Step | None, is_: Step | None) -> ScoreChange | None:
    """上限、限制条件、舍入 of the total, whose points differ."""
    off = (is_.change if is_ else Decimal(0)) - (was.change if was else Decimal(0))
    one = is_ or was
    if not off or one is None:
        return None
    shown = [step.shown if step else NONE for step in (was, is_)]
    return ScoreChange(one.name, shown[0], shown[1], signed(off), (one.words,))


def _by_name(scores: tuple[Score, ...]) -> dict[str, Score]:
    return dict(zip(numbered(one.name for one in scores), scores, strict=True))


def _by_id(scores: tuple[Score, ...]) -> dict[str, Score]:
    return {one.id: one for one in scores}


def _rule(card: Scorecard, score: Score | None) -> str:
    """How the rubric scores an indicator, in words."""
    return card.rubric.indicator(score.id).rule.describe(card.rubric) if score else ""


def _score(
    was: Score | None, is_: Score | None, rules: tuple[str, str] = ("", "")
) -> ScoreChange | None:
    if was is None or is_ is None:
        one = was or is_
        assert one is not None
        why = "评分里没有了" if is_ is None else "评分里新有的"
        off = one.counted * (1 if is_ else -1)
        return ScoreChange(one.name, _points(was), _points(is_), _signed(off), (why,))
    if was.awarded == is_.awarded and was.open_points == is_.open_points:
        return None
    old, new = _by_name(was.parts), _by_name(is_.parts)
    parts = [_score(old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]
    changed = tuple(part for part in parts if part)
    return ScoreChange(
        is_.name,
        _points(was),
        _points(is_),
        _signed(is_.counted - was.counted),
        tuple(_causes(was, is_, rules)),
        changed,
    )


def _signed(off: Decimal) -> str:
    """What a change adds to the total; what is 待定 counts nothing there."""
    return signed(off) if off else ""


def _points(score: Score | None) -> str:
    if score is None:
        return NONE
    shown = score.awarded_words
    if score.awarded is not None and score.open_points:
        shown += f"（另有{plain(score.open_points)}分待定）"
    return shown


def _causes(was: Score, is_: Score, rules: tuple[str, str]) -> Iterator[str]:
    """Which inputs moved, and how the rule answered."""
    if was.points != is_.points:
        yield f"分值由{plain(was.points)}分变为{plain(is_.points)}分"
    if rules[0] != rules[1]:
        yield f"计分办法由“{rules[0]}”变为“{rules[1]}”"
    old, new = ({one.name: one.value for one in score.inputs} for score in (was, is_))
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield f"{name}：{old.get(name, NONE)} → {new.get(name, NONE)}"
    if not is_.parts and was.formula != is_.formula:
        yield f"算式：{was.formula or NONE} → {is_.formula or NONE}"
    if was.undecided != is_.undecided:
        yield f"待定：{was.undecided or '无'} → {is_.undecided or '无'}"
    decided = {*_decisions(was)}
    yield from (words for words in _decisions(is_) if words not in decided)
    yield from (f"不再有：{words}" for words in _decisions(was) if words not in {*_decisions(is_)})
    if not is_.parts and not is_.override:
        lost, gone = ({d.reason for d in score.deductions} for score in (is_, was))
        yield from (f"扣分：{reason}" for reason in sorted(lost - gone))


def _decisions(score: Score) -> list[str]:
    """What people decided on a score."""
    if score.stages:
        return stage_changes(score)
    if score.override:
        of = score.override
        points = plain(score.awarded or Decimal(0))
        return [f"例外核定{points}分（{of.stage}，{of.approver}）：{of.reason}"]
    return []


# ---- texts


def _texts(before: Department, after: Department, chapters: Chapters) -> Iterator[TextChange]:
    old, new = _written(before, chapters), _written(after, chapters)
    for label in dict.fromkeys([*old, *new]):
        was, is_ = sentences(old.get(label, "")), sentences(new.get(label, ""))
        if was != is_:
            yield TextChange(label, tuple(_compared(was, is_)))


def _written(department: Department, chapters: Chapters) -> dict[str, str]:
    """What the department wrote, by a label that is the same in another year."""
    texts = department.texts
    found: dict[str, str] = {}
    named = numbered(division.name for division in department.divisions)
    for i, called in enumerate(named):
        found[f"科室“{called}”的职责"] = texts.get(f"divisions.{i}.duties", "")
    for i, called in enumerate(numbered(project.name for project in department.projects)):
        found[f"项目“{called}”的完成情况"] = texts.get(f"projects.{i}.narrative", "")
    for i, called in enumerate(numbered(row.name for row in department.indicators)):
        found[f"指标“{called}”的说明"] = texts.get(f"indicators.{i}.note", "")
    for field, chapter in TEXTS.items():
        label = str(getattr(chapters, chapter))
        found[f"{label}（{field}）" if label in found else label] = texts.get(field, "")
    return {label: text for label, text in found.items() if text}


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its stop."""
    found = re.findall(r"[^。！？；\n]+[。！？；]?[”’）]?", text)
    return [sentence for one in found if (sentence := one.strip())]


def _compared(was: list[str], is_: list[str]) -> Iterator[tuple[str, str]]:
    for tag, i, j, k, m in SequenceMatcher(None, was, is_, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (("=", sentence) for sentence in was[i:j])
        else:
            yield from (("-", sentence) for sentence in was[i:j])
            yield from (("+", sentence) for sentence in is_[k:m])


def as_dict(changes: Changes) -> dict[str, Any]:
    """The machine's form."""

    def changed(one: ScoreChange) -> dict[str, Any]:
        found: dict[str, Any] = vars(one) | {"causes": list(one.causes)}
        return found | {"parts": [changed(part) for part in one.parts]}

    def text(one: TextChange) -> Mapping[str, Any]:
        changed = [[sign, words] for sign, words in one.sentences if sign != "="]
        return {"label": one.label, "changed": changed}

    return {
        "before": vars(changes.before),
        "after": vars(changes.after),
        "figures": [vars(one) for one in changes.figures],
        "others": [vars(one) for one in changes.others],
        "scores": [changed(one) for one in changes.scores],
        "texts": [text(one) for one in changes.texts],
        "renamed": [vars(one) for one in changes.renamed],
    }
