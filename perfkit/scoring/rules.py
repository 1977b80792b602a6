"""How points are awarded: one pure function a rule, over Decimals, with no number of its own.

Points, steps and bands stand in the rubric file. What a function returns is
unrounded; where a score is rounded is the rubric's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

from perfkit.quantities import without_tail

ZERO = Decimal(0)
ONE = Decimal(1)

Partial = Literal["floor", "linear", "ceil"]


def proportional(actual: Decimal, target: Decimal) -> Decimal:
    """正向指标得分率: B ÷ A, from 0 to 1.

    Args:
        actual: 全年实际值 (B); below zero earns nothing.
        target: 年度指标值 (A), above zero.

    Source:
        北京市 2023 评分表, 一: 全年实际值（B）/年度指标值（A）, 得分不超过指标分值上限.
    """
    return min(max(actual / target, ZERO), ONE)


def inverse_proportional(actual: Decimal, target: Decimal) -> Decimal:
    """反向指标得分率: A ÷ B, from 0 to 1.

    Nothing left to reduce (B = 0) is full; any of what should not be at all (A = 0) is none.

    Source:
        北京市 2023 评分表, 一: 年度指标值（A）/全年实际值（B）.
    """
    if actual <= 0:
        return ONE
    return min(max(target / actual, ZERO), ONE)


def overshoot(actual: Decimal, target: Decimal) -> Decimal:
    """超额完成率, 2 for 200 %: (B − A) ÷ A, for a target above zero."""
    return (actual - target) / target


def overshoot_share(rate: Decimal, bands: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """指标值偏低的扣分比例: the share of the points that a low target costs.

    Args:
        rate: the `overshoot`.
        bands: (floor, share), floors ascending and inclusive: (2, 0.1) for 200 % and more.

    Source:
        北京市 2023 评分表, 一: 200%–300%（含 200%）扣 10%, 300%–500%（含 300%）扣 20%,
        500%（含）以上扣 30%.
    """
    return max((share for floor, share in bands if rate >= floor), default=ZERO)


def steps(excess: Decimal, step: Decimal, partial: Partial) -> Decimal:
    """高出的档数: how many times *step* fits into *excess*; 0 if nothing is in excess.

    Args:
        excess: how far the rate is above what it is held against.
        step: what costs one deduction, in the unit of *excess*.
        partial: what a part of a step counts: nothing (``floor``; a step that is
            just reached counts), its share (``linear``), or a whole one (``ceil``).
    """
    if excess <= 0:
        return ZERO
    count = without_tail(excess / step)
    if partial == "floor":
        return count.to_integral_value(ROUND_FLOOR)
    return count if partial == "linear" else count.to_integral_value(ROUND_CEILING)


def deducted(points: Decimal, count: Decimal | int, each: Decimal) -> Decimal:
    """扣完为止: what *count* faults at *each* cost, at most all the *points*."""
    return min(points, count * each)


def shared(points: Decimal, weights: Sequence[Decimal], places: int) -> list[Decimal]:
    """按权重分配分值: shares in proportion to *weights* that add up to *points* exactly.

    Each is rounded down to *places*; the units left over go to the largest
    remainders, first come first served: 10 by equal weights is 3.34, 3.33, 3.33.

    Args:
        points: what is shared out.
        weights: not negative, at least one of them above zero.
        places: decimals of a share, as scores are printed.
    """
    unit = ONE.scaleb(-places)
    exact = [points * weight / sum(weights) for weight in weights]
    shares = [share.quantize(unit, ROUND_FLOOR) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: shares[i] - exact[i])
    left = points - sum(shares)
    for i in by_remainder:
        # The last unit may be a part of one, where the points are finer than the places.
        share = min(unit, left)
        shares[i] += share
        left -= share
    return shares


def at_or_above(value: Decimal, floors: Sequence[Decimal]) -> int:
    """分档: the index of the first of the descending, inclusive *floors* that *value* reaches.

    Source:
        财预〔2020〕10号, 第十八条: 90（含）以上为优, so 90 itself is 优 and 89.5 is 良.
    """
    return next(i for i, floor in enumerate(floors) if value >= floor)


def whole(value: Decimal, mode: Literal["down", "half_up"]) -> Decimal:
    """取整: a score without a fraction of a point."""
    return value.to_integral_value(ROUND_FLOOR if mode == "down" else ROUND_HALF_UP)


def by_rank(points: Decimal, last: Decimal, rank: Decimal, among: Decimal) -> Decimal:
    """按名次等差: all the points for the first, *last* for the last of *among*, equal steps between."""
    if among <= 1:
        return points
    return points - (points - last) * (rank - 1) / (among - 1)


def weighted(values: Sequence[Decimal], weights: Sequence[Decimal]) -> Decimal:
    """加权平均, by weights that are not negative and not all zero."""
    return sum((v * w for v, w in zip(values, weights, strict=True)), ZERO) / sum(weights)
