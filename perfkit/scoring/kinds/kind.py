"""What a rule kind (规则的种类) must answer; see `perfkit.scoring.kinds` for how to add one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from markupsafe import Markup
from pydantic import AfterValidator, Field

from perfkit.forms.department import Answer, Department, Name, Record, Text
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, Rate, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.cells import Cell, score_cells
from perfkit.scoring.marked import awarded
from perfkit.scoring.rules import Partial
from perfkit.scoring.scores import Deduction, Score
from perfkit.scoring.stages import after_stages

if TYPE_CHECKING:
    from perfkit.scoring.kinds.chosen import Chosen
    from perfkit.scoring.rubric import Rubric, RubricIndicator, Section
    from perfkit.scoring.scorecard import Scorecard

MOST = 200
"""Items of one list: ten times what any rubric has."""


class Question(Record):
    """A question that a department answers with yes or no, and the answer that costs nothing."""

    id: Name
    text: Text = Field(title="内容")
    asks: str = Field("", title="“是”的含义", description="一项含几问时，说明答“是”指什么")
    good: Answer = Field(title="合格的答案")


class Item(Question):
    """One question of a checklist."""

    points: Points | None = Field(None, title="这一项的分值", description="与其他项不同时写")
    gate: Answer = Field(False, title="一票否决", description="这一项不合格，整个指标不得分")


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


class Rule(Record):
    """A rule (规则) of the rubric: its fields, and all that the rest of perfkit asks of it.

    A kind must say how it scores, describes itself, and what it turns on. All
    other answers have a default that is right for a rule without the thing.
    """

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """*score*, which has the indicator's names and points, with what the rule awards."""
        raise NotImplementedError

    def describe(self, rubric: Rubric) -> str:
        """The rule and its readings in one line of Chinese."""
        raise NotImplementedError

    @property
    def turns_on(self) -> str:
        """The path of the filed value, or of the part of the form, that the score turns on."""
        raise NotImplementedError

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """What does not fit into the rubric, or to the indicator's *points*: the place, a message."""
        return iter(())

    # ---- what the score sheet and the report print

    def table(
        self, card: Scorecard, section: Section
    ) -> tuple[Sequence[str], list[list[Cell]]] | None:
        """Headings and rows of a table of its own, for a section that has no other indicator."""
        return None

    def heading(self, year: int) -> list[Cell] | None:
        """Headings of last year's and this year's value, for `rows_beside_last_year`."""
        return None

    @property
    def of_last_year(self) -> bool:
        """Whether it is held against a figure of last year's."""
        return False

    def rows_beside_last_year(
        self, card: Scorecard, indicator: RubricIndicator
    ) -> list[list[Cell]]:
        """Its rows below its `heading`, without a label of the 二级指标."""
        return self.rows(card, indicator)

    def target(self, indicator: RubricIndicator, score: Score) -> str:
        """指标值 in its row."""
        return indicator.value

    def rows(self, card: Scorecard, indicator: RubricIndicator) -> list[list[Cell]]:
        """Its rows in the score sheet, from the third column on."""
        score = card.score(indicator.id)
        return [
            [
                Cell(indicator.name, kind="label"),
                Cell(self.target(indicator, score)),
                self.found(score),
                *score_cells(score),
                Cell(indicator.explanation),
                Cell(self.standard(indicator)),
            ]
        ]

    def said(self, score: Score) -> Markup:
        """Its sentence, or why the indicator does not apply."""
        if score.skipped and score.points:
            by = f"；{score.decision}" if score.override else ""
            words = "{}：不适用（{}），按满分计{}，{}。"
            return Markup(words).format(score.name, score.skipped, by, awarded(score))
        if score.skipped:
            words = "{}：不适用（{}），分值分给其他指标。"
            return Markup(words).format(score.name, score.skipped)
        return self.sentence(score)

    def found(self, score: Score) -> Cell:
        """完成值 in its row."""
        return Cell(score.rate or "待定", kind="num", of=score.id)

    def standard(self, indicator: RubricIndicator) -> str:
        """评分标准 in its row."""
        return indicator.standard

    def sentence(self, score: Score) -> Markup:
        """What 预算管理情况分析 says of the score; empty if nothing."""
        return told(score)

    def turning_fields(self, score: Score) -> dict[str, str]:
        """Of the score, and of each part that has its own, the paths of the filed values it turns on."""
        return {score.id: ""}

    def listed(self) -> list[str]:
        """Lines that ``perfkit rubric`` shows below the description."""
        return []

    # ---- what reading a filing asks

    @property
    def asks(self) -> tuple[str, ...]:
        """The fields of 指标填报 (``answers``) that it scores by."""
        return ()

    @property
    def any_points(self) -> bool:
        """Whether it awards a share of the points, whatever they are."""
        return False

    @property
    def may_skip(self) -> bool:
        """Whether an item of a checklist may be 不涉及."""
        return False

    def claimed(self, name: str, department: Department) -> bool:
        """Whether anything is filed for the 加分项 *name*, so that what is missing must be filled in."""
        asked = any(item.id in department.checks for item in self.questions)
        return asked or name in department.answers

    # ---- what the audit and the derivations ask

    @property
    def questions(self) -> tuple[Item, ...]:
        """The items of a checklist that a department answers."""
        return ()

    @property
    def choice(self) -> Chosen | None:
        """Itself if departments choose 三级指标 below its indicator."""
        return None

    @property
    def is_execution(self) -> bool:
        """Whether its ratio is what texts call 预算执行率."""
        return False

    @property
    def named(self) -> tuple[str, ...]:
        """The fields of the filing that it names, and whatever else it compares them with."""
        return ()

    @property
    def held_against(self) -> str:
        """The yearly parameter or the field that a rate is compared with; empty without one."""
        return ""

    def stated_rate(
        self, score: Score, department: Department, rubric: Rubric
    ) -> StatedRate | None:
        """The rate that it computes, and that a department may state."""
        return None

    def rate_of(self, department: Department, rubric: Rubric) -> Decimal | None:
        """The rate that it computes, of any filing; None if its amounts were not filed."""
        return None


