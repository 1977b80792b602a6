"""评分标准 as data: sections, indicators, points, and the rule of each with its source.

A rubric that does not add up is refused when it is loaded. Where a text can be
read in more than one way the reading is a field of the rule (``partial``,
``measure``, ``zero`` …), so that a place with another practice copies the file
and changes one word.
"""

from __future__ import annotations

import decimal
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from perfkit.errors import PerfkitError
from perfkit.forms.department import Answer, AuditOff, Department, Name, Record, Text, Year
from perfkit.forms.faults import validate
from perfkit.forms.fields import Loc, field_words
from perfkit.forms.yamlfile import read_tree
from perfkit.quantities import Points, Rate, Whole, percent, plain, rounded
from perfkit.scoring.rules import Partial
from perfkit.texts import shortened, unfolded

SHIPPED = Path(__file__).parent / "rubrics"

SMALLEST_STEP = Decimal("0.0001")
"""The finest that a rate is printed with."""

MOST = 200
"""Items of one list: ten times what any rubric has."""


def field_label(path: str) -> str:
    """A field of the filing in the form's own words: ``budget.total.spent`` → 全年执行数.

    Raises:
        ValueError: in Chinese, if the form has no such field.
    """
    words = field_words(Department, tuple(path.split(".")))[-1]
    if "（" not in words:
        raise ValueError(f"参数文件里没有字段“{path}”")
    return words.split("（")[0]


def _check_figure(path: str, rate: bool) -> str:
    """*path* if it is a single figure of the form: an amount, or with *rate* a rate."""
    label = field_label(path)
    model: Any = Department
    for step in path.split("."):
        info = getattr(model, "model_fields", {}).get(step)
        # Lists have many figures, and a record has none of its own.
        kinds = set(get_args(info.annotation) or [info.annotation]) if info else set()
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
        found = info is not None and get_origin(info.annotation) is not tuple
        if not found:
            break
    is_figure = found and model is None and path.startswith("budget.")
    if not is_figure or path.endswith("rate") != rate:
        raise ValueError(f"字段“{path}”（{label}）不是{'比率' if rate else '金额'}")
    return path


def _amount(path: str | None) -> str | None:
    return None if path is None else _check_figure(path, rate=False)


def _rate(path: str) -> str:
    return _check_figure(path, rate=True)


class Ratio(Record):
    """比率计分: `of` ÷ `to` × points, capped at the points (正向指标)."""

    kind: Literal["ratio"]
    of: Name = Field(title="分子")
    to: Name = Field(title="分母")
    zero: Literal["undecided", "full", "zero"] = Field("undecided", title="分母为 0 时")

    check_amounts = field_validator("of", "to")(_amount)


class Band(Record):
    """A band of rates with both ends; which end belongs to it is said by the rule."""

    name: str = Field("", title="档次")
    floor: Rate = Field(title="下限")
    ceiling: Rate | None = Field(None, title="上限")
    deduct: Rate | None = Field(None, title="扣分比例")


class Kind(Record):
    """A kind of 三级指标 (产出数量, 社会效益 …) that departments choose from."""

    id: Name
    name: Name
    required: Answer = Field(True, title="应当设置")
    lower_units: tuple[Text, ...] = Field(
        (), title="越低越好的计量单位", description="如产出成本的万元、产出进度的工作日"
    )


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
    unclear: tuple[Text, ...] = Field(title="名称里有此、没有别的用语的，由人决定")
    unclear_units: tuple[Text, ...] = Field(title="用此单位、没有别的用语的，由人决定")

    def of(self, name: str, unit: str, kind: Kind) -> Literal["higher", "lower", "unclear"] | None:
        """What name, unit (money as 万元) and kind of an indicator say; None if they say nothing."""
        name = re.sub(r"[（(][^（）()]*[）)]$|\s", "", name)
        unit = unit.partition("/")[0]  # 元/平方米
        # 不合格率 ends with 合格率, too: the longest end is meant.
        end = max((e for e in (*self.higher, *self.lower) if name.endswith(e)), key=len, default="")
        # 压减率 is an end itself; in 逾期办结率 the reversing word stands before the end.
        if any(word in name.removesuffix(end) for word in self.reversing):
            return "unclear"
        if end in self.higher:
            return "higher"
        if end or unit in kind.lower_units:
            return "lower"
        asks = kind.lower_units or unit in self.unclear_units
        return "unclear" if asks or any(word in name for word in self.unclear) else None


