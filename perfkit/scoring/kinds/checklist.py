"""检查清单: questions with a good answer, each other answer costs points (预算管理情况)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from pydantic import Field

from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, plain
from perfkit.scoring import rules
from perfkit.scoring.cells import Cell
from perfkit.scoring.kinds.kind import MOST, Item, Rule
from perfkit.scoring.marked import awarded, figure
from perfkit.scoring.scores import Deduction, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, RubricIndicator


class Checklist(Rule):
    """检查清单: each item whose answer is not the good one costs `deduct`, down to 0."""

    kind: Literal["checklist"]
    deduct: Points = Field(gt=0, title="每项扣分")
    items: tuple[Item, ...] = Field(min_length=1, max_length=MOST, title="检查内容")

    def describe(self) -> str:
        """The rule in one line of Chinese."""
        return f"{len(self.items)} 项，每有一项不合格扣 {plain(self.deduct)} 分，扣完为止"

    @property
    def turns_on(self) -> str:
        """All answers."""
        return "checks"

    def turning_fields(self, score: Score) -> dict[str, str]:
        """The answers to its own questions."""
        return {score.id: " ".join(paths.check(item.id) for item in self.items)}

    @property
    def questions(self) -> tuple[Item, ...]:
        """The items."""
        return self.items

    def problems(self, rubric: Rubric) -> Iterator[tuple[Loc, str]]:
        """A score rounded to fewer places than what an item costs would not add up."""
        if not rubric.rounding.fits(self.deduct):
            yield (), rubric.rounding.too_fine(self.deduct)

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by the answers; undecided while one is missing."""
        answers = department.checks
        inputs = tuple(
            Input(
                item.text,
                ("是" if answers[item.id] else "否") if item.id in answers else "未填",
                department.place(paths.check(item.id) if item.id in answers else "checks"),
            )
            for item in self.items
        )
        score = replace(score, inputs=inputs)
        missing = [item.text for item in self.items if item.id not in answers]
        if missing:
            return replace(score, undecided=f"检查清单有{len(missing)}项未填：{'；'.join(missing)}")
        failed = [item for item in self.items if answers[item.id] != item.good]
        left = score.points
        deductions = []
        for item in failed:
            # 扣完为止: the item that reaches the floor costs what is left, later ones nothing.
            cost = min(self.deduct, left)
            left -= cost
            reason = f"不合格：{item.text}" + ("" if cost else "（已扣完，不再扣分）")
            deductions.append(Deduction(cost, reason, department.place(paths.check(item.id))))
        points = score.points - rules.deducted(score.points, len(failed), self.deduct)
        formula = (
            f"{len(self.items)}项中{len(failed)}项不合格，{plain(score.points)} − "
            f"{len(failed)} × {plain(self.deduct)}" + ("（扣完为止）" if left == 0 else "")
            if failed
            else f"{len(self.items)}项全部合格，不扣分，得分"
        )
        return replace(
            score,
            by_rule=points,
            awarded=points,
            formula=f"{formula} = {plain(points)}",
            deductions=tuple(deductions),
        )

    def found(self, score: Score) -> Cell:
        """How many items passed."""
        if score.undecided:
            return Cell("未填全")
        count = len(self.items)
        failed = len(score.deductions)
        return Cell(f"{count}项中{failed}项不合格" if failed else f"{count}项全部合格")

    def standard(self, indicator: RubricIndicator) -> str:
        """The questions, numbered, and what each costs."""
        count = len(self.items)
        listed = "；".join(f"{_number(i, count)}{_asked(q)}" for i, q in enumerate(self.items))
        return f"{listed}。{indicator.standard}"

    def sentence(self, score: Score) -> Markup:
        """How many items passed, which did not."""
        points = awarded(score)
        if score.undecided:
            return Markup("{}：{}，{}。").format(score.name, score.undecided, points)
        result: str = "全部合格"
        if score.deductions:
            failed = "；".join(d.reason.removeprefix("不合格：") for d in score.deductions)
            count = figure(f"{len(score.deductions)}项", score.id)
            result = Markup("其中{}不合格：{}").format(count, failed)
        return Markup("{}检查{}项，{}，{}。").format(score.name, len(self.items), result, points)

    def listed(self) -> list[str]:
        """The ids of the items with the good answers."""
        return [
            f"{item.id}（合格：{'是' if item.good else '否'}）{item.asks or item.text}"
            for item in self.items
        ]


def _number(i: int, count: int) -> str:
    # Fonts have the signs only up to ⑩ for certain.
    return "①②③④⑤⑥⑦⑧⑨⑩"[i] if count <= 10 else f"（{i + 1}）"


def _asked(item: Item) -> str:
    return f"{item.text}（答“是”指{item.asks}）" if item.asks else item.text
