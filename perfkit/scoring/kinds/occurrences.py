"""次数计分: so many points for each time that something happened (违规每次扣 1 分)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from perfkit.forms import paths
from perfkit.forms.department import Department, Name
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, plain
from perfkit.scoring import rules
from perfkit.scoring.kinds.kind import Rule, decided, lost
from perfkit.scoring.scores import ZERO, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric


class Occurrences(Rule):
    """次数计分: each time costs `deduct`, down to 0, or earns `add`, up to the points.

    `what` is what the department counts, in the words of the rubric's text.
    """

    kind: Literal["occurrences"]
    what: Name = Field(title="所数的事", description="如 未按时报送、查实的违规问题")
    unit: Name = Field("次", title="量词")
    deduct: Points | None = Field(None, gt=0, title="每次扣分")
    add: Points | None = Field(None, gt=0, title="每次得分")

    @model_validator(mode="after")
    def _one_way(self) -> Occurrences:
        if (self.deduct is None) == (self.add is None):
            raise ValueError("每次扣分（deduct）、每次得分（add）要写一个，只能写一个")
        return self

    def describe(self, rubric: Rubric) -> str:
        """The rule in one line of Chinese."""
        each = f"{self.what}，每{self.unit}"
        if self.deduct is not None:
            return f"{each}扣 {plain(self.deduct)} 分，扣完为止"
        return f"{each}得 {plain(self.add or ZERO)} 分，不超过分值"

    @property
    def turns_on(self) -> str:
        """The whole block: which of it is for the indicator is known by its id."""
        return "answers"

    def turning_fields(self, score: Score) -> dict[str, str]:
        """The count."""
        return {score.id: paths.answer(score.id, "count")}

    @property
    def asks(self) -> tuple[str, ...]:
        """次数."""
        return ("count",)

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """A score rounded to fewer places than what a time is worth would not add up."""
        each = self.deduct or self.add or ZERO
        if not rubric.rounding.fits(each):
            yield (), rubric.rounding.too_fine(each)

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by the count; undecided until it is filed."""
        reply = department.answers.get(score.id)
        field = paths.answer(score.id, "count")
        if reply is None or reply.count is None:
            how = f"请在 answers 的 {score.id} 下填 count（没有的填 0）和 reason"
            found = Input(self.what, "未填", department.place("answers"))
            reason = f"未填{self.what}的{self.unit}数，{how}"
            return replace(score, inputs=(found,), undecided=reason, field=field)
        count, place = reply.count, department.place(field)
        shown = f"{count}{self.unit}"
        score = replace(score, inputs=(Input(self.what, shown, place),), rate=shown)
        score = replace(score, stated=True, field=field)
        each = self.deduct or self.add or ZERO
        said = f"：{' '.join(reply.reason.split())}" if reply.reason else ""
        got = rules.deducted(score.points, count, each)
        worth = f"{shown} × {plain(each)}"
        full = count * each > score.points
        if self.add is not None:
            formula = f"{self.what}{worth}{'，不超过分值' if full else ''}"
            verdict = f"{self.what}{shown}，每{self.unit}得{plain(each)}分"
        else:
            got = score.points - got
            verdict = f"{self.what}{shown}"
            verdict += f"，每{self.unit}扣{plain(each)}分" if count else ""
            formula = f"{self.what}{shown}，不扣分，得分"
            if count:
                out = "（扣完为止）" if not got else ""
                formula = (
                    f"{self.what}{shown}，{plain(score.points)} − {count} × {plain(each)}{out}"
                )
        result = decided(score, rubric, got, formula)
        missed = lost(score, result.by_rule or ZERO, verdict + said, place)
        return replace(result, verdict=verdict + said, deductions=missed)

    def listed(self) -> list[str]:
        """What a department files."""
        return [f"填 count（{self.what}的{self.unit}数，没有的填 0）和 reason（说明）"]