class Chosen(Record):
    """部门自选指标: quantified ones by ratio and overshoot, the others by a person's grade."""

    kind: Literal["chosen"]
    kinds: tuple[Kind, ...] = Field(min_length=1, max_length=MOST, title="类别")
    no_weights: Literal["equal", "stated"] = Field("equal", title="未设分值时")
    zero: Literal["undecided", "full", "zero", "redistribute"] = Field(
        "undecided", title="指标值为 0 时"
    )
    overshoot: tuple[Band, ...] = Field((), max_length=MOST, title="指标值偏低的扣分")
    bands: tuple[Band, ...] = Field(min_length=1, max_length=MOST, title="定性档次")
    achieved: tuple[Name, ...] = Field(max_length=MOST, title="表示已完成的用语")

    @model_validator(mode="after")
    def _contiguous(self) -> Chosen:
        low, high = self.overshoot, self.bands
        for band, following in pairwise(low):
            if band.ceiling != following.floor:
                raise ValueError("指标值偏低的各档不连续：每档的上限应等于下一档的下限")
            if band.floor >= following.floor:
                raise ValueError("指标值偏低的各档应由低到高排列")
        if low and low[-1].ceiling is not None:
            raise ValueError("指标值偏低的最后一档不应有上限")
        if any(band.deduct is None or not 0 <= band.deduct <= 1 for band in low):
            raise ValueError("指标值偏低的每一档都要有 0 到 100% 的扣分比例")
        ends = [Decimal(1), *(band.floor for band in high)]
        if [band.ceiling for band in high] != ends[:-1] or ends[-1] != 0:
            raise ValueError("定性档次应从 100% 到 0 首尾相接，由高到低排列")
        if any(band.floor >= (band.ceiling or 0) for band in high):
            raise ValueError("定性档次的上限应大于下限")
        return self


class Item(Record):
    """One question of a checklist, and the answer that costs nothing."""

    id: Name
    text: Text = Field(title="内容")
    asks: str = Field("", title="“是”的含义", description="一项含几问时，说明答“是”指什么")
    good: Answer = Field(title="合格的答案")


class Checklist(Record):
    """检查清单: each item whose answer is not the good one costs `deduct`, down to 0."""

    kind: Literal["checklist"]
    deduct: Points = Field(gt=0, title="每项扣分")
    items: tuple[Item, ...] = Field(min_length=1, max_length=MOST, title="检查内容")


class Excess(Record):
    """超出扣分: a rate held against last year's or a benchmark; each step above it costs `deduct`.

    The rate is `of` ÷ `to`, or, with `less`, the difference of `of` and `less` ÷ `to`.
    `measure` says what a step is counted in: percentage points, or parts of the
    benchmark (``relative``: 28.3 % may grow by a tenth of itself to 31.13 %).
    """

    kind: Literal["excess"]
    of: Name = Field(title="分子")
    to: Name = Field(title="分母")
    less: Name | None = Field(None, title="减数")
    difference: Literal["absolute", "signed"] = Field("absolute", title="差额的算法")
    stated: Name = Field(title="无法计算时采用的所填比率")
    over: Name = Field(title="比较对象")
    step: Rate = Field(gt=0, title="每档")
    deduct: Points = Field(gt=0, title="每档扣分")
    measure: Literal["points", "relative"] = Field("points", title="档的单位")
    partial: Partial = Field("floor", title="不足一档")

    check_amounts = field_validator("of", "to", "less")(_amount)
    check_rate = field_validator("stated")(_rate)

    @field_validator("step")
    @classmethod
    def _not_tiny(cls, step: Decimal) -> Decimal:
        if step < SMALLEST_STEP:
            raise ValueError(f"每档不能小于 {percent(SMALLEST_STEP)}")
        return step


Rule = Annotated[Ratio | Chosen | Checklist | Excess, Field(discriminator="kind")]


class RubricIndicator(Record):
    """A scored indicator: its names in the score sheet, its points and its rule."""

    id: Name
    level2: Name = Field(title="二级指标")
    name: Name = Field(title="指标名称")
    points: Points = Field(gt=0, title="分值")
    value: str = Field("", title="指标值")
    explanation: Text = Field(title="指标解释")
    standard: Text = Field(title="评分标准")
    source: Text = Field(title="出处")
    rule: Rule = Field(title="规则")

    unfold_texts = field_validator("explanation", "standard")(unfolded)


