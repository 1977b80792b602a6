"""检查清单、要素: questions with a good answer, which cost or earn points (预算管理情况)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from pydantic import Field, model_validator

from perfkit.forms import paths
from perfkit.forms.department import ABSENT, Department
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, Rate, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.cells import Cell
from perfkit.scoring.kinds.kind import MOST, Item, Rule, decided
from perfkit.scoring.marked import awarded, figure
from perfkit.scoring.scores import ZERO, Deduction, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric, RubricIndicator


class Checklist(Rule):
    """检查清单: each item costs `deduct` if its answer is not the good one, or earns `add` or `share` if it is.

    `share` is a part of the indicator's points (每个要素得分值的 n%). An item's own `points`
    stand for the rule's; one with ``gate: 是`` takes all the points if it fails. `absent` says
    whether an item may be 不涉及: then it costs nothing (``kept``), or the other items share
    its points (``shared``). `whole` gives no fraction of a point.
    """

    kind: Literal["checklist"]
    deduct: Points | None = Field(None, gt=0, title="每项扣分")
    add: Points | None = Field(None, gt=0, title="每项得分")
    share: Rate | None = Field(None, gt=0, le=1, title="每项得分值的比例")
    absent: Literal["refused", "kept", "shared"] = Field("refused", title="不涉及的项")
    whole: Literal["no", "down", "half_up"] = Field("no", title="得分取整")
    items: tuple[Item, ...] = Field(min_length=1, max_length=MOST, title="检查内容")

    @model_validator(mode="after")
    def _one_way(self) -> Checklist:
        if [self.deduct, self.add, self.share].count(None) != 2:
            raise ValueError(
                "每项扣分（deduct）、每项得分（add）、每项得分值的比例（share）要写一个，只能写一个"
            )
        return self

    def describe(self, rubric: Rubric) -> str:
        """The rule in one line of Chinese."""
        count = len(self.items)
        if self.deduct is not None:
            words = f"{count} 项，每有一项不合格扣 {plain(self.deduct)} 分，扣完为止"
        elif self.add is not None:
            words = f"{count} 项，每有一项合格得 {plain(self.add)} 分，不超过分值"
        else:
            words = f"{count} 项，每有一项合格得分值的 {percent(self.share or ZERO)}，不超过分值"
        if any(item.points is not None for item in self.items):
            words += "；另写分值的项按所写"
        if any(item.gate for item in self.items):
            words += "；一票否决的项不合格，整个指标不得分"
        words += {
            "refused": "",
            "kept": "；不涉及的项视同合格",
            "shared": "；不涉及的项，分值分给其他项",
        }[self.absent]
        return (
            words
            + {"no": "", "down": "；得分舍去小数", "half_up": "；得分四舍五入取整"}[self.whole]
        )

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

    @property
    def may_skip(self) -> bool:
        """Whether an item may be 不涉及."""
        return self.absent != "refused"

    def worth(self, points: Decimal) -> list[Decimal]:
        """每项的分值 of an indicator of so many *points*."""
        each = points * self.share if self.share is not None else self.deduct or self.add or ZERO
        return [each if item.points is None else item.points for item in self.items]

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """A score rounded to fewer places than what an item is worth would not add up."""
        worth = self.worth(points)
        for each in sorted(set(worth)):
            if self.whole == "no" and not rubric.rounding.fits(each):
                yield (), rubric.rounding.too_fine(each)
        reached = sum(worth, ZERO)
        if self.deduct is None and reached < points:
            yield (), f"各项合计 {plain(reached)} 分，全部合格也得不到分值 {plain(points)} 分"
        if self.whole != "no" and points != points.to_integral_value():
            yield ("whole",), f"得分取整时，分值应是整数，这里是 {plain(points)} 分"

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by the answers; undecided while one is missing."""
        answers = department.checks
        inputs = tuple(
            Input(
                item.text,
                _said(answers.get(item.id)),
                department.place(paths.check(item.id) if item.id in answers else "checks"),
            )
            for item in self.items
        )
        score = replace(score, inputs=inputs)
        missing = [item.text for item in self.items if item.id not in answers]
        if missing:
            return replace(score, undecided=f"检查清单有{len(missing)}项未填：{'；'.join(missing)}")
        asked = [answers[item.id] != ABSENT for item in self.items]
        if not any(asked):
            reason = "各项都填了不涉及，没有可以计分的内容，需要人工决定"
            return replace(score, undecided=reason)
        failed = [
            i for i, item in enumerate(self.items) if asked[i] and answers[item.id] != item.good
        ]
        gates = [i for i in failed if self.items[i].gate]
        worth = self.worth(score.points)
        if not all(asked) and self.absent == "shared":
            kept = [each if on else ZERO for each, on in zip(worth, asked, strict=True)]
            if any(kept):
                worth = rules.shared(sum(worth, ZERO), kept, rubric.rounding.places)
            elif self.deduct is None and not gates:
                reason = "有分值的项都填了不涉及，分值没有可以分给的项，需要人工决定"
                return replace(score, undecided=reason)
        if self.deduct is not None:
            earned = max(score.points - sum((worth[i] for i in failed), ZERO), ZERO)
        else:
            passed = sum((w for i, w in enumerate(worth) if i not in failed), ZERO)
            earned = min(score.points, passed)
        if gates:
            earned = ZERO
        if self.whole != "no":
            earned = rules.whole(earned, self.whole)
        absent = asked.count(False)
        verdict = f"{len(self.items)}项{f'（{absent}项不涉及）' if absent else ''}"
        verdict += f"中{len(failed)}项不合格" if failed else "全部合格"
        formula = self._formula(score.points, verdict, failed, worth, gates)
        found = decided(score, rubric, earned, formula, verdict=verdict)
        return replace(found, deductions=self._lost(found, failed, gates, worth, department))

    def _formula(
        self,
        points: Decimal,
        verdict: str,
        failed: list[int],
        worth: list[Decimal],
        gates: list[int],
    ) -> str:
        if not failed:
            return f"{verdict}，不扣分，得分" if self.deduct is not None else f"{verdict}，得分"
        if gates:
            return f"{verdict}，其中{len(gates)}项一票否决，不得分，得分"
        chosen = (
            failed if self.deduct is not None else [i for i in range(len(worth)) if i not in failed]
        )
        each = [worth[i] for i in chosen if worth[i]]
        if len(set(each)) == 1:
            total = f"{len(each)} × {plain(each[0])}"
        else:
            total = " + ".join(plain(w) for w in each) or "0"
        rounds = "，取整" if self.whole != "no" else ""
        if self.deduct is None:
            over = "，不超过分值" if sum(each, ZERO) > points else ""
            return f"{verdict}，{total}{over}{rounds}"
        out = "（扣完为止）" if sum(each, ZERO) >= points else ""
        of = f"({total})" if "+" in total else total
        return f"{verdict}，{plain(points)} − {of}{out}{rounds}"

    def _lost(
        self,
        score: Score,
        failed: list[int],
        gates: list[int],
        worth: list[Decimal],
        department: Department,
    ) -> tuple[Deduction, ...]:
        """What each failed item cost, which adds up to what is missing to the points."""
        # 扣完为止: the item that reaches the floor costs what is left, later ones nothing.
        left = score.points - (score.by_rule or ZERO)
        found = []
        for i in sorted(failed, key=lambda i: i not in gates):
            item = self.items[i]
            cost = left if i in gates else min(worth[i], left)
            left -= cost
            reason = f"不合格：{item.text}"
            if i in gates:
                reason += "（一票否决）"
            elif not cost:
                reason += "（已扣完，不再扣分）" if self.deduct is not None else "（不影响得分）"
            found.append(Deduction(cost, reason, department.place(paths.check(item.id))))
        if left and found:  # what rounding to whole points takes
            last = found[-1]
            found[-1] = replace(last, points=last.points + left)
        elif left:
            found.append(Deduction(left, "得分取整", score.inputs[0].place))
        return tuple(found)

    def found(self, score: Score) -> Cell:
        """How many items passed."""
        return Cell("未填全" if score.undecided else score.verdict)

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
        absent = sum(i.value == ABSENT for i in score.inputs)
        skipped = f"（{absent}项不涉及）" if absent else ""
        return Markup("{}检查{}项{}，{}，{}。").format(
            score.name, len(self.items), skipped, result, points
        )

    def listed(self) -> list[str]:
        """The ids of the items with the good answers."""
        return [
            f"{item.id}（合格：{'是' if item.good else '否'}{'，一票否决' if item.gate else ''}"
            f"{'' if item.points is None else f'，{plain(item.points)}分'}）{item.asks or item.text}"
            for item in self.items
        ]


def _said(answer: bool | str | None) -> str:
    if answer is None:
        return "未填"
    return ABSENT if answer == ABSENT else "是" if answer else "否"


def _number(i: int, count: int) -> str:
    # Fonts have the signs only up to ⑩ for certain.
    return "①②③④⑤⑥⑦⑧⑨⑩"[i] if count <= 10 else f"（{i + 1}）"


def _asked(item: Item) -> str:
    return f"{item.text}（答“是”指{item.asks}）" if item.asks else item.text