def told(score: Score) -> Markup:
    """A score in a sentence: its verdict, or what is missing, and the points."""
    points = awarded(score)
    said = score.undecided or score.verdict
    if (
        score.undecided and score.awarded is not None
    ):  # decided by a person, where the rule could not
        said += "；例外核定"
    return Markup("{}：{}，{}。").format(score.name, said, points)


def decided(score: Score, rubric: Rubric, awarded: Decimal, formula: str, **more: Any) -> Score:
    """*score* with its points; *formula* gets the rounded result as its last word."""
    rounded = rubric.rounding.at_indicator(awarded)
    formula = f"{formula} = {plain(rounded)}"
    return replace(score, by_rule=rounded, awarded=rounded, formula=formula, **more)


def lost(score: Score, awarded: Decimal, reason: str, place: str) -> tuple[Deduction, ...]:
    """The deduction of what is missing to the points, if anything is."""
    points = score.points - awarded
    return (Deduction(points, reason, place),) if points else ()


SMALLEST_STEP = Decimal("0.0001")
"""The finest that a rate is printed with."""


def _not_tiny(step: Decimal) -> Decimal:
    if step < SMALLEST_STEP:
        raise ValueError(f"每档不能小于 {percent(SMALLEST_STEP)}")
    return step


StepSize = Annotated[Rate, Field(gt=0), AfterValidator(_not_tiny)]


class Steps(Record):
    """每档扣分: so far a rate may be away from what it is held against, so many points it costs."""

    step: StepSize = Field(title="每档")
    deduct: Points = Field(gt=0, title="每档扣分")
    partial: Partial = Field("floor", title="不足一档")

    def unfit(self, rubric: Rubric) -> str:
        """Why so many points can't be taken in whole steps; else empty.

        A score rounded to fewer places would not lose what a step costs.
        """
        whole = self.partial != "linear" and not rubric.rounding.fits(self.deduct)
        return rubric.rounding.too_fine(self.deduct) if whole else ""

    def count(self, distance: Decimal) -> Decimal:
        """The steps that a rate is away."""
        return rules.steps(distance, self.step, self.partial)

    def describe(self, way: str, of: str = "") -> str:
        """每高出 1 个百分点扣 0.4 分，不足一档不扣."""
        part = {"floor": "不足一档不扣", "linear": "按比例扣", "ceil": "不足一档按一档扣"}
        step = percent(self.step) if of else f"{percent(self.step).rstrip('%')} 个百分点"
        return f"每{way} {step}{of}扣 {plain(self.deduct)} 分，{part[self.partial]}"


def overridden(score: Score, department: Department) -> Score:
    """The score after the stages (环节), or an override (例外情况), if one names it."""
    if department.stages:
        return after_stages(score, department.stages)
    for override in department.overrides:
        if override.indicator == score.id:
            awarded = min(override.score, score.points)
            return replace(score, awarded=awarded, override=override)
    return score


def repeated(what: str, named: Sequence[tuple[Loc, str]]) -> Iterator[tuple[Loc, str]]:
    """A message for every name that stands twice, at its last place."""
    counts = Counter(name for _, name in named)
    last = {name: loc for loc, name in named}
    for name, count in counts.items():
        if count > 1:
            yield last[name], f"{what}“{name}”重复"