class Section(Record):
    """一级指标: a part of the score sheet."""

    id: Name
    name: Name = Field(title="一级指标")
    points: Points = Field(title="分值")
    indicators: tuple[RubricIndicator, ...] = Field(min_length=1, max_length=MOST, title="指标")

    @model_validator(mode="after")
    def _adds_up(self) -> Section:
        total = sum(indicator.points for indicator in self.indicators)
        if total != self.points:
            raise ValueError(f"“{self.name}”各指标合计 {total} 分，与该部分 {self.points} 分不符")
        return self


class Grade(Record):
    """评价等级: its floor is inclusive; `also` are other words for it that count as the same."""

    label: Name
    also: tuple[str, ...] = Field((), max_length=MOST)
    floor: Points = Field(title="下限")


class Rounding(Record):
    """Where and how scores are rounded."""

    places: Whole = Field(2, ge=0, le=6, title="小数位数")
    mode: Literal["half_up", "half_even", "down"] = Field("half_up", title="舍入方式")
    stage: Literal["indicator", "total"] = Field("indicator", title="舍入环节")

    def apply(self, value: Decimal) -> Decimal:
        """*value* at the rubric's places."""
        mode = getattr(decimal, f"ROUND_{self.mode.upper()}")
        return value.quantize(Decimal(1).scaleb(-self.places), mode)

    def at_indicator(self, value: Decimal) -> Decimal:
        """*value* rounded if scores are rounded indicator by indicator."""
        # A third has no end: with twelve decimals, sums and differences of scores are exact.
        return self.apply(value) if self.stage == "indicator" else rounded(value, 12)

    def fits(self, value: Decimal) -> bool:
        """Whether *value* has no more decimals than scores are printed with."""
        return len(plain(value).partition(".")[2]) <= self.places


class YearValue(Record):
    """The value of a yearly parameter and where it was published."""

    value: Rate
    source: Text


class Parameter(Record):
    """年度参数: a benchmark that is published anew each year."""

    name: Name
    years: dict[Year, YearValue] = Field(min_length=1)


class Rubric(Record):
    """评分标准: what is asked, for how many points, and how they are awarded."""

    id: Name
    name: Name
    source: Text = Field(title="出处")
    points: Points = Field(title="总分")
    rounding: Rounding = Field(title="舍入")
    grades: tuple[Grade, ...] = Field(min_length=1, max_length=MOST, title="等级")
    parameters: dict[str, Parameter] = Field({}, max_length=MOST, title="年度参数")
    directions: Directions = Field(title="指标方向的用语")
    sections: tuple[Section, ...] = Field(min_length=1, max_length=MOST, title="一级指标")
    audit_off: tuple[AuditOff, ...] = Field((), title="不再提示的审核意见")

    @property
    def indicators(self) -> list[RubricIndicator]:
        """All indicators in the order of the score sheet."""
        return [indicator for section in self.sections for indicator in section.indicators]

    @property
    def groups(self) -> dict[str, Chosen]:
        """The indicators under which departments choose their own, by id."""
        return {i.id: i.rule for i in self.indicators if isinstance(i.rule, Chosen)}

    @property
    def items(self) -> dict[str, Item]:
        """All checklist items by id."""
        rules = (indicator.rule for indicator in self.indicators)
        return {item.id: item for r in rules if isinstance(r, Checklist) for item in r.items}

    def indicator(self, name: str) -> RubricIndicator:
        """The indicator with the id *name*."""
        return next(indicator for indicator in self.indicators if indicator.id == name)

    @model_validator(mode="after")
    def _adds_up(self) -> Rubric:
        if problems := list(self._problems()):
            text = "；".join(message for _, message in problems)
            raise PydanticCustomError("rubric", "{text}", {"text": text, "problems": problems})
        return self

    def _problems(self) -> Iterator[tuple[Loc, str]]:
        total = sum(section.points for section in self.sections)
        if total != self.points:
            yield ("points",), f"各部分合计 {total} 分，与总分 {self.points} 分不符"
        floors = [grade.floor for grade in self.grades]
        if floors != sorted(set(floors), reverse=True) or floors[-1] != 0:
            yield ("grades",), "等级的下限应由高到低排列，最后一个为 0"
        elif floors[0] > self.points:
            yield ("grades", 0, "floor"), f"最高等级的下限 {floors[0]} 超过总分 {self.points}"
        numbered = [
            (("sections", s, "indicators", i), indicator)
            for s, section in enumerate(self.sections)
            for i, indicator in enumerate(section.indicators)
        ]
        sections = [(("sections", s), section.id) for s, section in enumerate(self.sections)]
        yield from _repeated("一级指标编号", sections)
        yield from _repeated("指标编号", [(loc, found.id) for loc, found in numbered])
        items: list[tuple[Loc, str]] = []
        for loc, indicator in numbered:
            rule, at = indicator.rule, (*loc, "rule")
            if isinstance(rule, Checklist):
                items += [((*at, "items", n), item.id) for n, item in enumerate(rule.items)]
            if isinstance(rule, Chosen):
                kinds: list[tuple[Loc, str]] = [
                    ((*at, "kinds", n), kind.id) for n, kind in enumerate(rule.kinds)
                ]
                yield from _repeated("类别编号", kinds)
            if isinstance(rule, Excess) and rule.over not in self.parameters:
                try:
                    _rate(rule.over)
                except ValueError:
                    message = f"比较对象“{rule.over}”既不是年度参数，也不是参数文件里的比率"
                    yield (*at, "over"), message
            # A score rounded to fewer places than its points have could exceed them.
            deduct = rule.deduct if isinstance(rule, Checklist) else Decimal(0)
            for field, value in (("points", indicator.points), ("rule", deduct)):
                if not self.rounding.fits(value):
                    message = f"{plain(value)} 的小数位数多于舍入的 {self.rounding.places} 位"
                    yield (*loc, field), message
        yield from _repeated("检查项编号", items)


