"""评分标准 as data: sections, indicators, points, and the rule of each with its source.

A rubric that does not add up is refused when it is loaded. Where a text can be
read in more than one way the reading is a field of the rule (``partial``,
``measure``, ``zero`` …), so that a place with another practice copies the file
and changes one word.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from perfkit.errors import PerfkitError
from perfkit.forms.department import AuditOff, Name, Record, Text
from perfkit.forms.faults import validate
from perfkit.forms.fields import Loc
from perfkit.forms.yamlfile import read_tree
from perfkit.quantities import Points, Whole, plain, rounded
from perfkit.scoring.directions import Directions, usual_directions
from perfkit.scoring.figures import Figure, named_rightly
from perfkit.scoring.filed import unfit
from perfkit.scoring.kinds import AnyRule
from perfkit.scoring.kinds.chosen import Chosen
from perfkit.scoring.kinds.kind import MOST, Item, repeated
from perfkit.scoring.yearly import Parameter, Yearly, find_yearly, read_yearly
from perfkit.texts import shortened, unfolded

SHIPPED = Path(__file__).parent / "rubrics"


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
    rule: AnyRule = Field(title="规则")

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

    def too_fine(self, value: Decimal) -> str:
        """What to say of a *value* that does not fit."""
        return f"{plain(value)} 的小数位数多于舍入的 {self.places} 位"


class Chapters(Record):
    """章节: the headings that the rubric gives the chapters of the report."""

    objective: Name = Field("绩效目标设立情况", title="绩效目标")
    execution: Name = Field("预算执行情况", title="预算执行")
    goals: Name = Field("绩效目标实现情况", title="目标实现")
    management: Name = Field("各项指标评价情况", title="指标评价")


class Words(Record):
    """用语: what a report under the rubric calls itself, its score sheet and its chapters."""

    evaluation: Name = Field("部门整体绩效评价", title="评价的名称")
    sheet: str = Field(
        "", title="评分表的名称", description="不写则为“评价的名称”加“指标体系评分表”"
    )
    chapters: Chapters = Field(default_factory=Chapters, title="章节")

    @property
    def score_sheet(self) -> str:
        """评分表的名称."""
        return self.sheet or f"{self.evaluation}指标体系评分表"

    def title(self, name: str, short: str | None) -> str:
        """The title of a department's report: 区金融办整体绩效评价报告."""
        # 部门 stands for the department, which a short name says already.
        return (
            f"{short}{self.evaluation.removeprefix('部门')}报告"
            if short
            else (f"{name}{self.evaluation}报告")
        )


class Rubric(Record):
    """评分标准: what is asked, for how many points, and how they are awarded."""

    id: Name
    name: Name
    source: Text = Field(title="出处")
    points: Points = Field(title="总分")
    words: Words = Field(default_factory=Words, title="用语")
    rounding: Rounding = Field(title="舍入")
    grades: tuple[Grade, ...] = Field(min_length=1, max_length=MOST, title="等级")
    parameters: dict[str, Parameter] = Field({}, max_length=MOST, title="年度参数")
    figures: dict[Name, Figure] = Field(
        {}, max_length=MOST, title="另填数据", description="规则里写 figures.编号 取用"
    )
    directions: Directions = Field(
        default_factory=usual_directions,
        title="指标方向的用语",
        description="不写则用通常的用语",
    )
    sections: tuple[Section, ...] = Field(min_length=1, max_length=MOST, title="一级指标")
    audit_off: tuple[AuditOff, ...] = Field((), title="不再提示的审核意见")

    _yearly: Yearly = PrivateAttr(default_factory=Yearly)

    @property
    def yearly(self) -> Yearly:
        """The yearly parameters that were set apart from the rubric, with their file."""
        return self._yearly

    def with_yearly(self, yearly: Yearly) -> Rubric:
        """The rubric with yearly parameters that were set apart, which go before its own."""
        parameters = {
            name: parameter.model_copy(
                update={"years": {**parameter.years, **yearly.values.get(name, {})}}
            )
            for name, parameter in self.parameters.items()
        }
        found = self.model_copy(update={"parameters": parameters})
        found._yearly = yearly
        return found

    def missing_parameter(self, indicator: str, year: int) -> str:
        """The yearly parameter that an indicator is held against and that *year* lacks; else empty."""
        name = self.indicator(indicator).rule.held_against
        known = self.parameters.get(name)
        return name if known is not None and year not in known.years else ""

    @property
    def indicators(self) -> list[RubricIndicator]:
        """All indicators in the order of the score sheet."""
        return [indicator for section in self.sections for indicator in section.indicators]

    @property
    def groups(self) -> dict[str, Chosen]:
        """The indicators under which departments choose their own, by id."""
        return {i.id: i.rule.choice for i in self.indicators if i.rule.choice}

    @property
    def items(self) -> dict[str, Item]:
        """All checklist items by id."""
        return {item.id: item for i in self.indicators for item in i.rule.questions}

    @property
    def may_be_absent(self) -> set[str]:
        """The checklist items, by id, that may be answered 不涉及."""
        rules = (indicator.rule for indicator in self.indicators)
        return {item.id for rule in rules if rule.may_skip for item in rule.questions}

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
        yield from named_rightly(self.figures)
        for name, figure in self.figures.items():
            if figure.not_above and (why := unfit(figure.not_above, self)):
                yield ("figures", name, "not_above"), why
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
        yield from repeated("一级指标编号", sections)
        yield from repeated("指标编号", [(loc, found.id) for loc, found in numbered])
        items: list[tuple[Loc, str]] = []
        for loc, indicator in numbered:
            rule, at = indicator.rule, (*loc, "rule")
            items += [((*at, "items", n), item.id) for n, item in enumerate(rule.questions)]
            # A score rounded to fewer places than its points have could exceed them.
            if not self.rounding.fits(indicator.points):
                yield (*loc, "points"), self.rounding.too_fine(indicator.points)
            for place, message in rule.problems(self, indicator.points):
                yield (*at, *place), message
        yield from repeated("检查项编号", items)


def shipped_rubrics() -> list[str]:
    """The names of the rubrics that come with perfkit."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_rubric(name: str, folder: Path = Path()) -> Rubric:
    """The rubric called *name*, one that comes with perfkit or a file (*.yaml*) below *folder*.

    Raises:
        PerfkitError: if there is none, or it has faults; each with its line.
    """
    if name in shipped_rubrics():
        return _with_yearly(_shipped(name), name, folder)
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
    return _with_yearly(_load(path), name, folder)


def _with_yearly(rubric: Rubric, name: str, folder: Path) -> Rubric:
    path = find_yearly(name, folder)
    if path is None:
        return rubric
    return rubric.with_yearly(read_yearly(path, rubric.id, rubric.parameters))


@cache
def _shipped(name: str) -> Rubric:
    return _load(SHIPPED / f"{name}.yaml")


def _load(path: Path) -> Rubric:
    # Not cached: in a notebook the analyst edits this file and runs the cells again.
    tree, source, faults = read_tree(path, Rubric)
    return validate(Rubric, tree, source, more=faults)
