"""评分标准 as data: sections, indicators, points, and the rule of each with its source.

A rubric that does not add up is refused when it is loaded. Where a text can be
read in more than one way the reading is a field of the rule (``partial``,
``measure``, ``zero`` …), so that a place with another practice copies the file
and changes one word.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from perfkit.errors import PerfkitError
from perfkit.files import looked_for
from perfkit.forms.department import PARTS, AuditOff, Listed, Name, Record, Text
from perfkit.forms.faults import validate
from perfkit.forms.fields import Loc
from perfkit.forms.yamlfile import read_tree
from perfkit.quantities import Points, Whole, plain, rounded
from perfkit.scoring.directions import Directions, usual_directions
from perfkit.scoring.figures import Figure, named_rightly
from perfkit.scoring.filed import unfit
from perfkit.scoring.kinds import AnyRule
from perfkit.scoring.kinds.chosen import Chosen
from perfkit.scoring.kinds.kind import MOST, Question, repeated
from perfkit.scoring.marked import is_taken
from perfkit.scoring.rules import shared
from perfkit.scoring.scores import most_words
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
    optional: Literal["no", "section", "all", "full"] = Field(
        "no",
        title="不适用时",
        description="分值分给本部分（section）或全部（all）其他指标，或按满分计（full）",
    )
    rule: AnyRule = Field(title="规则")

    unfold_texts = field_validator("explanation", "standard")(unfolded)


class Section(Record):
    """一级指标: a part of the score sheet.

    `points` are its weight in the total. Its indicators add up to them, or to `scale` (100);
    under a 二级指标 that stands in `level2` they are weights whose sum may be any.
    """

    id: Name
    name: Name = Field(title="一级指标")
    points: Points = Field(gt=0, title="分值")
    scale: Points | None = Field(
        None, gt=0, title="各指标合计", description="如 100，再折算成本部分的分值；不写则与分值相同"
    )
    level2: dict[str, Annotated[Points, Field(gt=0)]] = Field(
        {},
        max_length=MOST,
        title="二级指标的分值",
        description="写了，三级指标的分值就是其中的权重",
    )
    indicators: tuple[RubricIndicator, ...] = Field(min_length=1, max_length=MOST, title="指标")

    @model_validator(mode="after")
    def _adds_up(self) -> Section:
        whole = self.points if self.scale is None else self.scale
        of = "该部分" if self.scale is None else "各指标合计（scale）"
        named = {indicator.level2 for indicator in self.indicators}
        if self.level2 and named != set(self.level2):
            wrong = "、".join(sorted(named ^ set(self.level2)))
            raise ValueError(f"“{self.name}”的二级指标（level2）与各指标所写的不一致：{wrong}")
        total = sum(self.level2.values() or [i.points for i in self.indicators])
        if total != whole:
            what = "二级指标" if self.level2 else "指标"
            raise ValueError(f"“{self.name}”各{what}合计 {total} 分，与{of} {whole} 分不符")
        return self

    def worth(self, places: int) -> list[Decimal]:
        """分值 of its indicators in the total, which add up to those of the section."""
        weights = [indicator.points for indicator in self.indicators]
        if not self.level2:
            return weights if self.scale is None else shared(self.points, weights, places)
        sums = dict.fromkeys(self.level2, Decimal(0))
        for indicator in self.indicators:
            sums[indicator.level2] += indicator.points
        parts = [self.level2[i.level2] * i.points / sums[i.level2] for i in self.indicators]
        return shared(self.points, parts, places)


class Adjustment(RubricIndicator):
    """加分项 or 扣分项: scored as an indicator is, its points are the most that it adds or takes."""

    level2: Name = Field("加分、扣分项", title="二级指标")


class Adjustments(Record):
    """加分、扣分 beside the sections: what a 加分项 earns is added, what a 扣分项 loses is taken."""

    bonus: tuple[Adjustment, ...] = Field((), max_length=MOST, title="加分项")
    penalty: tuple[Adjustment, ...] = Field((), max_length=MOST, title="扣分项")
    most_bonus: Points | None = Field(None, title="加分合计的上限")
    most_penalty: Points | None = Field(None, title="扣分合计的上限")
    ceiling: Points | None = Field(None, title="加分后总分的上限", description="不写则为总分")


class Limit(Question):
    """限制: an answer other than the good one caps the grade or the total, or zeroes indicators."""

    grade: Name | None = Field(None, title="最高等级")
    total: Points | None = Field(None, title="总分上限")
    zero: tuple[Name, ...] = Field(
        (), max_length=MOST, title="不得分的指标", description="指标或一级指标的编号"
    )
    source: Text = Field(title="出处")

    @model_validator(mode="after")
    def _limits_something(self) -> Limit:
        if self.grade is None and self.total is None and not self.zero:
            raise ValueError("最高等级（grade）、总分上限（total）、不得分的指标（zero）至少写一样")
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

    about: Name = Field("部门概况", title="概况")
    divisions: Name = Field("机构设置及职责工作任务情况", title="机构设置")
    objective: Name = Field("绩效目标设立情况", title="绩效目标")
    execution: Name = Field("预算执行情况", title="预算执行")
    goals: Name = Field("绩效目标实现情况", title="目标实现")
    management: Name = Field("各项指标评价情况", title="指标评价")
    conclusion: Name = Field("总体评价结论", title="结论")
    result: Name = Field("评价得分情况", title="得分")
    problems: Name = Field("存在的问题及原因分析", title="问题")
    measures: Name = Field("措施建议", title="措施")
    annex: Name = Field("附件", title="附件")


class Words(Record):
    """用语: what a report under the rubric calls itself, its score sheet and its chapters."""

    evaluation: Name = Field("部门整体绩效评价", title="评价的名称")
    sheet: str = Field(
        "", title="评分表的名称", description="不写则为“评价的名称”加“指标体系评分表”"
    )
    total: Name = Field("资金总体", title="资金合计的名称")
    grade: Name = Field("评价等级", title="等级的名称")
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


def called(evaluations: Iterable[str]) -> str:
    """What several rubrics call the evaluation, if all call it so: 部门整体绩效评价, else 绩效评价."""
    named = {name for name in evaluations if name}
    return named.pop() if len(named) == 1 else "绩效评价"


class Rubric(Record):
    """评分标准: what is asked, for how many points, and how they are awarded."""

    id: Name
    name: Name
    source: Text = Field(title="出处")
    points: Points = Field(title="总分")
    words: Words = Field(default_factory=Words, title="用语")
    parts: tuple[Listed, ...] = Field(
        PARTS,
        title="资金的部分",
        description="部门填报、报告列出的部分；只有一部分的不另列，[] 是不评资金",
    )
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
    adjustments: Adjustments = Field(default_factory=Adjustments, title="加分、扣分项")
    limits: tuple[Limit, ...] = Field((), max_length=MOST, title="限制条件")
    audit_off: tuple[AuditOff, ...] = Field((), title="不再提示的审核意见")

    _yearly: Yearly = PrivateAttr(default_factory=Yearly)

    @property
    def has_money(self) -> bool:
        """Whether money is evaluated; without, a filing has none and a report doesn't speak of any."""
        return bool(self.parts)

    @property
    def of_one_project(self) -> bool:
        """Whether what is evaluated is a project itself; projects that it lists are parts of it."""
        return self.parts == ("project",)

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

    @property
    def indicators(self) -> list[RubricIndicator]:
        """All indicators in the order of the score sheet."""
        return [indicator for section in self.sections for indicator in section.indicators]

    @property
    def adjusting(self) -> list[Adjustment]:
        """加分项, then 扣分项."""
        return [*self.adjustments.bonus, *self.adjustments.penalty]

    def counts_for(self, name: str) -> Decimal:
        """分值 of an indicator in the total, in which claims and the points of the stages are given."""
        return self.worth.get(name, self.indicator(name).points)

    def most(self, name: str) -> str:
        """分值 of an indicator with what it is of: 20分; 最多加5分 of a 加分项, 最多扣5分 of a 扣分项.

        27分（按60分计分，再折算） where the points of its section are converted.
        """
        own = self.adjustments
        signs = dict.fromkeys((one.id for one in own.bonus), 1)
        signs |= dict.fromkeys((one.id for one in own.penalty), -1)
        points, written = self.counts_for(name), self.indicator(name).points
        of = f"（按{plain(written)}分计分，再折算）" if written != points else ""
        return f"{most_words(points, signs.get(name, 0))}分{of}"

    def follows(self, limit: Limit) -> str:
        """What follows if a 限制条件 applies: 等级最高为中，资产管理规范性不得分."""
        named = {section.id: section.name for section in self.sections}
        named |= {indicator.id: indicator.name for indicator in self.indicators}
        zero = "、".join(named[name] for name in limit.zero)
        said = [f"等级最高为{limit.grade}"] if limit.grade else []
        said += [f"总分最高为{plain(limit.total)}分"] if limit.total is not None else []
        return "，".join([*said, *([f"{zero}不得分"] if zero else [])])

    @property
    def everything(self) -> list[RubricIndicator]:
        """All that is scored: the indicators, 加分项 and 扣分项."""
        return [*self.indicators, *self.adjusting]

    @property
    def worth(self) -> dict[str, Decimal]:
        """分值 of each indicator in the total, by id."""
        places = self.rounding.places
        worth = [points for section in self.sections for points in section.worth(places)]
        return {i.id: points for i, points in zip(self.indicators, worth, strict=True)}

    @property
    def groups(self) -> dict[str, Chosen]:
        """The indicators under which departments choose their own, by id."""
        return {i.id: i.rule.choice for i in self.indicators if i.rule.choice}

    @property
    def items(self) -> dict[str, Question]:
        """All questions that are answered with yes or no, by id."""
        items = {item.id: item for i in self.everything for item in i.rule.questions}
        return {**items, **{limit.id: limit for limit in self.limits}}

    @property
    def may_be_absent(self) -> set[str]:
        """The checklist items, by id, that may be answered 不涉及."""
        rules = (indicator.rule for indicator in self.everything)
        return {item.id for rule in rules if rule.may_skip for item in rule.questions}

    def indicator(self, name: str) -> RubricIndicator:
        """The indicator with the id *name*."""
        return next(indicator for indicator in self.everything if indicator.id == name)

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
        numbered: list[tuple[Loc, RubricIndicator]] = [
            (("sections", s, "indicators", i), indicator)
            for s, section in enumerate(self.sections)
            for i, indicator in enumerate(section.indicators)
        ]
        for key in ("bonus", "penalty"):
            listed = getattr(self.adjustments, key)
            numbered += [(("adjustments", key, i), found) for i, found in enumerate(listed)]
        sections = [(("sections", s), section.id) for s, section in enumerate(self.sections)]
        yield from repeated("一级指标编号", sections)
        yield from repeated("指标编号", [(loc, found.id) for loc, found in numbered])
        items: list[tuple[Loc, str]] = []
        for loc, indicator in numbered:
            of = self.groups.get(indicator.id.partition(".")[0])
            if is_taken(indicator.id) or (of and "." in indicator.id):
                what = "部门自选指标的三级指标" if of else "报告里别的数"
                yield (*loc, "id"), f"编号“{indicator.id}”会与{what}混淆，请换一个"
            rule, at = indicator.rule, (*loc, "rule")
            items += [((*at, "items", n), item.id) for n, item in enumerate(rule.questions)]
            # A score rounded to fewer places than its points have could exceed them.
            if not self.rounding.fits(indicator.points):
                yield (*loc, "points"), self.rounding.too_fine(indicator.points)
            for place, message in rule.problems(self, indicator.points):
                yield (*at, *place), message
            if loc[0] == "adjustments" and (rule.choice or indicator.optional != "no"):
                yield loc, "加分、扣分项不能是部门自选指标，也没有“不适用时”（optional）"
        items += [(("limits", n), limit.id) for n, limit in enumerate(self.limits)]
        yield from self._limit_problems()
        yield from repeated("检查项编号", items)

    def _limit_problems(self) -> Iterator[tuple[Loc, str]]:
        labels = [grade.label for grade in self.grades]
        ids = {i.id for i in self.indicators} | {section.id for section in self.sections}
        own = self.adjustments
        highest = self.points if own.ceiling is None else own.ceiling
        for key, amount, listed, word in (
            ("most_bonus", own.most_bonus, own.bonus, "加分项（bonus）"),
            ("most_penalty", own.most_penalty, own.penalty, "扣分项（penalty）"),
            ("ceiling", own.ceiling, own.bonus, "加分项（bonus）"),
        ):
            if amount is not None and not listed:
                yield ("adjustments", key), f"没有{word}，这个上限不起作用；请写上，或删去这一行"
        if own.bonus and highest < self.points:
            message = f"加分后总分的上限 {plain(highest)} 分低于总分 {plain(self.points)} 分"
            yield ("adjustments", "ceiling"), message
        for n, limit in enumerate(self.limits):
            if limit.grade is not None and limit.grade not in labels:
                message = f"等级里没有“{limit.grade}”，可写的有：{'、'.join(labels)}"
                yield ("limits", n, "grade"), message
            elif limit.grade == labels[0]:
                message = f"“{limit.grade}”已是最高的等级，限制不起作用；请写低一些的等级"
                yield ("limits", n, "grade"), message
            if limit.total is not None and limit.total >= highest:
                message = (
                    f"总分上限 {plain(limit.total)} 分不低于总分 {plain(highest)} 分，限制不起作用"
                )
                yield ("limits", n, "total"), message
            for i, name in enumerate(limit.zero):
                if name not in ids:
                    yield ("limits", n, "zero", i), f"没有编号为“{name}”的指标或一级指标"


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
    path = _file_named(name, folder)
    if path is None:
        of = "当前文件夹" if folder == Path() else "参数文件所在的文件夹"
        raise PerfkitError(f"评分标准（rubric）：找不到文件“{shortened(name, 40)}”，路径从{of}算起")
    return _with_yearly(_load(path), path.name, path.parent)


def _file_named(name: str, folder: Path) -> Path | None:
    """The file *name* as a filing in *folder* means it; None if there is none."""
    # A blank book is written beside rubrics/, and collected in params/ when it is filled in.
    above = [] if folder == Path() else [folder.absolute().parent]
    return next((each / name for each in [folder, *above] if looked_for(each / name)), None)


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
