"""What was read of a report (读到的内容): values by field path, each with the place it stands at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from perfkit.forms.department import Department
from perfkit.forms.fields import field_words
from perfkit.quantities import parse_amount, parse_rate
from perfkit.received.figures import Said
from perfkit.received.paper import Paper, Paragraph
from perfkit.scoring.asked import asks
from perfkit.scoring.rubric import Rubric

_NUMERIC = {"amount": parse_amount, "rate": parse_rate}


@dataclass(frozen=True)
class Origin:
    """Where a value stands in the report, and the words it stands in; `how` if it was worked out."""

    place: str
    quote: str = ""
    how: str = ""

    def __str__(self) -> str:
        words = f"{self.place}：{self.quote}" if self.quote else self.place
        return f"推算，请核对：{self.how}（{words}）" if self.how else words


@dataclass
class Received:
    """What was read: the tree below ``department``, where each value is from, what was not found."""

    paper: Paper
    rubric: Rubric
    named: str
    """The rubric's name, or its file from the working folder."""
    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What stands in the report and couldn't be taken for anything, in words."""

    def put(self, path: str, value: Any, origin: Origin) -> None:
        """Take a value in, unless there is one already."""
        way = steps(path)
        if not self.rubric.has_money and not asks(tuple(way), self.rubric):
            return  # words of other figures than those that are evaluated
        at: Any = self.tree
        for step, following in pairwise(way):
            if isinstance(step, int):
                while len(at) <= step:
                    at.append({})
                at = at[step]
            else:
                at = at.setdefault(step, [] if isinstance(following, int) else {})
        if way[-1] not in at:
            at[way[-1]] = value
            self.origins[path] = origin

    def get(self, path: str) -> Any:
        """The value at a path, None without one."""
        at: Any = self.tree
        for step in steps(path):
            try:
                at = at[step]
            except (KeyError, IndexError, TypeError):
                return None
        return at

    def choose(self, path: str, values: Sequence[Value]) -> None:
        """Take the first, or what it is rounded from; tell those that contradict it."""
        known = self.get(path)
        if known is not None and values:
            kind = "rate" if known.endswith("%") else "amount"
            before = value_of(known, kind, self.origins[path])
            values = [before, *values] if before else values
        if not values:
            return
        best = values[0]
        for other in values[1:]:
            if other.step < best.step and best.rounds(other):
                best = other
        self.put(path, best.text, best.origin)
        others = {v.text: v for v in values if not v.rounds(best)}
        for other in others.values():
            self.doubts.append(
                f"{words_of_path(path)}：{best.origin.place}是{best.text}，{other.origin.place}是"
                f"{other.text}（{other.origin.quote}），按前一个读"
            )


def steps(path: str) -> list[str | int]:
    """The way to a value in the tree."""
    first, _, rest = path.partition(".")
    if first == "reported" and rest.startswith("scores."):
        return [first, "scores", rest.removeprefix("scores.")]  # finance.system is one key
    return [int(step) if step.isdigit() else step for step in path.split(".")]


def words_of_path(path: str) -> str:
    """A field in the form's words: 第3个项目 / 预算数."""
    return " / ".join(field_words(Department, tuple(steps(path))))


@dataclass(frozen=True)
class Value:
    """A figure that could be the one of a field: as text, its value, one unit of its last place."""

    text: str
    value: Decimal
    step: Decimal
    origin: Origin

    def rounds(self, other: Value) -> bool:
        """Whether *other* is this one, rounded or not."""
        step = max(self.step, other.step)
        return abs(self.value - other.value) <= step / 2


def value_of(text: str, kind: str, origin: Origin) -> Value | None:
    """A figure, ``amount`` or ``rate``, as it stands in a report; None if it can't be one."""
    try:
        value = _NUMERIC[kind](text)
    except ValueError:
        return None
    digits = re.sub(r"[^0-9.]", "", text)
    own = Decimal(1).scaleb(-len(digits.partition(".")[2]))
    written = Decimal(digits or 0)
    scale = value / written if written else Decimal(1)
    return Value(text, value, own * scale, origin)


def range_of(listed: Sequence[Paragraph]) -> str:
    """第3段 or 第3段至第7段."""
    places = list(dict.fromkeys(paragraph.place for paragraph in listed))
    return places[0] if len(places) == 1 else f"{places[0]}至{places[-1]}" if places else ""


def origin_of(paragraph: Paragraph, figure: Said) -> Origin:
    """The place of a figure in a text, with the words before it."""
    text, mention = paragraph.text, figure.mention
    start = max(0, mention.start - 16)
    cut = max(text.rfind(stop, start, mention.start) for stop in "，。；：、\n") + 1
    begin = cut if cut > start and mention.start - cut > 2 else start
    return Origin(paragraph.place, text[begin : mention.end].strip())
