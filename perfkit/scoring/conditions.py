"""条件: the bounds of a tier (分档) as a rubric writes them: ``≥90%``, ``>0，≤10%``, ``低于``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise

from perfkit.quantities import halfwidth

SIGNS = {
    ">=": "≥", "≥": "≥", "不低于": "≥", "不少于": "≥", "不小于": "≥", "大于等于": "≥", "至少": "≥",
    "<=": "≤", "≤": "≤", "不高于": "≤", "不超过": "≤", "不多于": "≤", "不大于": "≤", "小于等于": "≤", "至多": "≤",
    ">": ">", "高于": ">", "大于": ">", "超过": ">", "多于": ">",
    "<": "<", "低于": "<", "小于": "<", "不足": "<", "少于": "<",
    "=": "=", "等于": "=", "持平": "=", "相等": "=",
}  # fmt: skip
_WORDS = "|".join(sorted(map(re.escape, SIGNS), key=len, reverse=True))
_BOUND = re.compile(rf"({_WORDS})?\s*(?:(-?[0-9]{{1,12}}(?:\.[0-9]{{1,8}})?)\s*(%)?)?")
HOW = "应写 ≥90%、<10、>0，≤10%（两头都有时用逗号隔开）这样的形式"


@dataclass(frozen=True)
class Bound:
    """One end: its sign, the number (a percentage as a fraction), and whether it is a percentage.

    `rate` is None where no number is written: 高于 alone is above what it is compared with.
    """

    sign: str
    value: Decimal
    rate: bool | None

    def holds(self, value: Decimal) -> bool:
        """Whether *value* lies on its side."""
        if self.sign == "≥":
            return value >= self.value
        if self.sign == "≤":
            return value <= self.value
        if self.sign == ">":
            return value > self.value
        return value < self.value if self.sign == "<" else value == self.value


@cache
def bounds(text: str) -> tuple[Bound, ...]:
    """The ends that a condition has, all of which must hold.

    Raises:
        ValueError: in Chinese, for text that is none.
    """
    found = []
    for part in re.split(r"\s*(?:,|、|且|并且)\s*", halfwidth(text)):
        match = _BOUND.fullmatch(part)
        if match is None or not part or (match[1] is None and match[2] is None):
            raise ValueError(f"条件“{text[:30]}”读不懂，{HOW}")
        if match[1] is None and Decimal(match[2]) != 0:
            raise ValueError(f"条件“{text[:30]}”没有写 ≥、>、≤、< 或 =，{HOW}")
        number = Decimal(match[2] or 0)
        rate = None if match[2] is None else bool(match[3])
        found.append(Bound(SIGNS[match[1] or "="], number / 100 if rate else number, rate))
    return tuple(found)


def holds(condition: str | None, value: Decimal) -> bool:
    """Whether *value* meets a condition; None is met by all (其余)."""
    return condition is None or all(bound.holds(value) for bound in bounds(condition))


def first_of(conditions: Sequence[str | None], value: Decimal) -> int | None:
    """分档: the index of the first condition that *value* meets."""
    return next((i for i, text in enumerate(conditions) if holds(text, value)), None)


def never_met(conditions: Sequence[str | None]) -> list[int]:
    """The conditions that no value can reach, because those before them take all of theirs."""
    ends = sorted({bound.value for text in conditions if text for bound in bounds(text)})
    tried = [*ends, *((a + b) / 2 for a, b in pairwise(ends))]
    tried += [ends[0] - 1, ends[-1] + 1] if ends else [Decimal(0)]
    met = {first_of(conditions, value) for value in tried}
    return [i for i in range(len(conditions)) if i not in met]
