"""排名计分: points by the place that the department holds among others."""

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
from perfkit.scoring.conditions import bounds, first_of
from perfkit.scoring.kinds.awards import Tier, tier_problems
from perfkit.scoring.kinds.kind import MOST, Rule, decided, lost
from perfkit.scoring.scores import ZERO, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric


class Rank(Rule):
    """排名计分: by tiers of the places (`awards`: ≤3, or ≤30% of all), or in equal steps.

    In equal steps the first place has all the points and the last one `last`.
    """

    kind: Literal["rank"]
    what: Name = Field("排名", title="什么排名")
    awards: tuple[Tier, ...] = Field((), max_length=MOST, title="各档")
    last: Points | None = Field(None, title="最后一名的得分")

    @model_validator(mode="after")
    def _one_way(self) -> Rank:
        if bool(self.awards) == (self.last is not None):
            raise ValueError("各档（awards）、最后一名的得分（last）要写一个，只能写一个")
        return self

    def describe(self, rubric: Rubric) -> str:
        """The rule in one line of Chinese."""
        if self.awards:
            return f"{self.what}分档：{'，'.join(tier.words for tier in self.awards)}"
        return f"{self.what}第一名得满分，最后一名得 {plain(self.last or ZERO)} 分，中间按名次等差"

    @property
    def turns_on(self) -> str:
        """The whole block: which of it is for the indicator is known by its id."""
        return "answers"

    def turning_fields(self, score: Score) -> dict[str, str]:
        """The rank."""
        return {score.id: paths.answer(score.id, "rank")}

    @property
    def _by_share(self) -> bool:
        return any(b.rate for tier in self.awards if tier.when for b in bounds(tier.when))

    @property
    def asks(self) -> tuple[str, ...]:
        """名次, and of how many where that matters."""
        return ("rank", "among") if self._by_share or not self.awards else ("rank",)

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Tiers that don't fit the points."""
        if self.awards:
            kinds = {b.rate for tier in self.awards if tier.when for b in bounds(tier.when)}
            if len(kinds) > 1 or None in kinds:
                yield ("awards",), "各档的条件要么都写名次（如 ≤3），要么都写占比（如 ≤30%）"
                return
            yield from tier_problems(self.awards, points, rubric)
        elif self.last is not None and self.last > points:
            yield ("last",), f"最后一名的得分超过指标的分值 {plain(points)} 分"

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The points of the place; undecided until it is filed."""
        reply = department.answers.get(score.id)
        field = paths.answer(score.id, "rank")
        need = {"rank": "名次", "among": "参加排名的单位数"}
        missing = [f"{f}（{need[f]}）" for f in self.asks if getattr(reply, f, None) is None]
        if missing or reply is None or reply.rank is None:
            reason = f"未填{self.what}：请在 answers 的 {score.id} 下填 {'、'.join(missing)}"
            return replace(score, undecided=reason, field=field)
        among = f"（共{reply.among}个）" if reply.among else ""
        shown = f"第{reply.rank}名{among}"
        place = department.place(field)
        inputs = (Input(self.what, shown, place),)
        score = replace(score, rate=shown, inputs=inputs, stated=True, field=field)
        verdict = f"{self.what}{shown}"
        if self.awards:
            value = Decimal(reply.rank)
            if self._by_share and reply.among == 1:
                reason = f"{self.what}只有1个单位参加，没有占比可分档，需要人工决定"
                return replace(score, undecided=reason)
            if self._by_share:
                value /= reply.among or 1
            tier = self.awards[first_of([tier.when for tier in self.awards], value) or 0]
            verdict += f"，属于“{tier.when or '其余'}”一档"
            result = decided(score, rubric, tier.points, verdict)
        else:
            last, among_all = self.last or ZERO, Decimal(reply.among or 1)
            points = rules.by_rank(score.points, last, Decimal(reply.rank), among_all)
            span = f"({plain(score.points)} − {plain(last)}) × {reply.rank - 1} ÷ {max(reply.among or 1, 2) - 1}"
            result = decided(score, rubric, points, f"{verdict}，{plain(score.points)} − {span}")
        said = f"：{' '.join(reply.reason.split())}" if reply.reason else ""
        missed = lost(score, result.by_rule or ZERO, verdict + said, place)
        return replace(result, verdict=verdict + said, deductions=missed)

    def listed(self) -> list[str]:
        """What a department files."""
        many = "、among（参加排名的单位数）" if "among" in self.asks else ""
        return [f"填 rank（名次）{many}和 reason（依据）"]
