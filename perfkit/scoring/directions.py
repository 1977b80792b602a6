"""指标方向: whether more or less of something is better, by the words of its name and unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from perfkit.forms.department import Record, Text


class Directions(Record):
    """指标方向的用语: whether more or less is better where a target states neither ≥ nor ≤.

    The head of a Chinese name is its end: 投诉办结率 is a rate of what was settled,
    投诉率 one of complaints.
    """

    higher: tuple[Text, ...] = Field(title="名称以此结尾的越高越好")
    lower: tuple[Text, ...] = Field(title="名称以此结尾的越低越好")
    reversing: tuple[Text, ...] = Field(
        title="名称里有此的正反不定", description="如 未、逾期、压减、降低"
    )
    growing: tuple[Text, ...] = Field(
        (), title="增长的用语", description="如 增长率：所增长的不一定越高越好的，由人决定"
    )
    unclear: tuple[Text, ...] = Field(title="名称里有此、没有别的用语的，由人决定")
    unclear_units: tuple[Text, ...] = Field(title="用此单位、没有别的用语的，由人决定")

    def of(
        self, name: str, unit: str, lower_units: Sequence[str]
    ) -> Literal["higher", "lower", "unclear"] | None:
        """What name and unit of an indicator say, money as 万元; None if they say nothing.

        *lower_units* are those of its kind of which less is better.
        """
        name = re.sub(r"[（(][^（）()]*[）)]$|\s", "", name)
        unit = unit.partition("/")[0]  # 元/平方米
        # 不合格率 ends with 合格率, too: the longest end is meant.
        end = max((e for e in (*self.higher, *self.lower) if name.endswith(e)), key=len, default="")
        # 压减率 is an end itself; in 逾期办结率 the reversing word stands before the end.
        if any(word in name.removesuffix(end) for word in self.reversing):
            return "unclear"
        if end in self.growing and not self._good(name.removesuffix(end)):
            return "unclear"
        if end in self.higher:
            return "higher"
        if end or unit in lower_units:
            return "lower"
        asks = lower_units or unit in self.unclear_units
        return "unclear" if asks or any(word in name for word in self.unclear) else None

    def _good(self, grown: str) -> bool:
        """Whether nothing in the name of what grows says that less of it is better: 费用增幅."""
        ends = tuple(set(self.higher) - set(self.growing))
        return grown.endswith(ends) or not any(
            word in grown for word in (*self.lower, *self.unclear)
        )


@cache
def usual_directions() -> Directions:
    """通常的用语, for a rubric that has none of its own: ``directions.yaml``."""
    text = (Path(__file__).parent / "directions.yaml").read_text(encoding="utf-8")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Directions.model_validate(yaml.load(text, Loader=loader))