def _repeated(what: str, named: Sequence[tuple[Loc, str]]) -> Iterator[tuple[Loc, str]]:
    counts = Counter(name for _, name in named)
    last = {name: loc for loc, name in named}
    for name, count in counts.items():
        if count > 1:
            yield last[name], f"{what}“{name}”重复"


def shipped_rubrics() -> list[str]:
    """The names of the rubrics that come with perfkit."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_rubric(name: str, folder: Path = Path()) -> Rubric:
    """The rubric called *name*, one that comes with perfkit or a file (*.yaml*) below *folder*.

    Raises:
        PerfkitError: if there is none, or it has faults; each with its line.
    """
    if name in shipped_rubrics():
        return _shipped(name)
    if not name.endswith((".yaml", ".yml")):
        known = "、".join(shipped_rubrics())
        raise PerfkitError(
            f"评分标准（rubric）：没有名为“{shortened(name, 40)}”的评分标准；自带的有：{known}；"
            "自己的评分标准请写文件路径，以 .yaml 结尾"
        )
    path = folder / name
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise PerfkitError(
            f"评分标准（rubric）：找不到文件“{shortened(name, 40)}”，路径从参数文件所在的文件夹算起"
        ) from None
    except (OSError, ValueError):
        pass  # reading it tells why not
    return _load(path)


@cache
def _shipped(name: str) -> Rubric:
    return _load(SHIPPED / f"{name}.yaml")


def _load(path: Path) -> Rubric:
    # Not cached: in a notebook the analyst edits this file and runs the cells again.
    tree, source, faults = read_tree(path, Rubric)
    return validate(Rubric, tree, source, more=faults)


def describe(rule: Ratio | Chosen | Checklist | Excess) -> str:
    """The rule and its readings in one line of Chinese."""
    if isinstance(rule, Ratio):
        return f"{field_label(rule.of)} ÷ {field_label(rule.to)} × 分值，不超过分值"
    if isinstance(rule, Checklist):
        return f"{len(rule.items)} 项，每有一项不合格扣 {plain(rule.deduct)} 分，扣完为止"
    if isinstance(rule, Excess):
        part = {"floor": "不足一档不扣", "linear": "按比例扣", "ceil": "不足一档按一档扣"}
        unit = "个百分点" if rule.measure == "points" else "（相对比较对象）"
        step = percent(rule.step).rstrip("%") if rule.measure == "points" else percent(rule.step)
        return f"每高出 {step}{unit}扣 {plain(rule.deduct)} 分，{part[rule.partial]}，扣完为止"
    return f"部门自选：{'、'.join(kind.name for kind in rule.kinds)}"
