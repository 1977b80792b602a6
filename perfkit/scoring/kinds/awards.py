"""各档: the tiers of points that a rule gives by a condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from perfkit.forms.department import Record
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, plain
from perfkit.scoring.conditions import bounds, never_met

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric


def _readable(text: str) -> str:
    bounds(text)
    return text


Condition = Annotated[str, Field(max_length=60), AfterValidator(_readable)]
"""≥90%; see `perfkit.scoring.conditions`."""


class Tier(Record):
    """一档: its condition and its points; the last has no condition and takes all others."""

    when: Condition | None = Field(
        None, title="条件", description="如 ≥90%、<10、>0，≤10%；最后一档不写，是其余的情况"
    )
    points: Points = Field(title="得分")

    @property
    def words(self) -> str:
        """≥90%得5分."""
        return f"{self.when or '其余'}得{plain(self.points)}分"


def tier_problems(
    tiers: Sequence[Tier], points: Decimal, rubric: Rubric
) -> Iterator[tuple[Loc, str]]:
    """Tiers that are never reached, more than the points, or too few to reach them."""
    for i, tier in enumerate(tiers):
        if tier.points > points:
            message = f"这一档 {plain(tier.points)} 分，超过指标的分值 {plain(points)} 分"
            yield ("awards", i, "points"), message
        if not rubric.rounding.fits(tier.points):
            yield ("awards", i, "points"), rubric.rounding.too_fine(tier.points)
        if tier.when is None and i < len(tiers) - 1:
            yield ("awards", i), "没有写条件（when）的一档是其余的情况，应放在最后"
    if max(tier.points for tier in tiers) < points:
        most = plain(max(tier.points for tier in tiers))
        yield ("awards",), f"最高的一档是 {most} 分，到不了指标的分值 {plain(points)} 分"
    if tiers[-1].when is not None:
        yield ("awards",), "最后一档不写条件（when），是其余的情况，如 {points: 0}"
    elif all(tier.when for tier in tiers[:-1]):
        for i in never_met([tier.when for tier in tiers]):
            yield ("awards", i), "这一档轮不到：前面的各档已经包括了它的全部情况"
