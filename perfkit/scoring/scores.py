"""得分: the score of an indicator, with the inputs and deductions that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from perfkit.forms.department import FINAL, Indicator, Override, Stage
from perfkit.quantities import plain

ZERO = Decimal(0)


@dataclass(frozen=True)
class Input:
    """A figure that went into a score: its name, its text, and its place in the parameter file."""

    name: str
    value: str
    place: str


@dataclass(frozen=True)
class Deduction:
    """扣分: how many points, why, and the place of what caused it."""

    points: Decimal
    reason: str
    place: str


@dataclass(frozen=True)
class StageScore:
    """环节得分: the points that stood for an indicator after a stage, and before it.

    `given` is whether the stage itself gave them; `summed` whether they are the sum of
    what it gave to parts; else they stood before. `field` is the place of what it gave.
    """

    stage: Stage
    points: Decimal | None
    before: Decimal | None
    given: bool
    field: str = ""
    reason: str = ""
    summed: bool = False

    @property
    def changed(self) -> bool:
        """Whether the stage gave other points than stood before it."""
        return self.given and self.points != self.before


@dataclass(frozen=True)
class Score:
    """得分 of an indicator, or of one of the 三级指标 below it.

    `by_rule` and the deductions add up to `points`; `awarded` differs from
    `by_rule` only by an override, a person's or that of the last of the `stages` to
    give other points. Both are None while `undecided` says what a
    person must decide. `stated`: it rests on a figure or word of the
    department alone. `reported` is the department's claim. `field` is the path
    of the filed value that it turns on; `rate` and `compared` are a rate and
    last year's as the sheet prints them, `verdict` is what comes of comparing
    it; `overshoot` is set where the actual
    value is so far above the target that the target may have been too low.
    `direction` is 正向 or 反向 for a quantified part, `assumed` if nobody stated it.
    `ratio` is the exact rate of a rule that has one, where the filed amounts
    give it: neither capped nor as the department states it. `native` are the points
    of the rubric's file where those of the sheet differ: they were converted, or other
    indicators do not apply. `skipped` is the reason why this one doesn't: it has no points, or
    gets all that it has. `sign` is 1 for a
    加分项 and −1 for a 扣分项, of which `awarded` are the points that it takes.
    """

    id: str
    name: str
    points: Decimal
    by_rule: Decimal | None = None
    awarded: Decimal | None = None
    formula: str = ""
    inputs: tuple[Input, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    undecided: str = ""
    stated: bool = False
    reported: Decimal | None = None
    override: Override | None = None
    stages: tuple[StageScore, ...] = ()
    parts: tuple[Score, ...] = ()
    indicator: Indicator | None = None
    field: str = ""
    rate: str = ""
    compared: str = ""
    verdict: str = ""
    overshoot: Decimal | None = None
    direction: str = ""
    assumed: bool = False
    ratio: Decimal | None = None
    native: Decimal | None = None
    skipped: str = ""
    sign: int = 0

    @property
    def of_rubric(self) -> Decimal:
        """分值 as the rubric's file has them, on the scale of their section."""
        return self.points if self.native is None else self.native

    @property
    def counted(self) -> Decimal:
        """What it adds to the total: of a 扣分项 below zero."""
        return (self.awarded or ZERO) * (self.sign or 1)

    @property
    def points_words(self) -> str:
        """分值 in its column; of a 加分项 or 扣分项 the most that it adds or takes."""
        return most_words(self.points, self.sign)

    @property
    def awarded_words(self) -> str:
        """得分 in its column: 待定, 19.98, of a 扣分项 −1.5."""
        if self.awarded is None:
            return "待定"
        sign = {1: "+", -1: "−"}.get(self.sign, "") if self.awarded else ""
        return sign + plain(self.awarded)

    @property
    def open_points(self) -> Decimal:
        """待定分值: the points that no one has decided yet."""
        if self.override or not self.undecided:
            return ZERO
        if self.parts:
            return sum((part.open_points for part in self.parts), ZERO)
        return self.points

    @property
    def lost(self) -> tuple[Deduction, ...]:
        """实际扣分: the deductions that stand, after the overrides of the score and its parts.

        A 加分项 loses nothing, and a 扣分项 is one itself.
        """
        if self.sign:
            return ()
        if self.override is None:
            parts = [deduction for part in self.parts for deduction in part.lost]
            return tuple(parts) if self.parts else self.deductions
        lost = self.points - (self.awarded or ZERO)
        reason = (
            f"{self.name}{self.decision}{plain(self.awarded or ZERO)}分：{self.override.reason}"
        )
        return (Deduction(lost, reason, self.override.approver),) if lost else ()

    @property
    def decision(self) -> str:
        """What the decision that stands is called: 例外核定, or by its stage 专家核定."""
        if self.override is None or not self.stages:
            return "例外核定"
        return FINAL if self.override.stage == FINAL else f"{self.override.stage}{FINAL}"

    @property
    def note(self) -> str:
        """What the department wrote on an indicator: 偏差原因 where it missed or overshot, else 说明."""
        note = " ".join(self.indicator.note.split()) if self.indicator else ""
        label = "偏差原因" if self.deductions or self.overshoot is not None else "说明"
        return f"{label}：{note}" if note else ""

    @property
    def waived(self) -> Decimal:
        """例外情况调整的分数: what an override adds to the score by rule."""
        return (self.awarded or ZERO) - (self.by_rule or ZERO) if self.override else ZERO


def walk(scores: tuple[Score, ...]) -> Iterator[Score]:
    """Every score with the parts below it, in order."""
    for score in scores:
        yield score
        yield from score.parts


def most_words(points: Decimal, sign: int) -> str:
    """分值 in words: 20; 最多加5 of a 加分项 (*sign* 1), 最多扣5 of a 扣分项 (−1)."""
    return {1: "最多加", -1: "最多扣"}.get(sign, "") + plain(points)
