"""评审打分: points that a person gives, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from perfkit.forms import paths
from perfkit.forms.department import Department, Name, Record
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, Rate, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.kinds.kind import MOST, Rule, decided, lost, repeated
from perfkit.scoring.scores import ZERO, Input, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric


class Grading(Record):
    """档次 of a score that a person gives, by the share of the points that it begins with."""

    name: Name = Field(title="档次")
    floor: Rate = Field(le=1, title="下限", description="占分值的比例，含本数")


class Level(Record):
    """等次 with the points that it is worth: 较好 4 分."""

    name: Name = Field(title="等次")
    points: Points = Field(title="得分")


class Given(Rule):
    """评审打分: 0 up to the points, with the reason; undecided until a person has given it.

    `bands` name the shares of the points; `step` is the smallest part that is given. With
    `levels` no other points than theirs can be given (好 6 分，一般 4 分，差 0 分).
    """

    kind: Literal["given"]
    levels: tuple[Level, ...] = Field((), max_length=MOST, title="等次")
    bands: tuple[Grading, ...] = Field((), max_length=MOST, title="档次")
    step: Points | None = Field(None, gt=0, title="打分的最小单位", description="如 0.5、1")

    def describe(self, rubric: Rubric) -> str:
        """The rule in one line of Chinese."""
        if self.levels:
            return f"评价人评定等次，并写明理由：{self._listed}"
        words = "评价人在 0 到分值之间打分，并写明理由"
        if self.bands:
            names = "，".join(
                f"分值的{percent(band.floor)}（含）以上为{band.name}" for band in self.bands
            )
            words += f"：{names}"
        return words if self.step is None else f"{words}；以 {plain(self.step)} 分为最小单位"

    @property
    def _listed(self) -> str:
        return "，".join(f"{level.name} {plain(level.points)} 分" for level in self.levels)

    @property
    def turns_on(self) -> str:
        """The whole block: which of it is for the indicator is known by its id."""
        return "answers"

    def turning_fields(self, score: Score) -> dict[str, str]:
        """The points that were given."""
        return {score.id: paths.answer(score.id, "score")}

    @property
    def asks(self) -> tuple[str, ...]:
        """评分."""
        return ("score",)

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Bands that leave a gap, and points that can't be given in whole steps."""
        if self.levels and (self.bands or self.step is not None):
            yield ("levels",), "写了等次（levels），就不写档次（bands）和最小单位（step）"
        worth = [level.points for level in self.levels]
        if worth and (worth != sorted(set(worth), reverse=True) or worth[0] != points):
            message = f"等次的得分应由高到低排列，各不相同，第一个为分值 {plain(points)} 分"
            yield ("levels",), message
        for n, each in enumerate(worth):
            if not rubric.rounding.fits(each):
                yield ("levels", n, "points"), rubric.rounding.too_fine(each)
        yield from repeated("等次", [(("levels", n), x.name) for n, x in enumerate(self.levels)])
        floors = [band.floor for band in self.bands]
        if floors and (floors != sorted(set(floors), reverse=True) or floors[-1] != 0):
            yield ("bands",), "档次的下限应由高到低排列，最后一个为 0%"
        if self.step is not None and points % self.step:
            message = f"分值 {plain(points)} 分不是最小单位 {plain(self.step)} 分的整数倍"
            yield ("step",), message

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The points that were given; undecided without them, or without the reason."""
        reply = department.answers.get(score.id)
        field, points = paths.answer(score.id, "score"), plain(score.points)
        at = f"answers 的 {score.id} 下"
        if reply is None or reply.score is None:
            what = self._listed if self.levels else f"0 到 {points}"
            reason = f"等评价人打分：请在 {at}填 score（{what}）和 reason（理由）"
            return replace(score, undecided=reason, field=field)
        given, place = reply.score, department.place(field)
        found = Input("评分", f"{plain(given)}分", place)
        said = " ".join(reply.reason.split())
        inputs = (
            found,
            Input("理由", said or "未填", department.place(paths.answer(score.id, "reason"))),
        )
        score = replace(score, inputs=inputs, field=field)
        if not said:
            reason = f"已打{plain(given)}分，没有写理由：请在 {at}填 reason"
            return replace(score, undecided=reason)
        if given > score.points:
            return replace(score, undecided=f"打分{plain(given)}分超过分值{points}分，请更正")
        if self.step is not None and given % self.step:
            reason = f"打分{plain(given)}分不是{plain(self.step)}分的整数倍，请更正"
            return replace(score, undecided=reason)
        band = ""
        if self.levels:
            names = {level.points: level.name for level in self.levels}
            if given not in names:
                reason = f"打分{plain(given)}分不是任何一个等次的得分（{self._listed}），请更正"
                return replace(score, undecided=reason)
            band = f"，评定“{names[given]}”"
        if self.bands:
            share = given / score.points
            name = self.bands[rules.at_or_above(share, [band.floor for band in self.bands])].name
            band = f"，评定“{name}”"
        verdict = f"评价人打分{plain(given)}分{band}，理由：{said}"
        result = decided(score, rubric, given, f"评价人打分{band}")
        result = replace(result, rate=f"{plain(given)}分", verdict=verdict)
        reason = f"{score.name}{band}：{said}"
        return replace(result, deductions=lost(score, result.by_rule or ZERO, reason, place))

    def listed(self) -> list[str]:
        """What a person files."""
        what = "评定的等次的得分" if self.levels else "评价人打的分"
        return [f"填 score（{what}）和 reason（理由）"]
